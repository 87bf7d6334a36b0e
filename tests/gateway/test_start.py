"""What a start costs: nothing is loaded or made before the first fact that the first fact does not need."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("process", ["gateway.alarm", "gateway.bulk"])
def test_neither_process_loads_the_web_before_it_listens(process: str) -> None:
    """The web's libraries are 0.8 of the alarm process's 1.2 s of imports: a press must not wait for them."""
    script = f"import sys, gateway.__main__, {process}; print(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, timeout=60, text=True)
    assert {"fastapi", "pydantic", "uvicorn", "prometheus_client", "yoyo"}.isdisjoint(loaded.stdout.split())
