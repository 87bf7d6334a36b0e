"""What consent and commissioning need of a store."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from homecare.consent import MemberKind, Purpose
from homecare.identity import HomeId


class Step(StrEnum):
    """What must have been seen or tried before a home may count on us, beside consent."""

    PRESS_SEEN = "press_seen"
    WAY_IN_TESTED = "way_in_tested"
    IN_SERVICE = "in_service"


class HouseholdMember(msgspec.Struct, frozen=True):
    """Somebody who permanently lives in the home, by pseudonym; `consents` is what that person consents to now."""

    id: str
    kind: MemberKind
    consents: frozenset[Purpose]


class StepDone(msgspec.Struct, frozen=True):
    """A step that was taken: when, by whom, and what proves it (an opaque id, or `by hand`)."""

    step: Step
    at: int
    by: str
    proof: str


class HomeStanding(msgspec.Struct, frozen=True):
    """Who lives in a home with which consent, and which steps were taken.

    `door_log_asked`: somebody's answer about a log at the door was recorded, or the home came in since there is one to
    record; then the door waits for everybody's consent.
    """

    members: tuple[HouseholdMember, ...]
    steps: tuple[StepDone, ...]
    door_log_asked: bool = True


class CommissioningStore(Protocol):
    """Every method is one transaction and raises `Unavailable` when the store is away."""

    async def standing(self, home: HomeId) -> HomeStanding:
        """How the home stands; empty for one of which nothing is known."""
        ...

    async def add_member(self, home: HomeId, member: str, kind: MemberKind) -> None:
        """Somebody lives there from now on; twice is once, `Conflict` for an id of another home."""
        ...

    async def consent(self, member: str, purpose: Purpose, *, by: str, at: int) -> None:
        """The member consents; twice is once. `Unknown` where there is no such member."""
        ...

    async def withdraw(self, member: str, purpose: Purpose, *, by: str, at: int) -> None:
        """The member no longer consents; twice is once. `Unknown` where there is no such member."""
        ...

    async def take(self, home: HomeId, done: StepDone) -> None:
        """Note a step; the first note of it stands."""
        ...

    async def press_since(self, home: HomeId, since: int) -> str | None:
        """The id of a press that this home's own button made after `since` and that became an alert; None for none."""
        ...

    async def opened_by_command(self, home: HomeId) -> str | None:
        """The id of a command that opened this home's door; None for none."""
        ...

    async def in_service(self, homes: Sequence[HomeId]) -> frozenset[HomeId]:
        """Which of these are in service."""
        ...
