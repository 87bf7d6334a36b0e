"""One tired operator at night: a call that waits cannot be overheard, and the screen says only what is so now."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Route, expect

from gateway.adapters.postgres.municipality import Municipality, enrol_municipality
from gateway.adapters.postgres.people import enrol_people
from gateway.embedded import PrivateBroker
from gateway.model.authorisation import Role
from gateway.ports.people import Person
from tests.browser.desk_page import DeskPage, OpenDesk
from tests.browser.gateway_process import GatewayProcess
from tests.browser.phone_page import AXE, LARGE, TOO_WIDE
from tests.browser.phone_shift import ASTA, SVEN, Shift
from tests.gateway.doorstep import DISA
from tests.gateway.signed import FIRST, person

pytestmark = pytest.mark.browser
VERA = person(Role.COORDINATOR, number=2)
LAPTOP = {"width": 1366, "height": 768}
LINES = 2 * 44
"""Pixels that two lines of the header take at 1366."""
SIREN = 8
"""Tones of one sounding of the siren; every other sound has fewer."""
LOST_MILLISECONDS = 15_000
PATIENCE = 45_000
TELL_UNHEARD = """new MutationObserver(() => document.querySelector(".unheard") && console.info("unheard"))
    .observe(document, { childList: true, subtree: true })"""
WORDS = "/api/v1/words"
"""The municipality's own, which come by a call beside the alarms."""


@pytest.fixture
def shift(database_url: str) -> Shift:
    found = Shift(database_url)
    enrol_people(database_url, [VERA])
    return found


@pytest.fixture
def gateway(shift: Shift, database_url: str, broker: PrivateBroker, tmp_path: Path) -> Iterator[GatewayProcess]:
    assert shift
    process = GatewayProcess(database_url=database_url, broker_url=broker.url, data=tmp_path, VAKA_DEMO="1")
    process.start()
    yield process
    process.stop()


def _wait_a_minute(shift: Shift) -> None:
    """Let all calls have been received a minute ago, and every desk hear of it."""
    with psycopg.connect(shift.url) as connection:
        connection.execute("UPDATE alert SET raised_at = raised_at - interval '61 s', due_at = now()")


def _assert_fit(desk: DeskPage) -> None:
    assert not desk.page.evaluate(TOO_WIDE)
    desk.page.evaluate(AXE.read_text())
    found = desk.page.evaluate("axe.run().then(result => result.violations)")
    assert not [(each["id"], [node["html"][:160] for node in each["nodes"]]) for each in found]


def test_a_call_that_nobody_takes_for_a_minute_cannot_be_overheard(sit_down: OpenDesk, shift: Shift) -> None:
    """Red when a call that waits for a minute sounds and looks as one that has just come."""
    desk = sit_down(DISA)
    desk.turn_sound_on()
    shift.call_for_help(shift.first)
    expect(desk.row(ASTA)).to_contain_text("Obesvarat")
    expect(desk.page.locator(".overdue")).to_have_count(0)
    _wait_a_minute(shift)
    notice = desk.page.get_by_role("alert").filter(has_text=f"INGEN HAR TAGIT LARMET: {ASTA}")
    expect(notice).to_be_in_viewport()
    before = desk.tones()
    desk.page.wait_for_function("tones => window.tones >= tones", arg=before + 2 * SIREN)
    _assert_fit(desk)
    desk.page.locator(".overdue").get_by_role("button", name="Ta larmet").click()
    expect(desk.row(ASTA)).to_contain_text("Taget av dig")
    expect(desk.page.locator(".overdue")).to_have_count(0)


def test_who_looks_at_visits_is_told_of_a_call_that_waits_too(sit_down: OpenDesk, shift: Shift) -> None:
    desk = sit_down(VERA)
    desk.page.keyboard.press("b")
    expect(desk.page.get_by_role("heading", name="Besök: plan och utfall")).to_be_visible()
    shift.call_for_help(shift.first)
    expect(desk.page.get_by_role("link", name="Larm 1 obesvarat")).to_be_visible()
    _wait_a_minute(shift)
    overdue = desk.page.locator(".overdue")
    expect(overdue.get_by_role("button", name="Ta larmet")).to_have_count(0)
    overdue.get_by_role("button", name="Visa larmet").click()
    expect(desk.page.locator("#chosen")).to_contain_text(ASTA)


def test_a_desk_that_nobody_has_touched_says_that_it_is_not_heard(
    browser: Browser, gateway: GatewayProcess, shift: Shift
) -> None:
    """Red when a browser that lets no sound through looks like a quiet night."""
    desk = DeskPage(browser, gateway)
    desk.page.add_init_script(TELL_UNHEARD)
    with desk.page.expect_console_message(lambda said: said.text == "unheard", timeout=PATIENCE):
        desk.come(shift.session_of(DISA))
    expect(desk.page.locator(".unheard")).to_be_visible()
    desk.page.keyboard.press("j")
    expect(desk.page.get_by_text("Ljudet är på")).to_be_visible()
    expect(desk.page.locator(".unheard")).to_have_count(0)
    assert desk.tones() == 0, "without a sound of its own"
    desk.close()


def test_a_desk_that_takes_no_alarms_stays_as_quiet_as_it_is(sit_down: OpenDesk) -> None:
    desk = sit_down(VERA)
    desk.page.keyboard.press("j")
    expect(desk.page.get_by_text("Ljudet är av")).to_be_visible()
    expect(desk.page.locator(".unheard")).to_have_count(0)


@pytest.mark.parametrize("who", [DISA, VERA], ids=["operator", "coordinator"])
def test_whatever_stands_above_it_the_first_call_is_in_sight(
    sit_down: OpenDesk, shift: Shift, tmp_path: Path, who: Person
) -> None:
    """Red when the header or what is said below it pushes the first call out of a small screen."""
    desk = sit_down(who, size=LAPTOP)
    for house in (shift.first, shift.second):
        shift.call_for_help(house)
    expect(desk.row(SVEN)).to_be_visible()
    _wait_a_minute(shift)
    expect(desk.page.locator(".overdue")).to_contain_text("ett till väntar")
    header = desk.page.locator("header").bounding_box()
    assert header is not None
    assert header["height"] <= LINES
    expect(desk.page.locator(".alert").first).to_be_in_viewport(ratio=1)
    _assert_fit(desk)
    desk.page.screenshot(path=Path(os.environ.get("VAKA_PICTURES", tmp_path)) / f"desk-night-{who.id}.png")


def test_only_keys_that_do_something_now_are_listed(sit_down: OpenDesk, shift: Shift) -> None:
    """Red when the help names keys that nothing answers to."""
    desk = sit_down(VERA)

    def listed() -> list[str]:
        found: list[str] = desk.page.locator(".keys li").evaluate_all("all => all.map(one => one.dataset.command)")
        return found

    expect(desk.page.locator(".keys li[data-command=visits]")).to_have_count(1)
    assert listed() == ["visits", "sound"], "nothing to go through, no remote opening, no fault"
    desk.page.keyboard.press("b")
    expect(desk.page.get_by_role("heading", name="Besök: plan och utfall")).to_be_visible()
    assert listed() == ["visits", "sound"]
    shift.call_for_help(shift.first)
    operator = sit_down(DISA)
    expect(operator.row(ASTA)).to_be_visible()
    desk = operator
    expect(desk.page.locator(".keys li[data-command=next]")).to_have_count(1)
    assert listed() == ["next", "open", "sound"], "nothing is chosen"
    desk.page.keyboard.press("j")
    expect(desk.page.locator(".keys li[data-command=take]")).to_have_count(1)
    assert listed() == ["next", "open", "take", "resolve", "sound"]
    desk.page.keyboard.press("t")
    expect(desk.page.locator(".keys li[data-command=call_back]")).to_have_count(1)
    assert "take" not in listed()


def _come_again(desk: DeskPage, gateway: GatewayProcess) -> None:
    """Load the desk anew; return when the municipality's words are here.

    By way of an empty page: what the page before still asked for is never finished, nor is it ours.
    """
    desk.page.goto("about:blank")
    with desk.page.expect_request_finished(lambda request: request.url.endswith(WORDS)):
        desk.page.goto(f"{gateway.url}/desk")


@pytest.mark.parametrize("number", ["", "08-465 004 91"], ids=["none", "number"])
def test_without_contact_the_desk_says_what_to_do_and_whom_to_call(
    sit_down: OpenDesk, gateway: GatewayProcess, shift: Shift, number: str
) -> None:
    """Red when a desk without contact leaves its operator without a number, or without a word where it stands."""
    words = {"reserve_number": (number, number)} if number else {}
    enrol_municipality(shift.url, Municipality("municipality-0001", "Exempelby", {FIRST: "Norra"}, words))
    desk = sit_down(DISA, size=LARGE)
    _come_again(desk, gateway)
    gateway.kill()
    desk.page.get_by_role("heading", name="INGEN KONTAKT").wait_for(timeout=LOST_MILLISECONDS)
    lost = desk.page.locator(".notice.lost")
    expect(lost.get_by_role("listitem")).to_have_count(3)
    if number:
        expect(lost.get_by_role("link", name=f"Ring {number} nu")).to_have_attribute("href", "tel:0846500491")
    else:
        expect(lost).to_contain_text("Numret står i reservrutinen på papper")
    _assert_fit(desk)
    gateway.start()


def test_a_desk_whose_first_question_for_the_number_was_lost_asks_again(
    sit_down: OpenDesk, gateway: GatewayProcess, shift: Shift
) -> None:
    """Red when it asks once: then it has no number in the very night in which it has no contact."""
    number, asked = "08-465 004 91", list[str]()
    words = {"reserve_number": (number, number)}
    enrol_municipality(shift.url, Municipality("municipality-0001", "Exempelby", {FIRST: "Norra"}, words))
    desk = sit_down(DISA, size=LARGE)

    def lose_the_first(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.abort()
        else:
            route.continue_()

    desk.page.route(f"**{WORDS}", lose_the_first)
    _come_again(desk, gateway)
    gateway.kill()
    lost = desk.page.locator(".notice.lost")
    expect(lost.get_by_role("link", name=f"Ring {number} nu")).to_be_visible(timeout=LOST_MILLISECONDS)
    gateway.start()
    assert len(asked) == 2
