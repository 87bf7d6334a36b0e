"""The schema comes up however the last attempt ended."""

import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from gateway.adapters.postgres import migrate as migrations
from gateway.adapters.postgres.migrate import LOCK, migrate
from gateway.adapters.postgres.registry import enrol
from gateway.embedded import PrivateDatabase
from homecare.errors import Malformed, VakaError
from tests.gateway.enrolled import household


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a newer version, with one more file to apply."""
    shutil.copytree(migrations.MIGRATIONS, tmp_path / "newer")
    (tmp_path / "newer" / "9999_newer.sql").write_text("CREATE TABLE newer (one boolean);")
    monkeypatch.setattr(migrations, "MIGRATIONS", tmp_path / "newer")


@pytest.mark.usefixtures("newer")
def test_a_process_killed_while_it_migrated_keeps_nobody_from_starting(database_url: str) -> None:
    """What kill -9 leaves of the migration tool's own lock: its row."""
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM yoyo_lock")
        connection.execute("INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, now(), 4484)")
    migrate(database_url)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM newer").fetchone() == (0,)


@pytest.mark.usefixtures("newer")
def test_the_second_of_two_waits_for_the_first(database_url: str) -> None:
    second = threading.Thread(target=migrate, args=(database_url,))
    with psycopg.connect(database_url, autocommit=True) as first:
        first.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        second.start()
        second.join(0.5)
        assert second.is_alive()
    second.join(30)
    assert not second.is_alive()


def test_a_start_over_the_schema_of_today_waits_for_nobody_and_loads_no_tool(database_url: str) -> None:
    script = f"import sys; from gateway.adapters.postgres.migrate import migrate; migrate({database_url!r}); "
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        subprocess.run([sys.executable, "-c", script + "assert 'yoyo' not in sys.modules"], check=True, timeout=120)


@pytest.mark.parametrize(
    ("of", "into", "hint"),
    [
        (r":\d+/", ":port/", "look at the address"),
        (":[0-9a-f]+@", ":geheim@", "it refuses the user or the password"),
        ("/vaka$", "/nowhere", "it has no such user or database"),
        (r":\d+/", ":1/", "nobody listens at that host and port"),
        ("127.0.0.1", "nowhere.invalid", "there is no such host"),
    ],
)
def test_a_database_that_cannot_be_had_is_told_with_what_to_do(
    of: str, into: str, hint: str, database_server: PrivateDatabase
) -> None:
    """Red when every refusal reads alike: whose password is wrong looks for a server that is down."""
    wrong = re.sub(of, into, database_server.url)
    with pytest.raises(VakaError, match=hint) as told:
        migrate(wrong)
    assert "geheim" not in str(told.value)
    with pytest.raises(Malformed):
        migrate("rubbish")


def test_the_schema_is_named_by_its_files(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        applied = {row[0] for row in connection.execute("SELECT migration_id FROM _yoyo_migration")}
    assert {"0001_registry", "0002_facts", "0003_alerts"} <= applied


def test_the_doors_of_homes_from_before_the_question_open_as_before(database_url: str) -> None:
    """No consent to a door log is made up for them, and homes that come in later wait for one."""
    before, after = household(1), household(2)
    enrol(database_url, before.registration)
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM consent WHERE purpose = 'door_log'")
        connection.execute("ALTER TABLE home DROP COLUMN door_log_asked")
        connection.execute("DELETE FROM _yoyo_migration WHERE migration_id = '0019_door_log'")
    migrate(database_url)
    enrol(database_url, after.registration)
    with psycopg.connect(database_url) as connection:
        asked = connection.execute("SELECT id, door_log_asked FROM home ORDER BY id").fetchall()
        made_up = connection.execute(
            "SELECT count(*) FROM consent JOIN household_member AS m ON m.id = member "
            "WHERE purpose = 'door_log' AND home = %s",
            (before.home,),
        ).fetchone()
    assert asked == [(before.home, False), (after.home, True)]
    assert made_up == (0,)
