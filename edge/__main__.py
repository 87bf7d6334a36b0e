"""`vaka-edge CONFIG` runs the agent of one edge; `vaka-edge enrol | capture | ...` is the kit."""

import sys
from pathlib import Path
from typing import Final

from edge.kit.commands import COMMANDS, run
from edge.main import start

_USAGE: Final = f"""usage: vaka-edge CONFIG
CONFIG is a JSON file; edge/config.py shows an example.
To connect a new device or edge: vaka-edge {" | ".join(sorted(COMMANDS))} (each with --help)."""


def main() -> None:
    """Run the agent whose configuration the one argument names, or one command of the kit."""
    words = sys.argv[1:]
    if words and words[0] in COMMANDS:
        sys.exit(run(words, print))
    if len(words) != 1 or words[0] in {"-h", "--help"}:
        print(_USAGE)
        sys.exit(0 if {"-h", "--help"} & set(words) else 2)
    sys.exit(start(Path(words[0])))


if __name__ == "__main__":
    main()
