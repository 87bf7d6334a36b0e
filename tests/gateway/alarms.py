"""Alarm facts as the lane hands them to the store, and a look at the rows."""

from gateway.ports.alarm import Judged
from homecare.event import AnyEvent, HelpCalled
from homecare.wire import read_facts, unpack
from rules.help_call import judge
from tests.asking import rows
from tests.gateway.enrolled import NOW, Household


def judged(house: Household, first: int, *events: AnyEvent, at: int = NOW) -> list[Judged]:
    """The facts `events` of the house's run from `first` on, judged; one press where none is named."""
    frame = unpack(house.facts(first, list(events) or [HelpCalled()], at=at))
    return [Judged(fact=fact, estimated_at=at, verdict=judge(fact)) for fact in read_facts(frame)]


def count(url: str, table: str) -> int:
    """Rows of a table."""
    return int(rows(url, f"SELECT count(*) FROM {table}")[0][0])
