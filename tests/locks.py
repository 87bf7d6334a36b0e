"""A lock and its edge for tests: the emulator, the driver, and what is between them, with or without radio."""

from collections.abc import Callable, Generator, Iterator
from random import Random
from typing import TypeVar

from edge.driver import End, Failed, Heard, Listen, Lost, Reconnect, Step, Subscribe, TooLate, Write, endless
from edge.drivers.nuki import Nuki
from homecare.command import Action, Command, Message, Reason
from homecare.device import Capability, Device, Placement
from homecare.identity import DeviceId, HomeId
from simulator.nuki import PAIRING, Doing, Drop, NukiLock, Say, authorisation

ADDRESS = "54:D2:72:00:00:01"
KEY = bytes(range(32))
SECRET = authorisation(1, 7, KEY)
HOME = HomeId("home-00000001")
LOCK = Device(
    id=DeviceId("lock-00000001"),
    home=HOME,
    driver="nuki",
    address=ADDRESS,
    capabilities=(Capability.LOCK,),
    placement=Placement.FRONT_DOOR,
)
SOUNDER = Device(
    id=DeviceId("sounder-00000001"), home=HOME, driver="immediate_alert", address="54:D2:72:00:00:02", capabilities=()
)
Result = TypeVar("Result")


class Remembering:
    """`edge.driver.Memory` of one device."""

    counter = None

    def __init__(self) -> None:
        self.values: dict[str, object] = {}


def emulated(seed: int = 1) -> NukiLock:
    return NukiLock(Random(seed), number=0x1A2B3C4D, authorisations={1: KEY})


def command(action: Action, **changes: object) -> Command:
    fields = {
        "id": "command-00000001",
        "action": action,
        "actor": "person-demo-care-01",
        "challenge": "00" * 16,
        "not_after": 0,
        "device": LOCK.id,
        "message": Message.RECEIVED if action is Action.ANNOUNCE else None,
    }
    return Command(**{**fields, **changes})  # type: ignore[arg-type] # names of the command's own fields


class Wire:
    """Carries a script out against an emulated lock at once, without radio; times are added up in `waited`.

    `lost_at` names the steps, by number, that are answered with `Lost`, though a write among them does arrive.
    """

    def __init__(
        self,
        lock: NukiLock,
        *,
        lost_at: frozenset[int] = frozenset(),
        reachable: bool = True,
        left: Callable[[], float] = endless,
    ) -> None:
        self.lock = lock
        self.left = left
        self.lost_at = lost_at
        self.reachable = reachable
        self.written: list[bytes] = []
        self.waited = 0.0
        self._said: list[Doing] = []
        self._down = False

    def hold(self, script: Generator[Step, Heard, Result]) -> Result | None:
        if not self.reachable:
            script.close()
            return None
        answer: Heard = None
        try:
            step = next(script)
            for number in range(200):
                answer = self._carry_out(step)
                if number in self.lost_at:
                    answer, self._down = Lost(), True
                step = script.send(answer)
        except StopIteration as end:
            return end.value
        raise AssertionError("the script does not end")

    def _carry_out(self, step: Step) -> Heard:
        if isinstance(step, Reconnect):
            self._said, self._down = [], False
            return None
        if self._down:
            return Lost()
        match step:
            case Subscribe():
                return None
            case Write(acts=True) if self.left() < 0:
                return TooLate()
            case Write(characteristic, data):
                self.written.append(data)
                hear = self.lock.hear_pairing if characteristic == PAIRING else self.lock.hear
                self._said += _until_dropped(hear(data))
                return None
            case Listen(seconds):
                return self._listen(seconds)
        raise AssertionError(step)

    def _listen(self, seconds: float) -> Heard:
        while self._said:
            doing = self._said.pop(0)
            if isinstance(doing, Say):
                return doing.data
            if isinstance(doing, Drop):
                self._down = True
                return Lost()
            self.waited += doing.seconds
        self.waited += seconds
        return None


def _until_dropped(doings: Iterator[Doing]) -> list[Doing]:
    """All that the lock does, motor and log to their end; what it says after a drop nobody hears."""
    heard: list[Doing] = []
    for doing in doings:
        if not any(isinstance(one, Drop) for one in heard):
            heard.append(doing)
    return heard


def driver(seed: int = 2) -> Nuki:
    return Nuki(Random(seed).randbytes)


def talked(lock: NukiLock, asked: Command, *, secret: bytes | None = SECRET, wire: Wire | None = None) -> End:
    """What becomes of a command at an emulated lock."""
    script = driver().script(asked, LOCK, secret=secret, memory=Remembering())
    end = (wire or Wire(lock)).hold(script)
    return end or Failed(Reason.NO_ANSWER)
