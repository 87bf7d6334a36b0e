"""What the web needs of visits, handed over as one."""

from dataclasses import dataclass

from gateway.days import Days
from gateway.ports.visits import VisitStore
from gateway.tag_sun import TagKeys
from gateway.tagging import Tagging


@dataclass(frozen=True)
class VisitDesk:
    """Visits and plans, tags with the installation's keys, and whose day changed."""

    visits: VisitStore
    tagging: Tagging
    keys: TagKeys
    days: Days
