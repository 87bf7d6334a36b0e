"""The desk by ear, by keys, in both languages, for everybody's eyes."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from gateway.embedded import PrivateBroker
from homecare.alert import Condition
from homecare.clock import SystemClock
from tests.browser.days import one_day
from tests.browser.desk_page import DESK, DeskPage, Held, OpenDesk
from tests.browser.gateway_process import GatewayProcess
from tests.browser.homes import CallingHome, judge, verdict
from tests.servers import ROOT

pytestmark = pytest.mark.browser
AXE = ROOT / "gateway" / "web" / "screens" / "node_modules" / "axe-core" / "axe.min.js"
WATCH_MILLISECONDS = 90_000
"""Until the bulk process has started and been seen; it takes about 5 s on a free machine."""
SIZES = (DESK, {"width": 412, "height": 915}, {"width": 360, "height": 740})


def test_the_sound_says_honestly_whether_it_is_on(
    open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    desk = open_desk()
    desk.page.reload()
    expect(desk.page.locator("header").get_by_text("Ljudet är av")).to_be_visible()
    homes[0].press(broker.url)
    expect(desk.row("Asta Exempel")).to_have_count(1)
    assert desk.tones() == 0
    desk.turn_sound_on()
    for more in (homes[0], homes[1]):
        before = desk.tones()
        more.press(broker.url)
        desk.page.wait_for_function("before => window.tones > before", arg=before)


def test_an_alarm_is_handled_by_keys_alone(
    open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    desk = open_desk()
    for home in homes:
        home.press(broker.url)
        expect(desk.row(home.resident)).to_have_count(1)
    keys = desk.page.keyboard
    keys.press("j")
    expect(desk.row("Asta Exempel").locator(".row")).to_be_focused()
    keys.press("j")
    expect(desk.row("Sven Påhittad").locator(".row")).to_be_focused()
    keys.press("k")
    keys.press("t")
    expect(desk.row("Asta Exempel")).to_contain_text("Taget av dig")
    keys.press("r")
    expect(desk.button("Talkontakt")).to_be_focused()
    keys.press("Enter")
    expect(desk.page.locator(".steps")).to_contain_text("Talkontakt (Elin)")
    keys.press("a")
    expect(desk.button("Hjälp är på plats")).to_be_focused()
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Enter")
    for _ in range(3):
        keys.press("Tab")
    keys.type(" st")
    keys.press("Tab")
    keys.press("Enter")
    expect(desk.over("Asta Exempel")).to_contain_text("Feltryck st")
    expect(desk.row("Sven Påhittad")).to_contain_text("Obesvarat")


def test_a_key_pressed_before_the_last_answer_came_is_not_lost(
    open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    desk = open_desk()
    homes[0].press(broker.url)
    expect(desk.row("Asta Exempel")).to_have_count(1)
    held = Held(desk.page, "**/take")
    desk.page.keyboard.press("j")
    desk.page.keyboard.press("t")
    expect(desk.row("Asta Exempel")).to_contain_text("Taget av dig")
    desk.page.keyboard.press("s")
    held.deliver()
    expect(desk.row("Asta Exempel")).to_contain_text("Obesvarat")


def test_the_language_changes_at_once_and_stays(
    open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    desk = open_desk()
    homes[0].press(broker.url)
    expect(desk.row("Asta Exempel")).to_contain_text("Obesvarat")
    desk.page.get_by_role("button", name="English").click()
    expect(desk.row("Asta Exempel")).to_contain_text("Unanswered")
    expect(desk.page.locator("html")).to_have_attribute("lang", "en")
    desk.page.reload()
    expect(desk.row("Asta Exempel")).to_contain_text("Call for help")


def test_the_desk_names_the_path_beside_it_and_the_watch_that_stands_still(open_desk: OpenDesk) -> None:
    desk = open_desk()
    expect(desk.page.get_by_text("Vaka står bredvid den certifierade larmkedjan")).to_be_visible()
    expect(desk.page.get_by_role("heading", name="Bevakningen står stilla")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_no_barrier_that_axe_can_find(
    open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker, theme: str
) -> None:
    desk = open_desk()
    desk.page.get_by_label("Utseende").select_option(theme)
    for home in homes:
        home.press(broker.url)
    desk.choose("Asta Exempel")
    desk.button("Ta larmet").click()
    desk.page.get_by_text("Visa som tabell").click()
    desk.page.evaluate(AXE.read_text())
    found = desk.page.evaluate("axe.run().then(result => result.violations)")
    assert not [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
def test_the_desk_fits_its_screen(
    open_desk: OpenDesk,
    full_house: GatewayProcess,
    homes: list[CallingHome],
    broker: PrivateBroker,
    size: dict[str, int],
    tmp_path: Path,
) -> None:
    """With `VAKA_PICTURES=docs/pictures` the documentation's pictures are taken anew."""
    folder = Path(os.environ["VAKA_PICTURES"]) if "VAKA_PICTURES" in os.environ else tmp_path
    desk = open_desk(size=size)
    full_house.start_watch()
    expect(desk.page.get_by_role("heading", name="Bevakningen står stilla")).to_have_count(
        0, timeout=WATCH_MILLISECONDS
    )
    homes[0].record(broker.url, one_day(homes[0], SystemClock().now().wall))
    expect(desk.row("Asta Exempel").first).to_contain_text("2 tryckningar")
    desk.page.screenshot(path=folder / f"desk-list-{size['width']}.png")
    assert _fits(desk)
    desk.page.locator(".alert.call .row", has_text="Asta Exempel").click()
    expect(desk.page.locator(".picture svg")).to_be_visible()
    desk.page.screenshot(path=folder / f"desk-home-{size['width']}.png")
    assert _fits(desk)


def test_on_a_small_screen_an_alarm_begins_at_its_top(
    open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    """Red when the page stays where the list was scrolled to: what and who would be above the glass."""
    desk = open_desk(size={"width": 640, "height": 360})
    for home in homes:
        home.press(broker.url)
        expect(desk.row(home.resident)).to_have_count(1)
    desk.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    desk.choose(homes[2].resident)
    expect(desk.page.locator(".picture svg")).to_be_visible()
    expect(desk.page.locator(".detail h2")).to_be_in_viewport(ratio=1)


@pytest.fixture
def full_house(
    gateway: GatewayProcess, homes: list[CallingHome], broker: PrivateBroker, database_url: str
) -> GatewayProcess:
    """The gateway with calls, a concern and a fault in it."""
    homes[0].press(broker.url, minutes_ago=3)
    homes[0].press(broker.url)
    homes[1].press(broker.url, minutes_ago=1)
    judge(database_url, [verdict(Condition.INACTIVITY, homes[2].house.home, 12)])
    judge(database_url, [verdict(Condition.DEVICE_SILENT, homes[2].house.home, 95)])
    return gateway


def _fits(desk: DeskPage) -> bool:
    """Whether nothing has to be scrolled sideways."""
    return bool(desk.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
