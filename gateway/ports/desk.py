"""What the desk and its feed need of a store: one method, one transaction.

Every method raises `Unavailable` when the store is away. Times are wall microseconds.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from gateway.model.authorisation import Units
from homecare.alert import Alert, Transition
from homecare.identity import AlertId, DeviceId, EdgeId, HomeId


class AlertView(msgspec.Struct, frozen=True):
    """An alert with what a desk shows beside it. `edge_silent_since` is set while an edge of the home is silent or its
    last one was turned away.

    `instruction` is what is to be done in this home, `call_link` (tel: or sip:) how it is called; None: nobody wrote
    it.
    """

    alert: Alert
    explanation: dict[str, str | int]
    edge_silent_since: int | None
    instruction: str | None = None
    call_link: str | None = None


class Read(msgspec.Struct, frozen=True):
    """Who looks, through which call, and at what: one read log row a home is written with it.

    `person` is the pseudonym of whoever is signed in, or the name that a holder of the token gives. Nothing of another
    unit than `within` is shown: None is every unit, and where nothing is said there is none.
    """

    person: str
    what: str
    within: Units = frozenset()


class Snapshot(msgspec.Struct, frozen=True):
    """Alerts, and the number of the newest feed row that was given before them."""

    number: int
    alerts: tuple[AlertView, ...]


class EdgeSeen(msgspec.Struct, frozen=True):
    """When an edge was last heard, as far as it was written: at most once a minute."""

    edge: EdgeId
    last_seen: int


class Window(msgspec.Struct, frozen=True):
    """A span of wall time."""

    since: int
    until: int


class DayEvent(msgspec.Struct, frozen=True):
    """One event or measured value of a home; `value` is the event's body or the number."""

    at: int
    edge: EdgeId
    device: DeviceId | None
    kind: str
    body: dict[str, object]


class DayFacts(msgspec.Struct, frozen=True):
    """Everything of a home's window that the picture of the day is drawn from, oldest first.

    `began`: since when an edge stands in the home or, where nothing was heard of the home before the window, its first
    fact; None where nothing was ever heard.
    """

    events: tuple[DayEvent, ...]
    alerts: tuple[AlertView, ...]
    began: int | None = None


class StoreState(msgspec.Struct, frozen=True):
    """What stands behind the gateway; `bulk_seconds` since the bulk lane's sessions last did something, None: none."""

    postgresql: str
    timescaledb: str | None
    timescaledb_license: str | None
    bulk_seconds: float | None
    open_alerts: int


class CaseFigures(msgspec.Struct, frozen=True):
    """Doors and cases in the last hour: commands by how they stand, denials by reason, escalations by rung.

    `waiting` messages are still tried for the other system, `given_up` ones were not taken in the last hour.
    """

    commands: dict[str, int] = {}
    denials: dict[str, int] = {}
    escalations: dict[str, int] = {}
    waiting: int = 0
    given_up: int = 0


class Figures(msgspec.Struct, frozen=True):
    """What other processes wrote down for whoever supervises.

    `bulk`: each bulk process's series by full name, counters ending in `_total`, as of its last sign of life.
    `inbox` alarms wait for the home's state, the oldest for `inbox_seconds`; `faults` are counted by kind.
    """

    bulk: dict[str, dict[str, float]]
    inbox: int
    inbox_seconds: float
    faults: dict[str, int]
    cases: CaseFigures = CaseFigures()


class Numbered(msgspec.Struct, frozen=True):
    """A feed row with its number."""

    number: int
    view: AlertView
    recorded_at: int


class DeskStore(Protocol):
    """What the desk reads and does; every read of homes writes its read log rows in the same transaction."""

    async def alerts(self, state: str, limit: int, read: Read) -> Snapshot:
        """At most `limit` alerts, newest first; `state` is open, resolved or all."""
        ...

    async def change(
        self,
        alert: AlertId,
        decide: Callable[[Alert], Alert],
        transition: Transition,
        *,
        person: str,
        recorded_at: int,
        detail: Mapping[str, object] | None = None,
    ) -> AlertView:
        """Lock the alert, put `decide` of it in its place and log it; what `decide` raises, rolls everything back.

        Nothing is logged where `decide` gives back the alert as it was. `Unknown` if there is no such alert.
        """
        ...

    async def feed_after(self, number: int, limit: int) -> tuple[Numbered, ...]:
        """At most `limit` numbered feed rows above `number`, in order, for a reader that was away."""
        ...

    async def view(self, alert: AlertId, read: Read) -> AlertView:
        """One alert; `Unknown` if there is none."""
        ...

    async def edges_seen(self, homes: Sequence[HomeId], read: Read) -> tuple[EdgeSeen, ...]:
        """When every edge was last heard; `homes` are what the caller is about to show."""
        ...

    async def day(self, home: HomeId, window: Window, read: Read) -> DayFacts:
        """The facts of a home in a window."""
        ...

    async def log_reads(self, homes: Sequence[HomeId], read: Read) -> None:
        """Write one read log row for every home that a live connection has shown."""
        ...

    async def state(self) -> StoreState:
        """Versions and the bulk lane's sign of life."""
        ...

    async def figures(self) -> Figures:
        """What supervisors want to know of the other processes; asked for some times a minute."""
        ...


class FeedStore(Protocol):
    """The feed's rows in the order in which the relay numbered them; one connection of its own."""

    async def number_committed(self) -> int:
        """Give the next numbers to committed rows, if this session is the relay; how many were given."""
        ...

    async def after(self, number: int, limit: int) -> tuple[Numbered, ...]:
        """At most `limit` rows above `number`, in order."""
        ...

    async def newest(self) -> int:
        """The highest number given, 0 for none."""
        ...

    async def trim(self) -> int:
        """Drop rows that are too old to be asked for; how many went."""
        ...

    async def wait(self, seconds: float) -> None:
        """Return when the database says that there may be something new, at the latest after `seconds`."""
        ...

    def kick(self) -> None:
        """End a `wait` at once: a commit happened in this process."""
        ...
