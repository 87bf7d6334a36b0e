"""`vaka-edge CONFIG`: run the agent of one edge."""

import sys
from pathlib import Path

from edge.main import start


def main() -> None:
    """Run the agent whose configuration the one argument names."""
    if len(sys.argv) != 2 or sys.argv[1] in {"-h", "--help"}:  # noqa: PLR2004 - the program and its one argument
        print("usage: vaka-edge CONFIG\nCONFIG is a JSON file; edge/config.py shows an example.")
        sys.exit(0 if {"-h", "--help"} & set(sys.argv) else 2)
    sys.exit(start(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
