"""The night's windows in a real Chromium: phones and desks. A person who sees that nothing came tries again."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import TimeoutError as Waited

from tests.night.account import Account
from tests.night.stage import Stage

PHONE = {"width": 412, "height": 915}
DESK = {"width": 1920, "height": 1080}
PATIENCE = 30_000
"""Milliseconds that a window may take to show what happened, in an undisturbed night far above it."""
TRY_AGAIN = 6_000
"""Milliseconds after which a person tries again."""
TRIES = 12
"""Of one thing: more than any restart takes."""


class Window:
    """One person's window. Errors of the page itself end the night; pictures are kept where they are wanted."""

    def __init__(self, browser: Browser, stage: Stage, *, size: dict[str, int], pictures: Path | None) -> None:
        self.stage = stage
        self._pictures = pictures
        self._context = browser.new_context(
            viewport=size, locale="sv-SE", timezone_id="Europe/Stockholm", reduced_motion="reduce"
        )
        self.page: Page = self._context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def picture(self, name: str) -> None:
        """Keep what is seen now."""
        if self._pictures is not None:
            self.page.screenshot(path=self._pictures / f"night-{name}.png")

    def insist(self, act: Callable[[], None], seen: Callable[[], Locator]) -> None:
        """Do it, look, and do it again as a person would when nothing came of it."""
        for attempt in range(TRIES):
            try:
                act()
                expect(seen()).to_be_visible(timeout=TRY_AGAIN)
            except (AssertionError, Waited):
                if attempt == TRIES - 1:
                    self.picture("gave-up")
                    raise
            else:
                return

    def close(self) -> None:
        """Close it; nothing may have gone wrong in it."""
        self._context.close()
        assert not self.faults, self.faults


class Phone(Window):
    """A caregiver's phone."""

    def __init__(self, browser: Browser, stage: Stage, *, pictures: Path | None) -> None:
        super().__init__(browser, stage, size=PHONE, pictures=pictures)

    def sign_in(self, name: str) -> None:
        """Open the app and say who holds the phone."""
        self.page.goto(f"{self.stage.desk}/phone")
        self.insist(
            lambda: self.page.get_by_role("button", name=re.compile(name)).click(timeout=TRY_AGAIN),
            lambda: self.page.locator("button.item").first,
        )

    def visits(self) -> Locator:
        """The visits of today, in order."""
        return self.page.locator("section[aria-labelledby=visits] button.item")

    def visit(self, standing: str) -> Locator:
        """The visit on the screen, in this standing."""
        return self.page.locator(f"article.visit[data-standing={standing}]")

    def door_answer(self) -> Locator:
        """The door did what it was asked."""
        return self.page.locator(".answer[data-standing=done]")

    def hold_to_tag(self, home: str, place: str = "door") -> None:
        """The phone is held to a tag and opens its address."""
        url = self.stage.sim("tag", home, place, "--base", f"{self.stage.desk}/phone/tag")
        self.page.goto(url)

    def button(self, name: str) -> Locator:
        """A button by its whole name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def tap(self, account: Account, road: str, name: str) -> None:
        """One touch."""
        self.button(name).click(timeout=PATIENCE)
        account.touch(road, name)


class Desk(Window):
    """An operator's desk."""

    def __init__(self, browser: Browser, stage: Stage, *, pictures: Path | None) -> None:
        super().__init__(browser, stage, size=DESK, pictures=pictures)

    def sign_in(self, name: str) -> None:
        """Come with the token in the address and say a name."""
        self.page.goto(f"{self.stage.desk}/desk#token={self.stage.token}")
        self.page.get_by_label("Ditt demonamn").fill(name)
        self.page.get_by_role("button", name="Öppna larmbordet").click()
        expect(self.page.get_by_text("Kontakt. Senast hört")).to_be_visible(timeout=PATIENCE)

    def row(self, resident: str) -> Locator:
        """The open alert of a resident."""
        return self.page.locator(".alert:not(.over)", has_text=resident)

    def over(self, resident: str) -> Locator:
        """The alert of a resident that ended while this desk watched."""
        return self.page.locator(".alert.over", has_text=resident)

    def detail(self) -> Locator:
        """The chosen alert."""
        return self.page.locator(".detail")

    def button(self, name: str) -> Locator:
        """A button of the chosen alert, by the beginning of its words."""
        return self.detail().get_by_role("button", name=re.compile(f"^{re.escape(name)}"))
