"""One line of a plan: fields as text to a planned visit, or what is wrong with it. Pure; see docs/plan_csv.md."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from homecare.clock import DAY, HOUR
from homecare.identity import ID_PATTERN, HomeId, UnitId, derived_id
from homecare.visit import PEOPLE_MOST, PlannedVisit

COLUMNS: Final = ("external_id", "home", "from", "until", "staff", "staff_needed", "tasks", "status")
"""The header's names; in any order, each once."""
TASKS_MOST: Final = 20
TASK_LETTERS: Final = 120
"""Characters of one task."""
LONGEST: Final = 16 * HOUR
"""Microseconds of a visit: a whole night's watch and more. What lasts longer is a mistake."""
PAST: Final = 31 * DAY
FUTURE: Final = 366 * DAY
"""Microseconds that a visit may lie behind and ahead."""

_STATUS: Final = {"planned": False, "cancelled": True}
_STAFF_NEEDED: Final = {str(number): number for number in range(1, PEOPLE_MOST + 1)}
_EXTERNAL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
_ID: Final = re.compile(ID_PATTERN)
_LOCAL: Final = re.compile(r"(\d{4}-\d{2}-\d{2} \d{2}:\d{2})([+-]\d{2}:\d{2})?", re.ASCII)
_CODE: Final = re.compile(r"\d{4}")
_FORMULA: Final = ("=", "+", "-", "@")
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Wrong(StrEnum):
    """What is wrong with a file or a line; people's words for each stand with the web."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    CONTROL_CHARACTER = "control_character"
    HEADER = "header"
    SEPARATOR = "separator"
    CUT_SHORT = "cut_short"
    TOO_MANY_ROWS = "too_many_rows"
    LINE_TOO_LONG = "line_too_long"
    QUOTES = "quotes"
    COLUMNS = "columns"
    EXTERNAL_ID = "external_id"
    TWICE = "twice"
    UNKNOWN_HOME = "unknown_home"
    TIME = "time"
    TIME_GAP = "time_gap"
    TIME_DOUBLED = "time_doubled"
    TIME_OFFSET = "time_offset"
    ORDER = "order"
    TOO_LONG = "too_long"
    TOO_FAR = "too_far"
    UNKNOWN_PERSON = "unknown_person"
    OWN_PARTNER = "own_partner"
    STAFF_NEEDED = "staff_needed"
    TWO_PLACES = "two_places"
    TASKS = "tasks"
    CODE = "code"
    FORMULA = "formula"
    STATUS = "status"


class PlanError(msgspec.Struct, frozen=True):
    """One thing that is wrong: `row` is the file's line (the header is 1, 0 the whole file)."""

    row: int
    field: str | None
    why: Wrong


class Place(msgspec.Struct, frozen=True):
    """Whose plan it is: the unit, its homes with their time zones, who may be planned there, and the time now."""

    unit: UnitId
    zones: Mapping[HomeId, str]
    people: frozenset[str]
    now: int


class Misread(Exception):
    """A field, or a whole line, cannot be taken."""

    def __init__(self, field: str | None, why: Wrong) -> None:
        super().__init__(field, why)
        self.field = field
        self.why = why


def visit_id(unit: str, external_id: str) -> str:
    """The visit of a line: the same line makes the same visit whenever and however often it comes."""
    return derived_id("visit", unit, external_id)


def read_line(fields: Mapping[str, str], place: Place) -> PlannedVisit:
    """The planned visit of a line's fields; `Misread` says which field is wrong and why."""
    external = fields["external_id"]
    if not _EXTERNAL.fullmatch(external):
        raise Misread("external_id", Wrong.EXTERNAL_ID)
    zone = place.zones.get(HomeId(fields["home"]))
    if zone is None:
        raise Misread("home", Wrong.UNKNOWN_HOME)
    if fields["status"] not in _STATUS:
        raise Misread("status", Wrong.STATUS)
    since, until = _window(fields, zone, place.now)
    return PlannedVisit(
        id=visit_id(place.unit, external),
        unit=place.unit,
        external_id=external,
        home=fields["home"],
        since=since,
        until=until,
        people=_people(fields, place),
        tasks=_tasks(fields["tasks"]),
        cancelled=_STATUS[fields["status"]],
    )


def _window(fields: Mapping[str, str], zone: str, now: int) -> tuple[int, int]:
    since, until = (_instant(fields[name], name, zone) for name in ("from", "until"))
    if until <= since:
        raise Misread("until", Wrong.ORDER)
    if until - since > LONGEST:
        raise Misread("until", Wrong.TOO_LONG)
    if not now - PAST <= since <= now + FUTURE:
        raise Misread("from", Wrong.TOO_FAR)
    return since, until


def _instant(text: str, field: str, zone: str) -> int:
    """Wall microseconds of a local time. It is never guessed: what does not exist or exists twice is refused."""
    matched = _LOCAL.fullmatch(text)
    if matched is None:
        raise Misread(field, Wrong.TIME)
    shown, offset = matched.groups()
    try:
        local = datetime.strptime(shown, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(zone))
        readings = {local.replace(fold=fold).utcoffset() for fold in (0, 1)}
        back = local.astimezone(UTC).astimezone(local.tzinfo)
    except (ValueError, OverflowError) as error:
        raise Misread(field, Wrong.TIME) from error
    if back.replace(tzinfo=None) != local.replace(tzinfo=None):
        raise Misread(field, Wrong.TIME_GAP)
    if offset is None:
        if len(readings) > 1:
            raise Misread(field, Wrong.TIME_DOUBLED)
        return (local - _START) // _MICROSECOND
    fold = next((fold for fold in (0, 1) if local.replace(fold=fold).isoformat().endswith(offset)), None)
    if fold is None:
        raise Misread(field, Wrong.TIME_OFFSET)
    return (local.replace(fold=fold) - _START) // _MICROSECOND


def _people(fields: Mapping[str, str], place: Place) -> tuple[str, ...]:
    people = tuple(fields["staff"].split())
    if not people or any(not _ID.fullmatch(one) or one not in place.people for one in people):
        raise Misread("staff", Wrong.UNKNOWN_PERSON)
    if len(set(people)) != len(people):
        raise Misread("staff", Wrong.OWN_PARTNER)
    if _STAFF_NEEDED.get(fields["staff_needed"]) != len(people):
        raise Misread("staff_needed", Wrong.STAFF_NEEDED)
    return tuple(sorted(people))


def _tasks(text: str) -> tuple[str, ...]:
    tasks = tuple(task.strip() for task in text.split("|") if task.strip())
    if len(tasks) > TASKS_MOST or any(len(task) > TASK_LETTERS or not task.isprintable() for task in tasks):
        raise Misread("tasks", Wrong.TASKS)
    if any(task.startswith(_FORMULA) for task in tasks):
        raise Misread("tasks", Wrong.FORMULA)
    if any(_CODE.search(task) for task in tasks):
        raise Misread("tasks", Wrong.CODE)
    return tasks
