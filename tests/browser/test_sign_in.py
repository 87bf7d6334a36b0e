"""Signing in as a person, in a real Chromium with an authenticator of its own."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from gateway.embedded import PrivateBroker
from gateway.model.authorisation import Role
from tests import patient
from tests.asking import rows
from tests.browser.authenticator import Authenticator
from tests.browser.desk_page import DESK
from tests.browser.gateway_process import GatewayProcess
from tests.browser.homes import CallingHome
from tests.gateway.serving import assert_problem
from tests.gateway.signed import client_of, enrol_everybody, person, secret_of
from tests.servers import ROOT

pytestmark = pytest.mark.browser
OPERATOR, CAREGIVER, ADMINISTRATOR = person(Role.OPERATOR), person(Role.CAREGIVER), person(Role.ADMINISTRATOR)
AXE = ROOT / "gateway" / "web" / "screens" / "node_modules" / "axe-core" / "axe.min.js"
LIVE = "Kontakt. Senast hört"
OpenPage = Callable[[], Page]


@pytest.fixture
def demonstration(
    homes: list[CallingHome], database_url: str, broker: PrivateBroker, tmp_path: Path
) -> Iterator[GatewayProcess]:
    """A running gateway in which people may be chosen."""
    assert homes
    enrol_everybody(database_url)
    process = GatewayProcess(database_url=database_url, broker_url=broker.url, data=tmp_path, VAKA_DEMO="1")
    process.start()
    yield process
    process.stop()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Windows of a browser of their own, without faults."""
    opened: list[tuple[Page, list[str]]] = []

    def opening() -> Page:
        page = browser.new_context(viewport=DESK, locale="sv-SE").new_page()  # type: ignore[arg-type] # a TypedDict
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: "Security Policy" in said.text and faults.append(said.text))
        opened.append((page, faults))
        return page

    yield opening
    for page, faults in opened:
        page.context.close()
        assert not faults


@pytest.fixture
def invitation(demonstration: GatewayProcess, database_url: str) -> str:
    """The operator's invitation, given by the administrator. Before any page: its loop would be in the way."""
    return _invitation(demonstration, secret_of_administrator(database_url))


def secret_of_administrator(database_url: str) -> str:
    return in_a_thread(lambda: secret_of(database_url, ADMINISTRATOR))


def in_a_thread(work: Callable[[], str]) -> str:
    """Playwright's synchronous side has a loop running in this thread."""
    import concurrent.futures  # noqa: PLC0415 why: only here

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def _invitation(gateway: GatewayProcess, secret: str) -> str:
    with client_of(gateway.url, secret) as client:
        given = client.post(f"/api/v1/people/{OPERATOR.id}/invitation").json()
        assert given["path"] == f"/desk#invitation={given['invitation']}"
        return str(given["path"])


def _made(page: Page, gateway: GatewayProcess, invitation: str) -> Authenticator:
    """Follow the invitation until the desk is open."""
    authenticator = Authenticator(page)
    page.goto(gateway.passkeys_url + invitation)
    expect(page.get_by_role("heading", name="Välkommen till Vaka")).to_be_visible()
    page.get_by_role("button", name="Skapa passkey").click()
    expect(page.get_by_text(LIVE)).to_be_visible()
    assert "invitation" not in page.url
    return authenticator


def _sign_out(page: Page) -> None:
    page.get_by_role("button", name="Byt person").click()
    expect(page.get_by_role("button", name="Logga in med passkey")).to_be_visible()


def test_an_invitation_makes_a_passkey_that_signs_in_from_then_on(
    demonstration: GatewayProcess, open_page: OpenPage, invitation: str
) -> None:
    page = open_page()
    _made(page, demonstration, invitation)
    expect(page.locator("header").get_by_text(OPERATOR.display, exact=True)).to_be_visible()
    _sign_out(page)
    page.get_by_role("button", name="Logga in med passkey").click()
    expect(page.get_by_text(LIVE)).to_be_visible()
    page.reload()
    expect(page.get_by_text(LIVE)).to_be_visible()
    assert page.evaluate("document.cookie") == "", "no script reads the session"
    assert page.evaluate("Object.values(sessionStorage).join()") == "", "and none keeps a secret"


def test_an_invitation_is_used_once(demonstration: GatewayProcess, open_page: OpenPage, invitation: str) -> None:
    _made(open_page(), demonstration, invitation)
    second = open_page()
    Authenticator(second)
    second.goto(demonstration.passkeys_url + invitation)
    second.get_by_role("button", name="Skapa passkey").click()
    expect(second.get_by_role("alert")).to_contain_text("Inbjudan gäller inte längre")


def test_a_touch_without_finger_face_or_code_is_not_enough(
    demonstration: GatewayProcess, open_page: OpenPage, invitation: str
) -> None:
    """Red without `require_user_verification`: the page is changed so that it no longer asks for it."""
    page = open_page()
    authenticator = _made(page, demonstration, invitation)
    _sign_out(page)
    authenticator.verifies(False)
    page.get_by_role("button", name="Logga in med passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("Inloggningen avbröts")

    def ask_for_less(route: Route) -> None:
        answer = route.fetch()
        options: dict[str, Any] = answer.json()
        options["options"]["userVerification"] = "discouraged"
        route.fulfill(response=answer, body=json.dumps(options))

    page.route("**/session/passkey/options", ask_for_less)
    page.get_by_role("button", name="Logga in med passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("Inloggningen gick inte")


def test_an_answer_counts_once_and_a_copied_key_not_at_all(
    demonstration: GatewayProcess, open_page: OpenPage, invitation: str, database_url: str
) -> None:
    """Red when challenges are not used up, and red when the sign count is not kept."""
    page = open_page()
    authenticator = _made(page, demonstration, invitation)
    _sign_out(page)
    with page.expect_request("**/session/passkey") as sent:
        page.get_by_role("button", name="Logga in med passkey").click()
    expect(page.get_by_text(LIVE)).to_be_visible()
    [(count,)] = rows(database_url, "SELECT sign_count FROM passkey")
    rows(database_url, "UPDATE passkey SET sign_count = 0 RETURNING 1")
    again = patient.post(
        f"{demonstration.passkeys_url}/api/v1/session/passkey",
        content=sent.value.post_data or "",
        headers={"Origin": demonstration.passkeys_url, "Content-Type": "application/json"},
    )
    assert_problem(again, 401, "refused")
    rows(database_url, "UPDATE passkey SET sign_count = %s RETURNING 1", count)
    _sign_out(page)
    authenticator.copy_back()
    page.get_by_role("button", name="Logga in med passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("Inloggningen gick inte")


def test_a_demonstration_offers_people_and_says_that_nobody_is_checked(
    demonstration: GatewayProcess, open_page: OpenPage
) -> None:
    page = open_page()
    page.goto(f"{demonstration.url}/desk")
    expect(page.get_by_text("Ingen kontrolleras")).to_be_visible()
    expect(page.get_by_text(CAREGIVER.display)).to_have_count(0)
    expect(page.get_by_role("link", name=demonstration.passkeys_url)).to_be_visible()
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run().then(result => result.violations)")
    assert not [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found]
    page.get_by_role("button", name=OPERATOR.display).click()
    expect(page.get_by_text(LIVE)).to_be_visible()
    expect(page.get_by_text(f"Demo: {OPERATOR.display}")).to_be_visible()


def test_a_session_that_is_ended_elsewhere_ends_the_desk(
    demonstration: GatewayProcess, open_page: OpenPage, database_url: str
) -> None:
    administrator = in_a_thread(lambda: secret_of(database_url, ADMINISTRATOR))
    page = open_page()
    page.goto(f"{demonstration.url}/desk")
    page.get_by_role("button", name=OPERATOR.display).click()
    expect(page.get_by_text(LIVE)).to_be_visible()
    with client_of(demonstration.url, administrator) as client:
        assert client.delete(f"/api/v1/people/{OPERATOR.id}").status_code == 204
    expect(page.get_by_text("Du är utloggad. Logga in igen.")).to_be_visible()


def test_somebody_without_a_desk_is_told_so(
    demonstration: GatewayProcess, open_page: OpenPage, database_url: str
) -> None:
    secret = in_a_thread(lambda: secret_of(database_url, CAREGIVER))
    page = open_page()
    page.context.add_cookies([{"name": "vaka-session", "value": secret, "url": demonstration.url}])
    page.goto(f"{demonstration.url}/desk")
    expect(page.get_by_text(f"{CAREGIVER.display} är inloggad, men rollen har inget larmbord.")).to_be_visible()
    page.get_by_role("button", name="Logga ut").click()
    expect(page.get_by_text("Ingen kontrolleras")).to_be_visible()


def test_how_to_sign_in_is_asked_until_somebody_answers(demonstration: GatewayProcess, open_page: OpenPage) -> None:
    """Red when the ways in are asked for once only: the people to choose from would never come."""
    page = open_page()
    unheard = iter(range(2))
    page.route("**/session/ways", lambda route: route.continue_() if next(unheard, None) is None else route.abort())
    page.goto(f"{demonstration.url}/desk")
    expect(page.get_by_role("button", name=OPERATOR.display)).to_be_visible()
    assert next(unheard, None) is None


def test_whoever_is_signed_in_goes_on_when_the_gateway_answers_late(
    demonstration: GatewayProcess, open_page: OpenPage
) -> None:
    """Red when it is asked once only who is signed in: a reload during a restart would ask for a person again."""
    page = open_page()
    page.goto(f"{demonstration.url}/desk")
    page.get_by_role("button", name=OPERATOR.display).click()
    expect(page.get_by_text(LIVE)).to_be_visible()
    unheard = iter(range(2))
    page.route("**/api/v1/session", lambda route: route.continue_() if next(unheard, None) is None else route.abort())
    page.reload()
    expect(page.get_by_text(LIVE)).to_be_visible()
