"""What the web speaks to: handed over once, when the application is put together."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Protocol, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from gateway.alarms.feed import Feed
from gateway.doors.access import Access
from gateway.edges.commissioning import Commissioning
from gateway.edges.enrolment import Enrolment
from gateway.health import Health
from gateway.intake.alarm_counts import Counts
from gateway.intake.registry import Registry
from gateway.people.sessions import Sessions
from gateway.people.signing_in import SigningIn
from gateway.ports.audit import AuditStore
from gateway.ports.case import CaseStore
from gateway.ports.desk import DeskStore
from gateway.ports.people import PeopleStore
from gateway.ports.tenancy import Tenancy
from gateway.visits.visit_desk import VisitDesk
from gateway.web.alert_events import AlertEvents
from homecare.clock import Clock


class LettingIn(Protocol):
    """How edges come in and homes come into service, and what a new edge is told."""

    enrolment: Enrolment
    commissioning: Commissioning
    gateway_public_key: str
    edges_url: str


@dataclass(frozen=True)
class Services:
    """The services behind the web. `token` is the installation's own, `static` where the built desk lies.

    `origins` are the addresses of our own pages, the one that people are told first; `demonstration`: people may sign
    in by name alone from this machine.
    """

    store: DeskStore
    feed: Feed
    health: Health
    registry: Registry
    clock: Clock
    counts: Counts
    token: bytes
    broker_address: str
    static: Path
    people: PeopleStore
    cases: CaseStore
    visits: VisitDesk
    identity: LettingIn
    access: Access
    audit: AuditStore
    tenancy: Tenancy
    sessions: Sessions
    signing_in: SigningIn
    origins: tuple[str, ...]
    demonstration: bool
    alert_events: AlertEvents = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "alert_events", AlertEvents(self.registry))


def services_of(connection: HTTPConnection) -> Services:
    """The services of the application that serves this connection."""
    return cast("Services", connection.app.state.services)


Behind = Annotated[Services, Depends(services_of)]
