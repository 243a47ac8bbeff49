"""An installed Chromium, driven by playwright; nothing is downloaded."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType
from typing import Any

#: Names under which distributions install it.
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find_chromium() -> str | None:
    """Path of an installed Chromium, or None."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


class Tab:
    """One tab. Messages of the console, uncaught errors and requests are collected as they come."""

    def __init__(self, program: str) -> None:
        from playwright.sync_api import sync_playwright

        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=program)
        self._page = self._browser.new_page()
        self._troubles: list[str] = []
        self._requests: list[str] = []

    def __enter__(self) -> Tab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._browser.close()
        self._playwright.stop()

    def show(self, file: Path, *, width: int, height: int, dark: bool = False, media: str = "screen") -> None:
        """Load a local file at a size in CSS pixels, with a colour scheme, as on screen or in print."""
        self._page.close()
        self._page = page = self._browser.new_page(
            viewport={"width": width, "height": height},
            is_mobile=width < 600,
            color_scheme="dark" if dark else "light",
        )
        page.emulate_media(media=media)
        self._troubles, self._requests = troubles, requests = [], []
        page.on("console", lambda message: troubles.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: troubles.append(f"exception: {error}"))
        page.on("requestfailed", lambda request: troubles.append(f"failed: {request.url}"))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(file.resolve().as_uri())

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression on the page."""
        return self._page.evaluate(expression)

    def screenshot(self, path: Path) -> None:
        """The whole page, also what lies below the window."""
        self._page.screenshot(path=path, full_page=True)

    def troubles(self) -> list[str]:
        """Console messages, uncaught errors and failed requests since the page was loaded."""
        return list(self._troubles)

    def requests(self) -> list[str]:
        """Addresses that the page asked for."""
        return list(self._requests)
