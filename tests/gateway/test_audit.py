"""The audit: chained in the database, added to only, and every kind of tampering found where it stands."""

import asyncio
import contextlib
import subprocess
import sys

import psycopg
import pytest

from gateway.adapters.postgres.audit import Deed, append
from gateway.adapters.postgres.connections import Connections
from gateway.audit_check import verify
from gateway.embedded import PrivateDatabase
from gateway.model.audit import Head
from tests.ports import new_port
from tests.servers import ROOT

AT = 1_790_000_000_000_001
COUNT = 12


def deed(number: int) -> Deed:
    return Deed(
        at=AT + number,
        person="person-demo-care-01",
        action="door.unlock",
        subject=f"command-{number:08d}",
        result="allowed" if number % 2 else "denied",
        home="home-00000001",
        purpose=None if number % 3 else "visit-00000001",
        reason="Å:1-\x01" if number % 5 else None,
    )


async def write(url: str, count: int, *, at_once: int = 1) -> None:
    connections = Connections(url, name="test-audit", size=at_once, lock_ms=10_000)

    async def one(number: int) -> None:
        async with connections.transaction() as cursor:
            await append(cursor, deed(number))

    for first in range(0, count, at_once):
        await asyncio.gather(*(one(number) for number in range(first, min(first + at_once, count))))
    await connections.close()


def tamper(url: str, *statements: str) -> None:
    """What somebody who owns the database can do: switch the triggers off first."""
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE audit DISABLE TRIGGER USER")
        for statement in statements:
            connection.execute(statement)
        connection.execute("ALTER TABLE audit ENABLE TRIGGER USER")


@pytest.mark.asyncio
async def test_a_chain_written_by_many_at_once_holds(database_url: str) -> None:
    assert verify(database_url) == (Head(), None)
    await write(database_url, 60, at_once=6)
    head, broken = verify(database_url)
    assert (head.number, broken) == (60, None)


@pytest.mark.asyncio
async def test_what_is_rolled_back_leaves_no_gap(database_url: str) -> None:
    connections = Connections(database_url, name="test-audit", size=1, lock_ms=1_000)
    with contextlib.suppress(ZeroDivisionError):
        async with connections.transaction() as cursor:
            await append(cursor, deed(1))
            raise ZeroDivisionError
    await connections.close()
    assert verify(database_url)[0].number == 0
    await write(database_url, 2)
    assert verify(database_url)[0].number == 2


@pytest.mark.parametrize("statement", ["UPDATE audit SET result = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
@pytest.mark.asyncio
async def test_nobody_changes_or_deletes(database_url: str, statement: str) -> None:
    await write(database_url, 2)
    with (
        psycopg.connect(database_url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="only ever added to"),
    ):
        connection.execute(statement)
    assert verify(database_url)[0].number == 2


def test_whoever_inserts_cannot_choose_number_or_digest(database_url: str) -> None:
    row = "(7, now(), 'person-00000001', 'door.unlock', 'command-00000001', 'allowed', '\\x00', '\\x00')"
    with psycopg.connect(database_url) as connection:
        connection.execute(
            f"INSERT INTO audit (number, at, person, action, subject, result, previous, digest) VALUES {row}"
        )
    head, broken = verify(database_url)
    assert (head.number, broken) == (1, None)


FIELDS = {
    "at": "at + interval '1 microsecond'",
    "person": "'person-demo-care-02'",
    "action": "'door.lock'",
    "subject": "subject || '0'",
    "home": "NULL",
    "purpose": "'-'",
    "result": "'done'",
    "reason": "'1:1-'",
    "previous": "set_byte(previous, 31, get_byte(previous, 31) # 1)",
    "digest": "set_byte(digest, 0, get_byte(digest, 0) # 128)",
}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.asyncio
async def test_a_changed_field_is_found_where_it_stands(database_url: str, field: str) -> None:
    await write(database_url, COUNT)
    tamper(database_url, f"UPDATE audit SET {field} = {FIELDS[field]} WHERE number = 7")
    head, broken = verify(database_url)
    assert broken is not None
    assert (head.number, broken.number) == (6, 7)


COPIED = "at, person, action, subject, home, purpose, result, reason, digest, digest"


@pytest.mark.parametrize(
    ("statements", "at"),
    [
        pytest.param(["DELETE FROM audit WHERE number = 7"], 7, id="one-taken-out"),
        pytest.param(["DELETE FROM audit WHERE number > 9"], 10, id="the-end-cut-off"),
        pytest.param(["DELETE FROM audit"], 1, id="all"),
        pytest.param(
            [
                "UPDATE audit SET number = 100 WHERE number = 7",
                "UPDATE audit SET number = 7 WHERE number = 8",
                "UPDATE audit SET number = 8 WHERE number = 100",
            ],
            7,
            id="two-exchanged",
        ),
        pytest.param(
            [
                "UPDATE audit SET number = number + 1000 WHERE number > 7",
                f"INSERT INTO audit SELECT 8, {COPIED} FROM audit WHERE number = 7",
                "UPDATE audit SET number = number - 999 WHERE number > 1000",
            ],
            8,
            id="one-put-in",
        ),
    ],
)
@pytest.mark.asyncio
async def test_entries_taken_out_put_in_or_exchanged_are_found(
    database_url: str, statements: list[str], at: int
) -> None:
    await write(database_url, COUNT)
    tamper(database_url, *statements)
    broken = verify(database_url)[1]
    assert broken is not None
    assert broken.number == at


REWRITTEN = """
DO $$
DECLARE
    one audit;
BEGIN
    CREATE TEMP TABLE kept AS SELECT * FROM audit ORDER BY number;
    DELETE FROM audit;
    UPDATE audit_head SET number = 0, digest = decode(repeat('00', 32), 'hex');
    ALTER TABLE audit ENABLE TRIGGER USER;
    FOR one IN SELECT * FROM kept ORDER BY number LOOP
        IF one.number = 7 THEN one.result := 'forged'; END IF;
        INSERT INTO audit SELECT one.*;
    END LOOP;
END $$
"""


@pytest.mark.asyncio
async def test_only_a_head_that_was_written_down_finds_a_chain_made_anew(database_url: str) -> None:
    await write(database_url, COUNT)
    honest, _ = verify(database_url)
    tamper(database_url, REWRITTEN)
    assert verify(database_url)[1] is None
    broken = verify(database_url, [honest])[1]
    assert broken is not None
    assert broken.number == COUNT
    tamper(
        database_url, "DELETE FROM audit", "UPDATE audit_head SET number = 0, digest = decode(repeat('00',32),'hex')"
    )
    assert verify(database_url, [honest])[1] is not None


@pytest.mark.parametrize(
    ("prepare", "arguments", "code", "says"),
    [
        pytest.param(None, [], 0, "12 entries", id="holds"),
        pytest.param("UPDATE audit SET person = 'x' WHERE number = 3", [], 1, "BROKEN at entry 3", id="breaks"),
        pytest.param(None, ["--expect", "3:ff"], 2, "64 hex digits", id="misread"),
        pytest.param(None, ["--expect", "3:" + "f" * 64], 1, "BROKEN at entry 3", id="another-head"),
    ],
)
@pytest.mark.asyncio
async def test_the_command_says_where_it_breaks(
    database_url: str, prepare: str | None, arguments: list[str], code: int, says: str
) -> None:
    await write(database_url, COUNT)
    if prepare is not None:
        tamper(database_url, prepare)
    done = command(database_url, *arguments)
    assert done.returncode == code, done.stderr
    assert says in done.stdout + done.stderr


def command(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = "from gateway.audit_check import main; main()"
    started = [sys.executable, "-c", script, "--database", url, *arguments]
    return subprocess.run(started, cwd=ROOT, capture_output=True, text=True, check=False)


def test_what_cannot_be_read_is_said_in_one_sentence(database_server: PrivateDatabase) -> None:
    """Red where an error of the database goes through as it is: a traceback, and 1, which means a broken chain."""
    elsewhere = f"{database_server.url.rsplit('/', 1)[0]}/postgres"
    nowhere = f"postgresql://vaka:secret@127.0.0.1:{new_port()}/vaka"
    for url, says in (
        (elsewhere, "there is none in this database"),
        (nowhere, "is the database up"),
        ("x", "is the database up"),
    ):
        done = command(url)
        assert done.returncode == 2, done.stderr
        assert says in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert "secret" not in done.stderr
