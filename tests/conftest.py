"""What every test may ask for by name."""

from collections.abc import Iterator

import pytest

from tests.chromium import chromium, leave_out_browser_tests, say_what_was_left_out
from tests.servers import (
    binaries,
    broker,
    database_server,
    database_url,
    migrated_template,
    servers_folder,
)

__all__ = ["binaries", "broker", "chromium", "database_server", "database_url", "migrated_template", "servers_folder"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests run where there is a browser, and last: its driver keeps this thread's event loop for itself."""
    leave_out_browser_tests(config, items)
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> Iterator[None]:
    """What was not run stands in the last lines."""
    yield
    for line in say_what_was_left_out(config):
        terminalreporter.write_line(line, yellow=True)
