"""One file that registers a municipality with its units, homes, people and tags: what it may say. Pure.

Strict: an unknown field, a wrong type or a reference to nothing is an error, and nothing at all is registered.
"""

from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from gateway.model.authorisation import Role
from gateway.ports.tags import TagPlace
from homecare.consent import MemberKind
from homecare.errors import Malformed
from homecare.identity import ID_PATTERN, HomeId
from rules.home_settings import settings_of

FILE_BYTES: Final = 32 * 1024 * 1024
"""A municipality of fifty thousand homes is half of that."""
Id = Annotated[str, Meta(pattern=ID_PATTERN)]
Label = Annotated[str, Meta(min_length=1, max_length=200)]


class Town(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The municipality; its own words are exactly these afterwards: term to Swedish and English."""

    id: Id
    label: Label
    words: dict[str, tuple[Label, Label]] = {}


class Unit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A unit of the municipality; the desks of its `backups` ring too when nobody answers."""

    id: Id
    label: Label
    backups: tuple[Id, ...] = ()


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who lives in a home, by pseudonym. Consent is recorded when it is given, not here."""

    id: Id
    kind: MemberKind


class Dwelling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A home; `settings` are the limits of its rules. Edges and devices come in by claim code."""

    id: Id
    unit: Id
    label: Label
    address: Label
    resident: Label
    time_zone: str = "Europe/Stockholm"
    settings: dict[str, Any] = {}
    members: tuple[Member, ...] = ()


class Colleague(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who may sign in, after an invitation; `roles` are exactly these afterwards, by unit."""

    id: Id
    unit: Id
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    display: Annotated[str, Meta(min_length=1, max_length=60)]
    roles: dict[Id, frozenset[Role]]


class MountedTag(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tag as it hangs in a home; `uid` is its seven bytes in hex."""

    id: Id
    uid: Annotated[str, Meta(pattern="^[0-9a-fA-F]{14}$")]
    home: Id
    place: TagPlace


class Registration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file. What it leaves out stays as it is, but for words and roles."""

    municipality: Town
    units: tuple[Unit, ...] = ()
    homes: tuple[Dwelling, ...] = ()
    people: tuple[Colleague, ...] = ()
    tags: tuple[MountedTag, ...] = ()

    def units_named(self) -> set[str]:
        """Every unit that something in the file belongs to or stands in for."""
        belonging = {home.unit for home in self.homes} | {person.unit for person in self.people}
        return belonging | {unit for one in self.people for unit in one.roles} | self._backups()

    def _backups(self) -> set[str]:
        return {backup for one in self.units for backup in one.backups}


def read_registration(text: bytes) -> Registration:
    """The registration of a JSON file; `Malformed` names the place of what is wrong in it."""
    if len(text) > FILE_BYTES:
        raise Malformed("register", "file", f"at most {FILE_BYTES} bytes")
    try:
        registration = msgspec.json.decode(text, type=Registration, strict=True)
    except msgspec.DecodeError as error:
        raise Malformed("register", "file", str(error)) from error
    for name in ("units", "homes", "people", "tags"):
        ids = [one.id for one in getattr(registration, name)]
        if len(ids) != len(set(ids)):
            raise Malformed("register", name, "an id stands there twice")
    for home in registration.homes:
        _require_usable(home)
    return registration


def _require_usable(home: Dwelling) -> None:
    _, problems = settings_of(HomeId(home.id), home.time_zone, limits=home.settings, edges=(), devices=())
    wrong = [one for one in problems if one.setting in home.settings]
    if wrong:
        raise Malformed("register", f"{home.id} {wrong[0].setting}", wrong[0].hint)
    try:
        ZoneInfo(home.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Malformed("register", home.id, "time_zone is a name such as Europe/Stockholm") from error
