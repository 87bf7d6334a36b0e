"""Nuki smart locks over Bluetooth, by the vendor's published API; see `edge.drivers.nuki_frames` for the bytes.

The lock's beacon says that its state changed; the state itself is asked for (`look`). A command is said once: states,
a fresh challenge, the action. If its answer is lost, the state is read and judged, and nothing is said again: the
worst case of an unlatch said twice is a door that stands open behind somebody who has left.

Secret: what `vaka-edge pair` stored (`Authorisation`, 40 bytes). The person's pseudonym goes into the lock's own log.
"""

import hashlib
from collections.abc import Callable, Generator, MutableMapping
from typing import Final

from edge.driver import Done, End, Failed, Heard, Look, Memory, Reading, Script, Sighting, Step, Uncertain
from edge.drivers import nuki_frames as frames
from edge.drivers import nuki_pairing, remembered
from edge.drivers.nuki_frames import COMPLETE, Authorisation, Bolt, LockAction, Order, States
from edge.drivers.nuki_talk import LockError, Talk
from homecare.command import Action, Command, Reason
from homecare.device import Device
from homecare.errors import Malformed, Refused, Unavailable
from homecare.event import AnyEvent, BatteryReported, ContactChanged, LockCause, LockOperated, LockState, StateObserved
from homecare.identity import new_nonce

COMPANY: Final = 0x004C
"""The iBeacon's company number."""
MOTOR_SECONDS: Final = 6.0
"""Between two words of a lock whose motor turns; after it the state is read."""
MOVING_SECONDS: Final = 0.5
"""Between two readings of a state that is not yet settled."""
WORDS_LIMIT: Final = 12
"""Messages between an action and its end; readings until a state is settled."""
_ACTIONS: Final = {Action.UNLOCK: LockAction.UNLOCK, Action.LOCK: LockAction.LOCK, Action.UNLATCH: LockAction.UNLATCH}
_OPEN: Final = frozenset({Bolt.UNLOCKED, Bolt.UNLOCKED_FOR_A_WHILE, Bolt.UNLATCHED})
_MOVING: Final = frozenset({Bolt.UNLOCKING, Bolt.LOCKING, Bolt.UNLATCHING})
_ASKED: Final = {
    Action.UNLOCK: _OPEN,
    Action.LOCK: frozenset({Bolt.LOCKED}),
    Action.UNLATCH: frozenset({Bolt.UNLATCHED}),
}
_EXPECTED: Final = {
    Action.UNLOCK: LockState.UNLOCKED,
    Action.LOCK: LockState.LOCKED,
    Action.UNLATCH: LockState.UNLOCKED,
}
_CAUSE: Final = {
    0: LockCause.COMMAND,
    1: LockCause.MANUAL,
    2: LockCause.MANUAL,
    3: LockCause.AUTOMATIC,
    6: LockCause.AUTOMATIC,
}
_DOOR: Final = {2: False, 3: True}
_TAMPERED: Final = 0xF0
_UNLATCHED: Final = (int(LockAction.UNLATCH), 0)
"""The last action and its completion, as a lock says that an unlatch succeeded."""


class Nuki:
    """See the module. `nonce` gives the bytes that each message uses once."""

    name = "nuki"
    keys: tuple[str, ...] = (f"ble:company:{COMPANY:04x}",)
    actions: frozenset[Action] = frozenset(_ACTIONS)

    def __init__(self, nonce: Callable[[int], bytes] = new_nonce) -> None:
        self._nonce = nonce

    def read(self, sighting: Sighting, device: Device, *, secret: bytes | None, memory: Memory) -> Reading:  # noqa: ARG002 - one form for all drivers
        """The beacon: whether to look. The first one after a start is always followed by a look."""
        changed = frames.beacon(sighting.manufacturer_data.get(COMPANY, b""))
        if changed is None:
            raise Malformed("read Nuki beacon", "manufacturer data", "the lock's iBeacon")
        return Reading(events=(), look=secret is not None and (changed or not remembered.known(memory.values, "bolt")))

    def look(self, device: Device, *, secret: bytes | None, memory: Memory) -> Look:  # noqa: ARG002 - one form for all drivers
        """The lock's states, as far as they are news; a bolt that moved is told with what moved it."""
        try:
            talk = Talk(Authorisation.unpack(secret), self._nonce)
            states = yield from talk.begin()
        except (Unavailable, Malformed, Refused, LockError):
            return None
        return (*_bolt_news(states, memory.values), *_news(states, memory.values))

    def pair(self, device: Device) -> Generator[Step, Heard, bytes]:
        """Ask for an authorisation; see `edge.drivers.nuki_pairing`."""
        authorisation = yield from nuki_pairing.pair(_app(device), self._nonce)
        return authorisation.pack()

    def script(self, command: Command, device: Device, *, secret: bytes | None, memory: Memory) -> Script:  # noqa: ARG002 - one form for all drivers
        """See the module."""
        try:
            authorisation = Authorisation.unpack(secret)
        except Refused:
            return Failed(Reason.WRONG_KEY)
        talk = Talk(authorisation, self._nonce)
        end = yield from _act(talk, command, authorisation.app)
        if talk.states is None:
            return end
        _bolt_news(talk.states, memory.values)  # the command's own facts tell it
        return _with_events(end, _news(talk.states, memory.values))


def _app(device: Device) -> int:
    """The number under which we ask: the device's, so that two edges of a home are told apart by their pairings."""
    return int.from_bytes(hashlib.blake2b(device.id.encode(), digest_size=4, person=b"vaka-nuki").digest(), "little")


def _act(talk: Talk, command: Command, app: int) -> Script:
    """Everything up to the action may fail without harm; what follows it is judged by the lock's own words."""
    action = command.action
    try:
        before = yield from talk.begin()
        if before.bolt in _ASKED[action]:
            return Done(_state(before.bolt), Reason.ALREADY_SO)
        if before.bolt in _MOVING:
            return Failed(Reason.BUSY, _state(before.bolt))
        challenge = yield from talk.challenge()
    except LockError as error:
        return Failed(error.reason)
    except (Unavailable, Malformed):
        return Failed(Reason.NO_ANSWER)
    except Refused:
        return Failed(Reason.WRONG_KEY)
    payload = frames.lock_action(_ACTIONS[action], app=app, suffix=command.actor, challenge=challenge)
    refusal: Reason | None = None
    lost = False
    try:
        if not (yield from talk.act(payload)):
            return Failed(Reason.EXPIRED, _state(before.bolt))
        yield from _complete(talk)
        return (yield from _done(talk, action))
    except LockError as error:
        refusal = error.reason
    except Unavailable as error:
        lost = error.subject == "lost"
    after = yield from _settle(talk, lost=lost)
    return _judge(action, before, after, refusal)


def _complete(talk: Talk) -> Generator[Step, Heard, None]:
    """Return when the lock says that it is done. What cannot be read is no answer: it may come from anybody."""
    for _ in range(WORDS_LIMIT):
        try:
            message = yield from talk.hear(MOTOR_SECONDS)
        except (Malformed, Refused):
            continue
        if message.order == Order.STATUS and message.payload[:1] == bytes((COMPLETE,)):
            return
    raise Unavailable("wait for the lock", "silent", "read its state")


def _done(talk: Talk, action: Action) -> Script:
    """The lock confirmed it; its own state where it says one."""
    after = yield from _settle(talk, lost=False)
    settled = after is not None and after.bolt not in _MOVING
    return Done(_state(after.bolt) if after is not None and settled else _EXPECTED[action])


def _settle(talk: Talk, *, lost: bool) -> Generator[Step, Heard, States | None]:
    """Read the states until the bolt rests; None where the lock cannot be asked any more."""
    found: States | None = None
    for _ in range(WORDS_LIMIT):
        try:
            found = (yield from talk.begin(again=True)) if lost else (yield from talk.read_states())
            lost = False
            if found.bolt not in _MOVING:
                return found
            yield from talk.hear(MOVING_SECONDS)
        except Unavailable as error:
            if lost:
                return found
            lost = error.subject == "lost"
        except (Malformed, Refused, LockError):
            continue
    return found


def _judge(action: Action, before: States, after: States | None, refusal: Reason | None) -> End:
    """What became of an action whose end the lock did not confirm."""
    if after is None:
        return Uncertain() if refusal is None else Failed(refusal)
    state, moved = _state(after.bolt), after.bolt is not before.bolt
    if after.bolt is Bolt.BLOCKED:
        return Failed(Reason.JAMMED, state, moved=True)
    if refusal is not None:
        return Failed(refusal, state, moved=moved)
    if after.bolt in _ASKED[action] or (action is Action.UNLATCH and _did_unlatch(before, after)):
        return Done(state)
    if not moved and action is not Action.UNLATCH:
        return Failed(Reason.NO_ANSWER, state)
    if not moved and after.bolt is Bolt.LOCKED:
        return Failed(Reason.NO_ANSWER, state)
    return Uncertain(state=state, moved=moved)


def _did_unlatch(before: States, after: States) -> bool:
    """Whether the lock, whose latch is back by now, says that its last action was an unlatch that it had not made."""
    fresh = before.last != _UNLATCHED or before.bolt is Bolt.LOCKED
    return fresh and after.bolt in _OPEN and after.last == _UNLATCHED


def _state(bolt: Bolt) -> LockState:
    if bolt is Bolt.LOCKED:
        return LockState.LOCKED
    if bolt in _OPEN:
        return LockState.UNLOCKED
    return LockState.JAMMED if bolt is Bolt.BLOCKED else LockState.UNKNOWN


def _bolt_news(states: States, values: MutableMapping[str, object]) -> tuple[AnyEvent, ...]:
    """The bolt's state where it is another than the last one known; the first one after a start is no event."""
    if states.bolt in _MOVING:
        return ()
    first = not remembered.known(values, "bolt")
    state = _state(states.bolt)
    if not remembered.changed(values, "bolt", state) or first:
        return ()
    return (LockOperated(state, _CAUSE.get(states.trigger, LockCause.UNKNOWN)),)


def _news(states: States, values: MutableMapping[str, object]) -> tuple[AnyEvent, ...]:
    """Battery and door, where they changed."""
    found: list[AnyEvent] = []
    battery = BatteryReported(percent=states.percent, low=states.critical)
    if remembered.changed(values, "battery", battery):
        found.append(battery)
    if states.door in _DOOR and remembered.changed(values, "door", states.door):
        found.append(ContactChanged(open=_DOOR[states.door]))
    if states.door is not None and remembered.changed(values, "tamper", states.door == _TAMPERED):
        found.append(StateObserved(property="tamper", on=states.door == _TAMPERED))
    return tuple(found)


def _with_events(end: End, events: tuple[AnyEvent, ...]) -> End:
    match end:
        case Done():
            return Done(end.state, end.reason, events)
        case Failed():
            return Failed(end.reason, end.state, events, end.moved)
        case Uncertain():
            return Uncertain(end.reason, end.state, events, end.moved)
