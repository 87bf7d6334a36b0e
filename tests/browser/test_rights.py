"""Screens draw what the signed-in person may do, as the gateway says it, and say why there is nothing to press."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, expect

from gateway.adapters.postgres.people import enrol_people
from gateway.embedded import PrivateBroker
from gateway.model.authorisation import Role
from tests.browser.desk_page import DESK, OpenDesk
from tests.browser.gateway_process import GatewayProcess
from tests.browser.phone_page import AXE, SMALL, PhonePage
from tests.browser.phone_shift import ASTA, Shift
from tests.gateway.doorstep import DISA, KARIN
from tests.gateway.signed import SECOND, person

pytestmark = pytest.mark.browser
VERA = person(Role.COORDINATOR, number=2)
FOLLOWS = "Du kan följa larmen. Larmoperatörer tar dem."
MOVED = "UPDATE person_role SET unit = %s WHERE person = %s"


@pytest.fixture
def shift(database_url: str) -> Shift:
    found = Shift(database_url)
    enrol_people(database_url, [VERA])
    return found


@pytest.fixture
def gateway(shift: Shift, database_url: str, broker: PrivateBroker, tmp_path: Path) -> Iterator[GatewayProcess]:
    assert shift.url == database_url
    process = GatewayProcess(database_url=database_url, broker_url=broker.url, data=tmp_path, VAKA_DEMO="1")
    process.start()
    yield process
    process.stop()


@pytest.mark.parametrize("size", [DESK, SMALL], ids=["1920", "360"])
def test_a_coordinator_follows_alarms_and_has_nothing_to_press(
    sit_down: OpenDesk, shift: Shift, size: dict[str, int]
) -> None:
    """Red when the desk draws steps without asking what the person may do: each of them would be refused."""
    shift.call_for_help(shift.first)
    desk = sit_down(VERA, size=size)
    expect(desk.row(ASTA)).to_be_visible()
    expect(desk.page.locator(".list").get_by_text(FOLLOWS)).to_be_visible()
    acted: list[str] = []
    desk.page.on("request", lambda request: request.method == "POST" and acted.append(request.url))
    desk.choose(ASTA)
    expect(desk.page.locator(".detail").get_by_text(FOLLOWS)).to_be_visible()
    expect(desk.page.get_by_role("button", name="Ta larmet")).to_have_count(0)
    expect(desk.page.locator(".detail .actions")).to_have_count(0)
    expect(desk.page.locator(".keys").get_by_text("Ta larmet")).to_have_count(0)
    for key in "tsrvpguao":
        desk.page.keyboard.press(key)
    expect(desk.page.locator(".detail form")).to_have_count(0)
    expect(desk.button("Ändra instruktionen")).to_be_visible()
    desk.page.evaluate(AXE.read_text())
    found = desk.page.evaluate("axe.run().then(result => result.violations)")
    assert not [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found]
    assert acted == []


def test_an_operator_beside_her_takes_it(sit_down: OpenDesk, shift: Shift) -> None:
    shift.call_for_help(shift.first)
    follower, desk = sit_down(VERA), sit_down(DISA)
    expect(desk.page.get_by_text(FOLLOWS)).to_have_count(0)
    desk.row(ASTA).get_by_role("button", name="Ta larmet").click()
    expect(desk.button("Ring upp")).to_be_visible()
    follower.choose(ASTA)
    expect(follower.page.locator(".detail").get_by_text(f"Taget av {DISA.display}")).to_be_visible()
    expect(follower.page.locator(".detail").get_by_text(FOLLOWS)).to_be_visible()


def test_a_phone_draws_no_button_for_a_visit_of_a_unit_that_its_holder_left(
    browser: Browser, gateway: GatewayProcess, shift: Shift
) -> None:
    """Red when the phone does not look: the visit is still hers in the plan, and every button would be refused."""
    with psycopg.connect(shift.url) as connection:
        connection.execute("INSERT INTO unit VALUES (%s, 'Unit') ON CONFLICT DO NOTHING", (SECOND,))
        connection.execute(MOVED, (SECOND, KARIN.id))
    phone = PhonePage(browser, gateway).sign_in(KARIN.display)
    phone.open_visit(ASTA)
    expect(phone.page.get_by_text("Det hör till en enhet där du inte längre arbetar")).to_be_visible()
    for name in ("Starta besök", "Kommer inte in", "Lås upp"):
        expect(phone.button(name)).to_have_count(0)
    expect(phone.page.get_by_text("Håll telefonen mot taggen")).to_have_count(0)
    phone.assert_fit_for_gloves()
    phone.close()
