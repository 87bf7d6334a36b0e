"""The day on a phone, and a door that takes its time: what is next stands first, and nobody waits in doubt."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from gateway.adapters.postgres.municipality import Municipality, enrol_municipality
from homecare.command import Action
from homecare.event import LockState
from tests.browser.door_edge import DoorEdge
from tests.browser.gateway_process import GatewayProcess
from tests.browser.phone_page import LOOKS, OpenPhone, PhonePage
from tests.browser.phone_shift import ASTA, SVEN, Shift
from tests.gateway.signed import FIRST

pytestmark = pytest.mark.browser
NUMBER = "08-465 004 90"
TAP_ONCE_MORE = """() => new MutationObserver((_, watching) => {
    const lock = document.querySelector("button.lock.large");
    if (!lock || !document.querySelector(".answer.done")) return;
    watching.disconnect();
    lock.click();
    window.tapped = true;
}).observe(document.body, { childList: true, subtree: true, attributes: true })"""
"""A tap on the large *Lås* as soon as the door has answered."""


def _style(shown: Locator, name: str) -> str:
    return str(shown.evaluate("(one, name) => getComputedStyle(one)[name]", name))


def _leave_pictures(phone: PhonePage, tmp_path: Path, name: str) -> None:
    phone.assert_fit_for_gloves()
    phone.picture(Path(os.environ.get("VAKA_PICTURES", tmp_path)), name)


def _numbered(shift: Shift) -> None:
    numbered = {"call_in": (NUMBER, NUMBER)}
    enrol_municipality(shift.url, Municipality("municipality-0001", "Exempelby", {FIRST: "Norra"}, numbered))


def _done(phone: PhonePage, resident: str) -> None:
    """The visit is begun and ended by hand."""
    phone.open_visit(resident)
    phone.tap("Starta besök")
    phone.tap("Blev insläppt")
    phone.tap("Avsluta besök")
    phone.tap("Låste med nyckel")
    expect(phone.standing()).to_have_attribute("data-standing", "ended")
    phone.page.get_by_role("button", name="Tillbaka till I dag").tap()


@LOOKS
def test_the_next_visit_stands_first_and_what_is_done_is_folded_below(
    open_phone: OpenPhone, size: dict[str, int], theme: str, tmp_path: Path
) -> None:
    """Red when visits that are done push the next one down the glass."""
    phone = open_phone(viewport=size, color_scheme=theme)
    _done(phone, ASTA)
    first = phone.page.locator("section[aria-labelledby=visits] .item").first
    expect(first).to_contain_text(SVEN)
    expect(phone.page.get_by_role("button", name=ASTA)).to_have_count(0)
    _leave_pictures(phone, tmp_path, f"phone-{size['width']}-{theme}-today-done")
    phone.page.get_by_text("Klara och inställda besök (1)").tap()
    expect(phone.page.get_by_role("button", name=ASTA)).to_be_visible()
    _leave_pictures(phone, tmp_path, f"phone-{size['width']}-{theme}-today-unfolded")
    phone.open_visit(ASTA)
    expect(phone.page.get_by_role("heading", name=ASTA)).to_be_visible()


@LOOKS
def test_a_thumb_cannot_take_lock_for_unlock(
    open_phone: OpenPhone, gateway: GatewayProcess, shift: Shift, edge: DoorEdge, size: dict[str, int], theme: str
) -> None:
    """Red when they differ by a word alone: shape, rim, colour and sign say it before anybody reads."""
    assert edge.obeys
    shift.turned_by_hand(shift.first, LockState.UNLOCKED)
    phone = open_phone(viewport=size, color_scheme=theme)
    phone.page.goto(shift.tag(gateway, shift.first))
    expect(phone.button("Lås upp")).to_be_focused()
    unlock, lock = phone.button("Lås upp"), phone.button("Lås")
    for name in ("borderRadius", "borderTopWidth", "borderTopColor", "color", "height"):
        assert _style(unlock, name) != _style(lock, name), name
    drawn = [one.locator("svg").inner_html() for one in (unlock, lock)]
    assert drawn[0] != drawn[1]
    below, above = lock.bounding_box(), unlock.bounding_box()
    assert below is not None
    assert above is not None
    assert below["y"] - (above["y"] + above["height"]) >= 24
    phone.tap("Lås upp")
    expect(phone.command()).to_have_attribute("data-standing", "done")
    expect(phone.standing()).to_have_attribute("data-standing", "started")
    for name in ("borderRadius", "backgroundColor", "color", "height"):
        assert _style(unlock, name) != _style(lock, name), name


def test_a_thumb_that_taps_once_more_does_not_lock_what_it_unlocked(
    open_phone: OpenPhone, gateway: GatewayProcess, shift: Shift, edge: DoorEdge
) -> None:
    """Red when the button that comes in the place of *Lås upp* works at once."""
    phone = open_phone()
    phone.page.goto(shift.tag(gateway, shift.first))
    expect(phone.button("Lås upp")).to_be_focused()
    phone.page.evaluate(TAP_ONCE_MORE)
    phone.tap("Lås upp")
    expect(phone.standing()).to_have_attribute("data-standing", "started")
    expect(phone.button("Lås")).to_be_enabled()
    assert phone.page.evaluate("window.tapped") is True
    assert edge.actions == [Action.UNLOCK]
    phone.tap("Lås")
    expect(phone.command()).to_contain_text("Dörren är låst.")


@LOOKS
def test_a_door_that_takes_its_time_shows_that_time_passes_and_whom_to_call(
    open_phone: OpenPhone,
    gateway: GatewayProcess,
    shift: Shift,
    edge: DoorEdge,
    size: dict[str, int],
    theme: str,
    tmp_path: Path,
) -> None:
    """Red when the screen only says that the door was asked: nobody knows whether to wait, push or call."""
    _numbered(shift)
    edge.obeys = "silent"
    phone = open_phone(viewport=size, color_scheme=theme)
    phone.page.goto(shift.tag(gateway, shift.first))
    expect(phone.button("Lås upp")).to_be_focused()
    phone.tap("Lås upp")
    passing = phone.page.locator(".passing")
    expect(passing).to_contain_text("Svaret kommer inom 15 s.")
    call = passing.get_by_role("link", name=f"Ring in {NUMBER}")
    expect(call).to_have_attribute("href", "tel:0846500490")
    expect(passing).to_contain_text("Händer inget: stå kvar, känn på dörren och ring in.")
    assert float(passing.get_by_role("progressbar").get_attribute("value") or 0) >= 4
    height = call.bounding_box()
    assert height is not None
    assert height["height"] >= 64
    assert _style(call, "fontSize") == _style(phone.button("Starta besök"), "fontSize")
    assert _style(call, "borderTopStyle") == "solid"
    _leave_pictures(phone, tmp_path, f"phone-{size['width']}-{theme}-passing")
    expect(phone.command()).to_have_attribute("data-standing", "unknown", timeout=25_000)
    expect(passing).to_have_count(0)
    _leave_pictures(phone, tmp_path, f"phone-{size['width']}-{theme}-unknown")
