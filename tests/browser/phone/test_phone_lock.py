"""*Lås* on the phone: only where there may be something to lock, and never in the way of a thumb."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import FloatRect, Locator, expect

from homecare.command import Action
from homecare.event import LockState
from tests.browser.door_edge import DoorEdge
from tests.browser.gateway_process import GatewayProcess
from tests.browser.phone_page import LOOKS, OpenPhone
from tests.browser.phone_shift import Shift

pytestmark = pytest.mark.browser
TAP_AT_ONCE = """() => new MutationObserver((_, watching) => {
    const lock = document.querySelector("button.lock.large");
    if (!lock) return;
    watching.disconnect();
    lock.click();
    window.tapped = true;
}).observe(document.body, { childList: true, subtree: true, attributes: true })"""
"""The thumb was on its way to *Lås upp* when *Lås* came there."""


def _box(shown: Locator) -> FloatRect:
    found = shown.bounding_box()
    assert found is not None
    return found


@LOOKS
def test_in_front_of_a_locked_door_there_is_one_button_and_it_stays_where_it_is(
    open_phone: OpenPhone,
    gateway: GatewayProcess,
    shift: Shift,
    edge: DoorEdge,
    size: dict[str, int],
    theme: str,
    tmp_path: Path,
) -> None:
    """Red when *Lås* is drawn before anybody was let in, or *Lås upp* moves when it comes."""
    assert edge.obeys
    folder = Path(os.environ.get("VAKA_PICTURES", tmp_path))
    phone = open_phone(viewport=size, color_scheme=theme)
    phone.page.goto(shift.tag(gateway, shift.first))
    expect(phone.button("Lås upp")).to_be_focused()
    expect(phone.button("Lås")).to_have_count(0)
    before = _box(phone.button("Lås upp"))
    phone.picture(folder, f"phone-{size['width']}-{theme}-one-button")
    shift.turned_by_hand(shift.first, LockState.UNLOCKED)
    expect(phone.button("Lås")).to_be_visible()
    assert _box(phone.button("Lås upp")) == before
    assert _box(phone.button("Lås"))["y"] > before["y"] + before["height"]
    phone.assert_fit_for_gloves()
    phone.picture(folder, f"phone-{size['width']}-{theme}-door-unlocked-by-hand")
    shift.turned_by_hand(shift.first, LockState.LOCKED)
    expect(phone.button("Lås")).to_have_count(0)
    assert _box(phone.button("Lås upp")) == before


def test_a_door_that_may_be_open_after_all_can_be_locked(
    open_phone: OpenPhone, gateway: GatewayProcess, shift: Shift, edge: DoorEdge
) -> None:
    """Red when an unlocking that ended in doubt leaves the person without a way to lock."""
    phone = open_phone()
    phone.page.goto(shift.tag(gateway, shift.first))
    expect(phone.button("Lås upp")).to_be_focused()
    before = _box(phone.button("Lås upp"))
    phone.context.route("**/api/v1/phone/doors/**", lambda route: route.abort())
    phone.tap("Lås upp")
    expect(phone.command()).to_have_attribute("data-standing", "unanswered")
    expect(phone.button("Lås")).to_be_enabled()
    assert _box(phone.button("Lås upp")) == before
    phone.context.unroute("**/api/v1/phone/doors/**")
    phone.tap("Lås")
    expect(phone.command()).to_contain_text("Dörren är låst.")
    expect(phone.standing()).to_have_attribute("data-standing", "planned")
    expect(phone.button("Lås upp")).to_be_enabled()
    assert edge.actions == [Action.LOCK]


def test_a_thumb_on_its_way_to_unlock_does_not_meet_lock(
    open_phone: OpenPhone, gateway: GatewayProcess, shift: Shift, edge: DoorEdge
) -> None:
    """Red when *Lås*, coming where *Lås upp* was because somebody else unlocked the door, works at once."""
    shift.turned_by_hand(shift.first, LockState.LOCKED)
    phone = open_phone()
    phone.page.goto(shift.tag(gateway, shift.first))
    phone.tap("Starta besök")
    phone.tap("Blev insläppt")
    expect(phone.page.locator("button.unlock.large")).to_be_visible()
    expect(phone.standing()).to_have_attribute("data-standing", "started")
    expect(phone.page.get_by_text("i telefonen")).to_have_count(0)
    phone.page.evaluate(TAP_AT_ONCE)
    shift.turned_by_hand(shift.first, LockState.UNLOCKED)
    expect(phone.page.locator("button.lock.large")).to_be_enabled()
    assert phone.page.evaluate("window.tapped") is True
    assert edge.actions == []
    phone.tap("Lås")
    expect(phone.command()).to_contain_text("Dörren är låst.")
    assert edge.actions == [Action.LOCK]
