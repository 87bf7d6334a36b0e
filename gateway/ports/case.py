"""What the case of an alert needs of a store, and what the responder's side calls: the phone, and the door's watch.

Every method is one transaction and raises `Unavailable` when the store is away. Times are wall microseconds; `person`
is the pseudonym of a signed-in person.
"""

from typing import Protocol

import msgspec

from gateway.model.authorisation import Role, Units
from gateway.ports.desk import AlertView, Read
from homecare.answering import Answer
from homecare.grant_sources import CaseFacts
from homecare.identity import AlertId, HomeId


class Instruction(msgspec.Struct, frozen=True):
    """What is to be done in a home when an alarm comes from it; `call_link` is a tel: or sip: link, None for none.

    `version` rises by one with every change, 0 where nobody has written anything yet.
    """

    home: HomeId
    text: str = ""
    call_link: str | None = None
    version: int = 0
    changed_by: str | None = None
    changed_at: int | None = None


class OnDuty(msgspec.Struct, frozen=True):
    """Somebody of the home's unit: a caregiver can be sent, an operator can take over."""

    person: str
    name: str
    role: Role


class Responses(Protocol):
    """The responder's side of a case. An answer that was given before changes nothing and says the same again."""

    async def sent_to(self, person: str, now: int, read: Read) -> tuple[AlertView, ...]:
        """The open alerts that are sent to the person and were not declined, the newest sending first.

        Also those whose person was inside when somebody else was sent.

        Also those that were closed less than `LOCK_AFTER` ago while the person was inside: the door must be locked.

        Leaves a read log row for every home.
        """
        ...

    async def answer(self, alert: AlertId, what: Answer, *, person: str, at: int, text: str = "") -> AlertView:
        """Accept, decline, on site, left or outcome, as `homecare.answering.answer`; `at` is when the gateway heard it.

        `Unknown` if there is no such alert; `Conflict` when it is over or not sent to this person.
        """
        ...

    async def case_facts(self, person: str, now: int) -> tuple[CaseFacts, ...]:
        """What `homecare.grant.from_alert` needs of every alert that is sent to the person and of those just closed.

        For whoever was inside when somebody else was sent, it is closed once they have left.
        """
        ...


class CaseStore(Responses, Protocol):
    """All of it."""

    async def instruction(self, home: HomeId, read: Read) -> Instruction:
        """What is in force for the home; an empty one where there is none. Leaves a read log row."""
        ...

    async def instruct(self, instruction: Instruction, *, person: str, at: int) -> Instruction:
        """Put an instruction in force whose `version` is the one that was read; `Conflict` when there is a newer one.

        Desks with an open alert of the home see it at once.
        """
        ...

    async def on_duty(self, home: HomeId | None, within: Units) -> tuple[OnDuty, ...]:
        """Who works for the home's unit (None: any) of those `within`, to be sent or to take over; by role and name."""
        ...

    async def left_unlocked(self, alert: AlertId) -> bool:
        """Whether a door of the alert's home was unlocked after the alert came, and not locked again."""
        ...

    async def has_role(self, alert: AlertId, person: str, role: Role) -> bool:
        """Whether the person has the role in the unit of the alert's home."""
        ...
