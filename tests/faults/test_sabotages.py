"""The short form of `make sabotage`: the table of sabotages fits the code, and its scenarios exist."""

import ast
from pathlib import Path

import pytest

from tests.faults.sabotage import NotThere, apply
from tests.faults.sabotages import SABOTAGES, Edit, Sabotage

ROOT = Path(__file__).resolve().parent.parent.parent
AT_LEAST = 11
"""As many are promised."""


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda sabotage: sabotage.name)
def test_a_sabotage_fits_the_code(sabotage: Sabotage) -> None:
    for file in {edit.file for edit in sabotage.edits}:
        text = (ROOT / file).read_text(encoding="utf-8")
        for edit in (edit for edit in sabotage.edits if edit.file == file):
            assert text.count(edit.text) == 1, f"{file} must hold once: {edit.text}"
            text = text.replace(edit.text, edit.by)
        if file.endswith(".py"):
            compile(text, file, "exec")


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda sabotage: sabotage.name)
def test_a_sabotage_has_its_scenario(sabotage: Sabotage) -> None:
    file, _, name = sabotage.scenario.partition("::")
    assert file.startswith("tests/scenarios/test_")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert sabotage.finding in ("lost", "doubled", "forged", "kept")


def test_no_two_sabotages_are_the_same() -> None:
    assert len({one.name for one in SABOTAGES}) == len({one.edits for one in SABOTAGES}) == len(SABOTAGES) >= AT_LEAST


@pytest.mark.parametrize("before", ["nothing of it", "guard; guard"])
def test_a_text_that_stands_not_exactly_once_is_refused(tmp_path: Path, before: str) -> None:
    (tmp_path / "file.py").write_text(before)
    with pytest.raises(NotThere):
        apply(tmp_path, Edit("file.py", "guard", "pass"))
    assert (tmp_path / "file.py").read_text() == before
