"""A caregiver who answers what was sent to her, as the phone and the door would."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from gateway.adapters.postgres.case import PostgresCases
from gateway.adapters.postgres.connections import Connections
from gateway.ports.desk import Read
from homecare.answering import Answer
from homecare.clock import SystemClock
from tests.waiting import SECONDS


class Responder:
    """Answers the newest alert that is sent to `person`, when it is."""

    def __init__(self, database_url: str, person: str) -> None:
        self._url = database_url
        self._person = person

    def answers(self, what: Answer, text: str = "") -> None:
        """One answer, recorded when this returns; the desks hear of it over their feed."""
        with ThreadPoolExecutor(1) as thread:  # the browser's driver keeps this thread's loop for itself
            thread.submit(lambda: asyncio.run(self._answer(what, text))).result()

    async def _answer(self, what: Answer, text: str) -> None:
        connections = Connections(self._url, name="test-responder", size=1, lock_ms=1_000)
        try:
            cases = PostgresCases(connections)
            reading, now = Read(person=self._person, what="test", within=None), SystemClock().now().wall
            async with asyncio.timeout(SECONDS):
                while not (sent := await cases.sent_to(self._person, now, reading)):  # noqa: ASYNC110 why: no event says so
                    await asyncio.sleep(0.02)
            at = SystemClock().now().wall
            await cases.answer(sent[0].alert.id, what, person=self._person, at=at, text=text)
        finally:
            await connections.close()
