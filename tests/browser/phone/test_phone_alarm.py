"""An alarm on the caregiver's phone: on the whole screen, two touches to its door, and a way out when it is closed."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from homecare.command import Action
from tests.asking import rows
from tests.browser.door_edge import DoorEdge
from tests.browser.gateway_process import GatewayProcess
from tests.browser.phone_page import OpenPhone
from tests.browser.phone_shift import ASTA, INSTRUCTION, SVEN, Shift

pytestmark = pytest.mark.browser


def test_an_alarm_takes_the_screen_and_two_touches_open_its_door(
    open_phone: OpenPhone, gateway: GatewayProcess, shift: Shift, edge: DoorEdge
) -> None:
    phone = open_phone()
    phone.open_visit(SVEN)
    phone.touches = 0
    shift.press(gateway, shift.first, instruction=INSTRUCTION)
    expect(phone.page.get_by_role("heading", name=ASTA)).to_be_visible()
    for words in ("Anrop om hjälp, 1 tryckning", "Exempelgatan 4, port B, 3 tr", "hon bor i huset bredvid"):
        expect(phone.standing()).to_contain_text(words)
    phone.tap("Jag åker")
    expect(phone.standing()).to_have_attribute("data-standing", "accepted")
    phone.page.goto(shift.tag(gateway, shift.first))
    expect(phone.button("Lås upp")).to_be_focused()
    phone.tap("Lås upp")
    expect(phone.command()).to_have_attribute("data-standing", "done")
    assert phone.touches == 2
    expect(phone.standing()).to_have_attribute("data-standing", "on_site")
    expect(phone.standing()).to_contain_text("På plats")
    phone.tap("Hjälpte upp efter fall")
    phone.tap("Spara utfall")
    expect(phone.standing()).to_contain_text("Utfall: Hjälpte upp efter fall")
    assert Action.UNLOCK in edge.actions


def test_whoever_says_to_be_there_before_a_locked_door_keeps_every_way_in(
    open_phone: OpenPhone, gateway: GatewayProcess, shift: Shift
) -> None:
    """Red when being there counts as being let in: the tag cannot be read, and nobody could be asked any more."""
    phone = open_phone()
    shift.press(gateway, shift.first)
    phone.tap("Jag åker")
    phone.tap("Jag är på plats")
    expect(phone.standing()).to_have_attribute("data-standing", "on_site")
    expect(phone.page.get_by_text("Håll telefonen mot taggen vid dörren", exact=True)).to_be_visible()
    phone.page.get_by_text("Taggen går inte att läsa").tap()
    expect(phone.button("Be om fjärröppning")).to_be_visible()
    phone.page.goto(shift.tag(gateway, shift.first))
    expect(phone.button("Lås upp")).to_be_focused()
    expect(phone.page.locator("button.main-action", has_text="Lås upp")).to_be_visible()


def test_whoever_is_inside_when_the_alarm_is_closed_locks_and_leaves(
    open_phone: OpenPhone, gateway: GatewayProcess, shift: Shift, edge: DoorEdge, tmp_path: Path
) -> None:
    """Red when the page goes with the alarm: the door would stay unlocked."""
    phone = open_phone()
    alert = shift.press(gateway, shift.first)
    phone.tap("Jag åker")
    expect(phone.standing()).to_have_attribute("data-standing", "accepted")
    phone.page.goto(shift.tag(gateway, shift.first))
    phone.tap("Lås upp")
    expect(phone.standing()).to_have_attribute("data-standing", "on_site")
    shift.close(gateway, alert)
    expect(phone.standing()).to_contain_text("Larmet är avslutat")
    expect(phone.button("Jag har lämnat hemmet")).to_be_visible()
    expect(phone.button("Lås upp")).to_have_count(0)
    phone.assert_fit_for_gloves()
    phone.picture(Path(os.environ.get("VAKA_PICTURES", tmp_path)), "phone-360-closed-over-head")
    phone.page.reload()
    phone.page.locator(".item.call", has_text="Larmet är avslutat").tap()
    expect(phone.standing()).to_contain_text("Dörren är inte låst.")
    phone.tap("Lås")
    expect(phone.page.get_by_text("Larmet är avslutat eller skickat till någon annan.")).to_be_visible()
    expect(phone.command()).to_contain_text("Dörren är låst.")
    assert edge.actions[-1] is Action.LOCK
    assert rows(shift.url, "SELECT handling -> 'response' ->> 'standing' FROM alert") == [("left",)]
