"""The configuration: read whole or refused with the name of the field."""

import json
from pathlib import Path
from typing import Any

import pytest

from edge import config
from edge.config import read_config
from homecare.errors import Malformed, Unavailable


@pytest.fixture
def example(tmp_path: Path) -> dict[str, Any]:
    """The example of the module's documentation."""
    key = tmp_path / "edge.key"
    key.write_text("11" * 32 + "\n")
    key.chmod(0o600)
    text = config.__doc__ or ""
    return dict(json.loads(text[text.index("    {") : text.rindex("    }") + 5]))


def write(folder: Path, content: object) -> Path:
    path = folder / "edge.json"
    path.write_text(json.dumps(content))
    return path


def test_the_documented_example_is_read(tmp_path: Path, example: dict[str, Any]) -> None:
    installation = read_config(write(tmp_path, example))
    assert installation.private_key == b"\x11" * 32
    assert installation.data_folder == tmp_path / "data"
    assert installation.secrets == {"dev-0123456789abcdef": bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")}
    assert installation.devices[0].reports_every == 3600


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("quota_bytes",), 5, "quota_bytes"),
        (("edge",), "Edge of Mrs. Smith", "edge"),
        (("devices", 0, "secret"), "xyz", "devices[0].secret"),
        (("devices", 0, "capabilities"), ["fly"], "devices[0].capabilities[0]"),
        (("devices", 0, "home"), "home-ffffffffffffffff", "devices[0].home"),
        (("serial", 0, "baud"), "fast", "serial[0].baud"),
        (("serial", 0, "speed"), 1, "serial[0]"),
        (("gateway_public_key",), "00", "gateway_public_key"),
    ],
)
def test_a_wrong_field_is_named(
    tmp_path: Path, example: dict[str, Any], path: tuple[str | int, ...], value: object, field: str
) -> None:
    place: Any = example
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(Malformed) as raised:
        read_config(write(tmp_path, example))
    assert raised.value.subject == field
    assert str(value) not in str(raised.value) or len(str(value)) < 5


def test_an_unknown_field_is_refused(tmp_path: Path, example: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match="unknown field `colour`"):
        read_config(write(tmp_path, example | {"colour": "green"}))


def test_a_device_twice_is_refused(tmp_path: Path, example: dict[str, Any]) -> None:
    example["devices"] *= 2
    with pytest.raises(Malformed, match="each one once"):
        read_config(write(tmp_path, example))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_private_key_that_others_may_read_is_refused(tmp_path: Path, example: dict[str, Any], mode: int) -> None:
    (tmp_path / "edge.key").chmod(mode)
    with pytest.raises(Malformed, match="chmod 600"):
        read_config(write(tmp_path, example))


@pytest.mark.parametrize("text", ["", "11" * 31, "no hex" * 10, "é"])
def test_a_private_key_that_is_none_is_refused(tmp_path: Path, example: dict[str, Any], text: str) -> None:
    (tmp_path / "edge.key").write_text(text)
    with pytest.raises(Malformed, match="64 hex digits"):
        read_config(write(tmp_path, example))


def test_what_cannot_be_read_is_unavailable_and_what_is_no_json_malformed(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        read_config(tmp_path / "none.json")
    path = tmp_path / "edge.json"
    path.write_text("{")
    with pytest.raises(Malformed):
        read_config(path)
