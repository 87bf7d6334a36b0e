"""The lists beside a desk's live alarms: those that the subject may see."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import Request
from pydantic import BaseModel

from gateway.model.authorisation import NotAllowed, Subject
from gateway.web.live_list import LiveList
from gateway.web.no_entries_live import NoEntryWatch
from gateway.web.openings_live import OpeningWatch
from gateway.web.services import Services

KINDS: Final = (NoEntryWatch, OpeningWatch)


class Lists:
    """Of one live connection; none before `watch`."""

    def __init__(self) -> None:
        self._lists: list[LiveList[Any]] = []

    def watch(self, behind: Services, request: Request, subject: Subject) -> None:
        """Begin with those that the subject may see; `Unavailable` where it is full."""
        for kind in KINDS:
            try:
                self._lists.append(kind(behind, request, subject))
            except NotAllowed:
                continue

    def news(self) -> Iterator[tuple[str, BaseModel]]:
        """The name and content of each that changed, at once."""
        for one in self._lists:
            news = one.news()
            if news is not None:
                yield one.event, news

    def close(self) -> None:
        """The connection is over."""
        for one in self._lists:
            one.close()
