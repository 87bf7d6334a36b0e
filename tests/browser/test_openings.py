"""Remote openings: a phone or the desk asks, another person answers by keys alone, and the door opens or stays."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from gateway.adapters.postgres.people import enrol_people
from gateway.embedded import PrivateBroker
from gateway.model.authorisation import Role
from homecare.command import Action
from tests.asking import rows
from tests.browser.desk_page import DESK, DeskPage, Held, OpenDesk
from tests.browser.door_edge import DoorEdge
from tests.browser.gateway_process import GatewayProcess
from tests.browser.phone_page import AXE, LARGE, SLOW_DRAWING, SMALL, PhonePage
from tests.browser.phone_shift import ASTA, Shift
from tests.gateway.doorstep import DISA, KARIN
from tests.gateway.signed import person

pytestmark = pytest.mark.browser
OLLE = person(Role.OPERATOR, number=2)
VERA = person(Role.COORDINATOR, number=2)
UNLOCKED = "Dörren är inte låst igen"
COUNT_SOFT = """() => {
window.soft = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...rest) {
  window.soft += this.type === "sine";
  return start.apply(this, rest);
};
}"""
OVER = "UPDATE remote_opening SET expires_at = now() RETURNING id, pg_notify('vaka_today', person)"


@pytest.fixture
def shift(database_url: str) -> Shift:
    found = Shift(database_url)
    enrol_people(database_url, [OLLE, VERA])
    return found


@pytest.fixture
def gateway(shift: Shift, database_url: str, broker: PrivateBroker, tmp_path: Path) -> Iterator[GatewayProcess]:
    """Both processes: the doors' facts come by the second."""
    assert shift.url == database_url
    process = GatewayProcess(database_url=database_url, broker_url=broker.url, data=tmp_path, VAKA_DEMO="1")
    process.start()
    process.start_watch()
    process.wait_for_watch()
    yield process
    process.stop()


@pytest.fixture
def edge(shift: Shift, gateway: GatewayProcess, broker: PrivateBroker) -> Iterator[DoorEdge]:
    assert gateway.url
    edge = DoorEdge(shift.first, broker.url)
    edge.start()
    yield edge
    edge.stop()


@pytest.fixture
def phone(browser: Browser, gateway: GatewayProcess) -> Iterator[PhonePage]:
    """Karin's."""
    page = PhonePage(browser, gateway)
    yield page.sign_in(KARIN.display)
    page.close()


def waiting(desk: DeskPage) -> Locator:
    return desk.page.locator(".opening")


def ask_by_phone(phone: PhonePage) -> None:
    """She stands at Asta's door, and the tag cannot be read."""
    phone.open_visit(ASTA)
    phone.page.get_by_text("Taggen går inte att läsa").tap()
    phone.tap("Be om fjärröppning")
    expect(phone.command()).to_have_attribute("data-standing", "second")


def ask_at_desk(desk: DeskPage) -> Locator:
    """Whoever holds Asta's alarm asks; what is said of it."""
    desk.choose(ASTA)
    remote = desk.page.locator(".detail .remote")
    remote.locator("summary").click()
    expect(remote.locator(".warning")).to_contain_text("En till måste godkänna")
    remote.get_by_role("button", name="Be om fjärröppning").click()
    expect(remote.get_by_role("status")).to_contain_text("Väntar på att en till godkänner")
    return remote


def try_to_close(desk: DeskPage, reason: str) -> None:
    desk.page.keyboard.press("a")
    desk.button(reason).click()
    desk.page.get_by_role("button", name="Avsluta", exact=True).click()


def warned(desk: DeskPage) -> Locator:
    """What stands in the way of the last step."""
    return desk.page.locator(".detail .now > .problem")


def test_a_phone_asks_the_desk_approves_by_keys_alone_and_the_door_opens(
    phone: PhonePage, sit_down: OpenDesk, edge: DoorEdge, shift: Shift
) -> None:
    desk = sit_down(DISA)
    before = desk.turn_sound_on()
    ask_by_phone(phone)
    expect(waiting(desk)).to_contain_text(f"{KARIN.display} vill låsa upp hos {ASTA}")
    expect(waiting(desk)).to_contain_text("för ett besök")
    expect(waiting(desk)).to_contain_text("gäller 4 min")
    expect(desk.page.locator(".unseen[aria-live=polite]")).to_contain_text("Fjärröppning väntar")
    desk.page.wait_for_function("tones => window.tones >= tones", arg=before + 2)
    assert desk.tones() == before + 2, "one soft sound, once"
    assert edge.actions == []
    desk.page.keyboard.press("f")
    expect(desk.page.get_by_role("button", name="Godkänn", exact=True)).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(waiting(desk).get_by_role("status")).to_contain_text("Du godkände. Dörren är upplåst.")
    expect(phone.command()).to_have_attribute("data-standing", "done")
    expect(phone.command()).to_contain_text(f"{DISA.display} godkände. Dörren är upplåst.")
    assert edge.actions == [Action.UNLOCK]
    desk.page.get_by_role("button", name="Dölj").last.click()
    expect(waiting(desk)).to_have_count(0)
    remote = "SELECT person, action FROM audit WHERE reason = 'remote' ORDER BY number"
    assert rows(shift.url, remote) == [(KARIN.id, "door.unlock"), (DISA.id, "door.approve")]


def test_what_one_desk_declines_is_gone_from_the_other_and_the_phone_says_who(
    phone: PhonePage, sit_down: OpenDesk, edge: DoorEdge
) -> None:
    disa, olle = sit_down(DISA), sit_down(OLLE)
    ask_by_phone(phone)
    expect(waiting(olle)).to_have_count(1)
    expect(waiting(disa)).to_have_count(1)
    disa.page.keyboard.press("f")
    disa.page.keyboard.press("Tab")
    disa.page.keyboard.press("Enter")
    expect(waiting(disa).get_by_role("status")).to_contain_text("Du godkände inte")
    expect(phone.command()).to_contain_text(f"{DISA.display} godkände inte. Dörren rördes inte.")
    expect(waiting(olle)).to_have_count(0)
    assert edge.actions == []


def test_what_nobody_answers_runs_out_on_every_screen(
    phone: PhonePage, sit_down: OpenDesk, edge: DoorEdge, shift: Shift
) -> None:
    desk = sit_down(DISA)
    ask_by_phone(phone)
    expect(waiting(desk)).to_have_count(1)
    assert len(rows(shift.url, OVER)) == 1
    expect(phone.command()).to_contain_text("Ingen svarade i tid. Dörren rördes inte.")
    expect(waiting(desk)).to_have_count(0)
    assert edge.actions == []


def test_a_holder_of_the_token_sees_what_waits_and_is_told_to_sign_in(
    phone: PhonePage, browser: Browser, gateway: GatewayProcess
) -> None:
    desk = DeskPage(browser, gateway).sign_in("Elin")
    ask_by_phone(phone)
    expect(waiting(desk)).to_have_count(1)
    expect(desk.page.locator(".openings")).to_contain_text("Logga in som dig själv för att svara")
    expect(waiting(desk).get_by_role("button")).to_have_count(0)
    desk.close()


def test_whoever_holds_an_alarm_asks_and_only_another_person_lets_the_door_open(
    sit_down: OpenDesk, gateway: GatewayProcess, edge: DoorEdge, shift: Shift
) -> None:
    shift.call_for_help(shift.first)
    disa, olle = sit_down(DISA), sit_down(OLLE)
    disa.row(ASTA).locator(".take").click()
    expect(disa.row(ASTA)).to_contain_text("Taget av dig")
    asked = ask_at_desk(disa)
    first, last = disa.page.locator(".detail .actions .main-action").bounding_box(), asked.bounding_box()
    assert first is not None
    assert last is not None
    assert last["y"] > first["y"] + first["height"] + 40, "apart from the main action"
    expect(waiting(olle)).to_contain_text(f"{DISA.display} vill låsa upp hos {ASTA}")
    expect(waiting(olle)).to_contain_text("för larmet Anrop om hjälp")
    expect(waiting(disa)).to_have_count(0)
    olle.choose(ASTA)
    expect(olle.page.locator(".detail .remote")).to_have_count(0)
    assert edge.actions == []
    olle.page.keyboard.press("f")
    olle.page.keyboard.press("Enter")
    expect(asked.get_by_role("status")).to_contain_text(f"{OLLE.display} godkände. Dörren är upplåst.")
    assert edge.actions == [Action.UNLOCK]
    try_to_close(disa, "Hjälp är på plats")
    expect(warned(disa)).to_contain_text(UNLOCKED)
    disa.page.get_by_role("button", name="Lås dörren").click()
    expect(asked.get_by_role("status")).to_contain_text("Dörren är låst.")
    expect(warned(disa)).to_have_count(0)
    assert edge.actions == [Action.UNLOCK, Action.LOCK]
    command = "SELECT how, second_person FROM command ORDER BY issued_at"
    assert rows(shift.url, command) == [("remote", OLLE.id), ("locking", None)]


def test_a_closing_that_was_cancelled_cannot_be_carried_out(
    sit_down: OpenDesk, gateway: GatewayProcess, edge: DoorEdge, shift: Shift
) -> None:
    """Red when the warning and its button outlive the form, or the words that were in it."""
    assert edge.actions == []
    alert = shift.call_for_help(shift.first)
    disa, olle = sit_down(DISA), sit_down(OLLE)
    disa.row(ASTA).locator(".take").click()
    asked = ask_at_desk(disa)
    expect(waiting(olle)).to_have_count(1)
    olle.page.get_by_role("button", name="Godkänn", exact=True).click()
    expect(asked.get_by_role("status")).to_contain_text("Dörren är upplåst.")
    for taken_away in ("Escape", "Avbryt", "r"):
        try_to_close(disa, "Hjälp är på plats")
        expect(warned(disa)).to_contain_text(UNLOCKED)
        if taken_away == "Avbryt":
            disa.button(taken_away).click()
            expect(disa.page.locator("#chosen")).to_be_focused()
        else:
            disa.page.keyboard.press(taken_away)
        expect(warned(disa)).to_have_count(0)
    disa.page.keyboard.press("Escape")
    held = Held(disa.page, "**/resolve")
    try_to_close(disa, "Hjälp är på plats")
    disa.page.keyboard.press("Escape")
    with disa.page.expect_request_finished(lambda request: request.url.endswith("/resolve")):
        held.deliver()
    disa.page.unroute("**/resolve")
    expect(disa.button("Avsluta larmet")).to_be_enabled()
    expect(warned(disa)).to_have_count(0)
    try_to_close(disa, "Hjälp är på plats")
    expect(warned(disa)).to_contain_text(UNLOCKED)
    disa.button("Feltryck").click()
    expect(warned(disa)).to_have_count(0)
    disa.page.get_by_role("button", name="Avsluta", exact=True).click()
    disa.button("Ja, avsluta fast dörren är olåst").click()
    expect(disa.over(ASTA)).to_contain_text("Avslutat av")
    assert rows(shift.url, "SELECT reason FROM alert WHERE id = %s", alert) == [("Feltryck",)]


def test_the_keys_stay_with_the_button_that_was_pressed(
    sit_down: OpenDesk, gateway: GatewayProcess, edge: DoorEdge, shift: Shift
) -> None:
    """Red when a button that is under way is disabled: the focus would fall to the top of the page."""
    shift.call_for_help(shift.first)
    disa, olle = sit_down(DISA), sit_down(OLLE)
    disa.row(ASTA).locator(".take").click()
    disa.choose(ASTA)
    ask = disa.button("Be om fjärröppning")
    disa.page.locator(".detail .remote summary").focus()
    for key in ("Enter", "Tab", "Enter"):
        disa.page.keyboard.press(key)
    expect(disa.page.locator(".remote [data-standing=waiting]")).to_be_visible()
    expect(ask).to_be_focused()
    expect(ask).to_have_attribute("aria-disabled", "true")
    disa.page.keyboard.press("Enter")
    expect(waiting(olle)).to_have_count(1)
    olle.page.get_by_role("button", name="Godkänn", exact=True).click()
    expect(disa.page.locator(".remote [data-standing=done]")).to_contain_text("Dörren är upplåst.")
    assert rows(shift.url, "SELECT count(*) FROM remote_opening") == [(1,)]
    disa.page.keyboard.press("Tab")
    disa.page.keyboard.press("Enter")
    expect(disa.page.locator(".remote [data-standing=done]")).to_contain_text("Dörren är låst.")
    expect(disa.button("Lås dörren")).to_be_focused()
    assert edge.actions == [Action.UNLOCK, Action.LOCK]


def test_a_coordinator_at_the_visits_sees_that_an_opening_waits_and_agrees(
    phone: PhonePage, sit_down: OpenDesk, edge: DoorEdge
) -> None:
    """Red when openings are forgotten behind the visits: whoever looks there may be the one who can agree."""
    desk = sit_down(VERA)
    desk.page.keyboard.press("b")
    expect(desk.page.locator("#visits")).to_be_visible()
    ask_by_phone(phone)
    desk.page.get_by_role("link", name="Larm 1 fjärröppning väntar").click()
    desk.page.get_by_role("button", name="Godkänn", exact=True).click()
    expect(phone.command()).to_contain_text(f"{VERA.display} godkände. Dörren är upplåst.")
    expect(desk.page.locator("nav")).not_to_contain_text("väntar")
    assert edge.actions == [Action.UNLOCK]


def test_two_quick_keys_agree_on_a_desk_that_draws_slowly(phone: PhonePage, sit_down: OpenDesk, edge: DoorEdge) -> None:
    """Red when the focus moves only with the next frame: the second key would meet what stood there before."""
    ask_by_phone(phone)
    desk = sit_down(DISA)
    desk.page.add_init_script(SLOW_DRAWING)
    desk.page.reload()
    expect(waiting(desk)).to_have_count(1)
    desk.page.keyboard.press("f")
    desk.page.keyboard.press("Enter")
    expect(phone.command()).to_have_attribute("data-standing", "done")
    assert edge.actions == [Action.UNLOCK]


def test_the_responder_who_accepted_agrees_on_the_phone(
    phone: PhonePage, sit_down: OpenDesk, edge: DoorEdge, shift: Shift, tmp_path: Path
) -> None:
    shift.call_for_help(shift.first)
    desk = sit_down(DISA)
    desk.row(ASTA).locator(".take").click()
    desk.button("Skicka larmet").click()
    desk.button(KARIN.display).click()
    phone.tap("Jag åker")
    expect(desk.row(ASTA)).to_contain_text(f"{KARIN.display}: på väg")
    asked = ask_at_desk(desk)
    expect(phone.page.locator(".agree")).to_contain_text(f"{DISA.display} på larmbordet vill fjärröppna")
    phone.assert_fit_for_gloves()
    phone.picture(Path(os.environ.get("VAKA_PICTURES", tmp_path)), "phone-agree")
    phone.tap("Godkänn fjärröppning")
    expect(phone.page.get_by_text("Du godkände. Dörren låses upp nu.")).to_be_visible()
    expect(asked.get_by_role("status")).to_contain_text(f"{KARIN.display} godkände. Dörren är upplåst.")
    assert edge.actions.count(Action.UNLOCK) == 1


def test_an_alarm_that_waits_is_heard_alone(phone: PhonePage, sit_down: OpenDesk, shift: Shift) -> None:
    desk = sit_down(DISA)
    desk.turn_sound_on()
    desk.page.evaluate(COUNT_SOFT)
    shift.call_for_help(shift.second)
    expect(desk.row("Sven Påhittad")).to_contain_text("Obesvarat")
    ask_by_phone(phone)
    expect(waiting(desk)).to_have_count(1)
    assert desk.page.evaluate("window.soft") == 0
    call, strip = desk.row("Sven Påhittad").bounding_box(), waiting(desk).bounding_box()
    assert call is not None
    assert strip is not None
    assert strip["y"] >= call["y"] + call["height"], "below every alarm"


@pytest.mark.parametrize("size", [DESK, LARGE, SMALL], ids=lambda size: str(size["width"]))
def test_the_screens_have_no_barrier_and_fit(
    phone: PhonePage, sit_down: OpenDesk, shift: Shift, edge: DoorEdge, size: dict[str, int], tmp_path: Path
) -> None:
    """With `VAKA_PICTURES` the pictures are left there."""
    folder = Path(os.environ.get("VAKA_PICTURES", tmp_path))
    edge.obeys = "fail"
    shift.call_for_help(shift.first)
    disa, olle = sit_down(DISA, size=size), sit_down(OLLE, size=size)
    disa.row(ASTA).locator(".take").click()
    asked = ask_at_desk(disa)
    ask_by_phone(phone)
    phone.assert_fit_for_gloves()
    phone.picture(folder, f"phone-second-{size['width']}")
    _look(disa, folder / f"desk-asked-{size['width']}.png")
    expect(waiting(olle)).to_have_count(2)
    _look(olle, folder / f"desk-openings-{size['width']}.png")
    olle.page.get_by_role("button", name="Godkänn", exact=True).first.click()
    expect(asked.get_by_role("status")).to_contain_text("Låset har fastnat")
    expect(waiting(olle).first.get_by_role("status")).to_contain_text("Låset har fastnat")
    olle.page.get_by_role("button", name="Godkänn inte").click()
    expect(phone.command()).to_have_attribute("data-standing", "second_said_no")
    phone.assert_fit_for_gloves()
    phone.picture(folder, f"phone-said-no-{size['width']}")
    _look(olle, folder / f"desk-answered-{size['width']}.png")


@pytest.mark.parametrize("theme", ["dark", "contrast"])
def test_the_strip_has_no_barrier_in_other_colours(
    phone: PhonePage, sit_down: OpenDesk, shift: Shift, theme: str, tmp_path: Path
) -> None:
    shift.call_for_help(shift.first)
    desk = sit_down(DISA)
    desk.page.get_by_label("Utseende").select_option(theme)
    desk.row(ASTA).locator(".take").click()
    desk.choose(ASTA)
    desk.page.locator(".detail .remote summary").click()
    ask_by_phone(phone)
    expect(waiting(desk)).to_have_count(1)
    _look(desk, tmp_path / f"{theme}.png")


def _look(desk: DeskPage, picture: Path) -> None:
    desk.page.screenshot(path=picture, full_page=True)
    assert desk.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    desk.page.evaluate(AXE.read_text())
    found = desk.page.evaluate("axe.run().then(result => result.violations)")
    assert not [(each["id"], [node["html"][:160] for node in each["nodes"]]) for each in found]
