"""The page that a night leaves: what it shows of a run, and that nothing in it is obeyed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from expectations.verdict import Verdict
from jobs.report.page import Run, index_page, run_page
from jobs.report.questions import ASKED, Row
from tests.jobs.report.html import Page
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


def render(run: RunSummary, failures: list[str] | None = None, evaluated: int = 31) -> str:
    return run_page(run, Verdict(not failures, failures or [], evaluated))


def test_page_says_what_the_run_did() -> None:
    words = Page(render(RUN)).words()
    for said in (
        "2026-11-22 Published",
        "What moved What was scored is 950 POSITIVE, 950 NEGATIVE, 0 NEUTRAL, 0 MIXED.",
        "Of 2,000 documents 5 were rejected, 95 failed and 0 wait for the next run; most for LANGUAGE_ NOT_ SUPPORTED",
        "What it cost $0.00 for 0 units; 760 of the 1,900 scores were there already",
        "EMAIL 30",
        "All 31 were met",
        "read 2.00 score 8.00",
    ):
        assert said in words, words


def test_largest_count_comes_first() -> None:
    words = Page(render(RUN)).words()
    assert words.index("LANGUAGE") < words.index("TEXT")


def test_bars_are_scaled_to_the_whole() -> None:
    page = render(RUN)
    parts = re.findall(r'class="fill s\d" x="([\d.]+)" width="([\d.]+)"', page)
    assert parts == [("0.000", "500.000"), ("500.000", "500.000"), ("1000.000", "0.000"), ("1000.000", "0.000")]
    assert re.search(r'<title>PHONE: 10</title>.*?class="fill" width="25.000"', page, re.DOTALL)
    assert re.search(r'<title>LANGUAGE_NOT_SUPPORTED: 95</title>.*?class="fill" width="4.750"', page, re.DOTALL)


def test_every_plot_has_a_name_and_a_description() -> None:
    page = Page(render(RUN))
    plots = [plot for plot in page.all("svg") if plot.get("aria-hidden") != "true"]
    assert plots
    assert all(plot["role"] == "img" for plot in plots)
    assert len(page.all("desc")) == len(plots) == len(page.all("title")) - 1


def test_page_needs_nothing_else() -> None:
    text = render(RUN, ["a failure"])
    page = Page(text)
    (policy,) = [meta for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'",
        policy["content"] or "",
    )
    assert not {tag for tag, _ in page.elements} & {"script", "link", "img", "iframe", "object", "form"}
    assert all(link["href"] and link["href"].startswith("#") for link in page.all("a"))
    assert not any(name == "style" or name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert "://" not in text
    assert "url(" not in text


def test_every_link_leads_to_a_place_of_the_page() -> None:
    page = Page(render(RUN))
    assert links(page) <= places(page)
    assert "FROM runs\nWHERE run_id IN ('01JDB2Q8M4Z6T1X9W3V5K7R0HE')" in page.words()


def links(page: Page) -> set[str]:
    return {str(link["href"])[1:] for link in page.all("a") if str(link["href"]).startswith("#")}


def places(page: Page) -> set[str | None]:
    return {attributes["id"] for _, attributes in page.elements if "id" in attributes}


def test_the_index_of_a_lake_that_has_published_nothing() -> None:
    failed = Run(replace(RUN, outcome=RunState.FAILED), Verdict(False, [], 0), frozenset(), {})
    page = Page(index_page([failed], {name: [] for name in ASKED}))
    assert page.all("header") == [{"class": "bad"}]
    assert links(page) <= places(page)
    assert "there are no earlier nights to compare with" in page.words()


def test_unmet_expectations_are_listed() -> None:
    run = replace(RUN, outcome=RunState.EXPECTATIONS_NOT_MET)
    page = Page(render(run, ["scores: four scores sum to 1: 3 rows", "documents: 2,000 where 2,001 came"]))
    words = page.words()
    assert "Not published: expectations not met" in words
    assert "2 of 31 expectations were not met, so nothing was published" in words
    assert "Nothing that readers see: the run published nothing" in words
    assert "1 scores: four scores sum to 1: 3 rows 2 documents: 2,000 where 2,001 came" in words
    assert page.all("header") == [{"class": "bad"}]


def test_a_run_that_scored_nothing_looks_like_a_failure() -> None:
    assert Page(render(RUN)).all("header") == [{}]
    nothing = replace(RUN, scored=0, rejected=1905, sentiments={}, cache_hits=0)
    page = Page(render(nothing))
    assert page.all("header") == [{"class": "bad"}]
    assert "Published, and nothing was scored" in page.words()
    assert "no document has a score" in page.words()


def test_a_run_that_works_does_not() -> None:
    page = Page(render(replace(EMPTY, outcome=RunState.STARTED), evaluated=0))
    assert page.all("header") == [{}]
    assert "Nothing yet: the run works" in page.words()


@pytest.mark.parametrize("outcome", [each for each in RunState if each not in (RunState.PUBLISHED, RunState.STARTED)])
def test_what_is_not_published_looks_like_a_failure(outcome: RunState) -> None:
    assert Page(render(replace(RUN, outcome=outcome))).all("header") == [{"class": "bad"}]


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
    check(render(run))


def test_hostile_failures_are_shown_and_not_obeyed() -> None:
    check(render(RUN, [HOSTILE]))


def check(text: str) -> None:
    page = Page(text)
    assert not page.all("script")
    assert not HIDDEN.search(text.replace("\n", ""))
    assert "".join(SHOWN.split()) in "".join(page.words().split())
    text.encode()


def test_run_of_no_documents() -> None:
    words = Page(render(EMPTY, evaluated=0)).words()
    assert "No dates" in words
    assert "The run took no document" in words
    assert words.count("None was") == 2


def test_five_dates_are_five_lines() -> None:
    dates = [f"2026-11-{day}" for day in range(10, 15)]
    page = Page(render(replace(RUN, dates=dates)))
    assert [text for tag, text in page.texts if tag == "span" and text.startswith("2026-11-")][:5] == dates


def test_many_dates_are_a_span() -> None:
    words = Page(render(replace(RUN, dates=[f"2026-11-{day}" for day in range(10, 20)]))).words()
    assert "2026-11-10 to 2026-11-19, 10 dates" in words


def test_of_many_sources_the_largest_are_drawn() -> None:
    def night(source: str, scored: int) -> Row:
        shares = dict.fromkeys(("share_negative", "share_negative_low", "share_negative_high"), 0.5)
        return {"ds": date(2026, 11, 22), "source": source, "scored": scored, "change": None, **shares}

    trend = [night("*", 10_000), *(night(f"source {number:02}", number) for number in range(50))]
    page = Page(index_page([], {name: [] for name in ASKED} | {"trend": trend}))
    drawn = [text.removeprefix("Share of NEGATIVE, ") for tag, text in page.texts if text.startswith("Share of NEG")]
    assert drawn == ["all sources", *(f"source {number}" for number in range(38, 50))]
