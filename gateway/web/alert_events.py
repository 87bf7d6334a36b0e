"""Feed rows as events of a live connection, encoded once for all desks: in a storm twenty desks read the same rows."""

from typing import Final

from pydantic import BaseModel

from gateway.intake.registry import Registry
from gateway.ports.desk import Numbered
from gateway.web.schemas import alert_view
from homecare.identity import AlertId

KEPT: Final = 1_000
"""Events, about a kilobyte each: as many as may wait for one desk."""


class AlertEvents:
    """The newest events as they were encoded first."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._kept: dict[tuple[int, AlertId, int], bytes] = {}

    def of(self, row: Numbered) -> bytes:
        """The event `alert` (an `AlertView`) of a row. A number alone is no name: a restored backup gives it again."""
        key = (row.number, row.view.alert.id, row.view.alert.version)
        event = self._kept.get(key)
        if event is None:
            event = encoded("alert", alert_view(row.view, self._registry), row.number)
            if len(self._kept) >= KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = event
        return event


def encoded(name: str, data: BaseModel, number: int | None = None) -> bytes:
    """One server-sent event; `number` is the position that its reader has reached with it."""
    identity = "" if number is None else f"id: {number}\n"
    return f"event: {name}\n{identity}data: {data.model_dump_json(by_alias=True)}\n\n".encode()
