"""A real Chromium before a real gateway process over a real database and broker."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from gateway.embedded import PrivateBroker
from gateway.ports.people import Person
from tests.browser.desk_page import DeskPage, OpenDesk
from tests.browser.gateway_process import GatewayProcess
from tests.browser.homes import CallingHome
from tests.browser.phone_shift import Shift
from tests.servers import ROOT

BUILT = ROOT / "gateway" / "web" / "static" / "index.html"
FEATURES_OFF = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup"),
    *("AimEnabled", "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying"),
    *("OptimizationHints", "PaintHolding", "PreconnectToSearch", "ThirdPartyStoragePartitioning"),
)
"""An address field that nobody sees loads two pages of its own for every window: more work than a window of ours.

The rest is Playwright's list, which ours replaces.
"""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(FEATURES_OFF)}",
]
"""No root sandbox, no traffic of the browser's own."""
PATIENCE = 45_000
"""Milliseconds; far above everything that is awaited, so that a busy machine turns no test red."""


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One Chromium a file, whose driver keeps this thread's event loop; every desk gets a context of its own."""
    assert BUILT.exists(), "the screens are not built: run `npm ci && npm run build` in gateway/web/screens"
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        started = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def homes(database_url: str) -> list[CallingHome]:
    """Three enrolled homes."""
    made = [
        CallingHome(1, "Asta Exempel", "Exempelgatan 4"),
        CallingHome(2, "Sven Påhittad", "Påhittade vägen 12"),
        CallingHome(3, "Maj Låtsas", "Låtsasgränd 7"),
    ]
    for home in made:
        home.enrol(database_url)
    return made


@pytest.fixture
def gateway(
    homes: list[CallingHome], database_url: str, broker: PrivateBroker, tmp_path: Path
) -> Iterator[GatewayProcess]:
    """The running alarm process of this test's database."""
    process = GatewayProcess(database_url=database_url, broker_url=broker.url, data=tmp_path)
    process.start()
    yield process
    process.stop()


@pytest.fixture
def open_desk(browser: Browser, gateway: GatewayProcess) -> Iterator[OpenDesk]:
    """Opens desks and closes them; a desk with an error of its own fails the test."""
    opened: list[DeskPage] = []

    def opening(operator: str = "Elin", **options: dict[str, int]) -> DeskPage:
        desk = DeskPage(browser, gateway, **options)
        opened.append(desk)
        return desk.sign_in(operator)

    yield opening
    for desk in opened:
        desk.close()


@pytest.fixture
def sit_down(browser: Browser, gateway: GatewayProcess, shift: Shift) -> Iterator[OpenDesk]:
    """Desks at which people are signed in as themselves, closed again; the module says what shift it is."""
    opened: list[DeskPage] = []

    def opening(who: Person, **options: Any) -> DeskPage:
        desk = DeskPage(browser, gateway, **options)
        opened.append(desk)
        return desk.arrive(shift.session_of(who))

    yield opening
    for desk in opened:
        desk.close()
