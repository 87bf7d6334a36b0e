"""Tags at homes, and readings of them that count once."""

from enum import StrEnum
from typing import Protocol

import msgspec

from gateway.model.tag_sun import Reading
from homecare.errors import Refused
from homecare.identity import HomeId, UnitId


class NotInUse(Refused):
    """A genuine tag that hangs in no home."""


class Replayed(Refused):
    """A genuine reading that is not newer than what was taken before: a copy, or a phone's late one."""


class TagPlace(StrEnum):
    """Where it is: at the door it proves who stands before it, inside it starts and ends a visit."""

    DOOR = "door"
    INSIDE = "inside"


class Tag(msgspec.Struct, frozen=True):
    """A tag at a home."""

    id: str
    home: HomeId
    unit: UnitId
    place: TagPlace


class TagRegistration(msgspec.Struct, frozen=True):
    """A tag as it is mounted; it has no keys here: they are derived from the installation's key and the uid."""

    id: str
    uid: bytes
    home: HomeId
    place: TagPlace
    enrolled_at: int


class Taken(msgspec.Struct, frozen=True):
    """A reading that counted, and when; the same one sent again is the same one."""

    tag: Tag
    read_at: int


class TagStore(Protocol):
    """Every method is one transaction and raises `Unavailable` when the store is away."""

    async def take(self, reading: Reading, *, person: str, key: str, at: int) -> Taken:
        """Count a genuine reading: its counter must be above every one that was taken of the tag.

        `NotInUse` for a tag that hangs nowhere, `Replayed` for an old counter, unless it is this reading of this person
        with this key again.
        """
        ...
