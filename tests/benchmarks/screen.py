"""A real alarm desk in a real Chromium, with an observer that notes when a call stands in the DOM."""

import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.benchmarks.place import Gateway
from tests.browser.conftest import ARGUMENTS
from tests.chromium import MISSING, find_chromium

OBSERVE: Final = """
window.seen = [];
const known = new Set();
new MutationObserver(() => {
  const at = performance.timeOrigin + performance.now();
  for (const row of document.querySelectorAll(".calls li[data-alert]")) {
    const key = row.dataset.alert + " " + row.dataset.occurrences;
    if (!known.has(key)) { known.add(key); window.seen.push([row.dataset.alert, at]); }
  }
}).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-occurrences"] });
"""
"""Milliseconds of wall time at the moment at which a line, or its count, changed in the document."""
POLL_SECONDS: Final = 0.02
OPERATOR: Final = "Matare"


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser for all rounds."""
    path = find_chromium()
    assert path is not None, MISSING
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Desk:
    """One operator's window."""

    def __init__(self, browser: Browser, gateway: Gateway) -> None:
        self._gateway = gateway
        self._context = browser.new_context(locale="sv-SE", timezone_id="Europe/Stockholm")
        self.page: Page = self._context.new_page()
        self.page.add_init_script(OBSERVE)
        self.page.goto(f"{gateway.url}/desk#token={gateway.token}")
        self.page.get_by_label("Ditt demonamn").fill(OPERATOR)
        self.page.get_by_role("button", name="Öppna larmbordet").click()
        expect(self.page.get_by_text("Kontakt. Senast hört")).to_be_visible()

    def next_call(self, seconds: float) -> tuple[str, float] | None:
        """Alert and wall time (s) of the call that came into the document, within `seconds`; None if none came."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for alert, at in self.page.evaluate("window.seen.splice(0)"):
                return str(alert), at / 1000
            time.sleep(POLL_SECONDS)
        return None

    def end(self, alert: str) -> None:
        """Resolve an alert, so that the next press makes a new line."""
        view = next(one for one in self._call("GET", "alerts?state=open")["alerts"] if one["id"] == alert)
        body = {"version": view["version"], "operator": OPERATOR, "reason": "measured"}
        self._call("POST", f"alerts/{alert}/resolve", body)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 why: our own loopback
            f"{self._gateway.url}/api/v1/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self._gateway.token}",
                "X-Vaka-Operator": OPERATOR,
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 why: our own loopback
            return json.loads(answer.read())

    def close(self) -> None:
        """Close the window."""
        self._context.close()
