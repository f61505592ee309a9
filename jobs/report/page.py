"""Pages that need nothing else: one HTML file each, without a script, a picture or a request."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Any, NamedTuple

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from expectations.verdict import Verdict
from jobs.report.questions import OF_A_RUN, QUESTIONS, Answers, Row, narrowed, queries, week_of
from transforms.display import money, visible
from transforms.report import RunSummary
from transforms.schemas import RunState, Sentiment

# What an outcome means for a reader.
_OUTCOMES: dict[RunState, str] = {
    RunState.STARTED: "Not published yet: the run works",
    RunState.PUBLISHED: "Published",
    RunState.EXPECTATIONS_NOT_MET: "Not published: expectations not met",
    RunState.CONFLICT: "Not published: another run published the same date first",
    RunState.FAILED: "Not published: the run failed",
    RunState.INTERRUPTED: "Not published: the run was interrupted",
}
_DATES = 92  # of a trend, the newest: a quarter
_WEEKS = 5  # of words and texts, the newest
_SOURCES = 12  # of plots, words and texts, those with most documents


class Run(NamedTuple):
    """A run, and what of it readers see."""

    summary: RunSummary
    verdict: Verdict
    seen: frozenset[str]  # its dates that point to it
    elsewhere: Mapping[str, str]  # its other dates, and the runs that they point to

    @property
    def outcome(self) -> str:
        """How it ended, in words."""
        if self.summary.outcome is RunState.PUBLISHED and not self.summary.scored:
            return "Published, and nothing was scored"
        return _OUTCOMES[self.summary.outcome]

    @property
    def good(self) -> bool:
        """Whether it did what a run is for: it is published and has scored something."""
        return self.summary.outcome is RunState.PUBLISHED and self.summary.scored > 0

    @property
    def bad(self) -> bool:
        """Whether it is over, and did not."""
        return self.summary.outcome is not RunState.STARTED and not self.good

    @property
    def reasons(self) -> dict[str, int]:
        """Documents without a score by why, the most common first."""
        return _largest_first(self.summary.reasons)


def run_page(summary: RunSummary, verdict: Verdict) -> str:
    """Give the page that a night leaves: what the run knows of itself, and asks nobody for.

    Whatever text comes in is shown, never obeyed: markup is escaped, and so are characters that are invisible or turn
    the text's direction.
    """
    return _run(Run(summary, verdict, frozenset(), {}), None)


def site_run_page(run: Run, answers: Answers) -> str:
    """Give a run's page with what readers see of its dates; `answers` are those to QUESTIONS, of the whole lake."""
    return _run(run, answers)


def _run(run: Run, answers: Answers | None) -> str:
    summary = run.summary
    days = sorted(map(date.fromisoformat, run.seen))
    found = narrowed(answers or {}, summary.run_id, days)
    weeks = sorted({week_of(day) for day in days})[-_WEEKS:]
    largest = _largest(found["trend"])
    return _template("run.html.j2").render(
        run=run,
        summary=summary,
        verdict=run.verdict,
        sentiments={str(label): summary.sentiments.get(label, 0) for label in Sentiment},
        pii=_largest_first(summary.pii),
        whole=answers is not None,
        found=found,
        moved=_moved(found),
        plots=_plots(found["trend"], days) if len(days) > 1 else [],
        words=[row for row in _of_weeks(found["words"], weeks) if row["source"] in largest],
        worst=_distinct([row for row in _of_weeks(found["worst"], weeks) if row["source"] in largest]),
        advice={row["error_code"]: row for row in reversed(found["not_scored"])},
        queries=dict(queries(summary.run_id, days, [name for name in OF_A_RUN if name == "run" or found[name]])),
    )


def index_page(runs: Sequence[Run], answers: Answers) -> str:
    """Give the page over all runs, which come with the newest last."""
    shown = sorted({row["ds"] for row in answers["trend"]})[-_DATES:]
    first = shown[0] if shown else None
    weeks = sorted({row["week"] for row in answers["weeks"]})[-_WEEKS:]
    trend = [row for row in answers["trend"] if first and row["ds"] >= first]
    of_weeks = _of_weeks(answers["weeks"], weeks)
    recent = {"movers": answers["movers"], "weeks": _of_weeks(of_weeks, weeks[-1:])}
    recent["trend"] = [row for row in trend if row["ds"] == shown[-1]]
    narrow = {"trend": first and f"ds >= DATE '{first}'", "weeks": weeks and f"week >= DATE '{weeks[0]}'"}
    return _template("index.html.j2").render(
        runs=list(reversed(runs)),
        found=dict(answers) | {"weeks": of_weeks},
        moved=_moved(recent),
        plots=_plots(trend, shown),
        queries={
            name: QUESTIONS[name].sql(narrow.get(name) or None)
            for name in ("movers", "weeks", "trend", "drift", "repeated", "months")
        }
        | {"runs": QUESTIONS["run"].sql()},
    )


class _Moved(NamedTuple):
    """What is said to have moved: what did beyond chance, or else what did most."""

    movers: list[Row]
    weeks: list[Row]
    most: Row | None


def _moved(found: Answers) -> _Moved:
    movers = _once([row for row in found["movers"] if row["beyond_chance"]])[:3]
    weeks = sorted((row for row in found["weeks"] if row["beyond_chance"]), key=_at_least, reverse=True)[:3]
    changed = [row for row in (*found["weeks"], *found["trend"]) if row["change"] is not None and row["source"] != "*"]
    return _Moved(movers, weeks, max(changed, key=_at_least, default=None))


def _once(movers: Sequence[Row]) -> list[Row]:
    """Movers less those of a source or language of which one stands before: the same documents, told another way."""
    told: list[Row] = []
    for row in movers:
        if not any(
            row["source"] in (other["source"], "*") or row["language"] == other["language"] != "*" for other in told
        ):
            told.append(row)
    return told


def _at_least(row: Row) -> float:
    """How large a change is at least, by its bounds, whichever way; negative where it may be none."""
    return float(max(row["change_low"], -row["change_high"]))


def _of_weeks(rows: Sequence[Row], weeks: Sequence[date]) -> list[Row]:
    return [row for row in rows if row["week"] in weeks]


def _distinct(rows: Sequence[Row]) -> list[Row]:
    """Texts once each, where they are shown first."""
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row["redacted_text"], row)
    return list(first.values())


def _all_first(rows: Sequence[Row]) -> list[Row]:
    """Rows by source, that of all first and that of none last."""
    return sorted(rows, key=lambda row: (row["source"] != "*", row["source"] is None, row["source"] or "", row["ds"]))


def _largest(trend: Sequence[Row]) -> set[str | None]:
    """The sources with most documents on any one night, that of all among them."""
    most: dict[str | None, int] = {}
    for row in trend:
        most[row["source"]] = max(row["scored"], most.get(row["source"], 0))
    return set(sorted(most, key=most.__getitem__, reverse=True)[: _SOURCES + 1])


def _plots(trend: Sequence[Row], shown: Sequence[date]) -> list[dict[str, Any]]:
    """A plot for each of the largest sources."""
    largest = _largest(trend)
    rows = [row for row in _all_first(trend) if row["source"] in largest]
    return [_plot(source, list(own), shown) for source, own in groupby(rows, lambda row: row["source"])]


class _Bar(NamedTuple):
    place: int  # days since the plot's first
    row: Row


def _plot(source: str | None, rows: Sequence[Row], shown: Sequence[date]) -> dict[str, Any]:
    """A plot of a source: a place for each day, whether it has documents or not."""
    first, last = shown[0], shown[-1]
    bars = [_Bar((row["ds"] - first).days, row) for row in rows if row["share_negative"] is not None]
    days = (last - first).days + 1
    return {"source": source, "first": first, "last": last, "days": days, "bars": bars}


@cache
def environment() -> Environment:
    """What pages are made with: whatever comes in is text, and figures are written one way."""
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(_file),
    )
    environment.finalize = _finalize
    style = Markup(_file("page.css"))  # noqa: S704 - ours
    digest = base64.b64encode(hashlib.sha256(f"\n{style}".encode()).digest()).decode()
    environment.globals.update(
        style=style,
        # Of styles this one alone, and nothing else at all: whatever text might bring along is not obeyed.
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        of_source=_of_source,
        describes=_DESCRIBES,
        most_sources=_SOURCES,
    )
    environment.filters.update(
        count=_count, share=_share, points=_points, money=money, breakable=_breakable, lines=_lines, by=_by
    )
    return environment


def _template(name: str) -> Template:
    return environment().get_template(name)


@cache
def _file(name: str) -> str:
    return files("jobs.report").joinpath(name).read_text(encoding="utf-8")


_DESCRIBES = {
    "trend": "NEGATIVE by date and source",
    "weeks": "NEGATIVE by week and source",
    "movers": "what changed last night",
    "drift": "what drifted",
    "words": "words that set negative texts apart",
    "worst": "the most negative texts",
    "repeated": "texts that many documents share",
    "not_scored": "documents without a score",
    "costs": "cost by date",
    "quality": "unsure labels of the run",
    "months": "runs by month",
    "run": "the run's own row",
    "runs": "every run",
}


def _finalize(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _of_source(name: str | None) -> str:
    return "all sources" if name == "*" else "no source" if name is None else name


def _by(rows: Sequence[Row], *names: str) -> Iterator[tuple[tuple[Any, ...], list[Row]]]:
    """Rows that follow each other and agree in some columns, together."""
    for key, group in groupby(rows, lambda row: tuple(row[name] for name in names)):
        yield key, list(group)


def _breakable(name: str) -> Markup:
    """Let a long code such as A_REASON break after its underscores."""
    return Markup("_<wbr>").join(map(visible, name.split("_")))


def _lines(text: str) -> Markup:
    """A text of several lines as that, all else that is invisible shown."""
    return Markup("\n").join(map(visible, text.split("\n")))


def _largest_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _count(number: float) -> str:
    return f"{number:,}"


def _share(share: float | None) -> str:
    """Give a share as people read it: nothing of nothing is none, little is not nothing, most is not all."""
    if share is None:
        return "n/a"
    if 0 < share < 0.001:
        return "<0.1%"
    return f"{min(100 * share, 99.9) if share < 1 else 100.0:.1f}%"


def _points(change: float) -> str:
    """A change of a share in percentage points, with its sign."""
    return f"{100 * change:+.1f}".replace("-", "\u2212")
