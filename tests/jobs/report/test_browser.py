"""The report as a browser has it: narrow and wide, light and dark, by keyboard, on paper, and obeying no text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page

from tests.jobs.report.chromium import NAMES, browser, found
from tests.jobs.report.lakes import EARLY, FAILED, HOSTILE, LATE

pytestmark = pytest.mark.skipif(
    found() is None, reason=f"no browser: none of {', '.join(NAMES)} is installed; `apt-get install chromium` does"
)
PAGES = ("index", LATE, EARLY, FAILED)
# Of each text that is seen: the colours of text and ground as they are painted, and its size.
COLOURS = """
() => [...document.querySelectorAll('main *')].filter(each => [...each.childNodes].some(
    node => node.nodeType === 3 && node.textContent.trim()) && each.getClientRects().length
    && !each.closest('svg')).map(each => {
  let ground = each;
  while (getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement;
  return [getComputedStyle(each).color, getComputedStyle(ground).backgroundColor, each.tagName];
})
"""


# What reaches over the edge of the card that it lies in.
OUTSIDE = """
() => [...document.querySelectorAll('section *')].filter(
    each => each.getBoundingClientRect().right > each.closest('section').getBoundingClientRect().right
).map(each => each.outerHTML)
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture
def shown(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    yield page
    page.close()


def show(page: Page, site: Path, name: str) -> None:
    page.goto((site / f"{name}.html").as_uri())


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_screen(shown: Page, site: Path, width: int) -> None:
    shown.set_viewport_size({"width": width, "height": 800})
    for name in PAGES:
        show(shown, site, name)
        assert shown.evaluate("document.documentElement.scrollWidth") == width, name
        assert shown.evaluate(OUTSIDE) == [], name


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read_in_both_themes(shown: Page, site: Path, theme: Any) -> None:
    shown.emulate_media(color_scheme=theme)
    for name in PAGES:
        show(shown, site, name)
        painted = {(ink, ground): tag for ink, ground, tag in shown.evaluate(COLOURS)}
        assert len(painted) > 3
        for (ink, ground), tag in painted.items():
            assert contrast(ink, ground) >= 4.5, (name, tag, ink, ground)  # WCAG 2.2, 1.4.3
        assert (luminance(shown.evaluate("getComputedStyle(document.body).backgroundColor")) < 0.1) == (theme == "dark")


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance of `rgb(…)`."""
    parts = [int(each) / 255 for each in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_it_is_used_by_keyboard(shown: Page, site: Path) -> None:
    show(shown, site, "index")
    shown.keyboard.press("Tab")
    assert shown.evaluate("document.activeElement.textContent") == "To the content"
    assert shown.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    stops = shown.locator("a, pre").count()
    reached = 1
    for _ in range(stops - 1):
        shown.keyboard.press("Tab")
        style = "(s => [s.outlineStyle, parseFloat(s.outlineWidth)])(getComputedStyle(document.activeElement))"
        outline, width = shown.evaluate(style)
        assert (outline, width > 1) == ("solid", True), shown.evaluate("document.activeElement.outerHTML")
        reached += shown.evaluate("document.activeElement !== document.body")
    assert reached == stops
    shown.locator("a.figure").first.focus()
    shown.keyboard.press("Enter")
    assert shown.evaluate("document.querySelector(':target').tagName") == "H3"
    assert shown.locator(":target + pre").inner_text().startswith("SELECT")
    shown.locator("table.runs tbody a").first.focus()
    shown.keyboard.press("Enter")
    shown.wait_for_url(f"**/{FAILED}.html")


def test_a_hostile_source_is_text(shown: Page, site: Path) -> None:
    for name in ("index", LATE, EARLY):
        show(shown, site, name)
        assert shown.title().startswith("AuraStream")
        assert HOSTILE in shown.locator("main").inner_text()
        assert shown.locator("script").count() == 0


def test_the_policy_stops_what_escaping_might_let_through(shown: Page, site: Path, tmp_path: Path) -> None:
    let_through = f"{HOSTILE}<img src='x.png' onerror=\"document.title = 'obeyed'\"><p id='p' style='color: red'>p</p>"
    text = (site / "index.html").read_text(encoding="utf-8")
    (tmp_path / "index.html").write_text(text.replace("</main>", f"{let_through}</main>"), encoding="utf-8")
    said: list[str] = []
    shown.on("console", lambda message: said.append(message.text))
    show(shown, tmp_path, "index")
    assert shown.title() == "AuraStream report"
    assert shown.evaluate("getComputedStyle(p).color === getComputedStyle(document.body).color")
    assert any("script" in line and "Content Security Policy" in line for line in said), said
    assert any("x.png" in line and "Content Security Policy" in line for line in said), said


def test_it_asks_for_nothing_and_complains_of_nothing(shown: Page, site: Path) -> None:
    asked: list[str] = []
    said: list[str] = []
    shown.on("request", lambda request: asked.append(request.url))
    shown.on("console", lambda message: said.append(message.text))
    for name in PAGES:
        show(shown, site, name)
    assert asked == [(site / f"{name}.html").as_uri() for name in PAGES]
    assert said == []
    assert shown.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") != "none"  # the style is taken


def test_it_prints(shown: Page, site: Path, tmp_path: Path) -> None:
    show(shown, site, LATE)
    shown.emulate_media(media="print", color_scheme="dark")
    assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not shown.locator("nav").is_visible()
    shown.pdf(path=tmp_path / "page.pdf", format="A4")
    with pypdfium2.PdfDocument(tmp_path / "page.pdf") as printed:
        assert len(printed) > 1
        first = printed[0].get_textpage().get_text_bounded()
    assert all(words in first for words in ("What moved", "What failed", "What it cost", "By source and date"))
