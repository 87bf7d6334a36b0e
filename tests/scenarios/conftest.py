"""Scenarios say which tree they test: `make sabotage` runs them on copies and must know that it did."""

from importlib import import_module
from pathlib import Path

import pytest

PRODUCT = ("homecare", "rules", "edge", "gateway", "simulator")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Where the product's packages come from."""
    folders = ((package, import_module(package).__file__) for package in PRODUCT)
    return [f"{package} is {Path(file).parent}" for package, file in folders if file]
