"""Which cases of a boundary's catalogue stand where: each in exactly one place."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def accounted(boundary: str, module: str, tabled: set[str]) -> tuple[list[str], set[str]]:
    """The ids of the catalogue that a module's names, its table and `elsewhere.toml` account for, and all ids named."""
    folder = Path(__file__).parent / boundary
    named = {f"{boundary}-{number}" for number in re.findall(rf"def test_{boundary}_(\d\d)", module)}
    reasons: dict[str, str] = tomllib.loads((folder / "elsewhere.toml").read_text(encoding="utf-8"))
    elsewhere = set(reasons)
    tests = re.findall(r"tests/[\w/]+\.py", " ".join(reasons.values()))
    assert not [path for path in tests if not (ROOT / path).exists()], "a reason names a test that is not there"
    twice = (named & tabled) | (named & elsewhere) | (tabled & elsewhere)
    return sorted(twice), named | tabled | elsewhere
