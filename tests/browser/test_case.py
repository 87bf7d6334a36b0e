"""02:10 at the desk: everything from the take to the close, by keys alone, on every screen, with several desks."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, expect

from gateway.adapters.postgres.people import enrol_people
from gateway.embedded import PrivateBroker
from gateway.model.authorisation import Role
from homecare.answering import Answer
from tests import patient
from tests.browser.desk_page import DESK, DeskPage, Held, OpenDesk
from tests.browser.gateway_process import GatewayProcess
from tests.browser.homes import CallingHome
from tests.browser.responder import Responder
from tests.browser.test_operator import AXE
from tests.gateway.signed import person, secret_of

pytestmark = pytest.mark.browser
KARIN = person(Role.CAREGIVER)
DISA, OLLE = person(Role.OPERATOR), person(Role.OPERATOR, number=2)
SIZES = (DESK, {"width": 412, "height": 915}, {"width": 360, "height": 740})
INSTRUCTION = "Ring dottern Vera först, hon bor i huset bredvid.\nNyckel: digitalt lås. Hunden är snäll."

NO_TELEPHONE = "document.addEventListener('click', (e) => e.target.closest('a') && e.preventDefault())"
"""The browser's own question which program shall call takes all input of the page."""


@pytest.fixture(autouse=True)
def people(homes: list[CallingHome], database_url: str) -> None:
    """Whoever is on duty, before the gateway starts: it reads names every two seconds."""
    assert homes
    enrol_people(database_url, [KARIN, DISA, OLLE])


@pytest.fixture
def karin(gateway: GatewayProcess, homes: list[CallingHome], database_url: str) -> Responder:
    """A caregiver on duty, and instructions for the first home."""
    body = {"version": 0, "text": INSTRUCTION, "call_link": "tel:+46812345678"}
    headers = {"Authorization": f"Bearer {gateway.token}"}
    home = homes[0].house.home
    patient.put(f"{gateway.url}/api/v1/homes/{home}/instruction", json=body, headers=headers).raise_for_status()
    return Responder(database_url, KARIN.id)


def test_an_alarm_from_take_to_close_by_keys_alone(
    open_desk: OpenDesk, karin: Responder, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    desk = open_desk("Disa")
    homes[0].press(broker.url)
    expect(desk.row("Asta Exempel")).to_have_count(1)
    keys, detail = desk.page.keyboard, desk.page.locator(".detail")
    keys.press("j")
    keys.press("t")
    expect(desk.row("Asta Exempel")).to_contain_text("Taget av dig")
    expect(detail).to_contain_text("Ring dottern Vera först")
    keys.press("r")
    link = detail.locator(".asking .call-link")
    expect(link).to_be_focused()
    expect(link).to_have_attribute("href", "tel:+46812345678")
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Enter")
    expect(detail.locator(".steps")).to_contain_text("Svarar inte (Disa)")
    keys.press("v")
    expect(desk.button(KARIN.display)).to_be_focused()
    keys.press("Enter")
    expect(desk.row("Asta Exempel")).to_contain_text(f"{KARIN.display}: väntar på svar")
    karin.answers(Answer.ACCEPT)
    expect(desk.row("Asta Exempel")).to_contain_text(f"{KARIN.display}: på väg")
    keys.press("p")
    expect(desk.row("Asta Exempel")).to_contain_text(f"{KARIN.display}: på plats")
    karin.answers(Answer.OUTCOME, "Hjälpte Asta upp, inga skador.")
    expect(detail.locator(".steps")).to_contain_text("Hjälpte Asta upp, inga skador.")
    keys.press("a")
    expect(desk.button("Hjälp är på plats")).to_be_focused()
    keys.press("Enter")
    keys.press("Tab")
    for _ in range(5):
        keys.press("Tab")
    keys.press("Enter")
    warning = detail.locator(".problem")
    expect(warning).to_contain_text("är kvar i hemmet")
    desk.button("Ja, avsluta ändå").focus()
    keys.press("Enter")
    expect(desk.over("Asta Exempel")).to_contain_text("Avslutat av Disa")


def test_people_who_are_signed_in_hand_an_alarm_over_to_one_another(
    browser: Browser, gateway: GatewayProcess, homes: list[CallingHome], broker: PrivateBroker, database_url: str
) -> None:
    with ThreadPoolExecutor(1) as thread:  # the browser's driver keeps this thread's loop for itself
        secrets = [thread.submit(secret_of, database_url, one).result() for one in (DISA, OLLE)]
    first, second = [DeskPage(browser, gateway).arrive(secret) for secret in secrets]
    homes[0].press(broker.url)
    first.row("Asta Exempel").locator(".take").click()
    expect(first.row("Asta Exempel")).to_contain_text("Taget av dig")
    expect(second.row("Asta Exempel")).to_contain_text(f"Taget av {DISA.display}")
    first.button("Lämna över").click()
    first.button(OLLE.display).click()
    expect(second.row("Asta Exempel")).to_contain_text("Taget av dig")
    second.choose("Asta Exempel")
    expect(second.button("Ring upp")).to_be_visible()
    expect(first.page.locator(".detail")).to_contain_text(f"{OLLE.display} har larmet")
    expect(first.button("Ring upp")).to_have_count(0)
    for desk in (first, second):
        desk.close()


def test_a_call_that_was_begun_is_seen_on_every_desk_until_its_result_is_noted(
    open_desk: OpenDesk, karin: Responder, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    """The gateway keeps the claim meanwhile (`tests/homecare/test_case.py`); the desk says so again by itself."""
    desk, other = open_desk("Disa"), open_desk("Olle")
    assert karin
    homes[0].press(broker.url)
    desk.row("Asta Exempel").locator(".take").click()
    desk.button("Ring upp").click()
    desk.page.evaluate(NO_TELEPHONE)
    desk.page.locator(".asking .call-link").click()
    expect(desk.page.locator(".steps")).to_contain_text("I samtal")
    other.choose("Asta Exempel")
    expect(other.page.locator(".steps")).to_contain_text("(Disa)")
    desk.button("Talkontakt").click()
    expect(other.page.locator(".steps")).to_contain_text("Talkontakt (Disa)")
    expect(other.page.locator(".steps")).not_to_contain_text("I samtal")


def test_a_step_begun_before_the_last_answer_came_stays(
    open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    """The feed shows the result of the call first; the operator is closing already when the answer comes."""
    desk = open_desk("Disa")
    homes[0].press(broker.url)
    desk.row("Asta Exempel").locator(".take").click()
    held = Held(desk.page, "**/call_back")
    desk.button("Ring upp").click()
    desk.button("Talkontakt").click()
    expect(desk.page.locator(".steps")).to_contain_text("Talkontakt")
    desk.page.keyboard.press("a")
    expect(desk.button("Hjälp är på plats")).to_be_focused()
    with desk.page.expect_request_finished(lambda request: request.url.endswith("/call_back")):
        held.deliver()
    expect(desk.row("Asta Exempel")).to_contain_text("Taget av dig")
    desk.button("Feltryck").click()
    expect(desk.page.locator(".asking textarea")).to_have_value("Feltryck")


def test_a_responder_who_cannot_is_seen_at_once_and_another_can_be_sent(
    open_desk: OpenDesk, karin: Responder, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    desk = open_desk("Disa")
    homes[0].press(broker.url)
    desk.row("Asta Exempel").locator(".take").click()
    desk.button("Skicka larmet").click()
    desk.button(KARIN.display).click()
    expect(desk.row("Asta Exempel")).to_contain_text("väntar på svar")
    karin.answers(Answer.DECLINE)
    expect(desk.row("Asta Exempel").locator(".responder.declined")).to_contain_text("kan inte")
    expect(desk.button("Skicka larmet")).to_be_visible()


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_call_that_nobody_takes_stands_on_the_last_step_and_says_how_often_it_came_again(
    open_desk: OpenDesk,
    homes: list[CallingHome],
    broker: PrivateBroker,
    database_url: str,
    size: dict[str, int],
    tmp_path: Path,
) -> None:
    """Red when the steps are counted on for ever: nobody knows what step 39 is."""
    desk = open_desk("Disa", size=size)
    homes[0].press(broker.url)
    expect(desk.row("Asta Exempel")).to_contain_text("Obesvarat")
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alert SET raised_at = raised_at - interval '39 min', due_at = now()")
    badge = desk.row("Asta Exempel").locator(".badge.escalated")
    expect(badge).to_contain_text(re.compile(r"Larmat vidare, steg 3, upprepat 3\d gånger"))
    desk.choose("Asta Exempel")
    expect(desk.page.locator(".steps")).to_contain_text(re.compile(r"larmordningens steg 3, upprepat 3\d gånger"))
    assert not desk.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    desk.page.screenshot(path=Path(os.environ.get("VAKA_PICTURES", tmp_path)) / f"desk-{size['width']}-repeated.png")


def test_an_untaken_call_sounds_again_and_is_marked_when_it_is_escalated_and_a_taken_one_is_quiet(
    open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker, database_url: str
) -> None:
    first, second = open_desk("Disa"), open_desk("Olle")
    for desk in (first, second):
        desk.turn_sound_on()
    homes[0].press(broker.url)
    expect(second.row("Asta Exempel")).to_contain_text("Obesvarat")
    before = second.tones()
    second.page.wait_for_function("before => window.tones > before + 4", arg=before)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alert SET raised_at = raised_at - interval '61 s', due_at = now()")
    for desk in (first, second):
        expect(desk.row("Asta Exempel").locator(".badge.escalated")).to_contain_text("Larmat vidare, steg 2")
    first.row("Asta Exempel").locator(".take").click()
    expect(second.row("Asta Exempel")).to_contain_text("Taget av Disa")
    expect(second.row("Asta Exempel").locator(".badge.escalated")).to_have_count(0)
    quiet = second.tones()
    second.page.wait_for_timeout(6_000)
    assert second.tones() == quiet, "nothing sounds once somebody has it"


def test_an_instruction_is_changed_on_one_desk_and_read_on_the_other(
    open_desk: OpenDesk, karin: Responder, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    del karin
    disa, olle = open_desk("Disa"), open_desk("Olle")
    homes[0].press(broker.url)
    for desk in (disa, olle):
        desk.choose("Asta Exempel")
        expect(desk.page.locator(".instruction")).to_contain_text("Ring dottern Vera")
    disa.button("Ändra instruktionen").click()
    disa.page.get_by_label("Vad ska göras när larm kommer från hemmet?").fill("Ring sonen.")
    disa.button("Spara").click()
    for desk in (disa, olle):
        expect(desk.page.locator(".instruction")).to_contain_text("Ring sonen.")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
def test_the_case_fits_its_screen_and_axe_finds_no_barrier(
    open_desk: OpenDesk,
    karin: Responder,
    homes: list[CallingHome],
    broker: PrivateBroker,
    size: dict[str, int],
    tmp_path: Path,
) -> None:
    """With `VAKA_PICTURES=docs/pictures` the documentation's pictures are taken anew."""
    folder = Path(os.environ["VAKA_PICTURES"]) if "VAKA_PICTURES" in os.environ else tmp_path
    desk = open_desk("Disa", size=size)
    homes[0].press(broker.url, minutes_ago=1, presses=3)
    homes[1].press(broker.url)
    expect(desk.row("Sven Påhittad")).to_have_count(1)
    _has_a_header_of_two_lines(desk)
    desk.choose("Asta Exempel")
    desk.button("Ta larmet").click()
    desk.button("Ring upp").click()
    _look(desk, folder / f"desk-call-{size['width']}.png")
    desk.button("Svarar inte").click()
    desk.button("Skicka larmet").click()
    expect(desk.button(KARIN.display)).to_be_visible()
    _look(desk, folder / f"desk-send-{size['width']}.png")
    desk.button(KARIN.display).click()
    expect(desk.page.locator(".steps")).to_contain_text("väntar på svar")
    karin.answers(Answer.ACCEPT)
    karin.answers(Answer.ON_SITE)
    expect(desk.page.locator(".steps")).to_contain_text("på plats")
    _look(desk, folder / f"desk-case-{size['width']}.png")
    desk.button("Avsluta larmet").click()
    desk.button("Hjälp är på plats").click()
    desk.button("Avsluta").click()
    expect(desk.page.locator(".detail .problem")).to_contain_text("kvar i hemmet")
    _look(desk, folder / f"desk-warning-{size['width']}.png")


@pytest.mark.parametrize("theme", ["dark", "contrast"])
def test_the_case_has_no_barrier_in_other_colours(
    open_desk: OpenDesk, karin: Responder, homes: list[CallingHome], broker: PrivateBroker, theme: str, tmp_path: Path
) -> None:
    desk = open_desk("Disa")
    desk.page.get_by_label("Utseende").select_option(theme)
    homes[0].press(broker.url)
    desk.row("Asta Exempel").locator(".take").click()
    desk.button("Skicka larmet").click()
    desk.button(KARIN.display).click()
    karin.answers(Answer.ON_SITE)
    expect(desk.page.locator(".steps")).to_contain_text("på plats")
    desk.button("Avsluta larmet").click()
    desk.button("Feltryck").click()
    desk.button("Avsluta").click()
    expect(desk.page.locator(".detail .problem")).to_contain_text("kvar i hemmet")
    _look(desk, tmp_path / f"{theme}.png")


def _has_a_header_of_two_lines(desk: DeskPage) -> None:
    """Everything in the header stands beside or below everything else, in at most two lines."""
    expect(desk.page.get_by_text("Demo: Disa")).to_be_visible()
    shown = desk.page.locator(".feed-state, .sound button, .person > *, header .looks > *")
    boxes = [box for box in (shown.nth(place).bounding_box() for place in range(shown.count())) if box]
    tops: list[float] = []
    for box in sorted(boxes, key=lambda box: box["y"] + box["height"] / 2):
        middle = box["y"] + box["height"] / 2
        if not tops or middle - tops[-1] > 12:
            tops.append(middle)
    assert len(tops) <= 2, tops
    for one in boxes:
        for other in boxes:
            apart = one is other or (
                one["x"] + one["width"] <= other["x"] + 1
                or other["x"] + other["width"] <= one["x"] + 1
                or one["y"] + one["height"] <= other["y"] + 1
                or other["y"] + other["height"] <= one["y"] + 1
            )
            assert apart, (one, other)


def _look(desk: DeskPage, picture: Path) -> None:
    desk.page.screenshot(path=picture)
    assert desk.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    desk.page.evaluate(AXE.read_text())
    found = desk.page.evaluate("axe.run().then(result => result.violations)")
    assert not [(each["id"], [node["html"][:160] for node in each["nodes"]]) for each in found]
