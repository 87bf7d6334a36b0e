"""What every test may ask for by name."""

from collections.abc import Iterator

import pytest

from tests.chromium import chromium, leave_out_browser_tests, say_what_was_left_out
from tests.hanging import pytest_exception_interact, pytest_runtest_protocol
from tests.servers import (
    binaries,
    broker,
    database_server,
    database_url,
    migrated_template,
    other_database_url,
    servers_folder,
)

FIGURE = "figure"
"""The name under which a test records what people want to read: `record_property(FIGURE, "...")`."""

__all__ = [
    "binaries",
    "broker",
    "chromium",
    "database_server",
    "database_url",
    "migrated_template",
    "other_database_url",
    "pytest_exception_interact",
    "pytest_runtest_protocol",
    "servers_folder",
]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests run where there is a browser."""
    leave_out_browser_tests(config, items)


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """What tests recorded as a figure, and what was not run, stand in the last lines."""
    yield
    for report in terminalreporter.getreports("passed"):
        for name, said in report.user_properties:
            if name == FIGURE:
                terminalreporter.write_line(f"{report.nodeid}: {said}")
    for line in say_what_was_left_out():
        terminalreporter.write_line(line, yellow=True)
