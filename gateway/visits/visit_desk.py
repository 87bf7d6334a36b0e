"""What the web needs of visits, handed over as one."""

from dataclasses import dataclass

from gateway.doors.tagging import Tagging
from gateway.model.tag_sun import TagKeys
from gateway.ports.visits import VisitStore
from gateway.visits.days import Days


@dataclass(frozen=True)
class VisitDesk:
    """Visits and plans, tags with the installation's keys, and whose day changed."""

    visits: VisitStore
    tagging: Tagging
    keys: TagKeys
    days: Days
