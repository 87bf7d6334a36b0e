"""A conversation with a Nuki lock in small parts: to ask, to read an answer. Sub-scripts of `edge.drivers.nuki`."""

from collections.abc import Callable, Generator
from typing import Final

from edge.driver import Heard, Listen, Lost, Reconnect, Step, Subscribe, TooLate, Write
from edge.drivers import nuki_frames as frames
from edge.drivers.nuki_frames import KEYTURNER, Authorisation, Message, Order, States
from homecare.command import Reason
from homecare.errors import Malformed, Unavailable

ANSWER_SECONDS: Final = 2.0
"""A lock answers a question within some hundred milliseconds."""
ANSWERS_LIMIT: Final = 8
"""Other messages that a lock may send before the answer."""
_JAMMED: Final = frozenset({0x42, 0x43, 0x44, 0x48})
_WEAK: Final = frozenset({0x49, 0x4A, 0x4B, 0x4C})
_STRANGER: Final = frozenset({0x20, 0x24})
_BUSY: Final = 0x45


class LockError(Exception):
    """The lock reported an error; `reason` is what it means for a command."""

    def __init__(self, code: int) -> None:
        super().__init__(f"0x{code:02x}")
        self.code = code

    @property
    def reason(self) -> Reason:
        """Errors of settings, hours and nonces are the lock's refusal."""
        if self.code in _JAMMED:
            return Reason.JAMMED
        if self.code in _WEAK:
            return Reason.LOW_BATTERY
        if self.code in _STRANGER:
            return Reason.WRONG_KEY
        return Reason.BUSY if self.code == _BUSY else Reason.NOT_ALLOWED_BY_LOCK


class Talk:
    """One conversation under an authorisation; `states` is the last that the lock said of itself.

    Its parts raise `Unavailable` (no answer), `Malformed` or `Refused` (an answer that is none), or `LockError`.
    """

    def __init__(self, authorisation: Authorisation, nonce: Callable[[int], bytes]) -> None:
        self._authorisation = authorisation
        self._nonce = nonce
        self._part = b""
        self.states: States | None = None

    def begin(self, *, again: bool = False) -> Generator[Step, Heard, States]:
        """Subscribe, after connecting `again` where the connection was lost, and read the lock's states."""
        if again:
            _there((yield Reconnect()))
        _there((yield Subscribe(KEYTURNER)))
        self._part = b""
        return (yield from self.read_states())

    def read_states(self) -> Generator[Step, Heard, States]:
        """Ask for the states and wait for them."""
        message = yield from self._ask(Order.STATES)
        return frames.states(message.payload)

    def challenge(self) -> Generator[Step, Heard, bytes]:
        """A fresh challenge; whatever was asked for under an older one is void."""
        message = yield from self._ask(Order.CHALLENGE)
        if len(message.payload) != frames.CHALLENGE_BYTES:
            raise Malformed("read Nuki message", "challenge", f"{frames.CHALLENGE_BYTES} bytes")
        return message.payload

    def say(self, order: Order, payload: bytes) -> Generator[Step, Heard, None]:
        """Send one message."""
        _there((yield Write(KEYTURNER, self._sealed(order, payload))))

    def act(self, payload: bytes) -> Generator[Step, Heard, bool]:
        """Ask for the action, once; False where its command is over and nothing was asked."""
        heard = yield Write(KEYTURNER, self._sealed(Order.LOCK_ACTION, payload), acts=True)
        if isinstance(heard, TooLate):
            return False
        _there(heard)
        return True

    def hear(self, seconds: float) -> Generator[Step, Heard, Message]:
        """The next message, whole; states are remembered, an error is raised."""
        while True:
            heard = yield Listen(seconds)
            if not isinstance(heard, bytes):
                self._part = b""
                raise Unavailable("hear the lock", "lost" if isinstance(heard, Lost) else "silent", "read its state")
            data, self._part = self._part + heard, b""
            if frames.missing(data):
                self._part = data
                continue
            message = frames.read_encrypted(self._authorisation, data)
            if message.order == Order.ERROR:
                raise LockError(message.payload[0] if message.payload else 0xFF)
            if message.order == Order.STATES:
                self.states = frames.states(message.payload)
            return message

    def _sealed(self, order: Order, payload: bytes) -> bytes:
        return frames.encrypted(self._authorisation, order, payload, self._nonce(frames.NONCE_BYTES))

    def _ask(self, what: Order) -> Generator[Step, Heard, Message]:
        yield from self.say(Order.REQUEST_DATA, frames.request(what))
        for _ in range(ANSWERS_LIMIT):
            message = yield from self.hear(ANSWER_SECONDS)
            if message.order == what:
                return message
        raise Unavailable("ask the lock", "answer", "it says other things")


def _there(heard: Heard) -> None:
    if isinstance(heard, Lost):
        raise Unavailable("reach the lock", "lost", "connect again")
