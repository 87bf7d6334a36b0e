"""A second pair of hands: two phones and a desk at one alarm, and nobody who is inside is lost from sight."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from homecare.command import Action
from tests.browser.desk_page import DeskPage
from tests.browser.door_edge import DoorEdge
from tests.browser.gateway_process import GatewayProcess
from tests.browser.phone_page import OpenPhone, PhonePage
from tests.browser.phone_shift import ASTA, Shift
from tests.gateway.doorstep import DISA, KARIN, OMAR

pytestmark = pytest.mark.browser
ALSO = f"Även på plats: {KARIN.display}"


@pytest.fixture
def desk(browser: Browser, gateway: GatewayProcess, shift: Shift) -> Iterator[DeskPage]:
    """Disa's."""
    desk = DeskPage(browser, gateway).arrive(shift.session_of(DISA))
    yield desk
    desk.close()


@pytest.fixture
def omar(browser: Browser, gateway: GatewayProcess) -> Iterator[PhonePage]:
    """The second one's phone."""
    phone = PhonePage(browser, gateway).sign_in(OMAR.display)
    yield phone
    phone.close()


def test_the_first_one_locks_and_leaves_while_the_second_one_is_at_it(
    open_phone: OpenPhone,
    gateway: GatewayProcess,
    shift: Shift,
    edge: DoorEdge,
    desk: DeskPage,
    omar: PhonePage,
    tmp_path: Path,
) -> None:
    """Red when the second one takes the first one's place: her page goes, and the door and the desk forget her."""
    karin = open_phone()
    shift.call_for_help(shift.first)
    desk.row(ASTA).locator(".take").click()
    desk.button("Skicka larmet").click()
    desk.button(KARIN.display).click()
    karin.tap("Jag åker")
    expect(karin.standing()).to_have_attribute("data-standing", "accepted")
    karin.page.goto(shift.tag(gateway, shift.first))
    karin.tap("Lås upp")
    expect(karin.standing()).to_have_attribute("data-standing", "on_site")

    expect(desk.row(ASTA)).to_contain_text(f"{KARIN.display}: på plats")
    desk.button("Skicka larmet").click()
    desk.button(OMAR.display).click()
    expect(desk.page.locator(".detail .problem")).to_contain_text(f"{KARIN.display} är kvar i hemmet")
    desk.button("Ja, skicka ändå").click()
    expect(desk.row(ASTA)).to_contain_text(f"{OMAR.display}: väntar på svar")
    expect(desk.row(ASTA)).to_contain_text(ALSO)
    expect(desk.page.locator(".steps")).to_contain_text(ALSO)
    desk.page.screenshot(path=Path(os.environ.get("VAKA_PICTURES", tmp_path)) / "desk-two-inside.png")
    expect(karin.standing()).to_have_attribute("data-standing", "on_site")
    omar.tap("Jag åker")
    omar.tap("Jag är på plats")
    expect(omar.standing()).to_have_attribute("data-standing", "on_site")
    expect(desk.row(ASTA)).to_contain_text(f"{OMAR.display}: på plats")

    karin.tap("Lås")
    expect(desk.row(ASTA)).not_to_contain_text(ALSO)
    expect(karin.standing()).to_have_attribute("data-standing", "left")
    assert Action.LOCK in edge.actions
    omar.tap("Hjälpte upp efter fall")
    omar.tap("Spara utfall")
    expect(desk.page.locator(".steps")).to_contain_text("Hjälpte upp efter fall")

    desk.button("Avsluta larmet").click()
    desk.button("Hjälp är på plats").click()
    desk.button("Avsluta").click()
    warning = desk.page.locator(".detail .problem")
    expect(warning).to_contain_text(f"{OMAR.display} är kvar i hemmet")
    expect(warning).not_to_contain_text(KARIN.display)
    omar.tap("Jag har lämnat hemmet")
    expect(desk.row(ASTA)).to_contain_text(f"{OMAR.display}: har gått")


def test_the_desk_says_that_somebody_with_a_flat_phone_has_left(shift: Shift, desk: DeskPage) -> None:
    shift.call_for_help(shift.first)
    desk.row(ASTA).locator(".take").click()
    desk.button("Skicka larmet").click()
    desk.button(KARIN.display).click()
    desk.button("På plats").click()
    desk.button("Skicka larmet").click()
    desk.button(OMAR.display).click()
    desk.button("Ja, skicka ändå").click()
    expect(desk.row(ASTA)).to_contain_text(ALSO)
    desk.button(f"{KARIN.display} har gått").click()
    expect(desk.row(ASTA)).not_to_contain_text(ALSO)
    expect(desk.row(ASTA)).to_contain_text(f"{OMAR.display}: väntar på svar")
