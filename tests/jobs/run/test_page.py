from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from jobs.run.page import render
from transforms.display import HIDDEN
from transforms.report import RunSummary
from transforms.schemas import RunState

RUN = RunSummary(
    run_id="01JDB2Q8M4Z6T1X9W3V5K7R0HE",
    started_at=datetime(2026, 11, 23, 2, 0, 4, tzinfo=UTC),
    finished_at=datetime(2026, 11, 23, 2, 1, 52, tzinfo=UTC),
    outcome=RunState.PUBLISHED,
    dates=["2026-11-22"],
    files=9,
    documents=2000,
    scored=1900,
    rejected=5,
    failed=95,
    deferred=0,
    carried=0,
    cache_hits=760,
    calls=0,
    throttles=0,
    billed_units=0,
    dollars=0.0,
    sentiments={"POSITIVE": 950, "NEGATIVE": 950},
    reasons={"TEXT_BLANK": 5, "LANGUAGE_NOT_SUPPORTED": 95},
    pii={"EMAIL": 30, "PHONE": 10},
    stages={"read": 2.0, "score": 8.0},
    scorer="local",
    scorer_version="3.3.2",
    policy="standard",
)
EMPTY = replace(
    replace(RUN, dates=[], files=0, documents=0, scored=0, rejected=0, failed=0, cache_hits=0),
    sentiments={}, reasons={}, pii={}, stages={},
)  # fmt: skip

VOID = {"meta", "rect"}


class Page(HTMLParser):
    """Elements with their attributes, and the text of each, held to nesting."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID | {"wbr"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1] if self.open else "", data.strip()))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def words(self) -> str:
        return " ".join(text for tag, text in self.texts if tag not in {"style", "title", "desc"})


def test_page_says_what_the_run_did() -> None:
    words = Page(render(RUN, [], 31)).words()
    for said in (
        "2026-11-22 Published",
        "Documents 2,000",
        "95.0%",
        "40.0%",
        "760 of the scored",
        "$0.00",
        "EMAIL 30 75.0%",
    ):
        assert said in words
    assert "read 2.00 20.0% score 8.00 80.0%" in words
    assert "Held 31 100.0% Not met 0 0.0%" in words


def test_largest_count_comes_first() -> None:
    words = Page(render(RUN, [], 31)).words()
    assert words.index("LANGUAGE") < words.index("TEXT")


def test_bars_are_as_long_as_what_they_show() -> None:
    page = render(RUN, [], 31)
    parts = re.findall(r'class="fill s\d" x="([\d.]+)" width="([\d.]+)"', page)
    assert parts == [("0.000", "500.000"), ("500.000", "500.000"), ("1000.000", "0.000"), ("1000.000", "0.000")]
    assert re.search(r'<title>PHONE: 10</title>.*?class="fill" width="33.333"', page, re.DOTALL)


def test_every_plot_has_a_name_and_a_description() -> None:
    page = Page(render(RUN, [], 31))
    plots = page.all("svg")
    assert plots
    assert all(plot["role"] == "img" for plot in plots)
    assert len(page.all("desc")) == len(plots) == len(page.all("title")) - 1


def test_page_needs_nothing_else() -> None:
    text = render(RUN, ["a failure"], 31)
    page = Page(text)
    (policy,) = [meta for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert not {tag for tag, _ in page.elements} & {"script", "link", "img", "iframe", "object", "a", "form"}
    assert "://" not in text
    assert "url(" not in text


def test_unmet_expectations_are_listed() -> None:
    run = replace(RUN, outcome=RunState.EXPECTATIONS_NOT_MET)
    words = Page(render(run, ["scores: four scores sum to 1: 3 rows", "documents: 2,000 where 2,001 came"], 31)).words()
    assert "Not published: expectations not met" in words
    assert "Held 29 93.5% Not met 2 6.5%" in words
    assert "1 scores: four scores sum to 1: 3 rows 2 documents: 2,000 where 2,001 came" in words


HOSTILE = "<script>alert(1)</script>\u202egpj.exe\"'&\x1b[31m\x00\n\udc80{{ 7*7 }}"
SHOWN = r"""<script>alert(1)</script>\u202egpj.exe"'&\x1b[31m\x00\n\udc80{{ 7*7 }}"""


@pytest.mark.parametrize(
    "run",
    [
        replace(RUN, reasons={HOSTILE: 1}),
        replace(RUN, pii={HOSTILE: 1}),
        replace(RUN, stages={HOSTILE: 1.0}),
        replace(RUN, scorer=HOSTILE),
        replace(RUN, scorer_version=HOSTILE),
        replace(RUN, policy=HOSTILE),
        replace(RUN, dates=[HOSTILE]),
        replace(RUN, run_id=HOSTILE),
    ],
)
def test_hostile_names_are_shown_and_not_obeyed(run: RunSummary) -> None:
    check(render(run, [], 31))


def test_hostile_failures_are_shown_and_not_obeyed() -> None:
    check(render(RUN, [HOSTILE], 31))


def check(text: str) -> None:
    page = Page(text)
    assert not page.all("script")
    assert not HIDDEN.search(text.replace("\n", ""))
    assert "".join(SHOWN.split()) in "".join(page.words().split())
    text.encode()


def test_run_of_no_documents() -> None:
    words = Page(render(EMPTY, [], 0)).words()
    assert "No dates" in words
    assert "Scored n/a" in words
    assert words.count("None was") == 2


def test_small_shares_are_not_nothing_and_large_ones_not_all() -> None:
    run = replace(RUN, documents=1_000_000, scored=999_999, rejected=1, failed=0)
    words = Page(render(run, [], 31)).words()
    assert "SCORED 999,999 99.9% REJECTED 1 <0.1% FAILED 0 0.0%" in words


def test_many_dates_are_a_span() -> None:
    words = Page(render(replace(RUN, dates=[f"2026-11-{day}" for day in range(10, 20)]), [], 31)).words()
    assert "2026-11-10 to 2026-11-19, 10 dates" in words
