"""`make night`: one night, three people, on real parts; ends with what happened and how long each step took."""

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from gateway.embedded import unpack
from tests.browser.conftest import ARGUMENTS
from tests.chromium import find_chromium
from tests.night import scene_alarm, scene_visit
from tests.night.account import Account
from tests.night.harm import ROLES, harmed
from tests.night.new_home import NewHome
from tests.night.scene_edge import Integrator
from tests.night.stage import Stage
from tests.night.windows import Desk, Phone
from tests.servers import SERVICES

Harm = Callable[[str], AbstractContextManager[None]]
SCENES = ("visit", "alarm", "untaken", "edge")
EDGES = {"visit": "edge-demo-0001", "alarm": "edge-demo-0002", "untaken": "edge-demo-0003", "edge": "edge-demo-0001"}
"""Which edge dies when a scene's edge dies; in the morning's scene it is a bystander's, for the new one has no power
supply that could bring it back."""


def main() -> int:
    """0 when every night ended well."""
    parser = argparse.ArgumentParser(prog="python -m tests.night", description=__doc__)
    parser.add_argument("--scenes", default=",".join(SCENES), help=f"which ones: {','.join(SCENES)}")
    parser.add_argument("--seed", type=int, default=1, help="of the first night; it decides what dies when")
    parser.add_argument("--nights", type=int, default=1, help="how many, with one seed after another")
    parser.add_argument("--harm", help=f"kill this part once in every scene, or `all` for a night each: {ROLES}")
    parser.add_argument("--pictures", type=Path, help="keep pictures of the screens in this folder")
    parser.add_argument("--keep", action="store_true", help="leave the stage's folder for a look")
    options = parser.parse_args()
    roles = ROLES if options.harm == "all" else (options.harm,)
    done = 0
    for seed in range(options.seed, options.seed + options.nights):
        for role in roles:
            _night(options, role, seed)
            done += 1
    print(f"\nnights={done} well={done} seed={options.seed}")
    return 0


def _night(options: argparse.Namespace, role: str | None, seed: int) -> None:
    """One night; an exception where it did not end well."""
    print(f"\nnight with seed {seed}" + (f", in which {role} dies once a scene" if role else ""), flush=True)
    stage, account = Stage(SERVICES), Account()
    well = False
    try:
        _play(stage, account, options, role=role, chance=random.Random(f"{seed} {role}"))
        well = True
    finally:
        stage.stop(keep=options.keep or not well)
        if not well:
            print(f"\nthe night went wrong; its folder is {stage.data}")
    for road, touches in account.touches.items():
        print(f"\n{touches} touches {road}")
    for harm in account.harms:
        print(harm)
    print(f"the night ended well: {len(account.steps)} steps, {account.total:.0f} s")


def _play(
    stage: Stage, account: Account, options: argparse.Namespace, *, role: str | None, chance: random.Random
) -> None:
    scenes = options.scenes.split(",")

    def harm(scene: str) -> AbstractContextManager[None]:
        return harmed(stage, account, role, scene=scene, edge=EDGES[scene], chance=chance)

    with account.step("the house stands: database, broker, gateway, three homes and their edges"):
        stage.start()
    if set(scenes) - {"edge"}:
        with _browser() as browser:
            _people(stage, account, browser, scenes=scenes, pictures=options.pictures, harm=harm)
    if "edge" in scenes:
        with harm("edge"):
            _morning(stage, account)


def _people(
    stage: Stage, account: Account, browser: Browser, *, scenes: list[str], pictures: Path | None, harm: Harm
) -> None:
    """The scenes that need screens."""
    phone = Phone(browser, stage, pictures=pictures)
    first, second = (Desk(browser, stage, pictures=pictures) for _ in range(2))
    if "visit" in scenes:
        with harm("visit"):
            scene_visit.play(stage, account, phone)
    else:
        phone.sign_in("Karin Påhittad")
    if {"alarm", "untaken"} & set(scenes):
        first.sign_in("Disa")
        second.sign_in("Olle")
    if "alarm" in scenes:
        with harm("alarm"):
            scene_alarm.play(stage, account, first, phone)
    if "untaken" in scenes:
        with harm("untaken"):
            scene_alarm.nobody_takes_it(stage, account, (first, second))
    for window in (phone, first, second):
        window.close()


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


def _morning(stage: Stage, account: Account) -> None:
    with tempfile.TemporaryDirectory(prefix="vaka-") as folder:
        home = NewHome(Path(folder), unpack(SERVICES, print).find("dbus-daemon"))
        home.start()
        integrator = Integrator(stage, account, home)
        try:
            integrator.play()
        finally:
            integrator.stop()
            home.stop()


if __name__ == "__main__":
    sys.exit(main())
