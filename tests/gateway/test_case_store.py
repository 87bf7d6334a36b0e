"""Cases on a real database: one winner, answers that come twice, instructions, and who may be sent."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
import pytest_asyncio

from gateway.adapters.postgres.alarm_intake import LOCK_MS, PostgresAlarms
from gateway.adapters.postgres.case import PostgresCases, answer_at_home, enrol_instructions
from gateway.adapters.postgres.connections import Connections
from gateway.adapters.postgres.desk_views import PostgresDesk
from gateway.adapters.postgres.registry import enrol
from gateway.adapters.postgres.rows import from_wall
from gateway.alarms.case import act_on, require_addressee
from gateway.model.authorisation import Role
from gateway.ports.case import Instruction
from gateway.ports.desk import AlertView, Read
from homecare.alert import Action, Said
from homecare.answering import Answer
from homecare.case import ResponseStanding
from homecare.errors import Conflict, Refused, Unavailable
from homecare.grant_sources import LOCK_AFTER, CaseFacts
from homecare.identity import AlertId
from tests.asking import rows
from tests.gateway.alarms import judged
from tests.gateway.enrolled import NOW, household
from tests.gateway.signed import SECOND, enrol_everybody, in_unit, person

HOUSE = household(1)
READ = Read(person="Test", what="test", within=None)
DESK, CARER = person(Role.OPERATOR).id, person(Role.CAREGIVER).id
ROUNDS = [pytest.param(40, id="short"), pytest.param(1_000, id="long", marks=pytest.mark.long)]


@pytest_asyncio.fixture
async def connections(database_url: str) -> AsyncIterator[Connections]:
    enrol(database_url, HOUSE.registration)
    enrol(database_url, in_unit(household(2), SECOND, "Second unit").registration)
    enrol_everybody(database_url)
    connections = Connections(database_url, name="test-case", size=8, lock_ms=LOCK_MS * 40)
    yield connections
    await connections.close()


@pytest_asyncio.fixture
async def desk(connections: Connections) -> PostgresDesk:
    return PostgresDesk(connections)


@pytest_asyncio.fixture
async def cases(connections: Connections) -> PostgresCases:
    return PostgresCases(connections)


@pytest_asyncio.fixture
async def raised(connections: Connections) -> AlertId:
    taken = await PostgresAlarms(connections).take(judged(HOUSE, 1), NOW)
    return taken.alerts[0].id


async def send(desk: PostgresDesk, alert: AlertId, *, version: int = 1, to: str = CARER) -> AlertView:
    return await act_on(desk, alert, Action.SEND, person=DESK, version=version, at=NOW, said=Said(to=to))


@pytest.mark.asyncio
@pytest.mark.parametrize("count", ROUNDS)
async def test_of_50_who_take_at_once_one_has_it_and_the_others_are_told_who(
    desk: PostgresDesk, connections: Connections, database_url: str, count: int
) -> None:
    alarms = PostgresAlarms(connections)
    for seq in range(1, count + 1):
        [alert] = (await alarms.take(judged(HOUSE, seq), NOW)).alerts
        takes = [
            act_on(desk, alert.id, Action.TAKE, person=f"Operator {number}", version=alert.version, at=NOW)
            for number in range(50)
        ]
        outcomes = await asyncio.gather(*takes, return_exceptions=True)
        [won] = [outcome for outcome in outcomes if isinstance(outcome, AlertView)]
        assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 49
        told = await desk.view(alert.id, READ)
        assert told.alert.claimed_by == won.alert.claimed_by
        closing = Said(reason="klart")
        at_version = won.alert.version
        await act_on(
            desk, alert.id, Action.RESOLVE, person=won.alert.claimed_by or "", version=at_version, at=NOW, said=closing
        )
    claimed = rows(database_url, "SELECT count(*), count(DISTINCT alert) FROM alert_log WHERE transition = 'claimed'")
    assert claimed == [(count, count)]


@pytest.mark.asyncio
async def test_a_case_is_logged_step_by_step_with_pseudonyms(
    desk: PostgresDesk, cases: PostgresCases, raised: AlertId, database_url: str
) -> None:
    await send(desk, raised)
    for what in (Answer.ACCEPT, Answer.ON_SITE, Answer.LEFT, Answer.OUTCOME):
        for _ in range(2):
            view = await cases.answer(raised, what, person=CARER, at=NOW, text="Hjälpte henne upp.")
    assert view.alert.case.response is not None
    log = rows(database_url, "SELECT transition, person, detail FROM alert_log ORDER BY version")
    assert log[1:] == [
        ("sent", DESK, {"to": CARER}),
        ("accepted", CARER, None),
        ("on_site", CARER, None),
        ("left", CARER, None),
        ("outcome", CARER, {"text": "Hjälpte henne upp."}),
    ]
    assert rows(database_url, "SELECT count(*) FROM feed") == [(6,)], "a repeated answer told nobody anything"
    looked = rows(database_url, "SELECT DISTINCT what FROM read_log WHERE person = %s ORDER BY what", CARER)
    assert looked == [("alert.accept",), ("alert.left",), ("alert.on_site",), ("alert.outcome",)]


@pytest.mark.asyncio
async def test_answers_of_a_whole_night_in_parallel_are_each_once(
    desk: PostgresDesk, cases: PostgresCases, raised: AlertId, database_url: str
) -> None:
    await send(desk, raised)
    answers = [cases.answer(raised, Answer.ACCEPT, person=CARER, at=NOW + number) for number in range(20)]
    outcomes = await asyncio.gather(*answers, return_exceptions=True)
    assert not [one for one in outcomes if not isinstance(one, AlertView | Unavailable)]
    assert rows(database_url, "SELECT count(*) FROM alert_log WHERE transition = 'accepted'") == [(1,)]


@pytest.mark.asyncio
async def test_what_is_sent_to_somebody_is_on_that_phone_until_it_is_declined_or_closed(
    desk: PostgresDesk, cases: PostgresCases, raised: AlertId, database_url: str
) -> None:
    assert await cases.sent_to(CARER, NOW, READ) == ()
    await send(desk, raised)
    [view] = await cases.sent_to(CARER, NOW, Read(person=CARER, what="today", within=None))
    assert view.alert.id == raised
    assert rows(database_url, "SELECT home FROM read_log WHERE person = %s AND what = 'today'", CARER) == [
        (HOUSE.home,)
    ]
    await cases.answer(raised, Answer.DECLINE, person=CARER, at=NOW)
    assert await cases.sent_to(CARER, NOW, READ) == ()
    with pytest.raises(Conflict):
        await cases.answer(raised, Answer.ACCEPT, person=DESK, at=NOW)


@pytest.mark.asyncio
async def test_the_door_stamps_on_site_in_its_own_transaction(
    desk: PostgresDesk, cases: PostgresCases, raised: AlertId, connections: Connections, database_url: str
) -> None:
    await send(desk, raised)
    await cases.answer(raised, Answer.ACCEPT, person=CARER, at=NOW)
    async with connections.transaction() as cursor:
        [changed] = await answer_at_home(cursor, HOUSE.home, Answer.ON_SITE, person=CARER, at=NOW + 5)
        assert changed.case.inside
        assert await answer_at_home(cursor, HOUSE.home, Answer.ON_SITE, person=CARER, at=NOW + 6) == []
        assert await answer_at_home(cursor, HOUSE.home, Answer.ON_SITE, person=DESK, at=NOW + 6) == []
        assert await answer_at_home(cursor, household(2).home, Answer.ON_SITE, person=CARER, at=NOW + 6) == []
    assert rows(database_url, "SELECT transition FROM alert_log ORDER BY version DESC LIMIT 1") == [("on_site",)]
    over = Said(reason="klart", confirm=True)
    version = changed.version
    await act_on(desk, raised, Action.RESOLVE, person=DESK, version=version, at=NOW + 9, said=over)
    inside = "SELECT home, since = %s, until = %s, seen FROM staff_inbox ORDER BY id"
    came, gone = from_wall(NOW + 5), from_wall(NOW + 9)
    with psycopg.connect(database_url) as connection:
        told = connection.execute(inside, (came, gone)).fetchall()
    assert told == [(HOUSE.home, True, None, False), (HOUSE.home, True, True, False)], "the rules hear of it"


@pytest.mark.asyncio
async def test_what_a_grant_rests_on_follows_the_case(
    desk: PostgresDesk, cases: PostgresCases, raised: AlertId
) -> None:
    def facts(accepted_at: int | None, *, closed_at: int | None = None) -> tuple[CaseFacts, ...]:
        return (CaseFacts(alert=raised, person=CARER, home=HOUSE.home, accepted_at=accepted_at, closed_at=closed_at),)

    assert await cases.case_facts(CARER, NOW) == ()
    await send(desk, raised)
    assert await cases.case_facts(CARER, NOW) == facts(None)
    await cases.answer(raised, Answer.ACCEPT, person=CARER, at=NOW + 1)
    assert await cases.case_facts(CARER, NOW) == facts(NOW + 1)
    await cases.answer(raised, Answer.ON_SITE, person=CARER, at=NOW + 2)
    assert await cases.case_facts(CARER, NOW) == facts(NOW + 1)
    with pytest.raises(Conflict):
        await cases.answer(raised, Answer.DECLINE, person=CARER, at=NOW + 2)
    await cases.answer(raised, Answer.LEFT, person=CARER, at=NOW + 3)
    assert await cases.case_facts(CARER, NOW) == facts(NOW + 1)
    await cases.answer(raised, Answer.DECLINE, person=CARER, at=NOW + 3)
    assert await cases.case_facts(CARER, NOW) == facts(None)
    said = Said(reason="klart")
    await act_on(desk, raised, Action.RESOLVE, person=DESK, version=6, at=NOW + 4, said=said)
    assert await cases.case_facts(CARER, NOW + 5) == facts(None, closed_at=NOW + 4)
    assert await cases.case_facts(CARER, NOW + 5 + LOCK_AFTER) == ()


@pytest.mark.asyncio
async def test_only_people_of_the_units_own_can_be_sent_or_take_over(cases: PostgresCases, raised: AlertId) -> None:
    await require_addressee(cases, raised, Action.SEND, CARER)
    await require_addressee(cases, raised, Action.HAND_OVER, DESK)
    strangers = [person(Role.CAREGIVER, SECOND).id, "person-nobody", DESK]
    for stranger in strangers:
        with pytest.raises(Refused):
            await require_addressee(cases, raised, Action.SEND, stranger)
    with pytest.raises(Refused):
        await require_addressee(cases, raised, Action.HAND_OVER, CARER)
    duty = await cases.on_duty(HOUSE.home, None)
    assert [(one.person, one.role) for one in duty] == [(CARER, Role.CAREGIVER), (DESK, Role.OPERATOR)]


@pytest.mark.asyncio
async def test_an_instruction_is_written_on_the_version_that_was_read_and_open_desks_see_it(
    desk: PostgresDesk, cases: PostgresCases, raised: AlertId, database_url: str
) -> None:
    empty = await cases.instruction(HOUSE.home, READ)
    assert (empty.version, empty.text) == (0, "")
    first = Instruction(home=HOUSE.home, text="Ring dottern först.", call_link="tel:+46812345678")
    written = await cases.instruct(first, person=DESK, at=NOW)
    assert (written.version, written.changed_by, written.changed_at) == (1, DESK, NOW)
    for stale in (0, 2):
        late = Instruction(home=HOUSE.home, text="Annat.", version=stale)
        with pytest.raises(Conflict):
            await cases.instruct(late, person=DESK, at=NOW)
    changed = Instruction(home=HOUSE.home, text="Nyckel hos grannen.", version=1)
    assert (await cases.instruct(changed, person=DESK, at=NOW)).version == 2
    view = await desk.view(raised, READ)
    assert (view.instruction, view.call_link) == ("Nyckel hos grannen.", None)
    assert rows(database_url, "SELECT text FROM instruction_log ORDER BY version") == [
        ("Ring dottern först.",),
        ("Nyckel hos grannen.",),
    ]
    assert rows(database_url, "SELECT count(*) FROM feed WHERE version = 1") == [(3,)], "the press and two instructions"


@pytest.mark.asyncio
async def test_enrolling_again_leaves_what_somebody_wrote(cases: PostgresCases, database_url: str) -> None:
    enrol_instructions(database_url, [Instruction(home=HOUSE.home, text="Vid enrolering.")])
    await cases.instruct(Instruction(home=HOUSE.home, text="Nytt.", version=1), person=DESK, at=NOW)
    enrol_instructions(database_url, [Instruction(home=HOUSE.home, text="Vid enrolering.")])
    found = await cases.instruction(HOUSE.home, READ)
    assert (found.version, found.text) == (2, "Nytt.")


@pytest.mark.asyncio
async def test_two_who_write_the_first_instruction_at_once_leave_one(cases: PostgresCases) -> None:
    writing = [
        cases.instruct(Instruction(home=HOUSE.home, text=f"Nummer {number}"), person=DESK, at=NOW)
        for number in range(8)
    ]
    outcomes = await asyncio.gather(*writing, return_exceptions=True)
    assert sum(isinstance(one, Instruction) for one in outcomes) == 1
    assert sum(isinstance(one, Conflict) for one in outcomes) == 7


@pytest.mark.asyncio
async def test_somebody_inside_is_not_forgotten_by_a_close(
    desk: PostgresDesk, cases: PostgresCases, raised: AlertId
) -> None:
    await send(desk, raised)
    view = await cases.answer(raised, Answer.ON_SITE, person=CARER, at=NOW)
    version = view.alert.version
    with pytest.raises(Conflict):
        await act_on(desk, raised, Action.RESOLVE, person=DESK, version=version, at=NOW, said=Said(reason="klart"))
    confirmed = Said(reason="klart", confirm=True)
    over = await act_on(desk, raised, Action.RESOLVE, person=DESK, version=version, at=NOW, said=confirmed)
    assert over.alert.case.response is not None
    assert over.alert.case.response.standing is ResponseStanding.ON_SITE
