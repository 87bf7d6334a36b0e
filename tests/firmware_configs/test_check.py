"""The check of the configurations finds what is wrong; what stands in the repository is right."""

from pathlib import Path

import pytest

from firmware_configs import check

BUTTON = (Path(check.__file__).parent / "bthome" / "help_button.yaml").read_text(encoding="utf-8")


def test_what_stands_here_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main(["--without-esphome"]) == 0
    assert "not checked" in capsys.readouterr().out


def test_without_esphome_it_fails_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main(["--esphome", str(tmp_path / "absent")]) == 1
    assert "--without-esphome" in capsys.readouterr().err


WRONG = [
    ("driver: bthome", "driver: bthome9", "no driver"),
    ("encrypted: true", "encrypted: false", "must encrypt"),
    ("version: 2", "version: 1", "version"),
    ("packet_id: true", "paket_id: true", "paket_id"),
    ("placement: worn", "placement: moon", "moon"),
    ("model: BTHome", "model: [", "expected"),
]


@pytest.mark.parametrize(("right", "wrong", "words"), WRONG, ids=[row[1] for row in WRONG])
def test_a_wrong_button_is_told(tmp_path: Path, right: str, wrong: str, words: str) -> None:
    assert right in BUTTON
    (tmp_path / "button.yaml").write_text(BUTTON.replace(right, wrong, 1), encoding="utf-8")
    [fault] = check.bthome_faults(tmp_path)
    assert words in fault


REFUSING = """#!/bin/sh
echo "binary_sensor.gpio: [source ${2##*/}:7]"
echo "  Invalid pin number: 99"
exit 2
"""


@pytest.fixture
def esphome(tmp_path: Path) -> Path:
    """A program that refuses every file at line 7, as `esphome config` words it."""
    program = tmp_path / "esphome"
    program.write_text(REFUSING, encoding="utf-8")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("first", "faults"),
    [
        ("# expects: 7: Invalid pin number: 99", 0),
        ("# expects: 8: Invalid pin number: 99", 1),
        ("# expects: 7: Unknown value", 1),
        ("esphome:", 1),
    ],
)
def test_a_bad_file_must_be_refused_where_it_says(tmp_path: Path, esphome: Path, first: str, faults: int) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(f"{first}\n", encoding="utf-8")
    assert len(list(check.bad_faults(path, esphome))) == faults


def test_a_node_that_is_refused_or_names_no_driver_is_told(tmp_path: Path, esphome: Path) -> None:
    path = tmp_path / "node.yaml"
    path.write_text("substitutions:\n  driver: countless\n", encoding="utf-8")
    faults = list(check.good_faults(path, esphome))
    assert [words in fault for words, fault in zip(("no driver countless", "refuses"), faults, strict=True)] == [
        True,
        True,
    ]
    path.write_text("esphome:\n", encoding="utf-8")
    assert "name no driver" in next(iter(check.good_faults(path, esphome)))
