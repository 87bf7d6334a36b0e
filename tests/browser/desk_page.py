"""A desk as an operator uses it: Playwright's page with the words of the screen."""

import re
from collections.abc import Callable
from typing import Literal

from playwright.sync_api import APIResponse, Browser, Locator, Page, Route, expect

from gateway.web.session import COOKIE
from tests.browser.gateway_process import GatewayProcess

DESK = {"width": 1920, "height": 1080}
LOOKS, LOOK_MILLISECONDS = 1_000, 30

COUNT_TONES = """
window.tones = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...rest) { window.tones += 1; return start.apply(this, rest); };
"""


class Held:
    """The answer to one call of a page, kept back from it: the feed tells of what was done before that."""

    def __init__(self, page: Page, address: str) -> None:
        self._page = page
        self._answers: list[tuple[Route, APIResponse]] = []
        page.route(address, lambda route: self._answers.append((route, route.fetch())))

    def deliver(self) -> None:
        """Let the page have it, once it is here."""
        for _ in range(LOOKS):
            if self._answers:
                break
            self._page.wait_for_timeout(LOOK_MILLISECONDS)
        [(route, answer)] = self._answers
        route.fulfill(response=answer)


class DeskPage:
    """One operator's window."""

    def __init__(
        self,
        browser: Browser,
        gateway: GatewayProcess,
        *,
        size: dict[str, int] | None = None,
        theme: Literal["light", "dark"] = "light",
    ) -> None:
        self._gateway = gateway
        self._context = browser.new_context(
            viewport=size or DESK,
            locale="sv-SE",
            timezone_id="Europe/Stockholm",
            reduced_motion="reduce",
            color_scheme=theme,
        )
        self.page: Page = self._context.new_page()
        self.page.add_init_script(COUNT_TONES)
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda said: "Security Policy" in said.text and self.faults.append(said.text))

    def sign_in(self, operator: str) -> "DeskPage":
        """Come with the token in the address, say a name, and wait for the list."""
        self.page.goto(f"{self._gateway.url}/desk#token={self._gateway.token}")
        self.page.get_by_label("Ditt demonamn").fill(operator)
        self.page.get_by_role("button", name="Öppna larmbordet").click()
        expect(self.page.get_by_text("Kontakt. Senast hört")).to_be_visible()
        return self

    def come(self, secret: str) -> None:
        """Come with a person's session in the browser; to the page, each look at it by `expect` is a touch."""
        self._context.add_cookies([{"name": COOKIE, "value": secret, "url": self._gateway.url}])
        self.page.goto(f"{self._gateway.url}/desk")

    def arrive(self, secret: str) -> "DeskPage":
        """Come, and wait for the list."""
        self.come(secret)
        expect(self.page.get_by_text("Kontakt. Senast hört")).to_be_visible()
        return self

    def row(self, resident: str) -> Locator:
        """The open alert of a resident."""
        return self.page.locator(".alert:not(.over)", has_text=resident)

    def over(self, resident: str) -> Locator:
        """The alert of a resident that ended while this desk watched."""
        return self.page.locator(".alert.over", has_text=resident)

    def choose(self, resident: str) -> None:
        """Open an alert."""
        self.row(resident).locator(".row").click()

    def button(self, name: str) -> Locator:
        """A button by the beginning of its words."""
        return self.page.locator(".detail").get_by_role("button", name=re.compile(f"^{re.escape(name)}"))

    def turn_sound_on(self) -> int:
        """Turn it on, and hear what it plays then; the tones so far."""
        self.page.locator("header .sound button").click()
        expect(self.page.get_by_text("Ljudet är på")).to_be_visible()
        self.page.wait_for_function("() => window.tones > 0")
        return self.tones()

    def tones(self) -> int:
        """Tones that were played since the page was loaded."""
        return int(self.page.evaluate("window.tones"))

    def close(self) -> None:
        """Close the window; nothing may have gone wrong in it."""
        self._context.close()
        assert not self.faults, self.faults


OpenDesk = Callable[..., DeskPage]
