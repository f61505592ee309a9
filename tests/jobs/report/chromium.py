"""A page in the Chromium that the distribution brings, headless.

`python -m tests.jobs.report.chromium PAGE PICTURE` takes the picture in docs/analysts.md.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def found() -> str | None:
    """Where it is, if it is there."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """Start it. Without a sandbox, which containers and root have not; it is shown our own pages alone."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found(), args=["--no-sandbox"])
        try:
            yield started
        finally:
            started.close()


def take(page: str, picture: str) -> None:
    """The top of a page, as it is on a screen 1,000 pixels wide."""
    with browser() as started:
        shown = started.new_page(viewport={"width": 1000, "height": 836}, color_scheme="light")
        shown.goto(Path(page).resolve().as_uri())
        shown.screenshot(path=picture)


if __name__ == "__main__":
    take(*sys.argv[1:])
