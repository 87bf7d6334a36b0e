"""Doors end to end: a phone over HTTP, both processes, a real database and broker, and an edge that speaks frames."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from gateway.adapters.postgres.people import PostgresPeople
from gateway.audit_check import verify
from gateway.embedded import PrivateBroker
from homecare.clock import HOUR, MINUTE, SECOND, SystemClock
from homecare.command import COMMAND_LIFE, Action, Outcome, Reason
from homecare.event import CommandEnded, CommandTaken, LockCause, LockOperated, LockState
from homecare.grant import Denial
from tests.asking import rows
from tests.gateway.doorstep import (
    DISA,
    KARIN,
    OMAR,
    UNWRITTEN,
    LockEdge,
    audited,
    be_patient,
    browser,
    connecting,
    final,
    lock_of,
    plan,
    settle,
    stand_at_the_door,
    wish,
    with_lock,
)
from tests.gateway.lanes import new_lane
from tests.gateway.lanes import running as lane_running
from tests.gateway.running import Running, running
from tests.waiting import SECONDS, until

HOUSE, OTHER = with_lock(41), with_lock(42, unlatch=True)
OPEN = f"/api/v1/phone/doors/{HOUSE.home}/open"


@dataclass
class Night:
    """Both processes at work, one edge, and a phone."""

    url: str
    process: Running
    edge: LockEdge
    phone: httpx.AsyncClient


@pytest_asyncio.fixture
async def night(
    database_url: str, broker: PrivateBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Night]:
    settle(database_url, HOUSE, OTHER)
    be_patient(monkeypatch)
    async with (
        running(database_url, broker.url, tmp_path) as process,
        lane_running(new_lane(database_url, broker.url)),
        LockEdge(HOUSE, broker.url) as edge,
        browser(process, KARIN) as phone,
    ):
        edge.beat()
        yield Night(database_url, process, edge, phone)
    assert rows(database_url, UNWRITTEN) == []
    assert verify(database_url)[1] is None


def refused(answer: httpx.Response, denial: Denial) -> None:
    assert answer.status_code == 403, answer.text
    body = answer.json()
    assert body["hint"] == denial
    assert body["message"]["sv"] != body["message"]["en"] != ""


@pytest.mark.asyncio
async def test_a_tap_at_the_door_starts_the_visit_and_locking_ends_it(night: Night) -> None:
    visit = await plan(night.url, HOUSE)
    await stand_at_the_door(night.url, HOUSE.home)
    answer = await night.phone.post(OPEN, json=wish(visit))
    assert answer.status_code == 202, answer.text
    assert answer.json()["standing"] == "issued"
    command = await night.edge.told()
    assert (command.id, command.action, command.device) == (answer.json()["command"], Action.UNLOCK, lock_of(HOUSE))
    assert command.actor == KARIN.id
    assert 0 < command.not_after - night.edge.elapsed <= COMMAND_LIFE
    night.edge.obey(command)
    done = await final(night.phone, command.id)
    assert (done["standing"], done["words"]["sv"], done["next_step"]["sv"]) == ("done", "Dörren är upplåst.", "")
    standing = "SELECT standing FROM visit WHERE id = %s"
    await until(lambda: rows(night.url, standing, visit) == [("started",)])
    check_in = "SELECT person, visit, method, direction FROM check_in WHERE visit IS NOT NULL ORDER BY occurred_at"
    assert rows(night.url, check_in) == [(KARIN.id, visit, "door", "in")]
    assert (await night.phone.post(OPEN, json=wish(visit, "key-00000002", action="lock"))).status_code == 202
    night.edge.obey(await night.edge.told(2), LockState.LOCKED)
    await until(lambda: rows(night.url, standing, visit) == [("ended",)])
    assert rows(night.url, check_in)[1:] == [(KARIN.id, visit, "door", "out")]
    refused(await night.phone.post(OPEN, json=wish(visit, "key-00000003")), Denial.ENDED)
    assert rows(night.url, "SELECT state, cause FROM lock_state") == [("locked", "command")]
    await asyncio.sleep(0.3)
    assert len(night.edge.frames) == 2


@pytest.mark.asyncio
async def test_locking_before_having_come_ends_no_visit_and_takes_no_right(night: Night) -> None:
    """Red when a slip of the thumb at the shut door counts as leaving: then the caregiver stands outside of it."""
    visit = await plan(night.url, HOUSE)
    await stand_at_the_door(night.url, HOUSE.home)
    known = "SELECT movement, proof FROM visit_evidence WHERE visit = %s ORDER BY number"
    standing = "SELECT standing, ended_at IS NOT NULL FROM visit WHERE id = %s"
    assert (await night.phone.post(OPEN, json=wish(visit, action="lock"))).status_code == 202
    night.edge.obey(await night.edge.told(), LockState.LOCKED)
    await until(lambda: rows(night.url, known, visit) == [("left", "door")])
    assert rows(night.url, standing, visit) == [("planned", False)]
    assert rows(night.url, "SELECT FROM check_in WHERE visit IS NOT NULL") == []
    assert rows(night.url, "SELECT FROM staff_inbox") == [], "nobody is told to be inside"
    answer = await night.phone.post(OPEN, json=wish(visit, "key-00000002"))
    assert answer.status_code == 202, answer.text
    night.edge.obey(await night.edge.told(2))
    await until(lambda: rows(night.url, standing, visit) == [("started", False)])
    assert (await night.phone.post(OPEN, json=wish(visit, "key-00000003", action="lock"))).status_code == 202
    night.edge.obey(await night.edge.told(3), LockState.LOCKED)
    await until(lambda: rows(night.url, standing, visit) == [("ended", True)])
    refused(await night.phone.post(OPEN, json=wish(visit, "key-00000004")), Denial.ENDED)


@pytest.mark.asyncio
async def test_what_is_denied_never_reaches_the_edge_and_stands_in_the_audit(night: Night) -> None:
    now = SystemClock().now().wall
    mine = await plan(night.url, HOUSE)
    omars = await plan(night.url, HOUSE, who=OMAR)
    elsewhere = await plan(night.url, OTHER)
    tomorrow = await plan(night.url, HOUSE, at=now + 24 * HOUR)
    just_too_early = await plan(night.url, HOUSE, at=now + 36 * MINUTE)
    yesterday = await plan(night.url, HOUSE, at=now - 24 * HOUR)
    asked = [
        (mine, {}, Denial.NOT_AT_THE_DOOR),
        (omars, {}, Denial.NO_GRANT),
        ("visit-that-is-not", {}, Denial.NO_GRANT),
        (elsewhere, {}, Denial.WRONG_HOME),
        (tomorrow, {}, Denial.TOO_EARLY),
        (just_too_early, {}, Denial.TOO_EARLY),
        (yesterday, {}, Denial.TOO_LATE),
        (mine, {"action": "unlatch"}, Denial.UNLATCH_NOT_ALLOWED),
        (mine, {"purpose": "alert"}, Denial.NO_GRANT),
    ]
    for number, (visit, changes, denial) in enumerate(asked):
        refused(await night.phone.post(OPEN, json=wish(visit, f"key-{number:08}", **changes)), denial)
    await stand_at_the_door(night.url, HOUSE.home, at=now - 121 * SECOND)
    refused(await night.phone.post(OPEN, json=wish(mine, "key-0000000a")), Denial.NOT_AT_THE_DOOR)
    await stand_at_the_door(night.url, HOUSE.home, who=OMAR)
    refused(await night.phone.post(OPEN, json=wish(mine, "key-0000000b")), Denial.NOT_AT_THE_DOOR)
    await asyncio.sleep(0.5)
    assert night.edge.frames == []
    assert rows(night.url, "SELECT count(*) FROM outbox WHERE kind = 'command'") == [(0,)]
    reasons = [reason for _, _, result, reason in audited(night.url) if result == "denied"]
    expected = [denial for *_, denial in asked] + [Denial.NOT_AT_THE_DOOR] * 2
    assert reasons == expected


@pytest.mark.asyncio
async def test_somebody_of_another_unit_and_the_token_open_nothing(night: Night) -> None:
    visit = await plan(night.url, HOUSE, who=DISA)
    await stand_at_the_door(night.url, HOUSE.home, who=DISA)
    async with night.process.client() as token:
        refused(await token.post(OPEN, json=wish(visit)), Denial.UNKNOWN_PERSON)
    unsigned = httpx.AsyncClient(base_url=night.process.url, timeout=SECONDS)
    async with unsigned:
        assert (await unsigned.post(OPEN, json=wish(visit))).status_code == 401
    assert night.edge.frames == []


@pytest.mark.asyncio
@pytest.mark.parametrize("same", [True, False], ids=["the-same-wish", "fifty-wishes"])
async def test_fifty_taps_at_once_are_one_command(night: Night, same: bool) -> None:  # noqa: FBT001 why: a parameter
    visit = await plan(night.url, HOUSE)
    await stand_at_the_door(night.url, HOUSE.home)
    keys = ["key-00000001" if same else f"key-{number:08}" for number in range(50)]
    answers = await asyncio.gather(*(night.phone.post(OPEN, json=wish(visit, key)) for key in keys))
    counts = Counter(answer.status_code for answer in answers)
    assert counts == ({202: 50} if same else {202: 1, 409: 49})
    assert len({answer.json()["command"] for answer in answers if answer.status_code == 202}) == 1
    night.edge.obey(await night.edge.told())
    again = await night.phone.post(OPEN, json=wish(visit, keys[0]))
    if again.status_code == 202:
        await until(lambda: rows(night.url, "SELECT standing FROM command") == [("done",)])
    await asyncio.sleep(0.5)
    assert len(night.edge.frames) == 1


@pytest.mark.asyncio
async def test_a_key_that_asked_for_something_else_is_refused(night: Night) -> None:
    visit = await plan(night.url, HOUSE)
    await stand_at_the_door(night.url, HOUSE.home)
    assert (await night.phone.post(OPEN, json=wish(visit))).status_code == 202
    other = await night.phone.post(OPEN, json=wish(visit, action="lock"))
    assert (other.status_code, other.json()["kind"]) == (409, "conflict")
    assert len(rows(night.url, "SELECT id FROM command")) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("said", "standing", "next_step"),
    [
        pytest.param((Outcome.FAILED, Reason.JAMMED), "failed", "Dra dörren mot dig", id="jammed"),
        pytest.param((Outcome.UNKNOWN, Reason.NO_ANSWER), "unknown", "Känn på dörren", id="unknown"),
        pytest.param((Outcome.REFUSED, Reason.STALE_CHALLENGE), "refused", "Tryck igen", id="refused"),
    ],
)
async def test_what_did_not_work_says_what_to_do(
    night: Night, said: tuple[Outcome, Reason], standing: str, next_step: str
) -> None:
    visit = await plan(night.url, HOUSE)
    await stand_at_the_door(night.url, HOUSE.home)
    await night.phone.post(OPEN, json=wish(visit))
    command = await night.edge.told()
    night.edge.fail(command, *said)
    ended = await final(night.phone, command.id)
    assert (ended["standing"], ended["reason"]) == (standing, said[1])
    assert next_step in ended["next_step"]["sv"]
    assert rows(night.url, "SELECT standing FROM visit") == [("planned",)]


@pytest.mark.asyncio
async def test_an_answer_that_never_comes_is_unknown_within_15_seconds_and_a_late_one_is_added(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_patient(monkeypatch, times=1)
    visit = await plan(night.url, HOUSE)
    await stand_at_the_door(night.url, HOUSE.home)
    await night.phone.post(OPEN, json=wish(visit))
    command = await night.edge.told()
    ended = await final(night.phone, command.id)
    within = "SELECT closes_at - issued_at < interval '15 s' FROM command"
    assert rows(night.url, within) == [(True,)], "by the gateway's clock; the machine may be slow"
    assert (ended["standing"], "Känn på dörren" in ended["next_step"]["sv"]) == ("unknown", True)
    night.edge.obey(command)
    await until(lambda: rows(night.url, "SELECT standing FROM visit") == [("started",)])
    await until(lambda: rows(night.url, "SELECT standing, late_standing FROM command") == [("unknown", "done")])
    assert "för sent" in (await final(night.phone, command.id))["words"]["sv"]
    results = [result for *_, result, _ in audited(night.url)]
    assert results == ["allowed", "unknown", "done"]


@pytest.mark.asyncio
async def test_an_edge_that_is_away_lets_the_command_expire_and_hears_nothing_afterwards(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("access", "commanding"):  # the real life is waited for where time is moved by hand
        monkeypatch.setattr(f"gateway.doors.{module}.COMMAND_LIFE", 2 * SECOND)
    visit = await plan(night.url, OTHER)
    await stand_at_the_door(night.url, OTHER.home)
    answer = await night.phone.post(f"/api/v1/phone/doors/{OTHER.home}/open", json=wish(visit, action="unlatch"))
    ended = await final(night.phone, answer.json()["command"])
    assert (ended["standing"], ended["reason"]) == ("failed", "expired")
    assert "rördes inte" in ended["words"]["sv"]
    async with LockEdge(OTHER, night.process.config.broker_url) as late:
        late.beat()
        await asyncio.sleep(1.0)
        assert late.frames == []
    assert rows(night.url, "SELECT count(*) FROM outbox WHERE kind = 'command' AND sent_at IS NOT NULL") == [(0,)]


@pytest.mark.asyncio
async def test_a_revoked_person_opens_nothing_from_the_next_tap_on(night: Night) -> None:
    visit = await plan(night.url, HOUSE)
    await stand_at_the_door(night.url, HOUSE.home)
    async with connecting(night.url) as connections:
        await PostgresPeople(connections).revoke(KARIN.id, SystemClock().now().wall)
    answer = await night.phone.post(OPEN, json=wish(visit))
    assert answer.status_code in (401, 403)
    await asyncio.sleep(0.3)
    assert night.edge.frames == []


@pytest.mark.asyncio
async def test_a_remote_opening_takes_two_people_and_starts_no_visit(night: Night) -> None:
    visit = await plan(night.url, HOUSE)
    refused(await night.phone.post(OPEN, json=wish(visit)), Denial.NOT_AT_THE_DOOR)
    asked = await night.phone.post(f"/api/v1/phone/doors/{HOUSE.home}/remote", json=wish(visit, "key-remote-1"))
    assert (asked.status_code, asked.json()["standing"]) == (202, "waiting")
    opening = asked.json()["opening"]
    approve = f"/api/v1/doors/openings/{opening}/approve"
    refused(await night.phone.post(approve), Denial.SECOND_SAME)
    async with browser(night.process, OMAR) as omar, night.process.client() as token:
        refused(await omar.post(approve), Denial.SECOND_NO_RIGHT)
        refused(await token.post(approve), Denial.SECOND_UNKNOWN)
    await asyncio.sleep(0.3)
    assert night.edge.frames == []
    async with browser(night.process, DISA) as desk:
        waiting = (await desk.get("/api/v1/doors/openings")).json()
        assert [(one["opening"], one["person"]) for one in waiting] == [(opening, KARIN.display)]
        approved = await desk.post(approve)
        assert approved.status_code == 202, approved.text
        assert (await desk.post(approve)).json()["command"] == approved.json()["command"]
        night.edge.obey(await night.edge.told())
        assert (await final(desk, approved.json()["command"]))["standing"] == "done"
    mine = (await night.phone.get(f"/api/v1/phone/openings/{opening}")).json()
    assert (mine["standing"], mine["command"]) == ("approved", approved.json()["command"])
    assert (await final(night.phone, mine["command"]))["second_person"] == DISA.id
    assert rows(night.url, "SELECT standing FROM visit") == [("planned",)]
    remote = [entry[:3] for entry in audited(night.url) if entry[3] == "remote"]
    assert remote == [(KARIN.id, "door.unlock", "allowed"), (DISA.id, "door.approve", "allowed")]
    assert len(night.edge.frames) == 1


@pytest.mark.asyncio
async def test_a_remote_opening_that_was_declined_stays_declined(night: Night) -> None:
    visit = await plan(night.url, HOUSE)
    asked = await night.phone.post(f"/api/v1/phone/doors/{HOUSE.home}/remote", json=wish(visit))
    async with browser(night.process, DISA) as desk:
        path = f"/api/v1/doors/openings/{asked.json()['opening']}"
        assert (await desk.post(f"{path}/decline")).json()["standing"] == "declined"
        assert (await desk.post(f"{path}/approve")).status_code == 409
        assert (await desk.get("/api/v1/doors/openings")).json() == []
    assert rows(night.url, "SELECT count(*) FROM command") == [(0,)]


@pytest.mark.asyncio
async def test_a_lock_that_failed_three_times_in_a_week_is_a_fault(night: Night) -> None:
    visit = await plan(night.url, HOUSE)
    await stand_at_the_door(night.url, HOUSE.home)
    for number in range(1, 4):
        await night.phone.post(OPEN, json=wish(visit, f"key-{number:08}"))
        command = await night.edge.told(number)
        night.edge.fail(command)
        assert (await final(night.phone, command.id))["standing"] == "failed"
        found = rows(night.url, "SELECT subject, count FROM fault WHERE kind = 'lock_failing'")
        assert found == ([] if number < 3 else [(lock_of(HOUSE), 3)])
    alerts = "SELECT condition, subject, occurrences FROM alert"
    assert rows(night.url, alerts) == [("lock_failing", lock_of(HOUSE), 1)]


@pytest.mark.asyncio
async def test_another_edge_ends_nobody_elses_command(night: Night) -> None:
    visit = await plan(night.url, HOUSE)
    await stand_at_the_door(night.url, HOUSE.home)
    await night.phone.post(OPEN, json=wish(visit))
    command = await night.edge.told()
    async with LockEdge(OTHER, night.process.config.broker_url) as liar:
        liar.obey(command)
        inbox = "SELECT count(*) FROM door_inbox WHERE consumed_at IS NOT NULL"
        await until(lambda: rows(night.url, inbox) == [(3,)])
    assert rows(night.url, "SELECT standing FROM command") == [("sent",)]
    assert rows(night.url, "SELECT standing FROM visit") == [("planned",)]


@pytest.mark.asyncio
async def test_facts_that_come_twice_or_cannot_be_taken_change_nothing(night: Night) -> None:
    visit = await plan(night.url, HOUSE)
    await stand_at_the_door(night.url, HOUSE.home)
    await night.phone.post(OPEN, json=wish(visit))
    command = await night.edge.told()
    night.edge.obey(command)
    await until(lambda: rows(night.url, "SELECT standing FROM visit") == [("started",)])
    before = rows(night.url, "SELECT version FROM visit")
    rows(night.url, "UPDATE door_inbox SET consumed_at = NULL RETURNING id")
    rows(night.url, 'UPDATE door_inbox SET body = \'{"type": "of tomorrow"}\' WHERE seq = 1 RETURNING id')
    night.edge.say(LockOperated(LockState.UNLOCKED, LockCause.COMMAND, command.id))
    night.edge.say(CommandEnded("command-nobody-sent", Outcome.DONE, None, LockState.UNLOCKED))
    night.edge.say(CommandTaken("command-nobody-sent", Action.UNLOCK, KARIN.id))
    done = "SELECT count(*), count(consumed_at) FROM door_inbox"
    await until(lambda: rows(night.url, done) == [(6, 6)])
    assert rows(night.url, "SELECT version FROM visit") == before
    assert len(rows(night.url, "SELECT id FROM check_in WHERE visit IS NOT NULL")) == 1
    assert [seq for (seq,) in rows(night.url, "SELECT seq FROM door_inbox WHERE problem IS NOT NULL")] == [1]
