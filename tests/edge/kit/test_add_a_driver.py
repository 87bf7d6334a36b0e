"""docs/add_a_driver.md, followed word by word: its files written, its commands run, in an empty folder."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from firmware_configs.check import BTHomeConfig

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "add_a_driver.md").read_text(encoding="utf-8")
CAPTURE = ROOT / "tests" / "captures" / "unseen" / "ruuvi_raw_v2.jsonl"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    shutil.copy(CAPTURE, tmp_path)
    return tmp_path


def pip() -> str:
    """The environment's pip, or the machine's pointed at the environment, as the Makefile does it."""
    if (Path(sys.prefix) / "bin" / "pip").exists():
        return f"{sys.executable} -m pip"
    return f"{Path(sys.base_prefix) / 'bin' / 'python3'} -m pip --python {sys.executable}"


def follow(bench: Path, command: str) -> subprocess.CompletedProcess[str]:
    """One command as the page says it; packages go to a folder of the test's own."""
    site = bench / "site"
    scripts = Path(sys.executable).parent
    words = command.replace("pip install", f"{pip()} install --disable-pip-version-check --target {site}")
    environment = {**os.environ, "PATH": f"{scripts}:{os.environ['PATH']}", "PYTHONPATH": str(site)}
    return subprocess.run(
        words.split(), cwd=bench, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_page_leads_to_a_driver_that_conforms(bench: Path) -> None:
    begin, *prove = [line for block in blocks("sh") for line in block.splitlines()]
    done = follow(bench, begin)
    assert done.returncode == 0, done.stdout + done.stderr
    (driver,), (configuration,) = blocks("python"), blocks("yaml")
    (bench / "ruuvi" / "vaka_driver_ruuvi_raw_v2.py").write_text(driver, encoding="utf-8")
    (bench / "ruuvi" / "ruuvi_raw_v2.yaml").write_text(configuration, encoding="utf-8")
    for command in prove:
        done = follow(bench, command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    assert "5 sightings, 9 checks, 0 broken" in done.stdout
    kept = (bench / "ruuvi" / "captures" / "ruuvi_raw_v2.jsonl").read_text(encoding="utf-8")
    for value in ('"value":24.3', '"value":53.49', '"value":1000.44', '"value":2.977'):
        assert value in kept, "the maker's published values of its own test vector"


def test_a_driver_that_was_only_begun_does_not_conform(bench: Path) -> None:
    begin = blocks("sh")[0].splitlines()[0]
    follow(bench, begin)
    follow(bench, "pip install --quiet --no-deps --no-build-isolation ./ruuvi")
    done = follow(bench, "vaka-edge conformance ruuvi/captures")
    assert done.returncode == 1
    assert "no line expects an event" in done.stdout


def test_the_configuration_names_the_driver() -> None:
    configuration = yaml.safe_load(blocks("yaml")[0])
    assert configuration["driver"] == "ruuvi_raw_v2"
    assert set(configuration) <= {*BTHomeConfig.__struct_fields__}


def test_a_broken_entry_point_silences_nobody(bench: Path) -> None:
    site = bench / "site"
    info = site / "vaka_driver_bad-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: vaka-driver-bad\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[vaka.drivers]\nbad = does_not_exist:DRIVER\nbthome = edge.drivers.bthome:BTHome\n"
    )
    done = follow(bench, f"vaka-edge conformance {ROOT / 'tests' / 'captures' / 'bthome_contact.jsonl'}")
    assert done.returncode == 1
    assert "entry point bad: ModuleNotFoundError" in done.stdout
    assert "entry point bthome: there is a driver bthome already" in done.stdout
    assert "4 sightings, 9 checks, 0 broken" in done.stdout
