"""What hangs is named and ends, whether it heeds the limit or not, and the tests behind it are run."""

import os
import subprocess
import sys
from pathlib import Path

from tests.servers import ROOT

SECONDS = 120.0
LIMITS = """
from tests import hanging
from tests.hanging import pytest_exception_interact, pytest_runtest_protocol
hanging.LIMIT_SECONDS = 0.5
hanging.HARD_SECONDS = 0.5
"""
WAITING = """
import asyncio, signal, threading
import pytest

async def the_answer_that_never_comes():
    await asyncio.Event().wait()

@pytest.mark.asyncio
async def test_waits():
    await the_answer_that_never_comes()

@pytest.fixture
def deaf():
    yield
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    threading.Event().wait()

def test_heeds_nothing(deaf):
    raise ValueError("fails first, and hangs while it is taken down")

def test_behind_them():
    pass
"""


def test_a_test_that_hangs_is_named_and_those_behind_it_are_run(tmp_path: Path) -> None:
    """Red without the hooks: the inner run never ends."""
    (tmp_path / "conftest.py").write_text(LIMITS)
    (tmp_path / "test_inner.py").write_text(WAITING)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "1", "-p", "no:cacheprovider", "-c", os.devnull]
    inner = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(tmp_path)],
        capture_output=True, text=True, timeout=SECONDS, check=False, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""},
    )  # fmt: skip
    said = inner.stdout + inner.stderr
    assert "test_waits hangs:" in said
    assert "the_answer_that_never_comes" in said.split("test_waits hangs:")[1].splitlines()[3]
    assert "crashed while running" in said
    assert "test_heeds_nothing" in said
    assert "3 failed, 1 passed" in inner.stdout, said  # it failed once, and its process ended once
