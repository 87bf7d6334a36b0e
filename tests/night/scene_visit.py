"""22:00: the caregiver's first visit: the plan, the tag, the door, the check-in, the end."""

from playwright.sync_api import expect

from tests.night.account import Account
from tests.night.stage import Stage
from tests.night.windows import PATIENCE, TRY_AGAIN, Phone

HOME = "home-demo-0001"
ROAD = "from a dark screen to an open door"
CHECK_IN_SECONDS = 2.0


def play(stage: Stage, account: Account, phone: Phone) -> None:
    """The whole scene."""
    account.begin("22:00  the caregiver: one visit, one door")
    with account.step("she signs in and sees three visits that came from one CSV file", limit=15):
        phone.sign_in("Karin Påhittad")
        expect(phone.visits()).to_have_count(3, timeout=PATIENCE)
    phone.picture("today")
    account.touch(ROAD, "she wakes the phone with her finger (the phone's own lock; not played)")
    with account.step("she holds the phone to the tag at the door: the app opens on the right visit", limit=10):
        phone.insist(lambda: phone.hold_to_tag(HOME), lambda: phone.button("Lås upp"))
        account.touch(ROAD, "the phone is held to the tag")
    phone.picture("door")
    with account.step("one tap: the lock turns (Nuki over Bluetooth, through the home's edge)", limit=15):
        phone.insist(lambda: _tap_once(phone, "Lås upp"), phone.door_answer)
        account.touch(ROAD, "Lås upp")
    account.remark("one more, a finger again, where her session was unused for 15 minutes: the page asks by itself")
    phone.picture("unlocked")
    with account.step("the visit has started and a check_in row with her name's pseudonym stands in TimescaleDB"):
        stage.until(lambda: _checked_in(stage, "in"), "the check-in", seconds=CHECK_IN_SECONDS * account.patience)
        expect(phone.visit("started")).to_be_visible(timeout=PATIENCE)
    with account.step("locked again, the visit has ended", limit=20):
        phone.insist(lambda: _tap_once(phone, "Lås"), phone.door_answer)
        stage.until(lambda: _checked_in(stage, "out"), "the check-out", seconds=CHECK_IN_SECONDS * account.patience)
        expect(phone.visit("ended")).to_be_visible(timeout=PATIENCE)
    phone.picture("ended")
    _prove(stage)


def _tap_once(phone: Phone, name: str) -> None:
    if phone.button(name).is_visible():
        phone.button(name).click(timeout=TRY_AGAIN)


def _checked_in(stage: Stage, direction: str) -> bool:
    return bool(
        stage.rows(
            "SELECT 1 FROM check_in WHERE home = %s AND direction = %s AND person = 'person-demo-care-01'",
            HOME,
            direction,
        )
    )


def _prove(stage: Stage) -> None:
    """What the database says of the visit: each thing once."""
    ends = stage.rows("SELECT action, standing FROM command WHERE home = %s ORDER BY issued_at", HOME)
    done = [action for action, standing in ends if standing == "done"]
    assert done.count("unlock") >= 1, ends
    assert done.count("lock") >= 1, ends
    taken = stage.rows("SELECT body->>'command' FROM event WHERE kind = 'command_taken' AND home = %s", HOME)
    assert len(taken) == len(set(taken)), "no command was taken twice"
