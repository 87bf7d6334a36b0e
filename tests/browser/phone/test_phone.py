"""The caregiver's phone: from a tag to an open door, an alarm on the whole screen, a day without a network."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from homecare.command import Action
from tests import patient
from tests.asking import rows
from tests.browser.door_edge import DoorEdge
from tests.browser.gateway_process import GatewayProcess
from tests.browser.phone_page import LOOKS, SLOW_DRAWING, OpenPhone, PhonePage
from tests.browser.phone_shift import ASTA, INSTRUCTION, SVEN, Shift
from tests.gateway.doorstep import DISA, KARIN
from tests.gateway.signed import client_of

pytestmark = pytest.mark.browser
LOST_MILLISECONDS = 30_000
"""Three times what is promised: the promise is for a machine that does nothing else."""


def test_from_a_tag_one_touch_asks_the_door_and_starts_the_visit(
    open_phone: OpenPhone, gateway: GatewayProcess, shift: Shift, edge: DoorEdge
) -> None:
    phone = open_phone()
    phone.page = phone.window()
    phone.page.goto(shift.tag(gateway, shift.first))
    expect(phone.button("Lås upp")).to_be_focused()
    expect(phone.page.get_by_role("heading", name=ASTA)).to_be_visible()
    assert phone.page.url == f"{gateway.url}/phone", "a reading stays in no history"
    phone.tap("Lås upp")
    expect(phone.command()).to_have_attribute("data-standing", "done")
    expect(phone.command()).to_contain_text("Dörren är upplåst.")
    expect(phone.standing()).to_have_attribute("data-standing", "started")
    assert phone.touches == 1
    assert edge.actions == [Action.UNLOCK]
    phone.tap("Lås")
    expect(phone.command()).to_contain_text("Dörren är låst.")
    expect(phone.standing()).to_have_attribute("data-standing", "ended")


def test_a_phone_that_draws_slowly_shows_how_to_sign_in(browser: Browser, gateway: GatewayProcess) -> None:
    """Red when the screen begins to listen only after its first drawing is on the glass: it would stay empty."""
    phone = PhonePage(browser, gateway)
    phone.context.add_init_script(SLOW_DRAWING)
    phone.sign_in(KARIN.display)
    phone.close()


def test_what_is_stated_without_a_network_is_kept_and_sent_in_order(open_phone: OpenPhone, edge: DoorEdge) -> None:
    phone = open_phone()
    phone.open_visit(ASTA)
    phone.context.set_offline(True)
    expect(phone.page.get_by_text("Ingen kontakt")).to_be_visible()
    phone.tap("Starta besök")
    phone.tap("Blev insläppt")
    expect(phone.standing()).to_have_attribute("data-standing", "started")
    expect(phone.standing()).to_contain_text("Sparat i telefonen, skickas när nätet är tillbaka")
    phone.tap("Avsluta besök")
    phone.tap("Låste med nyckel")
    expect(phone.page.get_by_text("2 sparade i telefonen")).to_be_visible()
    phone.page.goto(f"{phone.gateway.url}/phone")
    expect(phone.page.get_by_text("2 sparade i telefonen")).to_be_visible()
    expect(phone.page.locator(".item", has_text=ASTA)).to_have_attribute("data-standing", "ended")
    phone.context.set_offline(False)
    expect(phone.page.get_by_text("Kontakt", exact=True)).to_be_visible()
    expect(phone.page.get_by_text("sparade i telefonen")).to_have_count(0)
    expect(phone.page.locator(".item", has_text=ASTA)).to_have_attribute("data-standing", "ended")
    assert edge.actions == []


def test_a_door_is_never_asked_later(
    open_phone: OpenPhone, gateway: GatewayProcess, shift: Shift, edge: DoorEdge
) -> None:
    """Red when a door's command is kept like a statement."""
    phone = open_phone()
    phone.page.goto(shift.tag(gateway, shift.first))
    expect(phone.button("Lås upp")).to_be_focused()
    phone.context.set_offline(True)
    phone.tap("Lås upp")
    expect(phone.command()).to_have_attribute("data-standing", "offline")
    expect(phone.command()).to_contain_text("Inget är sparat och inget skickas senare")
    phone.context.set_offline(False)
    expect(phone.page.get_by_text("Kontakt", exact=True)).to_be_visible()
    phone.tap("Lås upp")
    expect(phone.command()).to_have_attribute("data-standing", "done")
    assert edge.actions == [Action.UNLOCK], "the one that was asked with a network, and no other"


def test_a_door_that_fails_says_what_to_do(
    open_phone: OpenPhone, gateway: GatewayProcess, shift: Shift, edge: DoorEdge
) -> None:
    edge.obeys = "fail"
    phone = open_phone()
    phone.page.goto(shift.tag(gateway, shift.first))
    phone.tap("Lås upp")
    expect(phone.command()).to_have_attribute("data-standing", "failed")
    expect(phone.command()).to_contain_text("Låset har fastnat.")
    expect(phone.command()).to_contain_text("Dra dörren mot dig och tryck igen")
    edge.obeys = "silent"
    phone.tap("Lås upp")
    expect(phone.command()).to_have_attribute("data-standing", "unknown")
    expect(phone.command()).to_contain_text("Vi vet inte om dörren låstes upp: svaret kom inte fram i tid.")
    expect(phone.command()).to_contain_text("Känn på dörren innan du trycker igen")


def test_a_phone_that_hears_no_answer_names_what_is_not_known(
    open_phone: OpenPhone, gateway: GatewayProcess, shift: Shift
) -> None:
    phone = open_phone()
    phone.page.goto(shift.tag(gateway, shift.first))
    expect(phone.button("Lås upp")).to_be_focused()
    phone.context.route("**/api/v1/phone/doors/**", lambda route: route.abort())
    phone.tap("Lås upp")
    expect(phone.command()).to_have_attribute("data-standing", "unanswered")
    expect(phone.command()).to_contain_text("Vi vet inte om dörren låstes upp: inget svar kom.")


def test_nobody_opens_in_one_touch_until_somebody_closes_it(open_phone: OpenPhone) -> None:
    phone = open_phone()
    phone.open_visit(ASTA)
    phone.touches = 0
    phone.tap("Kommer inte in")
    assert phone.touches == 1
    expect(phone.page.get_by_text("Stå kvar och ring in.")).to_be_visible()
    phone.tap("Ej hemma")
    expect(phone.page.get_by_text("Stå kvar och ring in.")).to_have_count(0)


def test_without_a_tag_a_second_person_opens(
    open_phone: OpenPhone, gateway: GatewayProcess, shift: Shift, edge: DoorEdge
) -> None:
    phone = open_phone()
    phone.open_visit(ASTA)
    phone.page.get_by_text("Taggen går inte att läsa").tap()
    phone.tap("Be om fjärröppning")
    expect(phone.command()).to_have_attribute("data-standing", "second")
    assert edge.actions == []
    with client_of(gateway.url, shift.session_of(DISA)) as desk:
        [opening] = desk.get("/api/v1/doors/openings").json()
        assert opening["home"] == shift.first.home
        desk.post(f"/api/v1/doors/openings/{opening['opening']}/approve").raise_for_status()
    expect(phone.command()).to_have_attribute("data-standing", "done")
    assert edge.actions == [Action.UNLOCK]
    phone.page.reload()
    phone.open_visit(ASTA)
    phone.tap("Lås")
    expect(phone.command()).to_contain_text("Dörren är låst.")
    assert edge.actions == [Action.UNLOCK, Action.LOCK]


def test_a_glove_that_taps_twice_says_it_once(open_phone: OpenPhone, shift: Shift) -> None:
    """Red when the same said again while it waits is kept again."""
    phone = open_phone()
    phone.open_visit(ASTA)
    phone.context.set_offline(True)
    expect(phone.page.get_by_text("Ingen kontakt")).to_be_visible()
    phone.button("Kommer inte in").evaluate("button => { button.click(); button.click(); }")
    expect(phone.page.get_by_text("1 sparat i telefonen")).to_be_visible()
    phone.context.set_offline(False)
    expect(phone.button("Ej hemma")).to_be_visible()
    assert len(rows(shift.url, "SELECT id FROM no_entry")) == 1


def test_what_the_phone_keeps_is_sealed(open_phone: OpenPhone) -> None:
    """Red when the day or a statement is written as it is."""
    phone = open_phone()
    phone.context.set_offline(True)
    phone.open_visit(ASTA)
    phone.tap("Starta besök")
    phone.tap("Blev insläppt")
    expect(phone.page.get_by_text("1 sparat i telefonen")).to_be_visible()
    # The day and the statement. What a page never answers is awaited for ever by `evaluate`.
    found = phone.page.wait_for_function(
        f"async () => {{ const all = await ({RECORDS})(); return all.count === 2 && all; }}"
    ).json_value()
    for words in (ASTA, "Exempelgatan", "insläppt"):
        assert words not in found["text"]
    assert found["extractable"] is False


def test_a_session_that_is_over_keeps_what_was_stated_for_the_same_person(open_phone: OpenPhone, shift: Shift) -> None:
    phone = open_phone()
    phone.open_visit(ASTA)
    phone.context.clear_cookies()
    phone.tap("Starta besök")
    phone.tap("Blev insläppt")
    expect(phone.page.get_by_text("Du är utloggad. Logga in igen.")).to_be_visible()
    expect(phone.page.get_by_text(ASTA)).to_have_count(0)
    phone.tap(KARIN.display)
    expect(phone.page.get_by_role("button", name=ASTA)).to_have_attribute("data-standing", "started")
    expect(phone.page.get_by_text("i telefonen")).to_have_count(0)
    assert rows(shift.url, "SELECT standing FROM visit WHERE id = 'visit-phone-000001'") == [("started",)]


def test_a_tag_of_another_home_opens_nothing(open_phone: OpenPhone, gateway: GatewayProcess, shift: Shift) -> None:
    phone = open_phone()
    phone.page.goto(shift.tag(gateway, shift.elsewhere))
    expect(phone.page.get_by_text("Taggen sitter i ett annat hem")).to_be_visible()
    expect(phone.button("Lås upp")).to_have_count(0)


def test_a_tag_waits_for_whoever_must_sign_in_first(
    open_phone: OpenPhone, gateway: GatewayProcess, shift: Shift
) -> None:
    phone = open_phone()
    phone.context.clear_cookies()
    phone.page.goto(shift.tag(gateway, shift.first))
    expect(phone.page.get_by_text("Taggen är läst. Logga in")).to_be_visible()
    phone.tap(KARIN.display)
    expect(phone.button("Lås upp")).to_be_focused()


def test_a_phone_says_that_it_hears_nothing(open_phone: OpenPhone, gateway: GatewayProcess) -> None:
    phone = open_phone()
    gateway.pause()
    try:
        expect(phone.page.get_by_text("Ingen kontakt")).to_be_visible(timeout=LOST_MILLISECONDS)
        expect(phone.page.get_by_text("Nya larm och ändringar syns inte")).to_be_visible()
    finally:
        gateway.go_on()
    expect(phone.page.get_by_text("Kontakt", exact=True)).to_be_visible()


def test_nothing_of_the_phone_asks_where_it_is(open_phone: OpenPhone, gateway: GatewayProcess) -> None:
    phone = open_phone()
    answer = patient.get(f"{gateway.url}/phone")
    assert "geolocation=()" in answer.headers["Permissions-Policy"]
    assert "'unsafe" not in answer.headers["Content-Security-Policy"]
    kept = phone.page.wait_for_function(CACHED).json_value()  # for ever not ready, `evaluate` would wait for ever
    assert kept
    assert all(path == "/phone" or path.startswith(("/phone/", "/desk/assets/")) for path in kept), kept


@LOOKS
def test_every_screen_is_fit_for_gloves(
    open_phone: OpenPhone,
    gateway: GatewayProcess,
    shift: Shift,
    edge: DoorEdge,
    size: dict[str, int],
    theme: str,
    tmp_path: Path,
) -> None:
    """Sizes, contrast and names; pictures are left in the folder that VAKA_PICTURES names."""
    assert edge.obeys
    folder = Path(os.environ.get("VAKA_PICTURES", tmp_path))
    phone = open_phone(viewport=size, color_scheme=theme)

    def fit(name: str) -> None:
        phone.assert_fit_for_gloves()
        phone.picture(folder, f"phone-{size['width']}-{theme}-{name}")

    fit("today")
    phone.open_visit(ASTA)
    fit("visit")
    phone.page.goto(shift.tag(gateway, shift.first))
    expect(phone.button("Lås upp")).to_be_focused()
    fit("at-the-door")
    phone.tap("Lås upp")
    expect(phone.command()).to_have_attribute("data-standing", "done")
    expect(phone.standing()).to_have_attribute("data-standing", "started")
    fit("unlocked")
    phone.tap("Avsluta besök")
    fit("reason")
    phone.tap("Avbryt")
    shift.press(gateway, shift.second, instruction=INSTRUCTION)
    expect(phone.button("Jag åker")).to_be_visible()
    fit("alarm")
    phone.tap("Jag åker")
    expect(phone.standing()).to_have_attribute("data-standing", "accepted")
    fit("accepted")
    phone.tap("Jag är på plats")
    expect(phone.button("Spara utfall")).to_be_visible()
    fit("outcome")
    phone.page.get_by_role("button", name="Tillbaka till I dag").tap()
    phone.context.set_offline(True)
    expect(phone.page.get_by_text("Ingen kontakt")).to_be_visible()
    phone.page.locator(".item:not(.call)", has_text=SVEN).tap()
    phone.tap("Kommer inte in")
    expect(phone.page.get_by_text("Går att stänga när det är skickat.")).to_be_visible()
    fit("no-entry-offline")
    phone.page.get_by_role("button", name="Tillbaka till I dag").tap()
    fit("today-offline")
    phone.tap("Logga ut")
    fit("signing-out")
    phone.tap("Logga ut ändå")
    expect(phone.page.get_by_role("heading", name="Logga in")).to_be_visible()
    phone.context.set_offline(False)
    phone.page.goto(f"{gateway.url}/phone")
    expect(phone.button(KARIN.display)).to_be_visible()
    fit("sign-in")


def test_signing_out_warns_of_what_is_not_sent_and_leaves_nothing(open_phone: OpenPhone) -> None:
    phone = open_phone()
    phone.context.set_offline(True)
    phone.open_visit(ASTA)
    phone.tap("Kommer inte in")
    expect(phone.page.get_by_text("Går att stänga när det är skickat.")).to_be_visible()
    phone.page.get_by_role("button", name="Tillbaka till I dag").tap()
    phone.tap("Logga ut")
    expect(phone.page.get_by_text("En uppgift är inte skickad än.")).to_be_visible()
    phone.tap("Logga ut ändå")
    expect(phone.page.get_by_role("heading", name="Logga in")).to_be_visible()
    phone.page.wait_for_function(NOTHING_KEPT)
    phone.context.set_offline(False)
    phone.page.goto(f"{phone.gateway.url}/phone")
    expect(phone.page.get_by_role("button", name=KARIN.display)).to_be_visible()


NOTHING_KEPT = """() => new Promise(resolve => {
    const opened = indexedDB.open("vaka-phone");
    opened.onsuccess = async () => {
        const counts = ["key", "statements", "day"].map(name => new Promise(done => {
            const asked = opened.result.transaction(name).objectStore(name).count();
            asked.onsuccess = () => done(asked.result);
        }));
        resolve((await Promise.all(counts)).every(count => count === 0));
    };
})"""
CACHED = """async () => { await navigator.serviceWorker.ready;
    const cache = await caches.open("vaka-phone");
    return (await cache.keys()).map(request => new URL(request.url).pathname); }"""

RECORDS = """() => new Promise(resolve => {
    const opened = indexedDB.open("vaka-phone");
    opened.onsuccess = async () => {
        const all = name => new Promise(done => {
            const asked = opened.result.transaction(name).objectStore(name).getAll();
            asked.onsuccess = () => done(asked.result);
        });
        const records = [...await all("statements"), ...await all("day")];
        const read = new TextDecoder("utf-8", { fatal: false });
        const text = records.map(one => JSON.stringify(one) + read.decode(one.sealed)).join();
        resolve({ count: records.length, text, extractable: (await all("key"))[0].extractable });
    };
})"""
