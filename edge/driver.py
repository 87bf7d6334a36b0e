"""What a driver is (bytes in, events out, and nothing else), and what brings it the bytes.

A transport hears a `Sighting`; recognition finds the device and its driver; the driver reads it into a `Reading`.
Drivers are pure: what they must remember between two sightings goes through `Memory`, which the agent keeps (and
stores with the journal where `Reading.counter` is given, so that a counter survives a power cut together with the
facts that it vouches for).

A driver whose devices can also do something is an `Actuator`: it writes down what is to be said to the device as a
`Script`, a generator that knows no radio. Whoever holds the connection carries each step out and sends back what was
heard; so the whole conversation can be tested with bytes alone.
"""

import math
from collections.abc import Callable, Generator, Mapping, MutableMapping
from typing import Protocol, TypeVar, runtime_checkable

import msgspec

from homecare.clock import Instant
from homecare.command import Action, Command, Reason
from homecare.device import Device
from homecare.event import AnyEvent, Doubt, LockState, TransportState


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One advertisement or frame as heard.

    `transport` is `ble` or `serial:NAME`; `address` is how that transport names the sender (see `Device.address`).
    For BLE `service_data` is keyed by the 16-bit or 128-bit UUID in lower-case text (`fcd2`), `manufacturer_data` by
    company number. For serial `telegram` is one whole frame whose checks have passed. `rssi` is in dBm, None where the
    radio gave no valid value.
    """

    transport: str
    address: str
    heard_at: Instant
    rssi: int | None = None
    local_name: str | None = None
    service_data: Mapping[str, bytes] = {}
    manufacturer_data: Mapping[int, bytes] = {}
    telegram: bytes = b""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one sighting says.

    `counter` is the device's own strictly rising counter, where it sends one: the agent refuses a counter that is not
    above the last stored one, across restarts. `repeat_key` identifies repetitions of one transmission for senders
    without such a counter: the agent drops a sighting whose key equals one of the last `repeat_window` microseconds.
    `reply` is written back on the transport only after the journal's commit ("accepted"), also for a repeated counter:
    the device did not hear us the first time. `look` says that the device has something to tell that must be asked
    for: the agent then runs `Actuator.look`.

    `doubt` says why the events, alarms alone, could not be verified: the agent passes them on with it, tells the
    device's fault, and takes them for no sign of life.
    """

    events: tuple[AnyEvent, ...]
    counter: int | None = None
    repeat_key: bytes | None = None
    repeat_window: int = 0
    reply: bytes | None = None
    look: bool = False
    doubt: Doubt | None = None


class Memory(Protocol):
    """What the agent keeps for one device between sightings; lost at a restart except for `counter`."""

    @property
    def counter(self) -> int | None:
        """The last stored counter; None before the first."""
        ...

    @property
    def values(self) -> MutableMapping[str, object]:
        """Small values that the driver wants to find again at the next sighting."""
        ...


class Driver(Protocol):
    """One device model or protocol profile.

    `name` is what `Device.driver` says; `keys` are the recognition keys it answers to: `ble:fcd2` for service data
    with that UUID, `ble:company:004c` for manufacturer data, `serial:esp3` for a kind of serial telegram.
    """

    name: str
    keys: tuple[str, ...]

    def read(self, sighting: Sighting, device: Device, *, secret: bytes | None, memory: Memory) -> Reading:
        """What the sighting says.

        `Malformed` when the bytes cannot be understood, `Refused` when they must not be believed (wrong key,
        downgrade, replayed counter): the agent counts both and journals a `DeviceFaulted` at most once a minute.
        """
        ...


class Framer(Protocol):
    """Finds telegrams in the bytes of one serial port; pure, and bounded in what it keeps between two calls."""

    rejected: int
    """Telegrams so far whose checks failed; the framer finds the next good one by itself."""

    question: bytes
    """What a living port of this kind may answer, and nobody else minds; empty where there is no such thing."""

    answers: int
    """Answers to the question so far."""

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        """The whole telegrams that `data` completes, in order, each with its sender's address."""
        ...

    def idle(self) -> list[tuple[str, bytes]]:
        """Give up an incomplete telegram because the line fell silent; the telegrams that stood behind it."""
        ...


class Transport(Protocol):
    """One radio adapter or serial port. `name` is `ble` or `serial:NAME`."""

    name: str

    async def run(self, on_sighting: Callable[[Sighting], None], on_state: Callable[[TransportState], None]) -> None:
        """Listen until cancelled; heal by itself whatever the hardware does, and tell every change of its state.

        Both callbacks are called in the event loop's thread and do not block.
        """
        ...

    def write(self, data: bytes) -> None:
        """Send `data`, such as `Reading.reply`, if the hardware is there; otherwise it is dropped (devices repeat)."""
        ...


# --- acting ----------------------------------------------------------------------------------------------------------


class Subscribe(msgspec.Struct, frozen=True):
    """Ask for notifications or indications of a characteristic (a UUID in full); answered None, or `Lost`."""

    characteristic: str


class Write(msgspec.Struct, frozen=True):
    """Write to a characteristic and wait until the device confirms it; answered None, or `Lost`.

    `acts`: the device does what the command says by this very write. Answered `TooLate` where the command is over.
    """

    characteristic: str
    data: bytes
    acts: bool = False


class Listen(msgspec.Struct, frozen=True):
    """Wait for the next notification: answered with its bytes, None after `seconds` of silence, or `Lost`."""

    seconds: float


class Reconnect(msgspec.Struct, frozen=True):
    """Connect again, subscriptions gone; answered None, or `Lost`."""


class Lost(msgspec.Struct, frozen=True):
    """The step did not happen: the connection is gone, the radio is stuck, or the time for the act is over."""


class TooLate(msgspec.Struct, frozen=True):
    """Nothing was written: the command's time had passed."""


Step = Subscribe | Write | Listen | Reconnect
Heard = bytes | Lost | TooLate | None


class Done(msgspec.Struct, frozen=True):
    """The device confirms it. `reason` is `ALREADY_SO` where nothing had to move; `events` is what else it told."""

    state: LockState | None = None
    reason: Reason | None = None
    events: tuple[AnyEvent, ...] = ()


class Failed(msgspec.Struct, frozen=True):
    """It was not done, and that is certain. `state` is what the device said last; `moved`: another than before."""

    reason: Reason
    state: LockState | None = None
    events: tuple[AnyEvent, ...] = ()
    moved: bool = False


class Uncertain(msgspec.Struct, frozen=True):
    """Nobody can say whether it was done; `state` and `moved` as in `Failed`."""

    reason: Reason = Reason.NO_ANSWER
    state: LockState | None = None
    events: tuple[AnyEvent, ...] = ()
    moved: bool = False


End = Done | Failed | Uncertain
Script = Generator[Step, Heard, End]
Look = Generator[Step, Heard, tuple[AnyEvent, ...] | None]
Result = TypeVar("Result")


@runtime_checkable
class Actuator(Protocol):
    """A driver whose devices do what a command says; `actions` are those that they know.

    An unlock is not idempotent: a script never says an unlatch twice, and after a lost answer it reads the device's
    state before anything else. A script ends by itself when every step is answered with `Lost`.
    """

    name: str
    actions: frozenset[Action]

    def script(self, command: Command, device: Device, *, secret: bytes | None, memory: Memory) -> Script:
        """What is to be said so that the command is done."""
        ...

    def look(self, device: Device, *, secret: bytes | None, memory: Memory) -> Look:
        """What is to be said so that the device tells its news; ends with None where it could not be asked."""
        ...


def endless() -> float:
    """The seconds left for what no command asked for."""
    return math.inf


@runtime_checkable
class Connecting(Protocol):
    """A transport that can hold a conversation with one device."""

    async def act(
        self, address: str, script: Generator[Step, Heard, Result], *, left: Callable[[], float] = endless
    ) -> Result | None:
        """Carry the script out and return its end; None where the device was not reached and nothing was said.

        A device that was not heard yet is waited for. `left` gives the seconds that the command still has, below zero
        when it is over: from then on nothing begins, and no `Write` that acts is written. One conversation with a
        device at a time; others wait. Returns within a bounded time, whatever hangs.
        """
        ...
