"""Row 2: a backlog drains, 100 events a frame, beside a binary COPY of the same rows under the same indexes."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import psycopg
from psycopg.types.string import StrBinaryDumper, TextLoader

from tests.benchmarks.intake import WARM_SECONDS, Measured, run_load
from tests.benchmarks.load import Order
from tests.benchmarks.place import Gateway, Place
from tests.benchmarks.sides import Vaka

FACTS_A_FRAME: Final = 100
WINDOW: Final = 200_000
"""Facts under way: one frame of each of the 2,000 edges."""
CEILING: Final = 120_000
"""Facts a second that are surely not reached."""
COPIED_ROWS: Final = 200_000
WRITTEN_ROWS: Final = 100_000
"""Fewer: each takes the time of five."""
ROWS_A_COMMIT: Final = 10_000
_TABLES: Final = ("event", "observation")


class Drained(msgspec.Struct, frozen=True):
    """One round: rows a second of the product, and of COPY of the rows that it wrote.

    `written`: by one connection that writes each row from its values, through the driver's own binary writer.
    `server`: the server alone, which is given bytes that it made itself before.
    """

    measured: Measured
    written: float
    server: float


def drain(place: Place, seconds: float) -> Drained:
    """One round over a fresh database each."""
    with place.fresh() as url:
        side = Vaka(place)
        try:
            side.start(url)
            measured = run_load(place, side, order_of(place, url, seconds))
        finally:
            side.stop()
        parts = _copied_out(url)
        rows = _read(url)
    with place.fresh() as url:
        server = _copy_in(url, parts)
    with place.fresh() as url:
        return Drained(measured, _write(url, rows), server)


def order_of(place: Place, url: str, seconds: float) -> Order:
    """Every edge has more to say than fits."""
    whole = seconds + WARM_SECONDS
    return Order(
        port=place.broker.port,
        database_url=url,
        seconds=whole,
        packets=int(CEILING * whole / FACTS_A_FRAME),
        facts_a_frame=FACTS_A_FRAME,
        window=WINDOW,
    )


def _copied_out(url: str) -> list[tuple[str, int, bytes]]:
    """The rows as the server itself writes them, in parts of one commit: table, rows, bytes."""
    parts = []
    with psycopg.connect(url) as connection:
        for table in _TABLES:
            ((rows,),) = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
            share = min(rows, COPIED_ROWS // len(_TABLES) if table == "observation" else COPIED_ROWS)
            connection.execute(f"CREATE TEMPORARY TABLE part AS SELECT * FROM {table} LIMIT {share}")
            connection.execute("ALTER TABLE part ADD COLUMN line bigserial")
            for first in range(0, share, ROWS_A_COMMIT):
                columns = _columns(connection, table)
                chosen = f"SELECT {columns} FROM part WHERE line > {first} AND line <= {first + ROWS_A_COMMIT}"
                with connection.cursor().copy(f"COPY ({chosen}) TO STDOUT (FORMAT BINARY)") as copy:
                    data = b"".join(bytes(block) for block in copy)
                parts.append((table, min(ROWS_A_COMMIT, share - first), data))
            connection.execute("DROP TABLE part")
    return parts


def _columns(connection: psycopg.Connection[Any], table: str) -> str:
    found = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public' "
        "ORDER BY ordinal_position",
        (table,),
    )
    return ", ".join(name for (name,) in found)


def _copy_in(url: str, parts: Sequence[tuple[str, int, bytes]]) -> float:
    """Rows a second of one connection that does nothing else."""
    with psycopg.connect(url) as connection:
        began = time.perf_counter()
        for table, _, data in parts:
            with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(data)
            connection.commit()
        return sum(rows for _, rows, _ in parts) / (time.perf_counter() - began)


Rows = dict[str, tuple[list[str], list[tuple[Any, ...]]]]
"""Of each table: the types of its columns, and rows as values."""


def _read(url: str) -> Rows:
    """The rows as a program holds them before it writes them."""
    found: Rows = {}
    with psycopg.connect(url) as connection:
        connection.adapters.register_loader("jsonb", TextLoader)
        for table in _TABLES:
            rows = connection.execute(f"SELECT * FROM {table} LIMIT {WRITTEN_ROWS // len(_TABLES)}").fetchall()
            types = connection.execute(
                "SELECT udt_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public' "
                "ORDER BY ordinal_position",
                (table,),
            )
            found[table] = ([name for (name,) in types], rows)
    return found


def _write(url: str, tables: Rows) -> float:
    """Rows a second of one connection that writes each row from its values and does nothing else."""
    with psycopg.connect(url) as connection:
        connection.adapters.register_dumper(str, _JsonText)
        began = time.perf_counter()
        for table, (types, rows) in tables.items():
            for first in range(0, len(rows), ROWS_A_COMMIT):
                with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
                    copy.set_types(types)
                    for row in rows[first : first + ROWS_A_COMMIT]:
                        copy.write_row(row)
                connection.commit()
        return sum(len(rows) for _, rows in tables.values()) / (time.perf_counter() - began)


class _JsonText(StrBinaryDumper):
    """JSON that is text already."""

    oid = psycopg.adapters.types["jsonb"].oid

    def dump(self, obj: str) -> bytes:
        return b"\x01" + obj.encode()


def shares(place: Place, seconds: float) -> dict[str, float]:
    """Where the bulk process's time goes while it drains: the share of each stage, by sampling."""
    out = place.folder / "shares.json"
    with place.fresh() as url:
        side = Sampled(place, out)
        try:
            side.start(url)
            run_load(place, side, order_of(place, url, seconds))
        finally:
            side.stop()
    found = json.loads(out.read_text())
    return {stage: round(count / found["samples"], 3) for stage, count in found["stages"].items()}


class Sampled(Vaka):
    """The product with its bulk process under the sampler, which writes to `out` when it ends."""

    def __init__(self, place: Place, out: Path) -> None:
        super().__init__(place)
        self._out = out

    def start(self, database_url: str) -> None:
        """Start both processes."""
        words = ("-m", "tests.benchmarks.sampled", str(self._out), "bulk")
        self.gateway = Gateway(self._place, database_url, bulk=words).start()
