"""A caregiver's phone: Playwright's page with the words of the screen, and the touches that were needed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.gateway_process import GatewayProcess
from tests.servers import ROOT

SMALL, LARGE = {"width": 360, "height": 740}, {"width": 412, "height": 915}
LOOKS = pytest.mark.parametrize(
    ("size", "theme"), [(SMALL, "light"), (SMALL, "dark"), (LARGE, "light"), (LARGE, "dark")], ids=str
)
"""Both sizes, each by day and by night."""
AXE = ROOT / "gateway" / "web" / "screens" / "node_modules" / "axe-core" / "axe.min.js"
TOO_LOW = """() => [...document.querySelectorAll("button, a, summary, select, textarea")]
    .filter(one => one.offsetHeight > 0 && one.offsetHeight < 56).map(one => one.outerHTML.slice(0, 120))"""
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"
TOO_SMALL = """() => [...document.querySelectorAll("body *")]
    .filter(one => one.children.length === 0 && one.textContent && one.offsetHeight > 0)
    .filter(one => parseFloat(getComputedStyle(one).fontSize) < 17).map(one => one.outerHTML.slice(0, 120))"""

SLOW_DRAWING = """(() => {
  const later = setTimeout;
  window.requestAnimationFrame = work => later(() => work(performance.now()), 1500);
  window.setTimeout = (work, milliseconds = 0, ...rest) => later(work, Math.max(milliseconds, 1500), ...rest);
})()"""
"""What only happens after a frame happens 1.5 s late, as on a busy phone."""


class PhonePage:
    """One person's phone; `touches` counts the taps on its screen."""

    def __init__(self, browser: Browser, gateway: GatewayProcess, **options: Any) -> None:
        self.gateway = gateway
        self.context = browser.new_context(
            **{
                "viewport": SMALL,
                "locale": "sv-SE",
                "timezone_id": "Europe/Stockholm",
                "reduced_motion": "reduce",
                "has_touch": True,
                **options,
            }
        )
        self.touches = 0
        self.faults: list[str] = []
        self.page: Page = self.window()

    def window(self) -> Page:
        """Another window of the same browser, as a tag opens one."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda said: "Security Policy" in said.text and self.faults.append(said.text))
        return page

    def sign_in(self, name: str) -> "PhonePage":
        """Choose a person in the demonstration, and wait for the day."""
        self.page.goto(f"{self.gateway.url}/phone")
        self.page.get_by_role("button", name=name).click()
        expect(self.page.get_by_text("Kontakt", exact=True)).to_be_visible()
        return self

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def tap(self, name: str) -> None:
        """One touch on the button with this name."""
        self.button(name).tap()
        self.touches += 1

    def open_visit(self, resident: str) -> None:
        self.page.get_by_role("button", name=resident).tap()
        self.touches += 1

    def standing(self) -> Locator:
        """The visit or alarm on the screen."""
        return self.page.locator("article[data-standing]")

    def command(self) -> Locator:
        """What became of the door that was asked for."""
        return self.page.locator(".answer[data-standing]")

    def assert_fit_for_gloves(self) -> None:
        """Nothing to touch is too low, no text too small, nothing beside the screen, no serious barrier."""
        assert self.page.evaluate(TOO_LOW) == []
        assert self.page.evaluate(TOO_SMALL) == []
        assert not self.page.evaluate(TOO_WIDE)
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run().then(result => result.violations)")
        assert not [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found]

    def picture(self, folder: Path, name: str) -> None:
        self.page.screenshot(path=folder / f"{name}.png", full_page=True)

    def close(self) -> None:
        """Close it; nothing may have gone wrong in it."""
        self.context.close()
        assert not self.faults, self.faults


OpenPhone = Callable[..., PhonePage]
