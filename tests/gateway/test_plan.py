"""Plans from CSV: what is taken, and the known ways in which a plan is wrong (ids from the catalogue of bad inputs)."""

from datetime import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.plan import ERRORS_MOST, LINE_LETTERS, PLAN_BYTES, ROWS_MOST, Plan, compare, read_plan
from gateway.model.plan_line import COLUMNS, Place, PlanError, Wrong
from homecare.identity import HomeId, UnitId

HEADER = ";".join(COLUMNS)
HOME, OTHER = "home-00000001", "home-00000002"
KARIN, OMAR = "person-karin-01", "person-omar-001"


def wall(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


PLACE = Place(
    unit=UnitId("unit-00000001"),
    zones={HomeId(HOME): "Europe/Stockholm", HomeId(OTHER): "Europe/Stockholm"},
    people=frozenset({KARIN, OMAR}),
    now=wall("2026-10-20T12:00:00Z"),
)
FIELDS = {
    "external_id": "1001",
    "home": HOME,
    "from": "2026-10-22 22:00",
    "until": "2026-10-22 22:30",
    "staff": KARIN,
    "staff_needed": "1",
    "tasks": "Tillsyn|Medicin",
    "status": "planned",
}


def line(**fields: str) -> str:
    return ";".join({**FIELDS, **{name.rstrip("_"): text for name, text in fields.items()}}[name] for name in COLUMNS)


LINE = line()


def file(*lines: str, header: str = HEADER) -> bytes:
    return "".join(f"{one}\n" for one in (header, *lines)).encode()


def read(*lines: str) -> Plan:
    return read_plan(file(*lines), PLACE)


def wrongs(content: bytes) -> list[PlanError]:
    plan = read_plan(content, PLACE)
    assert not plan.visits
    assert plan.errors
    return list(plan.errors)


def test_a_line_becomes_a_visit() -> None:
    plan = read(LINE, line(external_id="1002", staff=f"{OMAR} {KARIN}", staff_needed="2", status="cancelled", tasks=""))
    assert (plan.rows, plan.errors) == (2, ())
    first, second = plan.visits
    assert (first.since, first.until) == (wall("2026-10-22T20:00:00Z"), wall("2026-10-22T20:30:00Z"))
    assert (first.home, first.people, first.tasks, first.cancelled) == (HOME, (KARIN,), ("Tillsyn", "Medicin"), False)
    assert (second.people, second.tasks, second.cancelled) == ((KARIN, OMAR), (), True)
    assert first.id != second.id


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(b"", Wrong.EMPTY, id="plan-01-empty"),
        pytest.param(b"\r\n \n", Wrong.EMPTY, id="plan-01-blank"),
        pytest.param(file(), Wrong.EMPTY, id="plan-01-header-only"),
        pytest.param(file(LINE, header=LINE), Wrong.HEADER, id="plan-02-no-header"),
        pytest.param(file(LINE, header=HEADER.replace("home", "hme")), Wrong.HEADER, id="plan-02-misspelt"),
        pytest.param(file(LINE, header=HEADER.replace("tasks", "staff")), Wrong.HEADER, id="plan-02-duplicated"),
        pytest.param(file(LINE, header=HEADER.upper()), Wrong.HEADER, id="plan-02-case"),
        pytest.param(file(LINE).replace(b";", b","), Wrong.SEPARATOR, id="plan-03-comma"),
        pytest.param(file(LINE).replace(b";", b"\t"), Wrong.SEPARATOR, id="plan-03-tab"),
        pytest.param(file(LINE).decode().encode("utf-16"), Wrong.NOT_UTF8, id="plan-04-utf16"),
        pytest.param(file(LINE).decode().encode("utf-16-le"), Wrong.CONTROL_CHARACTER, id="plan-04-utf16-no-mark"),
        pytest.param(
            file(line(tasks="Dusch på kvällen")).decode().encode("latin-1"), Wrong.NOT_UTF8, id="plan-04-latin1"
        ),
        pytest.param(file(line(tasks="å")) + "å;".encode("latin-1"), Wrong.NOT_UTF8, id="plan-04-mixed"),
        pytest.param(file(line(tasks="a\0b")), Wrong.CONTROL_CHARACTER, id="plan-05-nul"),
        pytest.param(b"x" * (PLAN_BYTES + 1), Wrong.TOO_LARGE, id="plan-06-large"),
        pytest.param(file(*["x"] * (ROWS_MOST + 1)), Wrong.TOO_MANY_ROWS, id="plan-06-rows"),
        pytest.param(file(LINE, header="x" * (LINE_LETTERS + 1)), Wrong.LINE_TOO_LONG, id="plan-06-header"),
        pytest.param(b"PK\x03\x04" + file(LINE), Wrong.CONTROL_CHARACTER, id="plan-07-xlsx"),
        pytest.param(b"<?xml version='1.0'?><!DOCTYPE x>\n<a/>\n", Wrong.SEPARATOR, id="plan-08-xml"),
        pytest.param(b'{"a": 1, "a": 2}\n{}\n', Wrong.SEPARATOR, id="plan-09-json"),
        pytest.param(file(LINE, LINE)[:-1], Wrong.CUT_SHORT, id="plan-11-cut"),
        pytest.param(file(LINE)[:-9], Wrong.CUT_SHORT, id="plan-36-growing"),
    ],
)
def test_a_file_that_is_no_plan(content: bytes, why: Wrong) -> None:
    assert wrongs(content) == [PlanError(0, None, why)]


@pytest.mark.parametrize(
    ("wrong", "field", "why"),
    [
        pytest.param(line(tasks="a,5;b"), None, Wrong.COLUMNS, id="plan-03-decimal"),
        pytest.param(line(tasks='"open'), None, Wrong.QUOTES, id="plan-05-quotes"),
        pytest.param("x" * (LINE_LETTERS + 1), None, Wrong.LINE_TOO_LONG, id="plan-06-line"),
        pytest.param(line(home="home-of-another-unit"), "home", Wrong.UNKNOWN_HOME, id="plan-13-other-unit"),
        pytest.param(line(home=""), "home", Wrong.UNKNOWN_HOME, id="plan-15-none"),
        pytest.param(line(home="191212121212"), "home", Wrong.UNKNOWN_HOME, id="plan-16-personal-number"),
        pytest.param(line(home=KARIN, staff=HOME), "home", Wrong.UNKNOWN_HOME, id="plan-16-swapped"),
        pytest.param(line(staff="person-nobody-1"), "staff", Wrong.UNKNOWN_PERSON, id="plan-17-unknown"),
        pytest.param(line(staff=""), "staff", Wrong.UNKNOWN_PERSON, id="plan-17-nobody"),
        pytest.param(line(until="2026-10-22 22:00"), "until", Wrong.ORDER, id="plan-18-no-minutes"),
        pytest.param(line(until="2026-10-27 22:00"), "until", Wrong.TOO_LONG, id="plan-18-five-days"),
        pytest.param(line(until="2026-10-24 04:00"), "until", Wrong.TOO_LONG, id="plan-18-thirty-hours"),
        pytest.param(line(until="2026-10-22 21:59"), "until", Wrong.ORDER, id="plan-19-end-first"),
        pytest.param(line(until="2026-10-22 24:00"), "until", Wrong.TIME, id="plan-19-2400"),
        pytest.param(
            line(from_="2027-03-28 02:30", until="2027-03-28 04:00"), "from", Wrong.TIME_GAP, id="plan-19-gap"
        ),
        pytest.param(
            line(from_="2026-10-25 02:30", until="2026-10-25 04:00"), "from", Wrong.TIME_DOUBLED, id="plan-19-twice"
        ),
        pytest.param(line(from_="2026-13-01 10:00"), "from", Wrong.TIME, id="plan-20-month-13"),
        pytest.param(line(from_="2026-11-31 10:00"), "from", Wrong.TIME, id="plan-20-31-november"),
        pytest.param(line(from_="11/22/2026 10:00"), "from", Wrong.TIME, id="plan-20-us"),
        pytest.param(line(from_="26-10-22 10:00"), "from", Wrong.TIME, id="plan-20-two-digits"),
        pytest.param(line(from_="2026-10-22T22:00Z"), "from", Wrong.TIME, id="plan-21-utc"),
        pytest.param(line(from_="2026-10-22 22:00Z"), "from", Wrong.TIME, id="plan-21-z"),
        pytest.param(line(from_="2026-10-22 22:00+05:00"), "from", Wrong.TIME_OFFSET, id="plan-21-offset"),
        pytest.param(line(from_="2026-10-22 22:00+99:99"), "from", Wrong.TIME_OFFSET, id="plan-21-no-offset"),
        pytest.param(line(from_="2026-10-22 22:00+00:00"), "from", Wrong.TIME_OFFSET, id="plan-21-utc-offset"),
        pytest.param(line(from_="FREQ=DAILY"), "from", Wrong.TIME, id="plan-22-recurring"),
        pytest.param(line(staff_needed="2"), "staff_needed", Wrong.STAFF_NEEDED, id="plan-23-one-name"),
        pytest.param(line(staff=f"{KARIN} {OMAR}"), "staff_needed", Wrong.STAFF_NEEDED, id="plan-23-two-names"),
        pytest.param(
            line(staff=f"{KARIN} {KARIN}", staff_needed="2"), "staff", Wrong.OWN_PARTNER, id="plan-23-own-partner"
        ),
        pytest.param(line(home="home-00000001b"), "home", Wrong.UNKNOWN_HOME, id="plan-24-neighbour"),
        pytest.param(line(tasks="Nyckelgömma 1234"), "tasks", Wrong.CODE, id="plan-30-key-box"),
        pytest.param(line(tasks="19121212-1212"), "tasks", Wrong.CODE, id="plan-30-personal-number"),
        pytest.param(line(tasks="=cmd|' /C calc'!A0"), "tasks", Wrong.FORMULA, id="plan-31-formula"),
        pytest.param(line(tasks="a|@SUM(A1)"), "tasks", Wrong.FORMULA, id="plan-31-second"),
        pytest.param(line(tasks="x" * 121), "tasks", Wrong.TASKS, id="plan-32-long"),
        pytest.param(line(tasks="\u202eTillsyn"), "tasks", Wrong.TASKS, id="plan-32-rtl"),
        pytest.param(line(staff_needed="4,67E+10"), "staff_needed", Wrong.STAFF_NEEDED, id="plan-33-exponent"),
        pytest.param(line(external_id=""), "external_id", Wrong.EXTERNAL_ID, id="plan-34-none"),
        pytest.param(line(external_id="1,00E+03"), "external_id", Wrong.EXTERNAL_ID, id="plan-34-number"),
        pytest.param("Summa;;;;;;;", "home", Wrong.UNKNOWN_HOME, id="plan-35-total"),
        pytest.param("Summa;12", None, Wrong.COLUMNS, id="plan-35-total-short"),
        pytest.param("", None, Wrong.COLUMNS, id="plan-35-blank"),
        pytest.param(
            line(from_="2025-10-22 22:00", until="2025-10-22 22:30"), "from", Wrong.TOO_FAR, id="plan-40-last-year"
        ),
        pytest.param(line(from_="9999-12-31 23:00", until="9999-12-31 23:30"), "from", Wrong.TOO_FAR, id="plan-40-far"),
        pytest.param(line(from_="0001-01-01 00:00"), "from", Wrong.TIME, id="plan-40-year-one"),
        pytest.param(line(status="Planned"), "status", Wrong.STATUS, id="status-case"),
        pytest.param(line(status=""), "status", Wrong.STATUS, id="status-none"),
    ],
)
def test_one_wrong_line_refuses_the_file_and_is_named(wrong: str, field: str | None, why: Wrong) -> None:
    good = line(external_id="good", from_="2026-10-21 08:00", until="2026-10-21 09:00")
    assert wrongs(file(good, wrong)) == [PlanError(3, field, why)]


def test_plan_10_a_visit_twice_in_a_file() -> None:
    assert wrongs(file(LINE, LINE)) == [PlanError(3, "external_id", Wrong.TWICE)]


def test_plan_18_one_person_in_two_homes_at_once() -> None:
    there = line(external_id="2", home=OTHER, from_="2026-10-22 22:14", until="2026-10-22 23:00")
    assert wrongs(file(LINE, there)) == [PlanError(3, "staff", Wrong.TWO_PLACES)]
    assert read(LINE, line(external_id="2", home=OTHER, from_="2026-10-22 22:15", until="2026-10-22 23:00")).visits
    assert read(LINE, line(external_id="2", home=OTHER, status="cancelled")).visits
    assert read(LINE, line(external_id="2", home=OTHER, staff=OMAR)).visits
    assert read(LINE, line(external_id="2")).visits, "two clients in one home share the time"


def test_plan_19_over_midnight_and_both_doubled_hours() -> None:
    night = read(line(from_="2026-10-22 23:45", until="2026-10-23 00:15")).visits[0]
    assert night.until - night.since == 30 * 60 * 1_000_000
    first, second = read(
        line(from_="2026-10-25 02:30+02:00", until="2026-10-25 02:45+02:00"),
        line(external_id="2", from_="2026-10-25 02:30+01:00", until="2026-10-25 02:45+01:00"),
    ).visits
    assert (first.since, second.since) == (wall("2026-10-25T00:30:00Z"), wall("2026-10-25T01:30:00Z"))
    across = read(line(from_="2026-10-24 23:00", until="2026-10-25 06:00")).visits[0]
    assert across.until - across.since == 8 * 3600 * 1_000_000


def test_plan_02_04_34_what_is_let_pass() -> None:
    turned = ";".join(reversed(COLUMNS))
    line_turned = ";".join(reversed(LINE.split(";")))
    assert read_plan(b"\xef\xbb\xbf" + file(line_turned, header=turned), PLACE) == read(LINE)
    assert read_plan(file(LINE).replace(b"\n", b"\r\n"), PLACE) == read(LINE)
    assert read(line(external_id="007")).visits[0].external_id == "007"
    assert read(line(tasks='"Tillsyn|Medicin"')) == read(LINE)


def test_every_wrong_line_is_told_up_to_a_bound() -> None:
    assert len(wrongs(file(*[line(home="x")] * (ERRORS_MOST + 5)))) == ERRORS_MOST


def test_compare_tells_new_changed_unchanged_and_cancelled() -> None:
    kept, moved, gone, fresh = read(*(line(external_id=str(number)) for number in range(4))).visits
    known = {visit.external_id: visit for visit in (kept, moved, gone)}
    after = (
        kept,
        msgspec.structs.replace(moved, home=OTHER),
        msgspec.structs.replace(gone, cancelled=True),
        fresh,
        msgspec.structs.replace(fresh, external_id="new-and-gone", cancelled=True),
    )
    found = compare(after, known)
    assert (found.new, found.changed, found.unchanged) == ((fresh,), (after[1],), 1)
    assert found.cancelled == (after[2], after[4])
    again = compare(after, {visit.external_id: visit for visit in after})
    assert (again.new, again.changed, again.cancelled, again.unchanged) == ((), (), (), 5)


def test_plan_11_12_what_is_not_in_the_file_is_not_touched() -> None:
    visits = read(*(line(external_id=str(number)) for number in range(10))).visits
    found = compare(visits[:1], {visit.external_id: visit for visit in visits})
    assert (found.unchanged, found.new, found.changed, found.cancelled) == (1, (), (), ())


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reading(content: bytes) -> None:
    plan = read_plan(content, PLACE)
    assert bool(plan.visits) is not bool(plan.errors)


@given(st.lists(st.text(max_size=40), min_size=8, max_size=8))
def test_no_fields_break_the_reading(fields: list[str]) -> None:
    plan = read_plan(file(";".join(fields)), PLACE)
    assert bool(plan.visits) is not bool(plan.errors)
