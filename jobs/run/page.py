"""A run's page: one HTML file that needs nothing else, not even JavaScript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from transforms.display import money, visible
from transforms.report import RunSummary
from transforms.schemas import RunState, Sentiment

# What an outcome means for a reader.
_OUTCOMES: dict[RunState, str] = {
    RunState.PUBLISHED: "Published",
    RunState.EXPECTATIONS_NOT_MET: "Not published: expectations not met",
    RunState.CONFLICT: "Not published: another run published the same date first",
    RunState.FAILED: "Not published: the run failed",
    RunState.INTERRUPTED: "Not published: the run was interrupted",
}


def render(summary: RunSummary, verdict_failures: Sequence[str], evaluated: int) -> str:
    """Give the page of a run.

    `verdict_failures` has a line for each expectation that was not met, of the `evaluated` ones. Whatever text comes in
    is shown, never obeyed: markup is escaped, and so are characters that are invisible or turn the text's direction.
    """
    return _template().render(
        run=summary,
        outcome=_OUTCOMES.get(summary.outcome, summary.outcome),
        sentiments={str(label): summary.sentiments.get(label, 0) for label in Sentiment},
        pii=_largest_first(summary.pii),
        reasons=_largest_first(summary.reasons),
        failures=verdict_failures,
        evaluated=evaluated,
    )


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.finalize = _finalize
    environment.filters.update(count=_count, percent=_percent, money=money, breakable=_breakable)
    return environment.from_string(files("jobs.run").joinpath("report.html.j2").read_text(encoding="utf-8"))


def _finalize(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _breakable(name: str) -> Markup:
    """Let a long code such as A_REASON break after its underscores."""
    return Markup("_<wbr>").join(map(visible, name.split("_")))


def _largest_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _count(number: float) -> str:
    return f"{number:,}"


def _percent(part: float, whole: float) -> str:
    """Give a share as people read it: nothing of nothing is none, little is not nothing, most is not all."""
    if not whole:
        return "n/a"
    share = 100 * part / whole
    if 0 < share < 0.1:
        return "<0.1%"
    return f"{min(share, 99.9) if part < whole else share:.1f}%"
