"""Harm: one part of the house is killed once, at a random moment of a scene. The story must still end well."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.night.account import Account
from tests.night.stage import Stage

ROLES = ("edge", "broker", "gateway-alarm", "gateway-bulk", "database")
"""What dies, one a scene; `edge` is that of the scene's home."""
EARLIEST = 0.5
LATEST = {"visit": 6.0, "alarm": 9.0, "untaken": 55.0, "edge": 15.0}
"""Seconds after a scene's begin between which it dies; the scenes take 7, 11, 60 and 18 when nothing happens."""
PATIENCE = 8.0
"""By how much a harmed scene's limits are longer: a restart takes seconds, a person notices and tries again."""


@contextmanager
def harmed(
    stage: Stage, account: Account, role: str | None, *, scene: str, edge: str, chance: random.Random
) -> Iterator[None]:
    """Kill `role` once while what is inside goes on; what died and when stands in the account."""
    if role is None:
        yield
        return
    name = f"edge:{edge}" if role == "edge" else role
    after = chance.uniform(EARLIEST, LATEST[scene])
    ended, killed = threading.Event(), threading.Event()

    def kill() -> None:
        if not ended.wait(after):
            stage.sim("kill", name)
            killed.set()
            print(f"            {name} is killed after {after:.1f} s", flush=True)

    thread = threading.Thread(target=kill, name=f"kill-{role}")
    before, account.patience = account.patience, PATIENCE
    began = time.monotonic()
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(30)
        account.patience = before
    account.harms.append(
        f"{name}: {'killed' if killed.is_set() else 'outlived the scene'} at {after:.1f} s, "
        f"the scene took {time.monotonic() - began:.1f} s"
    )
