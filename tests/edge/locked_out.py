"""A world in which everything happens to commands that can happen on a line, seeded; for the campaign beside it.

An edge at an emulated lock with a real journal, a gateway that issues from whatever heartbeat it heard last, and a line
that delays, doubles, reorders, keeps for ever and forges. After every move of the bolt the world asks whether somebody
wanted exactly that move, a moment ago, of this run of this edge.
"""

from pathlib import Path
from random import Random

import msgspec

from edge.commands import Commands, Taken, Turned, late
from edge.driver import Done, Failed
from edge.drivers.immediate_alert import ImmediateAlert
from edge.entry import Entry
from edge.journal import Journal
from homecare import wire
from homecare.clock import SECOND, ManualClock
from homecare.command import COMMAND_LIFE, Action, Command, Outcome, Reason, deadline
from homecare.device import Device
from homecare.errors import Malformed, Refused
from homecare.event import AnyEvent, CommandEnded, CommandTaken
from homecare.identity import DeviceId, EdgeId, Epoch, HomeId
from homecare.seal import SealKeys
from homecare.wire import Header, Kind
from tests.locks import HOME, LOCK, SECRET, SOUNDER, Remembering, Wire, driver, emulated

EDGE, OTHER = EdgeId("edge-00000001"), EdgeId("edge-00000002")
KEYS, OTHER_KEYS = SealKeys(up=b"u" * 32, down=b"d" * 32), SealKeys(up=b"U" * 32, down=b"D" * 32)
SENSOR = msgspec.structs.replace(LOCK, id=DeviceId("sensor-00000001"), driver="bthome")
STEPS = 25
OUTCOMES = {Done: Outcome.DONE, Failed: Outcome.FAILED}


class Beat(msgspec.Struct, frozen=True):
    """A heartbeat, and when it reached the gateway."""

    run: int
    challenge: str
    elapsed: int
    heard_at: int


class Wish(msgspec.Struct, frozen=True):
    """What the gateway meant, for the judge."""

    command: Command
    run: int
    issued_at: int


class World:
    """One run of the campaign; `violations` says what must never happen and did.

    `looks_twice` is the edge's second look at the deadline, when the journal has the entry that precedes the bolt.
    """

    def __init__(self, seed: int, judge: type[Commands] = Commands, *, looks_twice: bool = True) -> None:
        self.chance = Random(seed)
        self.judge = judge
        self.looks_twice = looks_twice
        self.clock = ManualClock(wall=10**15)
        self.lock = emulated(seed)
        self.epochs = 0
        self.ids = 0
        self.journal: Journal | None = None
        self.beats: list[Beat] = []
        self.on_the_way: list[Beat] = []
        self.wishes: dict[str, Wish] = {}
        self.frames: list[bytes] = []
        self.moved: dict[str, int] = {}
        self.challenges: set[str] = set()
        self.violations: list[str] = []
        self.start()

    # --- the edge ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """A start, or a start after a power cut: the journal is all that is left."""
        self.epochs += 1
        epoch = Epoch(self.epochs)
        if self.journal is None:
            quota = 10_000_000
            self.journal = Journal.open(Path(":memory:"), epoch=epoch, home=HOME, clock=self.clock, quota=quota)
        else:
            connection = self.journal._connection
            self.journal = Journal(connection, epoch=epoch, home=HomeId(HOME), clock=self.clock, quota=10_000_000)
        self.memory = Remembering()
        history = self.journal.commands()
        devices: list[tuple[Device, object]] = [
            (LOCK, driver(self.epochs)),
            (SENSOR, None),
            (SOUNDER, ImmediateAlert()),
        ]
        self.commands = self.judge(
            edge=EDGE,
            run=epoch,
            key=KEYS.down,
            devices=devices,  # type: ignore[arg-type] # drivers that act, or none
            fresh=lambda: f"{self.chance.getrandbits(128):032x}",
        )
        self.commands.know(history.ids)
        for command, device in history.unended:
            self.tell(device, CommandEnded(command, Outcome.UNKNOWN, Reason.INTERRUPTED))
        self.beat()

    def elapsed(self) -> int:
        assert self.journal is not None
        return self.journal.elapsed(self.clock.now())

    def tell(self, device: str | None, event: AnyEvent) -> None:
        now = self.clock.now()
        entry = Entry(
            event=event,
            device=None if device is None else DeviceId(device),
            occurred_at=now.wall,
            received_at=now.wall,
            uncertainty=0,
            elapsed=self.elapsed(),
        )
        assert self.journal is not None
        self.journal.append([entry])

    def beat(self) -> None:
        self.on_the_way.append(Beat(self.epochs, self.commands.challenge, self.elapsed(), 0))

    def take(self, frame: bytes) -> None:
        """What edge.actuation does, with a power cut at any point of it."""
        before = self.commands.challenge
        try:
            found = self.commands.take(frame, self.elapsed())
        except (Malformed, Refused):
            return
        if self.commands.challenge != before:
            self.beat()
        if isinstance(found, Turned):
            self.tell(found.device, CommandEnded(found.command.id, Outcome.REFUSED, found.reason))
        elif found is not None:
            self.carry_out(found)

    def carry_out(self, taken: Taken) -> None:
        cut = self.chance.randrange(8)
        if cut == 0:
            return self.start()
        command = taken.command
        self.tell(command.device, CommandTaken(command.id, command.action, command.actor))
        if cut == 1:
            return self.start()
        if self.chance.random() < 0.05:
            self.clock.advance(self.chance.randrange(20) * SECOND)  # a slow disk
        reason = late(command, self.elapsed()) if self.looks_twice else None
        if reason is not None:
            self.tell(command.device, CommandEnded(command.id, Outcome.REFUSED, reason))
        else:
            outcome = self.move(taken)
            if cut == 2:
                return self.start()
            self.tell(command.device, CommandEnded(command.id, outcome))
        for device, _ in taken.targets:
            self.commands.ended(device.id)
        return None

    def move(self, taken: Taken) -> Outcome:
        (device, actuator), command = taken.targets[0], taken.command
        if device.id != LOCK.id:
            return Outcome.DONE
        self.lock.by_hand(unlocked=command.action is Action.LOCK)
        lost = frozenset(number for number in range(12) if self.chance.random() < 0.05)
        before = len(self.lock.log)
        script = actuator.script(command, device, secret=SECRET, memory=self.memory)
        end = Wire(self.lock, lost_at=lost).hold(script)
        self.watch(command, len(self.lock.log) - before)
        if isinstance(end, Done) and len(self.lock.log) == before:
            self.violations.append("said to be done, and was not")
        if isinstance(end, Failed) and len(self.lock.log) != before:
            self.violations.append("said to have failed, and was done")
        return OUTCOMES.get(type(end), Outcome.UNKNOWN)

    def watch(self, command: Command, moves: int) -> None:
        """Whether somebody wanted this move."""
        if not moves:
            return
        assert self.journal is not None
        wish = self.wishes.get(command.id)
        self.moved[command.id] = self.moved.get(command.id, 0) + moves
        checks = {
            "nobody asked for it": wish is None or wish.command != command,
            "another device was meant": command.device != LOCK.id,
            "an earlier run was meant": wish is not None and wish.run != self.epochs,
            "it was asked for too long ago": wish is not None and self.clock.elapsed - wish.issued_at > COMMAND_LIFE,
            "it moved twice": self.moved[command.id] > 1,
            "its challenge moved the bolt before": command.challenge in self.challenges,
            "nothing stood in the journal": command.id not in self.journal.commands().ids,
        }
        self.challenges.add(command.challenge)
        self.violations += [what for what, wrong in checks.items() if wrong]

    # --- the line and the gateway ------------------------------------------------------------------------------------

    def hear(self) -> None:
        """A heartbeat arrives, not always the oldest first."""
        if self.on_the_way:
            beat = self.on_the_way.pop(0 if self.chance.random() < 0.8 else self.chance.randrange(len(self.on_the_way)))
            self.beats.append(msgspec.structs.replace(beat, heard_at=self.clock.elapsed))

    def issue(self) -> None:
        """A person at the door, mostly by the newest heartbeat; sometimes the line keeps the frame for later."""
        if not self.beats:
            return
        newest = self.chance.random() < 0.8
        beat = self.beats[-1] if newest else self.chance.choice(self.beats)
        self.ids += 1
        device = self.chance.choice([LOCK.id] * 6 + [SENSOR.id, "lock-of-others"])
        command = Command(
            id=f"command-{self.ids:08}",
            action=self.chance.choice([Action.UNLOCK, Action.UNLATCH, Action.LOCK]),
            actor="person-demo-care-01",
            challenge=beat.challenge,
            not_after=deadline(beat.elapsed, self.clock.elapsed - beat.heard_at),
            device=device,
        )
        if self.chance.random() < 0.1:
            self.forge(command, beat)
            return
        self.wishes[command.id] = Wish(command, beat.run, self.clock.elapsed)
        self.frames.append(sealed(command, beat.run))
        if self.chance.random() < 0.6:
            self.take(self.frames[-1])

    def forge(self, command: Command, beat: Beat) -> None:
        """Frames that nobody at our gateway meant for this edge."""
        longer = msgspec.structs.replace(command, not_after=self.elapsed() + 300 * SECOND)
        data = sealed(command, beat.run)
        bit = self.chance.randrange(len(data) * 8)
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        self.frames += [
            sealed(command, beat.run, edge=OTHER, keys=OTHER_KEYS),
            sealed(command, beat.run, edge=EDGE, keys=OTHER_KEYS),
            sealed(command, beat.run, edge=OTHER),
            sealed(longer, beat.run),
            bytes(flipped),
        ]
        self.take(self.chance.choice(self.frames[-5:]))

    def deliver(self) -> None:
        """Any frame there ever was."""
        if self.frames:
            self.take(self.chance.choice(self.frames))

    def run(self) -> "World":
        """Live; at the end everything that was taken has an end."""
        doings = [self.hear, self.hear, self.issue, self.issue, self.deliver, self.deliver, self.wait, self.restart]
        for _ in range(STEPS):
            self.chance.choices(doings, weights=[3, 3, 4, 4, 3, 3, 3, 1])[0]()
        self.start()
        assert self.journal is not None
        if self.journal.commands().unended:
            self.violations.append("taken, and never ended")
        self.journal.close()
        return self

    def wait(self) -> None:
        self.clock.advance(self.chance.choice([SECOND // 10, SECOND, 3 * SECOND, 12 * SECOND, 45 * SECOND]))

    def restart(self) -> None:
        self.start()


def sealed(command: Command, run: int, *, edge: EdgeId = EDGE, keys: SealKeys = KEYS) -> bytes:
    header = Header(kind=Kind.COMMAND, edge=edge, run=Epoch(run), beat=1)
    return wire.pack(header, wire.encode_body(command), keys.down)
