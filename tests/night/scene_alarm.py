"""02:10: a press at home B, from the button to the close; and what happens when nobody takes one."""

import re
import threading
import time

from playwright.sync_api import Page, expect

from tests.night.account import Account
from tests.night.stage import Stage
from tests.night.windows import PATIENCE, TRY_AGAIN, Desk, Phone

HOME = "home-demo-0002"
RESIDENT = "Bertil Provsson"
UNTAKEN_HOME = "home-demo-0003"
UNTAKEN_RESIDENT = "Cecilia Testgren"
CAREGIVER = "Karin Påhittad"
INSTRUCTION = "Ring sonen först. Nyckel: digitalt lås. Katten får inte komma ut."
OUTCOME = "Hjälpte Bertil upp ur sängen, inga skador. Han ville ha te."
TO_THE_DESK_SECONDS = 2.0
SECOND_DESK_SECONDS = 30.0
WEBHOOK_SECONDS = 60.0
SLACK_SECONDS = 5.0


def play(stage: Stage, account: Account, desk: Desk, phone: Phone) -> None:
    """From the press to the close."""
    account.begin("02:10  the operator: a press, a responder, a door, an end")
    stage.call(
        "PUT",
        f"homes/{HOME}/instruction",
        {"version": _version(stage), "text": INSTRUCTION, "call_link": "tel:+46000000002"},
    )
    press = threading.Thread(target=stage.sim, args=("press", HOME))
    press.start()
    expect(desk.row(RESIDENT)).to_have_count(1, timeout=PATIENCE)
    shown = time.time()
    press.join()
    ((heard,),) = stage.rows("SELECT extract(epoch FROM occurred_at) FROM alert WHERE home = %s", HOME)
    account.note(
        "from the radio to the desk: who, where, what and since when", shown - float(heard), limit=TO_THE_DESK_SECONDS
    )
    with account.step("the home hears 'received': our database has it", limit=5):
        stage.until(lambda: "1" in stage.sim("alerts", HOME), "the sounder says received")
    desk.picture("press")
    with account.step("she takes the alarm and reads this home's instruction", limit=10):
        desk.insist(lambda: _take(desk), lambda: desk.row(RESIDENT).get_by_text("Taget av dig"))
        expect(desk.detail().get_by_text("Ring sonen först")).to_be_visible(timeout=PATIENCE)
    with account.step("she calls back: nobody answers, and that is noted", limit=15):
        link = desk.detail().locator(".asking .call-link")
        desk.insist(lambda: _click(desk, "Ring upp"), lambda: link)
        expect(link).to_have_attribute("href", "tel:+46000000002")
        desk.insist(lambda: _click(desk, "Svarar inte"), lambda: desk.detail().get_by_text("Svarar inte ("))
    desk.picture("call")
    with account.step("she sends the caregiver", limit=15):
        desk.insist(lambda: _send(desk), lambda: desk.detail().get_by_text(re.compile(f"{CAREGIVER}: väntar på svar")))
    with account.step("the caregiver's phone shows it on one screen", limit=10):
        expect(phone.button("Jag åker")).to_be_visible(timeout=PATIENCE)
        for word in (RESIDENT, INSTRUCTION):
            expect(phone.page.get_by_text(re.compile(re.escape(word.split(".", maxsplit=1)[0]))).first).to_be_visible()
    phone.picture("alarm")
    with account.step("one tap accepts; the desk sees it, and the home hears 'help is on its way'", limit=20):
        phone.insist(lambda: _tap(phone.page, "Jag åker"), lambda: desk.row(RESIDENT).get_by_text(re.compile("på väg")))
        stage.until(lambda: "2" in stage.sim("alerts", HOME), "the sounder says that help is on its way")
    with account.step("at the door: the tag, one tap, the door is open", limit=25):
        phone.insist(lambda: phone.hold_to_tag(HOME), lambda: phone.button("Lås upp"))
        phone.insist(lambda: _tap(phone.page, "Lås upp"), phone.door_answer)
    with account.step("the door stamps 'on site' at the desk", limit=5):
        expect(desk.row(RESIDENT)).to_contain_text(re.compile("på plats"), timeout=PATIENCE)
    desk.picture("on-site")
    with account.step("she writes the outcome on the phone", limit=15):
        phone.insist(lambda: _outcome(phone), lambda: desk.detail().get_by_text(OUTCOME))
    phone.picture("outcome")
    with account.step("the door is locked again; the operator closes with the outcome", limit=30):
        phone.insist(lambda: _tap(phone.page, "Lås"), phone.door_answer)
        desk.insist(lambda: _close(desk), lambda: desk.over(RESIDENT))
    desk.picture("closed")
    _prove(stage)


def nobody_takes_it(stage: Stage, account: Account, desks: tuple[Desk, Desk]) -> None:
    """A second desk at 30 s, a webhook at 60 s."""
    account.begin("02:40  nobody takes it")
    first, second = desks
    stage.sim("press", UNTAKEN_HOME)
    pressed = time.monotonic()
    expect(first.row(UNTAKEN_RESIDENT)).to_have_count(1, timeout=PATIENCE)
    with account.step("after 30 s every desk of the unit rings and says 'Larmat vidare'"):
        expect(second.row(UNTAKEN_RESIDENT).locator(".badge.escalated")).to_contain_text(
            "Larmat vidare", timeout=(SECOND_DESK_SECONDS + SLACK_SECONDS) * 1000 * account.patience
        )
        assert time.monotonic() - pressed >= SECOND_DESK_SECONDS - 1
    second.picture("escalated")
    with account.step("after 60 s the webhook is called, with opaque ids only"):
        stage.until(
            lambda: stage.webhook.received,
            "the webhook",
            seconds=(WEBHOOK_SECONDS - SECOND_DESK_SECONDS + SLACK_SECONDS) * account.patience,
        )
        assert time.monotonic() - pressed >= WEBHOOK_SECONDS - 1
        body = stage.webhook.received[0]
        assert UNTAKEN_HOME.encode() in body
        assert b"Testgren" not in body
    with account.step("somebody takes it, and it is quiet again", limit=15):
        first.insist(
            lambda: _take(first, UNTAKEN_RESIDENT),
            lambda: second.row(UNTAKEN_RESIDENT).get_by_text(re.compile("Taget")),
        )


def _version(stage: Stage) -> int:
    return int(stage.call("GET", f"homes/{HOME}/instruction")["version"])


def _take(desk: Desk, resident: str = RESIDENT) -> None:
    take = desk.row(resident).locator(".take")
    if take.count():
        take.click(timeout=TRY_AGAIN)


def _click(desk: Desk, name: str) -> None:
    if desk.button(name).count():
        desk.button(name).first.click(timeout=TRY_AGAIN)


def _send(desk: Desk) -> None:
    if not desk.button(CAREGIVER).count():
        _click(desk, "Skicka larmet")
    desk.button(CAREGIVER).first.click(timeout=TRY_AGAIN)


def _tap(page: Page, name: str) -> None:
    button = page.get_by_role("button", name=name, exact=True)
    if button.is_visible():
        button.click(timeout=TRY_AGAIN)


def _outcome(phone: Phone) -> None:
    box = phone.page.get_by_role("textbox")
    if box.count():
        box.first.fill(OUTCOME)
        phone.button("Spara utfall").click(timeout=TRY_AGAIN)


def _close(desk: Desk) -> None:
    for name in ("Avsluta larmet", "Hjälp är på plats", "Avsluta", "Ja, avsluta"):
        _click(desk, name)


def _prove(stage: Stage) -> None:
    """One case with every transition in order, each once."""
    steps = [
        transition
        for (transition,) in stage.rows(
            "SELECT transition FROM alert_log WHERE home = %s ORDER BY recorded_at, version", HOME
        )
    ]
    for wanted in ("raised", "claimed", "called_back", "sent", "accepted", "on_site", "outcome", "resolved"):
        assert any(wanted in step for step in steps), f"{wanted} is missing among {steps}"
    assert len(stage.rows("SELECT 1 FROM occurrence o JOIN alert a ON a.id = o.alert WHERE a.home = %s", HOME)) == 1
