"""Endurance: a capture through the agent's own ears and a real journal, with an edge that repeats, ends and returns.

What is stated here is what an integrator may promise of the driver. A device with a counter loses nothing and is told
once, whenever the edge restarts. One without a counter is told at least once: after a restart the edge cannot know that
a frame is a repetition, so the same one may count again. (That the journal itself survives a cut of power is proved
elsewhere; here the edge only ends between two sightings.)
"""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from edge.entry import Entry, Kept
from edge.hearing import Heard, Hearing
from edge.journal import Journal
from edge.kit.bench import hearing_of, read_all
from edge.kit.capture import WALL, Capture, Line
from homecare.clock import DAY, ManualClock
from homecare.envelope import decode_envelope
from homecare.event import AnyEvent, DeviceFaulted, HelpCalled, Stream, stream_of
from homecare.identity import Epoch, new_epoch

TIMES: Final = 3
"""How often each sighting is heard: radios send a burst, and the edge hears some of it."""
QUOTA: Final = 64 * 1024 * 1024
"""Bytes of the journal: nothing is evicted."""
PAGE: Final = 1024 * 1024
"""Bytes read from the journal at once: more than a capture's facts of one life."""
RESTARTS: Final = 200
"""Restarts of one run; the rest of a longer capture is heard without any."""


def repeated(capture: Capture) -> Iterator[str]:
    """What is wrong when every sighting is heard `TIMES` over."""
    hearing, told = hearing_of(capture, {}), Counter[str]()
    for line in capture.lines:
        for _ in range(TIMES):
            heard = hearing.hear(capture.sighting(line), full=False)
            if heard is not None:
                told += _counted(heard.events)
                _durable(hearing, heard)
    for heard in hearing.tick(2 * DAY):
        told += _counted(heard.events)
    wanted = _wanted(capture)
    for key, count in (wanted - told).items():
        yield f"{count} x {key} is lost when every sighting is heard {TIMES} times"
    for key, count in (told - wanted).items():
        yield f"{count} x {key} too much when every sighting is heard {TIMES} times: give a counter or a repeat_key"


def restarted(capture: Capture) -> Iterator[str]:
    """What is wrong when the edge restarts after every sighting and hears it once more when it is back."""
    with tempfile.TemporaryDirectory() as place:
        kept = _through_restarts(capture, Path(place) / "journal.db")
    wanted = _wanted(capture)
    for key, count in (wanted - kept).items():
        yield f"{count} x {key} is lost when the edge restarts after every sighting"
    if _counts(capture):
        for key, count in (kept - wanted).items():
            yield f"{count} x {key} too much when the edge restarts after every sighting, though the device counts"


def _through_restarts(capture: Capture, path: Path) -> Counter[str]:
    lives: list[Sequence[Line]] = [(line,) for line in capture.lines[:RESTARTS] for _ in range(2)]
    epochs = [_live(capture, lines, path) for lines in (*lives, capture.lines[RESTARTS:])]
    journal = _journal(capture, path, new_epoch())
    found = Counter[str]()
    for epoch in epochs:
        for stream in Stream:
            found += _counted(_facts(journal, epoch, stream))
    journal.close()
    return found


def _live(capture: Capture, lines: Iterable[Line], path: Path) -> Epoch:
    """One life of an edge, from its start to its end, with nothing but the journal to remember by."""
    epoch = new_epoch()
    journal = _journal(capture, path, epoch)
    hearing = hearing_of(capture, journal.counters)
    for line in lines:
        heard = hearing.hear(capture.sighting(line), full=False)
        if heard is not None:
            _keep(journal, hearing, heard)
    for heard in hearing.tick(2 * DAY):
        _keep(journal, hearing, heard)
    journal.close()
    return epoch


def _journal(capture: Capture, path: Path, epoch: Epoch) -> Journal:
    return Journal.open(path, epoch=epoch, home=capture.device.home, clock=ManualClock(wall=WALL), quota=QUOTA)


def _keep(journal: Journal, hearing: Hearing, heard: Heard) -> None:
    """As the agent does it: the counter travels with the least urgent fact."""
    urgency = list(Stream)
    events = sorted(heard.events, key=lambda event: urgency.index(stream_of(event)))
    entries = [
        Entry(
            event=event,
            device=heard.device,
            occurred_at=WALL,
            received_at=WALL,
            uncertainty=0,
            elapsed=0,
            counter=heard.counter if number == len(events) else None,
        )
        for number, event in enumerate(events, 1)
    ]
    if entries:
        journal.append([journal.reserve(one) if stream_of(one.event) is Stream.ALARM else one for one in entries])
    _durable(hearing, heard)


def _durable(hearing: Hearing, heard: Heard) -> None:
    if heard.counter is not None:
        hearing.committed(heard.device, heard.counter)


def _facts(journal: Journal, epoch: Epoch, stream: Stream) -> Iterator[AnyEvent]:
    after = 0
    while page := journal.pending(epoch, stream, after, PAGE):  # bounded by the capture's length
        for kept in page:
            if isinstance(kept, Kept):
                after = kept.seq
                yield decode_envelope(kept.body).event
            else:
                after = kept.last


def _wanted(capture: Capture) -> Counter[str]:
    return _counted(event for read in read_all(capture) for event in read.events)


def _counted(events: Iterable[AnyEvent]) -> Counter[str]:
    """Events by their text; a call for help counts its presses, because the edge may add them up."""
    found = Counter[str]()
    for event in events:
        if isinstance(event, HelpCalled):
            found[_text(HelpCalled())] += event.presses
        elif not isinstance(event, DeviceFaulted):
            found[_text(event)] += 1
    return found


def _counts(capture: Capture) -> bool:
    return all(read.reading is None or read.reading.counter is not None for read in read_all(capture))


def _text(event: AnyEvent) -> str:
    return msgspec.json.encode(event).decode()
