"""A desk that lost its feed says so, and misses nothing when it comes back."""

import re

import pytest
from playwright.sync_api import expect

from gateway.embedded import PrivateBroker, PrivateDatabase
from tests.browser.desk_page import OpenDesk
from tests.browser.gateway_process import GatewayProcess
from tests.browser.homes import CallingHome

pytestmark = pytest.mark.browser
LOST_MILLISECONDS = 15_000
"""Three times what is promised: the promise is for a machine that does nothing else."""
BACK_MILLISECONDS = 60_000
ANY_LOSS = re.compile("INGEN KONTAKT|Det går inte att spara just nu")


def test_a_lost_feed_is_said(
    open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker, gateway: GatewayProcess
) -> None:
    desk = open_desk()
    homes[0].press(broker.url)
    desk.choose("Asta Exempel")
    gateway.pause()
    try:
        desk.page.get_by_role("heading", name="INGEN KONTAKT").wait_for(timeout=LOST_MILLISECONDS)
        expect(desk.page.get_by_text("Listan kan vara gammal. Nya larm syns inte")).to_be_visible()
        expect(desk.page.get_by_text("Så såg listan ut")).to_be_visible()
        expect(desk.page).to_have_title("INGEN KONTAKT – Vaka")
        expect(desk.button("Ta larmet")).to_have_count(0)
    finally:
        gateway.go_on()
    expect(desk.page.get_by_role("heading", name="INGEN KONTAKT")).to_have_count(0, timeout=BACK_MILLISECONDS)
    expect(desk.button("Ta larmet")).to_be_visible()


def test_an_empty_list_without_contact_claims_nothing(open_desk: OpenDesk, gateway: GatewayProcess) -> None:
    desk = open_desk()
    gateway.kill()
    desk.page.get_by_role("heading", name="INGEN KONTAKT").wait_for(timeout=LOST_MILLISECONDS)
    expect(desk.page.locator(".calls .empty")).to_have_text("Vet ej – ingen kontakt")
    expect(desk.page.get_by_text("Inga öppna larm")).to_have_count(0)


def test_presses_made_while_the_gateway_was_dead_come_and_ring(
    open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker, gateway: GatewayProcess
) -> None:
    desk = open_desk()
    desk.turn_sound_on()
    homes[0].press(broker.url)
    expect(desk.row("Asta Exempel")).to_contain_text("Obesvarat")
    gateway.kill()
    homes[0].press(broker.url)
    homes[1].press(broker.url)
    before = desk.tones()
    gateway.start()
    expect(desk.row("Sven Påhittad")).to_have_count(1, timeout=BACK_MILLISECONDS)
    expect(desk.row("Asta Exempel")).to_contain_text("2 tryckningar", timeout=BACK_MILLISECONDS)
    desk.page.wait_for_function("before => window.tones > before", arg=before)


def test_what_a_colleague_closed_meanwhile_is_gone_after_the_return(
    open_desk: OpenDesk, homes: list[CallingHome], broker: PrivateBroker, gateway: GatewayProcess
) -> None:
    away, here = open_desk("Elin"), open_desk("Karin")
    homes[0].press(broker.url)
    expect(away.row("Asta Exempel")).to_have_count(1)
    gateway.kill()
    away.page.context.set_offline(True)
    gateway.start()
    expect(here.page.get_by_text("Kontakt. Senast hört")).to_be_visible(timeout=BACK_MILLISECONDS)
    here.choose("Asta Exempel")
    here.button("Avsluta larmet").click()
    here.button("Provlarm").click()
    here.button("Avsluta").click()
    expect(here.row("Asta Exempel")).to_have_count(0)
    away.page.get_by_role("heading", name="INGEN KONTAKT").wait_for(timeout=LOST_MILLISECONDS)
    away.page.context.set_offline(False)
    expect(away.row("Asta Exempel")).to_have_count(0, timeout=BACK_MILLISECONDS)
    expect(away.over("Asta Exempel")).to_contain_text("Avslutat av Karin")


def test_a_wrong_token_is_asked_for_again(open_desk: OpenDesk, gateway: GatewayProcess) -> None:
    desk = open_desk()
    desk.page.evaluate("sessionStorage.setItem('vaka.token', 'another')")
    desk.page.reload()
    expect(desk.page.get_by_text("Åtkomstkoden gäller inte.")).to_be_visible()
    desk.page.get_by_label("Ditt demonamn").fill("Elin")
    desk.page.get_by_label("Åtkomstkod").fill(gateway.token)
    desk.page.get_by_role("button", name="Öppna larmbordet").click()
    expect(desk.page.get_by_text("Kontakt. Senast hört")).to_be_visible()
    assert "token" not in desk.page.url


def test_a_refused_name_is_asked_for_again_with_the_gateways_own_words(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.page.evaluate("sessionStorage.setItem('vaka.operator', 'x'.repeat(61))")
    desk.page.reload()
    said = desk.page.get_by_role("alert")
    expect(said).to_have_text("Namnet går inte att använda. Skriv 1 till 60 synliga tecken.")
    expect(desk.page.get_by_label("Ditt demonamn")).to_be_focused()
    expect(desk.page.get_by_label("Åtkomstkod")).to_have_count(0)
    desk.page.keyboard.type("Elin")
    desk.page.keyboard.press("Enter")
    expect(desk.page.get_by_text("Kontakt. Senast hört")).to_be_visible()


def test_a_broken_road_from_the_homes_is_said(open_desk: OpenDesk, broker: PrivateBroker) -> None:
    desk = open_desk()
    said = desk.page.get_by_role("heading", name="Vägen från hemmen är bruten")
    expect(said).to_have_count(0)
    broker.kill()
    try:
        expect(said).to_be_visible()
        expect(desk.page.get_by_text("Inga öppna larm")).to_have_count(0)
    finally:
        broker.start()
    expect(said).to_have_count(0)


def test_a_database_that_is_away_is_said(open_desk: OpenDesk, database_server: PrivateDatabase) -> None:
    desk = open_desk()
    database_server.kill()
    try:
        expect(desk.page.get_by_text(ANY_LOSS).first).to_be_visible()
        expect(desk.page.get_by_text("Inga öppna larm")).to_have_count(0)
    finally:
        database_server.start()
    expect(desk.page.get_by_text(ANY_LOSS)).to_have_count(0, timeout=BACK_MILLISECONDS)
