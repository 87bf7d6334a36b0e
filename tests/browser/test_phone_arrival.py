"""A phone that arrives: before the gateway is there, at a door with a tag, back from where there is no network."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from gateway.adapters.postgres.municipality import Municipality, enrol_municipality
from gateway.embedded import PrivateBroker
from gateway.model.authorisation import Role
from tests.browser.authenticator import Authenticator
from tests.browser.gateway_process import GatewayProcess
from tests.browser.phone_page import PhonePage
from tests.browser.phone_shift import ASTA, Shift
from tests.gateway.doorstep import KARIN
from tests.gateway.signed import FIRST, client_of, person

pytestmark = pytest.mark.browser
FAR = {"offline": False, "latency": 1_500, "downloadThroughput": -1, "uploadThroughput": -1}
"""A network as in a stairwell: 1.5 s there and back (ms)."""
READY = "() => navigator.serviceWorker.ready.then(() => caches.match('/phone')).then(Boolean)"


@pytest.fixture
def shift(database_url: str) -> Shift:
    return Shift(database_url)


@pytest.fixture
def gateway(
    request: pytest.FixtureRequest, shift: Shift, database_url: str, broker: PrivateBroker, tmp_path: Path
) -> Iterator[GatewayProcess]:
    """The alarm process and the tags of the shift's homes; people may be chosen unless the test says otherwise."""
    demonstration = getattr(request, "param", "1")
    process = GatewayProcess(database_url=database_url, broker_url=broker.url, data=tmp_path, VAKA_DEMO=demonstration)
    process.start()
    shift.hang_tags(tmp_path)
    yield process
    process.stop()


@pytest.fixture
def phone(browser: Browser, gateway: GatewayProcess) -> Iterator[PhonePage]:
    """Nobody is signed in yet."""
    page = PhonePage(browser, gateway)
    yield page
    page.close()


def test_a_phone_that_was_there_before_the_gateway_offers_the_ways_in_when_it_comes(
    phone: PhonePage, gateway: GatewayProcess
) -> None:
    """Red when the ways in are asked for once only: nobody could choose a person without opening the app again."""
    phone.page.goto(f"{gateway.url}/phone")
    phone.page.wait_for_function(READY)
    gateway.kill()
    phone.page.goto(f"{gateway.url}/phone")
    expect(phone.page.get_by_role("heading", name="Logga in")).to_be_visible()
    expect(phone.button(KARIN.display)).to_have_count(0)
    gateway.start()
    expect(phone.button(KARIN.display)).to_be_visible()


@pytest.mark.parametrize("gateway", ["0"], indirect=True)
def test_at_a_door_the_phone_asks_for_the_passkey_by_itself(
    phone: PhonePage, gateway: GatewayProcess, shift: Shift
) -> None:
    """Red when a tag that waits asks for nothing: somebody with both hands full would have to find a button."""
    Authenticator(phone.page)
    with client_of(gateway.url, shift.session_of(person(Role.ADMINISTRATOR))) as administrator:
        invited = administrator.post(f"/api/v1/people/{KARIN.id}/invitation").json()
    phone.page.goto(gateway.passkeys_url + invited["path"])
    phone.tap("Skapa passkey")
    expect(phone.page.get_by_text(f"{KARIN.display} är inloggad")).to_be_visible()
    phone.tap("Logga ut")
    expect(phone.page.get_by_role("button", name="Logga in med passkey")).to_be_visible()
    phone.touches = 0
    phone.page.goto(shift.tag(gateway, shift.first).replace(gateway.url, gateway.passkeys_url))
    expect(phone.button("Lås upp")).to_be_focused()
    expect(phone.page.get_by_role("heading", name=ASTA)).to_be_visible()
    assert phone.touches == 0


def test_a_phone_comes_back_over_a_slow_network(phone: PhonePage, gateway: GatewayProcess) -> None:
    """Red when the silence before an attempt ends it: every answer that takes half a second would come too late."""
    phone.sign_in(KARIN.display)
    gateway.pause()
    try:
        expect(phone.page.get_by_text("Ingen kontakt")).to_be_visible()
        phone.page.context.new_cdp_session(phone.page).send("Network.emulateNetworkConditions", FAR)
    finally:
        gateway.go_on()
    expect(phone.page.get_by_text("Kontakt", exact=True)).to_be_visible()


def test_an_alarm_comes_up_from_its_top(browser: Browser, gateway: GatewayProcess, shift: Shift) -> None:
    """Red when the screen stays where the visit was scrolled to: who calls and where would be above the glass."""
    lying = PhonePage(browser, gateway, viewport={"width": 640, "height": 360})
    lying.sign_in(KARIN.display)
    lying.open_visit(ASTA)
    lying.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(lying.page.get_by_role("heading", name=ASTA)).not_to_be_in_viewport()
    shift.press(gateway, shift.first)
    expect(lying.page.get_by_text("Larm till dig")).to_be_in_viewport()
    lying.close()


def test_a_phone_without_a_network_says_whom_to_call(phone: PhonePage, gateway: GatewayProcess, shift: Shift) -> None:
    """Red when the number is only had with a network: without one it is needed most."""
    numbered = {"call_in": ("08-465 004 90", "08-465 004 90")}
    enrol_municipality(shift.url, Municipality("municipality-0001", "Exempelby", {FIRST: "Norra"}, numbered))
    phone.sign_in(KARIN.display)
    phone.page.wait_for_function(READY)
    phone.page.wait_for_function("() => localStorage.getItem('vaka.words')")
    phone.context.set_offline(True)
    phone.page.goto(f"{gateway.url}/phone")
    phone.open_visit(ASTA)
    phone.tap("Kommer inte in")
    call = phone.page.get_by_role("link", name="Ring in 08-465 004 90")
    expect(call).to_have_attribute("href", "tel:0846500490")
    phone.assert_fit_for_gloves()
