"""The router really cuts: open connections end, new ones are refused, and it heals."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from simulator.router import LOOPBACK, Router

PATIENCE = 30.0


@pytest_asyncio.fixture
async def router() -> AsyncIterator[Router]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, LOOPBACK, 0)
    router = Router(LOOPBACK, server.sockets[0].getsockname()[1])
    await router.start()
    yield router
    await router.stop()
    server.close()


class Call:
    """One connection through the router."""

    async def __aenter__(self) -> "Call":
        return self

    async def open(self, router: Router) -> "Call":
        self.reader, self.writer = await asyncio.open_connection(LOOPBACK, router.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.transport.abort()

    async def says(self, text: bytes) -> bytes:
        self.writer.write(text)
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read(100)


@pytest.mark.asyncio
async def test_it_relays(router: Router) -> None:
    async with await Call().open(router) as call:
        assert await call.says(b"hello") == b"hello"


@pytest.mark.asyncio
async def test_a_cut_ends_what_is_open_and_refuses_what_is_new(router: Router) -> None:
    async with await Call().open(router) as call:
        await call.says(b"hello")
        await router.cut()
        with pytest.raises(ConnectionError):
            await call.reader.read()
    with pytest.raises(ConnectionRefusedError):
        await Call().open(router)
    await router.heal()
    async with await Call().open(router) as call:
        assert await call.says(b"again") == b"again"


@pytest.mark.asyncio
async def test_a_cut_for_a_time_heals_by_itself(router: Router) -> None:
    port = router.port
    await router.cut(0.1)
    async with asyncio.timeout(PATIENCE):
        while router.is_cut:  # noqa: ASYNC110 - a line has no bell
            await asyncio.sleep(0.01)
    assert router.port == port
    async with await Call().open(router) as call:
        assert await call.says(b"again") == b"again"
