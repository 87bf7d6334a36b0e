"""Presses through the alarm process on a real database and broker: none lost, none doubled, none made up."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from gateway.embedded import PrivateBroker
from homecare.envelope import encode_envelope
from homecare.event import HelpCalled, Stream
from homecare.wire import facts_body, pack
from tests.asking import rows
from tests.gateway.enrolled import household
from tests.gateway.running import Speaker, running
from tests.scenarios.edge import on_line, real_edge
from tests.scenarios.ledger import Ledger, fact_name
from tests.scenarios.severing import sever_at, severed
from tests.waiting import until

ASK_SECONDS = 20.0
"""Above the edge's first two waits before it sends an alarm again, on a machine that does much else."""
CALLS = """
SELECT e.counter FROM occurrence AS o JOIN event AS e USING (edge, epoch, stream, seq) JOIN alert AS a ON a.id = o.alert
WHERE a.condition = 'help_call' AND e.counter IS NOT NULL
"""


def presses(url: str) -> list[int]:
    """Marks of the presses that the desk was told."""
    return [mark for (mark,) in rows(url, CALLS)]


async def in_time(condition: Callable[[], object], seconds: float = ASK_SECONDS) -> None:
    """Wait; what does not happen in time is judged by the ledger, not by the clock."""
    with contextlib.suppress(TimeoutError):
        await until(condition, seconds=seconds)


@pytest.mark.asyncio
async def test_a_receipt_comes_after_the_commit(database_url: str, broker: PrivateBroker, tmp_path: Path) -> None:
    """The database dies in every transaction; whatever the edge ever believed to be durable must be there."""
    house, ledger = household(91), Ledger()
    edge = real_edge(house, tmp_path, ledger)
    sever_at(database_url, "occurrence", times=1_000)  # the press's own: chunks of `event` are opened ahead
    async with running(database_url, broker.url, tmp_path / "gateway", house), on_line(edge, broker.url):
        edge.press()
        await until(lambda: severed(database_url) >= 3)
    believed = edge.kept(edge.journal.epoch, Stream.ALARM, through=edge.believed.get(Stream.ALARM, 0))
    ledger.nothing_lost(presses(database_url), of=believed, why="receipted, and in no database")
    edge.journal.close()


@pytest.mark.asyncio
async def test_a_press_after_a_crash_is_another_press(database_url: str, broker: PrivateBroker, tmp_path: Path) -> None:
    """A press is sent before the disk has it, the power goes, and after it somebody presses again."""
    house, ledger = household(92), Ledger()
    edge = real_edge(house, tmp_path, ledger)
    async with running(database_url, broker.url, tmp_path / "gateway", house):
        async with on_line(edge, broker.url):
            edge.press(journaled=False)
            await until(lambda: presses(database_url))
        edge.crash()
        async with on_line(edge, broker.url):
            edge.press()
            await in_time(lambda: len(presses(database_url)) == 2)
    ledger.agrees(presses(database_url), why="pressed after a crash, and taken for the press before it")
    edge.journal.close()


@pytest.mark.asyncio
async def test_a_later_press_does_not_vouch_for_an_earlier_one(
    database_url: str, broker: PrivateBroker, tmp_path: Path
) -> None:
    """The first press is lost on its way and the second one arrives."""
    house, ledger = household(99), Ledger()
    edge = real_edge(house, tmp_path, ledger)
    async with running(database_url, broker.url, tmp_path / "gateway", house), on_line(edge, broker.url):
        edge.press()
        edge.out.clear()
        edge.press()
        await in_time(lambda: edge.receipted(Stream.ALARM) == 2)
    ledger.agrees(presses(database_url), why="a later press was receipted and this one with it")
    edge.journal.close()


@pytest.mark.asyncio
async def test_nobody_but_the_edge_presses(database_url: str, broker: PrivateBroker, tmp_path: Path) -> None:
    """Somebody at the broker knows the frame and the edge's id, and has no key."""
    house = household(93)
    envelope = house.envelope(HelpCalled(), position=1)
    frame = pack(house.header(Stream.ALARM, first=1, count=1), facts_body([encode_envelope(envelope)]), bytes(32))
    async with running(database_url, broker.url, tmp_path, house), Speaker(house, broker.url) as liar:
        liar.say("alarm", frame)
        decided = "SELECT 1 FROM quarantine UNION ALL SELECT 1 FROM event"
        await until(lambda: rows(database_url, decided))
    made_up = [fact_name(*fact) for fact in rows(database_url, "SELECT edge, epoch, stream, seq FROM event")]
    assert not made_up, f"forged: {', '.join(made_up)}: nobody who has the edge's key said it"


@pytest.mark.asyncio
async def test_an_edge_speaks_for_its_own_home_only(database_url: str, broker: PrivateBroker, tmp_path: Path) -> None:
    """An edge that was taken over presses for another family's home."""
    house, other = household(94), household(95)
    envelope = other.envelope(HelpCalled(), position=1)
    async with running(database_url, broker.url, tmp_path, house, other), Speaker(house, broker.url) as liar:
        liar.say("alarm", house.frame(1, [envelope]))
        await liar.receipted(1)
    called = rows(database_url, "SELECT home FROM alert WHERE condition = 'help_call'")
    fact = fact_name(house.edge, house.epoch, Stream.ALARM, 1)
    assert not called, f"forged: {fact}: called for help in a home in which its edge does not stand"


@pytest.mark.asyncio
async def test_another_content_under_a_known_identity_is_told(
    database_url: str, broker: PrivateBroker, tmp_path: Path
) -> None:
    """A cloned card speaks under an identity that was used: whatever it said is at least known to be missing."""
    house = household(96)
    async with running(database_url, broker.url, tmp_path, house), Speaker(house, broker.url) as edge:
        edge.press(1)
        await edge.receipted(1)
        edge.press(1, HelpCalled(presses=3))
        await edge.receipted(1, count=2)
    told = rows(database_url, "SELECT 1 FROM alert WHERE condition = 'equivocation'")
    fact = fact_name(house.edge, house.epoch, Stream.ALARM, 1)
    assert told, f"lost: {fact}: its second content, three presses, vanished without a word"


@pytest.mark.asyncio
async def test_what_a_restored_backup_forgot_comes_again(
    database_url: str, broker: PrivateBroker, tmp_path: Path
) -> None:
    """The gateway's database is set back to before the presses; the edge thinks that all is well."""
    house, ledger = household(97), Ledger()
    edge = real_edge(house, tmp_path, ledger)
    async with running(database_url, broker.url, tmp_path / "gateway", house), on_line(edge, broker.url):
        for _ in range(3):
            edge.press()
        await until(lambda: edge.receipted(Stream.ALARM) == 3)
        forget(database_url)
        edge.beat()
        await in_time(lambda: len(presses(database_url)) == 3)
    ledger.agrees(presses(database_url), why="receipted once, forgotten by a restored backup, not sent again")
    edge.journal.close()


@pytest.mark.asyncio
async def test_what_comes_again_is_receipted_again(database_url: str, broker: PrivateBroker, tmp_path: Path) -> None:
    """The receipt was lost on its way; the edge asks by sending again, and its heartbeats get lost too."""
    house, ledger = household(98), Ledger()
    edge = real_edge(house, tmp_path, ledger)
    async with running(database_url, broker.url, tmp_path / "gateway", house):
        edge.connected()
        edge.out.clear()
        edge.press()
        async with Speaker(house, broker.url) as speaker:
            [press] = edge.out
            speaker.say("alarm", press.frame)
            await speaker.receipted(1)
            speaker.say("alarm", press.frame)
            await in_time(lambda: len(speaker.receipts) >= 2)
            again = [receipt.durable for _, receipt in speaker.receipts[1:]]
    known = edge.kept(edge.journal.epoch, Stream.ALARM, through=max(again, default=0))
    ledger.nothing_lost(known, why="durable, and the edge that lost the receipt never hears of it")
    edge.journal.close()


def forget(url: str) -> None:
    """Set the database back to before anything was recorded, as a restored backup does."""
    with psycopg.connect(url) as connection:
        tables = "cursor, ledger, event, occurrence, alert, alert_log, outbox, inbox"
        for table in tables.split(", "):
            connection.execute(f"DELETE FROM {table}")
