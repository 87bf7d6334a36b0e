"""An installation is set up by one file and one invitation, without a demonstration."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from gateway.people.registration import read_registration
from homecare.errors import Malformed
from tests import patient
from tests.forked import start_gateway
from tests.gateway.serving import Serving
from tests.servers import ROOT

TABLES = (
    "municipality",
    "setting_word",
    "unit",
    "unit_backup",
    "home",
    "household_member",
    "person",
    "person_role",
    "tag",
)
MANUAL = ROOT / "docs" / "operate.md"


class Ended(NamedTuple):
    """How a command ended, and what it said."""

    returncode: int | None
    stdout: str
    stderr: str


def example() -> dict[str, Any]:
    """The manual's own."""
    found = re.search(r"```json\n(\{.*?\n\})\n```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    said: dict[str, Any] = json.loads(found[1])
    return said


def command(url: str, data: Path, *words: str) -> Ended:
    environment = {
        **os.environ,
        "VAKA_DATABASE_URL": url,
        "VAKA_BROKER_URL": "mqtt://127.0.0.1:9",
        "VAKA_DATA": str(data),
    }
    environment.pop("VAKA_DEMO", None)
    environment["VAKA_PORT"] = "18099"
    said, complained = data / "said", data / "complained"
    said.write_text("")
    complained.write_text("")
    process = start_gateway(list(words), environment, said, complained)
    process.join(60)
    return Ended(process.exitcode, said.read_text(), complained.read_text())


def register(url: str, data: Path, said: object) -> Ended:
    (data / "registration.json").write_text(json.dumps(said), encoding="utf-8")
    return command(url, data, "register", str(data / "registration.json"))


def everything(url: str) -> dict[str, list[str]]:
    with psycopg.connect(url) as connection:
        return {
            table: sorted(str(row) for row in connection.execute(f"SELECT * FROM {table}").fetchall())
            for table in TABLES
        }


def test_the_manuals_example_registers_everything_and_again_changes_nothing(database_url: str, tmp_path: Path) -> None:
    done = register(database_url, tmp_path, example())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "registered: 2 units, 1 homes, 2 people, 1 tags\n"
    first = everything(database_url)
    assert all(first.values()), first
    assert register(database_url, tmp_path, example()).returncode == 0
    assert everything(database_url) == first


WRONG: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "unknown-field": (lambda said: said.update(color="red"), "unknown field"),
    "type": (lambda said: said["homes"][0].update(label=7), "$.homes[0].label"),
    "role": (lambda said: said["people"][0]["roles"].update({"unit-north-0001": ["boss"]}), "roles"),
    "zone": (lambda said: said["homes"][0].update(time_zone="Europe/Nowhere"), "Europe/Stockholm"),
    "setting": (lambda said: said["homes"][0].update(settings={"nights": 1}), "there is no such setting"),
    "twice": (lambda said: said["tags"].append(said["tags"][0]), "twice"),
    "no-unit": (lambda said: said["people"][1].update(unit="unit-nowhere-1", roles={}), "no such unit"),
    "no-home": (lambda said: said["tags"][0].update(home="home-nowhere-1"), "no such home"),
    "one-name": (lambda said: said["people"][1].update(display=said["people"][0]["display"]), "name is taken"),
    "backup-of-itself": (lambda said: said["units"][0].update(backups=[said["units"][0]["id"]]), "backup"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_said_and_nothing_is_registered(database_url: str, tmp_path: Path, wrong: str) -> None:
    """Red without the one transaction: what stands before the mistake would be there."""
    said = example()
    change, says = WRONG[wrong]
    change(said)
    done = register(database_url, tmp_path, said)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not any(everything(database_url).values())


def test_a_home_or_person_that_moves_is_a_conflict_and_not_half_done(database_url: str, tmp_path: Path) -> None:
    assert register(database_url, tmp_path, example()).returncode == 0
    before = everything(database_url)
    for part in ("homes", "people"):
        said = example()
        said[part][0] |= {"unit": "unit-south-0001"}
        said["municipality"]["label"] = "Another"
        done = register(database_url, tmp_path, said)
        assert (done.returncode, "cannot be changed" in done.stderr) == (1, True), done.stderr
        assert everything(database_url) == before


def test_the_first_administrator_comes_in_by_an_address_that_is_printed_once(serving: Serving, tmp_path: Path) -> None:
    said = example()
    assert register(serving.database_url, tmp_path, said).returncode == 0
    person = said["people"][0]
    done = command(serving.database_url, tmp_path, "invite", person["id"])
    address = re.fullmatch(r"http://localhost:18099/desk#invitation=([0-9a-f]{64})\n", done.stdout)
    assert address is not None, done.stdout + done.stderr
    asked = {"invitation": address[1]}
    answer = patient.post(
        f"{serving.url}/api/v1/session/invitation/options",
        json=asked,
        headers={"Origin": serving.url},
    )
    assert (answer.status_code, answer.json()["display"]) == (200, person["display"])
    kept = serving.rows("SELECT person, invited_by FROM invitation")
    assert kept == [(person["id"], "vaka-gateway")]
    assert address[1] not in str(serving.rows("SELECT * FROM invitation"))


def test_nobody_is_invited_who_is_not_there(database_url: str, tmp_path: Path) -> None:
    done = command(database_url, tmp_path, "invite", "person-nobody-1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is nobody like that" in done.stderr


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b"\xff", b'{"municipality": {"id": "x", "label": "y"}}'])
def test_what_is_no_registration_is_malformed(text: bytes) -> None:
    with pytest.raises(Malformed):
        read_registration(text)
