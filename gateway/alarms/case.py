"""The case of an alert: what people at the desk do about it, and what its responder answers."""

from collections.abc import Mapping
from typing import Final

from gateway.model.authorisation import Role
from gateway.ports.case import CaseStore
from gateway.ports.desk import AlertView, DeskStore
from homecare.alert import NOTHING, TRANSITION_OF, Action, Alert, Said, act
from homecare.errors import Refused
from homecare.identity import AlertId

ADDRESSEE: Final = {Action.SEND: Role.CAREGIVER, Action.HAND_OVER: Role.OPERATOR}
"""What somebody must be to be sent, or to be handed an alert."""


async def act_on(
    store: DeskStore, alert: AlertId, action: Action, *, person: str, version: int, at: int, said: Said = NOTHING
) -> AlertView:
    """A person does something with an alert; `Conflict` and `Refused` as `homecare.alert.act`."""

    def decide(current: Alert) -> Alert:
        return act(current, action, person=person, version=version, at=at, said=said)

    detail = _detail(action, said)
    return await store.change(alert, decide, TRANSITION_OF[action], person=person, recorded_at=at, detail=detail)


async def require_addressee(cases: CaseStore, alert: AlertId, action: Action, to: str | None) -> None:
    """`Refused` where an action names somebody who is not on duty in the unit of the alert's home."""
    role = ADDRESSEE.get(action)
    if role is not None and to is not None and not await cases.has_role(alert, to, role):
        raise Refused("address", "person", "choose somebody of the list of people on duty")


def _detail(action: Action, said: Said) -> Mapping[str, object] | None:
    """What the log keeps beside the alert; pseudonyms only."""
    if action in (Action.SEND, Action.HAND_OVER, Action.LEFT) and said.to is not None:
        return {"to": said.to}
    if action is Action.CALL_BACK and said.result is not None:
        return {"result": said.result.value}
    if action is Action.OUTCOME:
        return {"text": said.text.strip()}
    return {"confirmed": True} if said.confirm else None
