"""Plan against outcome at the coordinator's desk: late and missed by themselves, begun and ended as it happens."""

import csv
import os
import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, expect

from gateway.adapters.postgres.people import enrol_people
from gateway.embedded import PrivateBroker
from gateway.model.authorisation import Role
from gateway.ports.tags import TagPlace
from gateway.web.schemas import rfc3339
from homecare.clock import SystemClock
from tests.asking import rows
from tests.browser.desk_page import DESK, DeskPage, OpenDesk
from tests.browser.gateway_process import GatewayProcess
from tests.browser.phone_page import AXE, LARGE, SMALL, TOO_WIDE, PhonePage
from tests.browser.phone_shift import ASTA, SVEN, Shift
from tests.gateway.doorstep import DISA, KARIN
from tests.gateway.signed import client_of, person

pytestmark = pytest.mark.browser
VERA = person(Role.COORDINATOR, number=2)
NOW, SOON, MISSED, LATE = "visit-phone-000001", "visit-phone-000002", "visit-missed-0001", "visit-late-000001"
LIVE = "Kontakt. Senast hört"


@pytest.fixture
def shift(database_url: str) -> Shift:
    """One visit now, one later, one that nobody came to, one that somebody could still come to."""
    found = Shift(database_url)
    enrol_people(database_url, [VERA])
    found.plan(found.second, MISSED, minutes=-45)
    found.plan(found.second, LATE, minutes=-20)
    return found


@pytest.fixture
def gateway(shift: Shift, database_url: str, broker: PrivateBroker, tmp_path: Path) -> Iterator[GatewayProcess]:
    process = GatewayProcess(database_url=database_url, broker_url=broker.url, data=tmp_path, VAKA_DEMO="1")
    process.start()
    shift.hang_tags(tmp_path)
    yield process
    process.stop()


@pytest.fixture
def phone(browser: Browser, gateway: GatewayProcess) -> Iterator[PhonePage]:
    """Karin's."""
    page = PhonePage(browser, gateway)
    yield page.sign_in(KARIN.display)
    page.close()


@pytest.fixture
def morning(phone: PhonePage, gateway: GatewayProcess, shift: Shift) -> None:
    """Karin was at one home by the tag, began late by hand at another, and stands before a shut door."""
    phone.page.goto(shift.tag(gateway, shift.first, TagPlace.INSIDE))
    expect(phone.page.get_by_text("Besöket är startat.")).to_be_visible()
    with client_of(gateway.url, shift.session_of(KARIN)) as client:
        said = {"at": rfc3339(SystemClock().now().wall), "key": "key-00000001", "reason": "Glömde läsa taggen"}
        client.post(f"/api/v1/phone/visits/{LATE}/start", json=said).raise_for_status()
        stuck = {**said, "key": "key-00000002", "reason": ""}
        client.post(f"/api/v1/phone/visits/{SOON}/cannot-get-in", json=stuck).raise_for_status()


def visit(desk: DeskPage, id_: str) -> Locator:
    return desk.page.locator(f"[data-visit={id_}]")


def to_visits(desk: DeskPage) -> None:
    desk.page.get_by_role("link", name="Besök").click()
    expect(visit(desk, NOW)).to_be_visible()


def assert_fit(desk: DeskPage) -> None:
    """Nothing beside the screen, no serious barrier."""
    assert not desk.page.evaluate(TOO_WIDE)
    desk.page.evaluate(AXE.read_text())
    found = desk.page.evaluate("axe.run().then(result => result.violations)")
    assert not [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found]


def test_late_and_missed_visits_are_found_by_keys_alone(sit_down: OpenDesk) -> None:
    """Red when the delay that the gateway states is drawn nowhere."""
    desk = sit_down(VERA)
    desk.page.keyboard.press("b")
    expect(visit(desk, MISSED)).to_contain_text("Uteblivet")
    expect(visit(desk, LATE)).to_contain_text("Försenat")
    expect(visit(desk, NOW)).to_contain_text("Planerat")
    expect(visit(desk, NOW)).to_contain_text(KARIN.display)
    missed = desk.page.get_by_role("button", name="Uteblivna 1")
    missed.focus()
    desk.page.keyboard.press("Enter")
    expect(missed).to_have_attribute("aria-pressed", "true")
    expect(desk.page.locator("[data-visit]")).to_have_count(1)
    expect(visit(desk, MISSED)).to_be_visible()
    desk.page.get_by_role("button", name="Försenade 1").click()
    expect(visit(desk, LATE)).to_be_visible()
    expect(desk.page.locator("[data-visit]")).to_have_count(1)
    desk.page.keyboard.press("b")
    expect(desk.page.get_by_role("heading", name="Larm", exact=True)).to_be_visible()


def test_a_visit_begins_before_her_eyes_and_says_how(
    sit_down: OpenDesk, phone: PhonePage, gateway: GatewayProcess, shift: Shift
) -> None:
    desk = sit_down(VERA)
    to_visits(desk)
    phone.page.goto(shift.tag(gateway, shift.first, TagPlace.INSIDE))
    expect(visit(desk, NOW)).to_have_attribute("data-standing", "started")
    expect(visit(desk, NOW).locator(".outcome")).to_contain_text("(taggen)")
    phone.page.goto(f"{gateway.url}/phone")
    phone.page.locator(".item", has_text=SVEN).first.tap()
    phone.tap("Starta besök")
    phone.tap("Blev insläppt")
    by_hand = desk.page.locator("[data-visit]", has_text="för hand: Blev insläppt")
    expect(by_hand.locator(".outcome")).to_contain_text(KARIN.display)
    expect(by_hand).to_have_attribute("data-delay", "")
    shown = rows(shift.url, f"SELECT DISTINCT home FROM read_log WHERE person = '{VERA.id}' AND what = 'visits'")
    assert {home for (home,) in shown} == {shift.first.home, shift.second.home}


def test_who_cannot_get_in_is_seen_and_closed_by_name(sit_down: OpenDesk, phone: PhonePage, shift: Shift) -> None:
    desk = sit_down(VERA)
    to_visits(desk)
    phone.open_visit(ASTA)
    phone.tap("Kommer inte in")
    stuck = desk.page.locator("[data-no-entry]")
    expect(stuck).to_contain_text(f"{KARIN.display} kommer inte in hos {ASTA}")
    stuck.get_by_role("button", name="Stäng …").click()
    desk.page.get_by_role("button", name="Stäng", exact=True).click()
    expect(desk.page.get_by_text("Välj eller skriv hur det gick.")).to_be_visible()
    desk.page.get_by_role("button", name="Personalen kom in").click()
    desk.page.get_by_role("button", name="Stäng", exact=True).click()
    expect(stuck).to_have_count(0)
    assert rows(shift.url, "SELECT closed_by, closing_reason FROM no_entry") == [(VERA.id, "Personalen kom in")]
    outcome = visit(desk, NOW).locator(".outcome")
    expect(outcome).to_contain_text(f"{KARIN.display} kom inte in")
    expect(outcome).to_contain_text(f"av {VERA.display}: Personalen kom in")
    assert_fit(desk)


def test_how_it_ended_is_told_where_the_visits_are_whoever_closed_it(
    sit_down: OpenDesk, phone: PhonePage, gateway: GatewayProcess, shift: Shift, morning: None
) -> None:
    """Red when what was closed elsewhere is gone from the view without a reason, a name and a time."""
    assert morning is None
    desk = sit_down(VERA)
    to_visits(desk)
    expect(desk.page.locator("[data-no-entry]")).to_have_count(1)
    ((stuck,),) = rows(shift.url, "SELECT id FROM no_entry")
    with client_of(gateway.url, shift.session_of(KARIN)) as client:
        closing = {"reason": "Ej hemma", "key": "key-00000003"}
        client.post(f"/api/v1/phone/no-entries/{stuck}/close", json=closing).raise_for_status()
    expect(desk.page.locator("[data-no-entry]")).to_have_count(0)
    expect(visit(desk, SOON).locator(".outcome")).to_contain_text(f"av {KARIN.display}: Ej hemma")
    expect(visit(desk, SOON).locator(".badge")).to_have_text("Kom inte in, stängt")
    expect(visit(desk, NOW).locator(".outcome")).not_to_contain_text("Ej hemma")


def _until_noon(days: int) -> int:
    """Minutes until noon so many days from now: a visit of just before midnight is of two days."""
    now = datetime.now(ZoneInfo("Europe/Stockholm"))
    noon = datetime.combine(now.date() + timedelta(days=days), time(12), now.tzinfo)
    return round((noon - now) / timedelta(minutes=1))


def test_another_day_can_be_looked_at_and_says_which(sit_down: OpenDesk, shift: Shift) -> None:
    """Red when a day's visits stand under another day's name."""
    tomorrow, yesterday = "visit-tomorrow-001", "visit-yesterday-01"
    shift.plan(shift.first, tomorrow, minutes=_until_noon(1))
    shift.plan(shift.first, yesterday, minutes=_until_noon(-1))
    desk = sit_down(VERA)
    to_visits(desk)
    days = (("I morgon", tomorrow, "Besök i morgon"), ("I går", yesterday, "Besök i går"), ("I dag", NOW, "Dygnets"))
    for name, id_, heading in days:
        desk.page.get_by_role("button", name=name).click()
        expect(visit(desk, id_)).to_be_visible()
        expect(desk.page.get_by_role("heading", name=heading)).to_be_visible()
        for _, other, _ in days[:2]:
            expect(visit(desk, other)).to_have_count(int(other == id_))


def test_the_day_is_taken_out_as_a_table_and_stands_in_the_log(
    sit_down: OpenDesk, phone: PhonePage, shift: Shift, morning: None
) -> None:
    """Red when a table leaves the desk that nobody can be asked about, or that runs as a formula."""
    assert phone
    assert morning is None
    desk = sit_down(VERA)
    to_visits(desk)
    looks = f"SELECT count(*) FROM read_log WHERE person = '{VERA.id}' AND what = 'visits'"
    ((before,),) = rows(shift.url, looks)
    with desk.page.expect_download() as download:
        desk.page.get_by_role("button", name="Spara som CSV").click()
    ((after,),) = rows(shift.url, looks)
    assert (before, after) == (2, 4), "a row for each home that is taken out"
    assert re.fullmatch(r"besok-\d{4}-\d\d-\d\d[.]csv", download.value.suggested_filename)
    text = download.value.path().read_text(encoding="utf-8-sig")
    header, *lines = csv.reader(text.splitlines(), delimiter=";")
    assert header[:3] == ["Besök", "Från", "Till"]
    by_visit = {line[0]: dict(zip(header, line, strict=True)) for line in lines}
    assert set(by_visit) == {NOW, SOON, MISSED, LATE}
    assert by_visit[LATE]["Startat genom"] == "för hand: Glömde läsa taggen"
    assert by_visit[MISSED]["Läge"] == "Uteblivet"
    assert by_visit[NOW]["Namn"] == ASTA


def test_an_alarm_is_counted_where_the_visits_are(sit_down: OpenDesk, shift: Shift) -> None:
    """Red when the alarms are forgotten behind the visits: whoever looks there must see that one waits."""
    desk = sit_down(VERA)
    to_visits(desk)
    shift.call_for_help(shift.first)
    expect(desk.page.get_by_role("link", name="Larm 1 obesvarat")).to_be_visible()
    desk.page.go_back()
    expect(desk.row(ASTA)).to_be_visible()


def test_visits_that_are_no_longer_current_say_so(sit_down: OpenDesk, gateway: GatewayProcess) -> None:
    """Red when a list that nobody renews looks as if it were current."""
    desk = sit_down(VERA)
    to_visits(desk)
    gateway.pause()
    try:
        expect(desk.page.get_by_text("De kan ha ändrats sedan dess.")).to_be_visible()
        expect(visit(desk, NOW)).to_be_visible()
    finally:
        gateway.go_on()
    expect(desk.page.get_by_text("De kan ha ändrats sedan dess.")).to_have_count(0)


def test_an_operator_has_no_visits(sit_down: OpenDesk, gateway: GatewayProcess) -> None:
    desk = sit_down(DISA)
    desk.page.goto(f"{gateway.url}/desk#visits")
    expect(desk.page.get_by_text(LIVE)).to_be_visible()
    expect(desk.page.get_by_role("heading", name="Larm", exact=True)).to_be_visible()
    expect(desk.page.get_by_role("link", name="Besök")).to_have_count(0)


def test_an_operator_who_is_called_sees_who_cannot_get_in(sit_down: OpenDesk, phone: PhonePage) -> None:
    """Red when only the coordinator sees it: the phone tells staff to call in to those who answer and see it."""
    desk = sit_down(DISA)
    before = desk.turn_sound_on()
    phone.open_visit(ASTA)
    phone.tap("Kommer inte in")
    stuck = desk.page.locator("[data-no-entry]")
    expect(stuck).to_contain_text(f"{KARIN.display} kommer inte in hos {ASTA}")
    expect(desk.page.get_by_role("status").filter(has_text=f"{KARIN.display} kommer inte in hos {ASTA}")).to_have_count(
        1
    )
    desk.page.wait_for_function("tones => window.tones === tones", arg=before + 2)
    assert_fit(desk)
    stuck.get_by_role("button", name="Stäng …").click()
    desk.page.get_by_role("button", name="Ej hemma").click()
    desk.page.get_by_role("button", name="Stäng", exact=True).click()
    expect(stuck).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [SMALL, LARGE, DESK], ids=["360", "412", "1920"])
def test_the_visits_fit_every_screen(
    sit_down: OpenDesk, morning: None, tmp_path: Path, size: dict[str, int], theme: str
) -> None:
    """Sizes, contrast and names; pictures are left in the folder that VAKA_PICTURES names."""
    assert morning is None
    desk = sit_down(VERA, size=size, theme=theme)
    to_visits(desk)
    expect(desk.page.locator("[data-no-entry]")).to_be_visible()
    assert_fit(desk)
    folder = Path(os.environ.get("VAKA_PICTURES", tmp_path))
    desk.page.screenshot(path=folder / f"visits-{size['width']}-{theme}.png", full_page=size != DESK)
    desk.page.get_by_role("button", name="Stäng …").click()
    assert_fit(desk)
