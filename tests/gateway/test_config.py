"""The environment's words, the gateway's key, and the figures that a process shows."""

import stat
from pathlib import Path

import pytest

from gateway.bulk import filters
from gateway.config import read_config, read_key, read_shards
from gateway.metrics import SERIES_LIMIT, Metrics
from homecare.errors import Malformed

SET = {"VAKA_DATABASE_URL": "postgresql://vaka@127.0.0.1/vaka", "VAKA_BROKER_URL": "mqtt://127.0.0.1"}


def test_defaults() -> None:
    config = read_config(SET)
    assert (config.port, config.data, config.key_file) == (8080, Path(".vaka"), Path(".vaka/gateway.key"))
    assert config.shards == tuple(range(256))


@pytest.mark.parametrize(
    "wrong",
    [
        {"VAKA_DATABASE_URL": ""},
        {"VAKA_BROKER_URL": ""},
        {"VAKA_DATABASE_URL": "rubbish"},
        {"VAKA_BROKER_URL": "rubbish"},
        {"VAKA_BROKER_URL": "mqtt://127.0.0.1:port"},
        {"VAKA_PORT": "http"},
        {"VAKA_PORT": "0"},
        {"VAKA_PORT": "65536"},
        {"VAKA_SHARDS": "0-256"},
        {"VAKA_SHARDS": "9-3"},
        {"VAKA_SHARDS": "-1"},
    ],
)
def test_what_is_wrong_is_named(wrong: dict[str, str]) -> None:
    with pytest.raises(Malformed) as refused:
        read_config({**SET, **wrong})
    assert refused.value.subject in wrong


def test_shards_and_what_they_subscribe_to() -> None:
    assert read_shards("0-3,8") == (0, 1, 2, 3, 8)
    assert filters((3, 8), ("record",), qos=1) == [("vaka/v1/3/+/up/record", 1), ("vaka/v1/8/+/up/record", 1)]
    assert filters(tuple(range(256)), ("record",), qos=1) == [("vaka/v1/+/+/up/record", 1)]


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "gateway.key"
    key = read_key(path)
    assert read_key(path) == key
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [child.name for child in path.parent.iterdir()] == ["gateway.key"]
    path.write_text("no key")
    with pytest.raises(Malformed):
        read_key(path)


def test_figures_in_prometheus_text() -> None:
    metrics = Metrics()
    metrics.count('intake_turned_away{reason="shard"}', 2)
    metrics.count('intake_turned_away{reason="topic"}')
    metrics.gauge("waiting", 7)
    assert metrics.values() == {
        'intake_turned_away_total{reason="shard"}': 2,
        'intake_turned_away_total{reason="topic"}': 1,
        "waiting": 7,
    }
    assert metrics.text() == (
        "# TYPE vaka_intake_turned_away_total counter\n"
        'vaka_intake_turned_away_total{reason="shard"} 2\n'
        'vaka_intake_turned_away_total{reason="topic"} 1\n'
        "# TYPE vaka_waiting gauge\n"
        "vaka_waiting 7\n"
    )
    for number in range(2 * SERIES_LIMIT):
        metrics.count(f"made_up_{number}")
    assert len(metrics.values()) <= SERIES_LIMIT + 1
