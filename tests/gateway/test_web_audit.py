"""The audit on a screen: for administrators, of their own unit's homes, newest first, and the look leaves a trace."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.embedded import PrivateBroker, PrivateDatabase
from gateway.model.authorisation import Role
from gateway.web.audit import ENTRIES_MOST
from tests.gateway.enrolled import household
from tests.gateway.serving import Serving, assert_problem, serve
from tests.gateway.signed import FIRST, SECOND, enrol_everybody, in_unit, person, sign_in

OURS = (household(81), household(82))
THEIRS = in_unit(household(83), SECOND, "Unit two")
AUDIT = "/api/v1/audit"
WRITE = """
INSERT INTO audit (at, person, action, subject, home, result, reason)
SELECT timestamptz '2026-11-22T04:00:00Z' + interval '1 minute' * n, 'person-care-0001', 'door.unlock', 'command-' || n,
       (%s::text[])[n %% 3 + 1], 'denied', 'too_far' FROM generate_series(1, 30) AS n ORDER BY n RETURNING number
"""


@pytest.fixture(scope="module")
def serving(
    database_server: PrivateDatabase,
    migrated_template: str,
    broker: PrivateBroker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Serving]:
    data: Path = tmp_path_factory.mktemp("web_audit")
    for serving in serve(database_server, migrated_template, broker, data, (*OURS, THEIRS)):
        enrol_everybody(serving.database_url)
        serving.rows(WRITE, [OURS[0].home, OURS[1].home, THEIRS.home])
        yield serving


@pytest.fixture
def administrator(serving: Serving) -> Iterator[httpx.Client]:
    with sign_in(serving.url, serving.database_url, person(Role.ADMINISTRATOR)) as client:
        yield client


def test_an_administrator_reads_the_own_units_entries_newest_first(administrator: httpx.Client) -> None:
    entries = administrator.get(AUDIT).json()
    assert [one["number"] for one in entries] == [n for n in range(30, 0, -1) if n % 3 != 2]
    assert entries[0] | {"digest": ""} == {
        "number": 30,
        "at": "2026-11-22T04:30:00.000000Z",
        "person": "person-care-0001",
        "action": "door.unlock",
        "subject": "command-30",
        "home": OURS[0].home,
        "purpose": None,
        "result": "denied",
        "reason": "too_far",
        "digest": "",
    }
    assert len(bytes.fromhex(entries[0]["digest"])) == 32


def test_it_is_narrowed_by_home_and_time_and_bounded(administrator: httpx.Client) -> None:
    of_home = administrator.get(AUDIT, params={"home": OURS[1].home}).json()
    assert {one["home"] for one in of_home} == {OURS[1].home}
    late = administrator.get(AUDIT, params={"from": "2026-11-22T04:28:00Z"}).json()
    assert [one["number"] for one in late] == [30, 28]
    assert [one["number"] for one in administrator.get(AUDIT, params={"limit": 1}).json()] == [30]
    for wrong in ({"limit": ENTRIES_MOST + 1}, {"limit": 0}, {"from": "yesterday"}, {"home": "../x"}):
        assert_problem(administrator.get(AUDIT, params=wrong), 422, "malformed")


def test_looking_leaves_a_row_for_every_home_shown(serving: Serving, administrator: httpx.Client) -> None:
    serving.rows("DELETE FROM read_log RETURNING home")
    administrator.get(AUDIT)
    administrator.get(AUDIT, params={"home": OURS[1].home, "from": "2030-01-01T00:00:00Z"})
    by = person(Role.ADMINISTRATOR).id
    assert serving.rows("SELECT person, what, home, count(*) FROM read_log GROUP BY 1, 2, 3 ORDER BY home") == [
        (by, "audit", OURS[0].home, 1),
        (by, "audit", OURS[1].home, 2),
    ]


def test_another_units_home_does_not_exist_and_no_other_role_reads_it(
    serving: Serving, administrator: httpx.Client
) -> None:
    theirs, none = (administrator.get(AUDIT, params={"home": home}) for home in (THEIRS.home, "home-0000000000"))
    assert_problem(theirs, 404, "unknown")
    assert theirs.text == none.text
    for role in set(Role) - {Role.ADMINISTRATOR}:
        with sign_in(serving.url, serving.database_url, person(role, FIRST)) as client:
            for asked in ({}, {"home": OURS[0].home}):
                assert_problem(client.get(AUDIT, params=asked), 403, "refused")
    with serving.client() as token:
        assert_problem(token.get(AUDIT), 403, "refused")
