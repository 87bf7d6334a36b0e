"""A home's last 24 hours on the desk: what lasted, what happened, and where nobody knows."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, expect

from gateway.embedded import PrivateBroker
from homecare.clock import HOUR, SECOND, SystemClock
from tests.browser.days import DEAF, HEARD, MOVED, STOOD_OPEN, VOUCHED_UNTIL, one_day
from tests.browser.desk_page import DeskPage, OpenDesk
from tests.browser.gateway_process import GatewayProcess
from tests.browser.homes import CallingHome

pytestmark = pytest.mark.browser
UNKNOWN = "Vet ej – ingen kontakt"
BEFORE = "Inte ansluten än"
AWAITED = "Hörs, inte bekräftat än"
HOMES = ZoneInfo("Europe/Stockholm")
DAY = r"(\d+/\d+ )?"
LETTERS = 40
"""Pixels that the newest time takes."""
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
    expect(values.locator(".mark.observed title").first).to_have_text(re.compile("^mätvärde: 21,5\u00a0°C "))

    heard, deaf, again, vouched = map(ago, (HEARD, *DEAF, VOUCHED_UNTIL))
    _assert_says(door.locator(".covered"), ("Kontakt", heard, vouched))
    _assert_says(door.locator(".before"), (BEFORE, EDGE, heard))
    _assert_says(door.locator(".awaited"), (AWAITED, vouched, EDGE))
    expect(door.locator(".unknown")).to_have_count(0)
    _assert_says(motion.locator(".covered"), ("Kontakt", heard, deaf), ("Kontakt", again, vouched))
    _assert_says(motion.locator(".unknown"), (UNKNOWN, deaf, again))
    expect(desk.page.get_by_text(re.compile(f"Hemmet anslöts {DAY}{ago(HEARD)}[.]"))).to_be_visible()

    desk.page.get_by_text("Visa som tabell").click()
    rows = desk.page.locator(".day tbody tr")
    expect(rows.filter(has_text="öppen")).to_have_count(1)
    expect(rows.filter(has_text=UNKNOWN).filter(has_text="rörelse")).to_have_count(1)
    expect(rows.filter(has_text=BEFORE).filter(has_text="rörelse")).to_have_count(1)
    expect(rows.filter(has_text="mätvärde: 21,5")).to_have_count((HEARD - HOUR) // HOUR)


def test_an_alarm_stands_right_where_it_happened_and_the_newest_hour_can_be_looked_at(
    open_desk: OpenDesk, gateway: GatewayProcess, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    """Red when an alarm's line is pushed aside at the picture's edge: it would stand before what it is about."""
    gateway.start_watch()
    homes[0].record(broker.url, one_day(homes[0], SystemClock().now().wall))
    homes[0].press(broker.url)
    desk = open_desk()
    desk.choose("Asta Exempel")
    called, line = desk.page.locator(".mark.help_called"), desk.page.locator(".alert-mark line")
    for hours in ("24 timmar", "6 timmar", "1 timme"):
        desk.page.get_by_role("button", name=hours).click()
        assert abs(_middle(called) - _middle(line)) < 1, hours
    assert _middle(called) < _middle(desk.page.locator(".picture .newest-time")) + LETTERS
    moved = _lane(desk, "rörelse").locator(".span.moving")
    expect(moved).to_have_count(0)
    desk.page.get_by_role("button", name="24 timmar").click()
    expect(moved).to_have_count(len(MOVED))


def test_a_home_that_was_just_connected_has_not_lost_contact(
    open_desk: OpenDesk, gateway: GatewayProcess, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    """Red when the day before a home was connected is drawn as if nobody could reach it."""
    gateway.start_watch()
    homes[0].press(broker.url)
    desk = open_desk()
    desk.choose("Asta Exempel")
    expect(desk.page.get_by_text("Hemmet anslöts")).to_be_visible()
    expect(desk.page.get_by_role("button", name="1 timme")).to_have_attribute("aria-pressed", "true")
    expect(desk.page.locator(".lane .before")).to_have_count(4)


def _middle(drawn: Locator) -> float:
    box = drawn.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2


def _lane(desk: DeskPage, name: str) -> Locator:
    named = desk.page.locator(".picture .lane-name").filter(has=desk.page.get_by_text(re.compile(f"^{name} · ")))
    expect(named).to_have_count(1)
    return desk.page.locator(f".picture .lane[data-lane='{named.get_attribute('data-lane')}']")


def _assert_says(drawn: Locator, *expected: tuple[str, str, str]) -> None:
    """The shapes, from left to right, say just this when pointed at: what, from when, until when."""
    said = " | ".join(drawn.locator("title").all_text_contents())
    pattern = "[|]".join(f" ?{re.escape(what)} {DAY}{since}–{DAY}{until} ?" for what, since, until in expected)
    assert re.fullmatch(pattern, said), f"{said}, not {expected}"
