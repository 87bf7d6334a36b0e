"""`python -m gateway.embedded FOLDER`: fetch and unpack the private servers, and say where they are."""

import sys
from pathlib import Path
from typing import Final

from gateway.embedded.binaries import unpack
from homecare.errors import Unavailable

INTERRUPTED: Final = 130
"""What a shell says of a program that Ctrl-C ended."""


def main() -> int:
    """0 when the servers are there; 1 with the reason and what to do when they are not."""
    try:
        unpack(Path(sys.argv[1]), lambda line: print(line, flush=True))
    except Unavailable as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
