"""`make night`: one night, three people, on real parts; ends with what happened and how long each step took."""

import argparse
import sys
import tempfile
from pathlib import Path

from gateway.embedded import unpack
from tests.night.account import Account
from tests.night.new_home import NewHome
from tests.night.scene_edge import Integrator
from tests.night.stage import Stage
from tests.servers import SERVICES


def main() -> int:
    """0 when the night ended well."""
    parser = argparse.ArgumentParser(prog="python -m tests.night", description=__doc__)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--scenes", default="visit,alarm,edge")
    parser.add_argument("--keep", action="store_true", help="leave the stage's folder for a look")
    options = parser.parse_args()
    return play(options)


def play(options: argparse.Namespace) -> int:
    """One night."""
    binaries = unpack(SERVICES, print)
    stage, account = Stage(SERVICES), Account()
    well = False
    try:
        with account.step("the house stands: database, broker, gateway, homes, edges"):
            stage.start()
        if "edge" in options.scenes:
            with tempfile.TemporaryDirectory(prefix="vaka-") as folder:
                home = NewHome(Path(folder), binaries.find("dbus-daemon"))
                home.start()
                integrator = Integrator(stage, account, home)
                try:
                    integrator.play()
                finally:
                    integrator.stop()
                    home.stop()
        well = True
    finally:
        stage.stop(keep=options.keep or not well)
        if not well:
            print(f"\nthe night went wrong; its folder is {stage.data}")
    print(f"\nthe night ended well: {len(account.steps)} steps, {account.total:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
