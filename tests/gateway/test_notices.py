"""A notification ends a wait, whatever its connection does when it comes: a press must not wait for the next poll."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from psycopg import AsyncConnection

from gateway.adapters.postgres.notices import Notices
from gateway.adapters.postgres.pool import connect
from tests.waiting import SECONDS, until

LOCK = "SELECT pg_advisory_lock(7)"
UNLOCK = "SELECT pg_advisory_unlock(7)"
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'test-notices' AND wait_event = 'advisory'"
SHORT = 0.2
LONG = 4 * SECONDS


@pytest_asyncio.fixture
async def connection(database_url: str) -> AsyncIterator[AsyncConnection[Any]]:
    connection = await connect(database_url, name="test-notices", autocommit=True)
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def notices(connection: AsyncConnection[Any]) -> Notices:
    notices = Notices()
    notices.follow(connection)
    await connection.execute("LISTEN told")
    return notices


@pytest.mark.asyncio
async def test_one_that_comes_with_an_answer_ends_the_next_wait(
    notices: Notices, connection: AsyncConnection[Any], database_url: str
) -> None:
    """Red where only a readable line ends the wait: the answer has been read, and the notification with it."""
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute(LOCK)
        asked = asyncio.create_task(connection.execute(LOCK))
        await until(lambda: other.execute(WAITS).fetchone() == (1,))
        other.execute("NOTIFY told")
        other.execute(UNLOCK)
    async with asyncio.timeout(SECONDS):
        await asked
        await notices.wait(connection, LONG)


@pytest.mark.asyncio
async def test_one_ends_one_wait(notices: Notices, connection: AsyncConnection[Any], database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("NOTIFY told")
    async with asyncio.timeout(SECONDS):
        await notices.wait(connection, LONG)
    await connection.execute("SELECT 1")
    began = asyncio.get_running_loop().time()
    await notices.wait(connection, SHORT)
    assert asyncio.get_running_loop().time() - began >= SHORT * 0.9


@pytest.mark.asyncio
async def test_a_line_that_breaks_ends_the_wait(
    notices: Notices, connection: AsyncConnection[Any], database_url: str
) -> None:
    waiting = asyncio.create_task(notices.wait(connection, LONG))
    await asyncio.sleep(0)
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'test-notices'")
    async with asyncio.timeout(SECONDS):
        await waiting
    with pytest.raises(psycopg.OperationalError):
        await connection.execute("SELECT 1")


@pytest.mark.asyncio
async def test_a_kick_ends_the_wait_with_or_without_a_connection(notices: Notices) -> None:
    notices.kick()
    async with asyncio.timeout(SECONDS):
        await notices.wait(None, LONG)
        waiting = asyncio.create_task(notices.wait(None, LONG))
        await asyncio.sleep(0)
        notices.kick()
        await waiting
