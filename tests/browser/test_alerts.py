"""A press reaches the desk, people act on it, and every desk shows the same."""

import re

import psycopg
import pytest
from playwright.sync_api import expect

from gateway.embedded import PrivateBroker
from homecare.alert import Condition
from homecare.event import Hazard, HazardChanged
from tests.browser.desk_page import OpenDesk
from tests.browser.homes import CallingHome, judge, verdict

pytestmark = pytest.mark.browser


def test_a_press_is_on_the_desk_with_who_where_and_how_often(
    open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    desk = open_desk()
    expect(desk.page.get_by_text("Inga öppna larm i listan.")).to_be_visible()
    homes[0].press(broker.url)
    row = desk.row("Asta Exempel")
    expect(row).to_contain_text("Anrop om hjälp")
    expect(row).to_contain_text("Exempelgatan 4 · bärs på kroppen")
    expect(row).to_contain_text("Obesvarat")
    expect(desk.page).to_have_title("(1) Larm – Vaka")
    homes[0].press(broker.url, presses=2)
    expect(row).to_contain_text("3 tryckningar")
    again = "Upprepat larm: Anrop om hjälp, Asta Exempel, 3 tryckningar"
    expect(desk.page.get_by_role("status").filter(has_text=again)).to_have_text(again)


def test_an_alarm_that_was_long_under_way_says_both_times(
    open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    desk = open_desk()
    homes[0].press(broker.url, minutes_ago=40)
    row = desk.row("Asta Exempel")
    expect(row).to_contain_text(re.compile(r"tryckt (\d+/\d+ )?\d\d:\d\d, mottaget \d\d:\d\d"))
    expect(row).to_contain_text(re.compile(r"40 min \d\d s"))


def test_two_desks_agree_while_one_takes_calls_and_closes(
    open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    elin, karin = open_desk("Elin"), open_desk("Karin")
    homes[0].press(broker.url)
    elin.choose("Asta Exempel")
    karin.choose("Asta Exempel")
    elin.button("Ta larmet").click()
    expect(elin.row("Asta Exempel")).to_contain_text("Taget av dig")
    expect(karin.row("Asta Exempel")).to_contain_text("Taget av Elin")
    expect(karin.button("Avsluta larmet")).to_have_count(0)
    elin.button("Ring upp").click()
    elin.button("Svarar inte").click()
    expect(karin.page.locator(".steps")).to_contain_text("Svarar inte (Elin)")
    elin.button("Avsluta larmet").click()
    elin.button("Avsluta").click()
    expect(elin.page.get_by_text("Skriv varför larmet avslutas.")).to_be_visible()
    elin.button("Feltryck").click()
    elin.button("Avsluta").click()
    for desk in (elin, karin):
        expect(desk.row("Asta Exempel")).to_have_count(0)
        expect(desk.over("Asta Exempel")).to_contain_text("Avslutat av Elin")
        expect(desk.over("Asta Exempel")).to_contain_text("Feltryck")


def test_an_alarm_can_be_released_to_the_others(
    open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    elin, karin = open_desk("Elin"), open_desk("Karin")
    homes[0].press(broker.url)
    elin.row("Asta Exempel").locator(".take").click()
    expect(karin.row("Asta Exempel")).to_contain_text("Taget av Elin")
    elin.button("Släpp larmet").click()
    expect(karin.row("Asta Exempel")).to_contain_text("Obesvarat")


def test_a_newer_press_stops_closing_and_says_so(
    open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    desk = open_desk()
    homes[0].press(broker.url)
    desk.choose("Asta Exempel")
    desk.button("Avsluta larmet").click()
    desk.button("Feltryck").click()
    homes[0].press(broker.url)
    expect(desk.row("Asta Exempel")).to_contain_text("2 tryckningar")
    desk.button("Avsluta").click()
    expect(desk.page.get_by_text("Det har kommit en ny tryckning: nu 2.")).to_be_visible()
    expect(desk.row("Asta Exempel")).to_have_count(1)
    desk.button("Avsluta").click()
    expect(desk.row("Asta Exempel")).to_have_count(0)


def test_a_hazard_that_is_gone_is_cleared_and_still_unanswered(
    open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    desk = open_desk()
    homes[1].say(broker.url, HazardChanged(hazard=Hazard.SMOKE, present=True), device=homes[1].button)
    row = desk.row("Sven Påhittad")
    expect(row).to_contain_text("Fara i hemmet: rök")
    expect(row).to_contain_text("Pågår")
    homes[1].say(broker.url, HazardChanged(hazard=Hazard.SMOKE, present=False), device=homes[1].button)
    expect(row).to_contain_text("Återställt")
    expect(row).to_contain_text("Obesvarat")


def test_the_home_s_day_is_a_picture_and_a_table_and_says_what_it_does_not_know(
    open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    desk = open_desk()
    homes[0].press(broker.url, minutes_ago=90)
    desk.choose("Asta Exempel")
    picture = desk.page.locator(".picture svg")
    expect(picture).to_have_attribute("aria-label", re.compile("^Bild av det senaste i hemmet, 6 timmar: "))
    expect(picture.locator(".mark.help_called")).to_have_count(1)
    expect(picture.locator(".alert-mark.call")).to_have_count(1)
    expect(picture.locator(".unknown").first).to_have_text(re.compile("Vet ej – ingen kontakt"))
    desk.page.get_by_text("Visa som tabell").click()
    table = desk.page.get_by_role("table")
    expect(table).to_contain_text("tryckt på anropsknappen")
    expect(table).to_contain_text("Vet ej – ingen kontakt")


def test_a_thousand_faults_never_bury_a_call(
    open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker, database_url: str
) -> None:
    judge(database_url, [verdict(Condition.EDGE_SILENT, f"home-x{number:05d}", 10) for number in range(1_000)])
    desk = open_desk()
    homes[0].press(broker.url)
    expect(desk.row("Asta Exempel")).to_be_in_viewport()
    fold = desk.page.locator(".fold")
    expect(fold).to_contain_text("Hemenheten har tystnat: 1000")
    expect(desk.page.locator(".alert.fault")).to_have_count(0)
    fold.click()
    expect(desk.page.locator(".alert.fault")).to_have_count(50)
    expect(desk.row("Asta Exempel")).to_be_in_viewport()


def test_an_alert_that_came_again_after_a_restore_says_so(
    open_desk: OpenDesk, homes: list[CallingHome], database_url: str
) -> None:
    desk = open_desk()
    judge(database_url, [verdict(Condition.EDGE_SILENT, homes[0].house.home, 10)], redelivered=True)
    desk.page.locator(".fold").click()
    expect(desk.row("Asta Exempel")).to_contain_text("Skickat igen")
    desk.choose("Asta Exempel")
    expect(desk.page.locator(".detail")).to_contain_text("Det kan vara ett gammalt larm.")


@pytest.fixture
def bare(database_url: str) -> CallingHome:
    """A home that came in by a claim code and got no further: nobody consented, nothing was tried."""
    home = CallingHome(4, "Ture Oprövad", "Obelagda vägen 9")
    home.enrol(database_url, consented=())
    with psycopg.connect(database_url) as connection:
        connection.execute(CLAIMED, (home.house.home, home.house.edge))
    return home


def test_what_a_home_lacks_stands_on_its_alarm(
    bare: CallingHome, open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker
) -> None:
    """Red when the badges leave out what is missing: the operator would trust a home that nobody has tried."""
    desk = open_desk()
    bare.press(broker.url)
    homes[0].press(broker.url)
    expect(desk.row("Asta Exempel")).to_have_count(1)
    desk.choose(bare.resident)
    for place in (desk.row(bare.resident), desk.page.locator(".detail")):
        expect(place.locator(".badge.missing")).to_have_text(["Ej i drift", "Samtycke saknas"])
    expect(desk.row("Asta Exempel").locator(".badge.missing")).to_have_count(0)


CLAIMED = """
INSERT INTO claim_code (digest, home, devices, made_by, made_at, expires_at, used_at, edge)
VALUES (sha256('code'), %s, '[]', 'person', now(), now() + interval '1 hour', now(), %s)
"""
