"""A home's last 24 hours on the desk: what lasted, what happened, and where nobody knows."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, expect

from gateway.embedded import PrivateBroker
from homecare.clock import HOUR, SECOND, SystemClock
from tests.browser.days import DEAF, HEARD, MOVED, STOOD_OPEN, VOUCHED_UNTIL, one_day
from tests.browser.desk_page import DeskPage
from tests.browser.gateway_process import GatewayProcess
from tests.browser.homes import CallingHome

pytestmark = pytest.mark.browser
OpenDesk = Callable[..., DeskPage]
UNKNOWN = "Vet ej – ingen kontakt"
HOMES = ZoneInfo("Europe/Stockholm")
DAY = r"(\d+/\d+ )?"
EDGE = r"\d\d:\d\d"
"""A time at the edge of the picture, which moves while the test runs."""


def test_a_day_shows_what_lasted_what_happened_and_what_nobody_knows(
    open_desk: OpenDesk, gateway: GatewayProcess, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    gateway.start_watch()
    now = SystemClock().now().wall

    def ago(time: int) -> str:
        return f"{datetime.fromtimestamp((now - time) // SECOND, UTC).astimezone(HOMES):%H:%M}"

    homes[0].record(broker.url, one_day(homes[0], now))
    homes[0].press(broker.url)
    desk = open_desk()
    desk.choose("Asta Exempel")
    door, motion, values = (_lane(desk, name) for name in ("dörr eller fönster", "rörelse", "mätvärden"))

    opened, shut = map(ago, STOOD_OPEN)
    _assert_says(door.locator(".span"), ("öppen", opened, shut), ("stängd", shut, EDGE))
    _assert_says(motion.locator(".span.moving"), *(("rörelse", ago(begun), ago(ended)) for begun, ended in MOVED))
    expect(values.locator(".mark.observed title").first).to_have_text(re.compile(r"^mätvärde: 21[.]5 "))

    heard, deaf, again, vouched = map(ago, (HEARD, *DEAF, VOUCHED_UNTIL))
    _assert_says(door.locator(".covered"), ("Kontakt", heard, vouched))
    _assert_says(door.locator(".unknown"), (UNKNOWN, EDGE, heard), (UNKNOWN, vouched, EDGE))
    _assert_says(motion.locator(".covered"), ("Kontakt", heard, deaf), ("Kontakt", again, vouched))
    _assert_says(motion.locator(".unknown"), (UNKNOWN, EDGE, heard), (UNKNOWN, deaf, again), (UNKNOWN, vouched, EDGE))

    desk.page.get_by_text("Visa som tabell").click()
    rows = desk.page.locator(".day tbody tr")
    expect(rows.filter(has_text="öppen")).to_have_count(1)
    expect(rows.filter(has_text=UNKNOWN).filter(has_text="rörelse")).to_have_count(3)
    expect(rows.filter(has_text="mätvärde: 21.5")).to_have_count((HEARD - HOUR) // HOUR)


def _lane(desk: DeskPage, name: str) -> Locator:
    lane = desk.page.locator(".picture .lane").filter(has=desk.page.get_by_text(re.compile(f"^{name} · ")))
    expect(lane).to_have_count(1)
    return lane


def _assert_says(drawn: Locator, *expected: tuple[str, str, str]) -> None:
    """The shapes, from left to right, say just this when pointed at: what, from when, until when."""
    said = " | ".join(drawn.locator("title").all_text_contents())
    pattern = "[|]".join(f" ?{re.escape(what)} {DAY}{since}–{DAY}{until} ?" for what, since, until in expected)
    assert re.fullmatch(pattern, said), f"{said}, not {expected}"
