"""The desk uses the room that it has: the home's day in sight on a wide screen, nothing cut off on a narrow one."""

import os
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import expect

from gateway.embedded import PrivateBroker
from homecare.clock import SystemClock
from tests.browser.days import one_day
from tests.browser.desk_page import DESK, DeskPage, OpenDesk
from tests.browser.gateway_process import GatewayProcess
from tests.browser.homes import CallingHome
from tests.browser.phone_page import AXE, LARGE, SMALL, TOO_WIDE

pytestmark = pytest.mark.browser
LAPTOP = {"width": 1366, "height": 768}
UNHIDDEN = """selector => {
    const drawn = document.querySelector(selector), box = drawn.getBoundingClientRect();
    return [box.top + 4, box.bottom - 4].every(y => drawn.contains(document.elementFromPoint(box.left + 40, y)));
}"""
CUT = """select => {
    const whole = select.cloneNode(true);
    whole.value = select.value;
    whole.style.cssText = "position: absolute; width: auto; max-width: none";
    select.after(whole);
    const cut = whole.offsetWidth - select.offsetWidth;
    whole.remove();
    return cut;
}"""


def _assert_fit(desk: DeskPage) -> None:
    assert not desk.page.evaluate(TOO_WIDE)
    desk.page.evaluate(AXE.read_text())
    found = desk.page.evaluate("axe.run().then(result => result.violations)")
    assert not [(each["id"], [node["html"][:160] for node in each["nodes"]]) for each in found]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_homes_day_is_in_sight_beside_what_there_is_to_do(
    open_desk: OpenDesk,
    gateway: GatewayProcess,
    homes: list[CallingHome],
    broker: PrivateBroker,
    theme: str,
    tmp_path: Path,
) -> None:
    """Red when the picture stands below the steps: an operator would scroll to see whether somebody moved."""
    gateway.start_watch()
    homes[0].record(broker.url, one_day(homes[0], SystemClock().now().wall))
    for home in homes:
        home.press(broker.url)
    desk = open_desk("Disa", theme=theme)
    desk.row("Asta Exempel").locator(".take").click()
    picture = desk.page.locator(".picture svg")
    expect(picture).to_be_in_viewport(ratio=1)
    expect(desk.button("Ring upp")).to_be_in_viewport(ratio=1)
    expect(desk.button("Avsluta larmet")).to_be_in_viewport(ratio=1)
    detail = desk.page.locator(".detail").bounding_box()
    assert detail is not None
    assert detail["width"] > DESK["width"] / 2, "the chosen alert has more than half"
    _assert_fit(desk)
    desk.page.screenshot(path=Path(os.environ.get("VAKA_PICTURES", tmp_path)) / f"desk-room-1920-{theme}.png")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["360", "412"])
def test_how_it_looks_is_said_whole_on_a_narrow_screen(
    open_desk: OpenDesk,
    homes: list[CallingHome],
    broker: PrivateBroker,
    size: dict[str, int],
    theme: str,
    tmp_path: Path,
) -> None:
    """Red when the choice of appearance is cut off: `Som dat`."""
    homes[0].press(broker.url)
    desk = open_desk("Disa", size=size, theme=theme)
    expect(desk.row("Asta Exempel")).to_be_visible()
    looks = desk.page.get_by_label("Utseende")
    for choice in ("auto", "light", "dark", "contrast"):
        looks.select_option(choice)
        assert looks.evaluate(CUT) <= 0, choice
    looks.select_option("auto")
    _assert_fit(desk)
    desk.page.screenshot(
        path=Path(os.environ.get("VAKA_PICTURES", tmp_path)) / f"desk-room-{size['width']}-{theme}.png", full_page=True
    )


def test_ten_calls_on_a_laptop_are_gone_through_by_key_with_each_in_sight(
    open_desk: OpenDesk,
    gateway: GatewayProcess,
    homes: list[CallingHome],
    broker: PrivateBroker,
    database_url: str,
    tmp_path: Path,
) -> None:
    """Red when what stays on top or at the bottom hides the row that has the focus, or the chosen alert's name."""
    more = [CallingHome(number, f"Nils Nummer {number}", f"Nummergatan {number}") for number in range(4, 11)]
    gateway.kill()
    for home in more:
        home.enrol(database_url)
    gateway.start()  # it knows them all: a press of a home that it does not know yet is not taken
    desk = open_desk("Disa", size=LAPTOP)
    for home in (*homes, *more):
        home.press(broker.url)
    expect(desk.page.locator(".calls .alert")).to_have_count(len(homes) + len(more))
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alert SET raised_at = raised_at - interval '61 s', due_at = now()")
    expect(desk.page.locator(".overdue")).to_contain_text("9 till väntar")
    for way in ("j", "k"):
        for _ in (*homes, *more):
            desk.page.keyboard.press(way)
            assert desk.page.evaluate(UNHIDDEN, ".row:focus"), way
            assert desk.page.evaluate(UNHIDDEN, "#chosen"), way
    desk.page.screenshot(path=Path(os.environ.get("VAKA_PICTURES", tmp_path)) / "desk-room-ten.png")
