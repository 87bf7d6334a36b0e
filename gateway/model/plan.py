"""A plan from a CSV file: read, checked line by line, and compared with what is known. Pure; see docs/plan_csv.md.

A plan is taken whole or not at all: one wrong line refuses it, and every wrong line is named. What a file does not name
stays as it is: a file that was cut short, or a short one, cancels nothing. No error repeats what stood in the file.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from gateway.model.plan_line import COLUMNS, Misread, Place, PlanError, Wrong, read_line
from homecare.clock import MINUTE
from homecare.visit import PlannedVisit

PLAN_BYTES: Final = 2 * 1024 * 1024
"""Bytes of a file: a unit's visits of a month."""
ROWS_MOST: Final = 5_000
"""Visits in a file."""
LINE_LETTERS: Final = 4_000
"""Characters of a line: above the longest honest list of tasks."""
ERRORS_MOST: Final = 100
"""Errors told of one file: beyond that it is the wrong file."""
OVERLAP: Final = 15 * MINUTE
"""Microseconds by which two visits of one person in two homes may overlap: plans are drawn without the way between."""

Numbered = tuple[int, PlannedVisit]


class Plan(msgspec.Struct, frozen=True):
    """A file as read: visits in the file's order, or what is wrong with it. With an error there is nothing to take."""

    rows: int = 0
    visits: tuple[PlannedVisit, ...] = ()
    errors: tuple[PlanError, ...] = ()


class Differences(msgspec.Struct, frozen=True):
    """What a plan changes. `cancelled` are those that are called off now and were not before."""

    new: tuple[PlannedVisit, ...] = ()
    changed: tuple[PlannedVisit, ...] = ()
    cancelled: tuple[PlannedVisit, ...] = ()
    unchanged: int = 0


def compare(visits: Sequence[PlannedVisit], known: Mapping[str, PlannedVisit]) -> Differences:
    """What the plan changes of what is known by external id."""
    new: list[PlannedVisit] = []
    changed: list[PlannedVisit] = []
    cancelled: list[PlannedVisit] = []
    for visit in visits:
        before = known.get(visit.external_id)
        if before == visit:
            continue
        if visit.cancelled and not (before and before.cancelled):
            cancelled.append(visit)
        else:
            (new if before is None else changed).append(visit)
    different = len(new) + len(changed) + len(cancelled)
    return Differences(tuple(new), tuple(changed), tuple(cancelled), len(visits) - different)


def read_plan(content: bytes, place: Place) -> Plan:
    """The visits of a file, or everything that is wrong with it, at most `ERRORS_MOST` things."""
    try:
        lines = _lines(_text(content))
        header = _header(lines[0])
    except Misread as wrong:
        return Plan(errors=(PlanError(0, wrong.field, wrong.why),))
    visits: list[Numbered] = []
    errors: list[PlanError] = []
    for number, line in enumerate(lines[1:], start=2):
        try:
            visits.append((number, read_line(_named(header, line), place)))
        except Misread as wrong:
            errors.append(PlanError(number, wrong.field, wrong.why))
    errors += [*_twice(visits), *_two_places(visits)]
    if errors:
        return Plan(rows=len(lines) - 1, errors=tuple(sorted(errors, key=lambda error: error.row)[:ERRORS_MOST]))
    return Plan(rows=len(lines) - 1, visits=tuple(visit for _, visit in visits))


def _text(content: bytes) -> str:
    if len(content) > PLAN_BYTES:
        raise Misread(None, Wrong.TOO_LARGE)
    if not content.strip():
        raise Misread(None, Wrong.EMPTY)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Misread(None, Wrong.NOT_UTF8) from error
    if any(ord(letter) < ord(" ") and letter not in "\r\n\t" for letter in text):
        raise Misread(None, Wrong.CONTROL_CHARACTER)
    if not text.endswith("\n"):
        raise Misread(None, Wrong.CUT_SHORT)
    return text


def _lines(text: str) -> list[str]:
    """A line is a row: a line break inside quotes is a mistake."""
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if len(lines) > ROWS_MOST + 1:
        raise Misread(None, Wrong.TOO_MANY_ROWS)
    if len(lines) == 1:
        raise Misread(None, Wrong.EMPTY)
    return lines


def _header(line: str) -> list[str]:
    names = _fields(line)
    if len(names) == 1:
        raise Misread(None, Wrong.SEPARATOR)
    if sorted(names) != sorted(COLUMNS):
        raise Misread(None, Wrong.HEADER)
    return names


def _named(header: Sequence[str], line: str) -> dict[str, str]:
    fields = _fields(line)
    if len(fields) != len(header):
        raise Misread(None, Wrong.COLUMNS)
    return dict(zip(header, fields, strict=True))


def _fields(line: str) -> list[str]:
    if len(line) > LINE_LETTERS:
        raise Misread(None, Wrong.LINE_TOO_LONG)
    try:
        row = next(csv.reader([line], delimiter=";", strict=True), [])
    except csv.Error as error:
        raise Misread(None, Wrong.QUOTES) from error
    return [field.strip() for field in row]


def _twice(visits: Sequence[Numbered]) -> Iterator[PlanError]:
    seen: set[str] = set()
    for number, visit in visits:
        if visit.external_id in seen:
            yield PlanError(number, "external_id", Wrong.TWICE)
        seen.add(visit.external_id)


def _two_places(visits: Sequence[Numbered]) -> Iterator[PlanError]:
    """Lines that put somebody in a home while the person is still in another; told of the later visit."""
    latest: dict[str, PlannedVisit] = {}
    for number, visit in sorted(visits, key=lambda one: (one[1].since, one[0])):
        if visit.cancelled:
            continue
        for person in visit.people:
            before = latest.get(person)
            if before is not None and before.home != visit.home and before.until - visit.since > OVERLAP:
                yield PlanError(number, "staff", Wrong.TWO_PLACES)
            if before is None or visit.until > before.until:
                latest[person] = visit
