"""Browser tests need a real Chromium: found here, required by `.ci/run`, and otherwise missed aloud."""

import os
import shutil
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
REQUIRED = os.environ.get("VAKA_REQUIRE_BROWSER") == "1"
MISSING = (
    "no Chromium was found: install the package chromium, or name one in VAKA_CHROMIUM; .ci/run as root installs it"
)


def find_chromium() -> str | None:
    """The path of a Chromium on this machine; `VAKA_CHROMIUM` wins."""
    named = os.environ.get("VAKA_CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    return next((path for path in map(shutil.which, NAMES) if path), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path for Playwright's `executable_path`."""
    path = find_chromium()
    assert path is not None, MISSING
    return path


def leave_out_browser_tests(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a Chromium, take the browser tests out of the run; where required, leave them in.

    Left in, each fails in the fixture above and says what is missing.
    """
    if find_chromium() or REQUIRED:
        return
    browser = [item for item in items if item.get_closest_marker("browser")]
    if browser:
        items[:] = [item for item in items if item not in browser]
        config.hook.pytest_deselected(items=browser)


def say_what_was_left_out() -> list[str]:
    """The last lines of a run that missed its browser tests."""
    return [] if find_chromium() or REQUIRED else [f"browser tests were not run: {MISSING}"]
