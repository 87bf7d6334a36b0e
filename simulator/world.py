"""Chance and time of a simulated world: the only place in the simulator where randomness enters.

Every part of a world draws from a stream of its own, named by words, so that one part's draws never shift another's:
the same seed gives the same day, whatever else is simulated beside it.
"""

import hashlib
import random
from typing import Final

SEED_BYTES: Final = 16
"""Bytes of a stream's own seed: no two streams of a world meet."""


class World:
    """One seeded world."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def chance(self, *names: str) -> random.Random:
        """The stream of chance with these names, always from its beginning."""
        return random.Random(self.secret(*names, length=SEED_BYTES))

    def secret(self, *names: str, length: int = 16) -> bytes:
        """Bytes that this world always gives under these names: keys of simulated devices, worthless elsewhere."""
        text = "\x1f".join((str(self.seed), *names))
        return hashlib.blake2b(text.encode(), digest_size=length, person=b"vaka-world").digest()
