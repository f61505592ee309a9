"""Tables, money and cells for a terminal, where nothing that is shown is obeyed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING

from transforms.report import RunSummary
from transforms.schemas import RunState, Status

if TYPE_CHECKING:
    from transforms.estimate import Plan

# Control characters, and what is invisible or turns the direction of the text around it.
HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)

_STATUSES = tuple(status.lower() for status in Status)
_COUNTS = ("documents", *_STATUSES, "carried", "cache hits", "cost", "seconds")
_RUNS_HEADER = ("started (UTC)", "run", "dates", *_COUNTS, "published")
_NUMBERS = frozenset(map(_RUNS_HEADER.index, _COUNTS))  # the columns that are aligned to the right


def visible(text: str) -> str:
    r"""Show HIDDEN characters as escapes (`\n`, `\x1b`, `\u202e`), so that no terminal and no page obeys them."""
    return HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def money(dollars: float) -> str:
    """Give an amount as people write it: $0.00; what is less than half a cent, but not nothing, is `<$0.01`."""
    return "<$0.01" if 0 < dollars < 0.005 else f"${dollars:,.2f}"


def aligned(header: Sequence[str], rows: Iterable[Sequence[str]], numbers: frozenset[int] = frozenset()) -> str:
    """Give rows as lines whose columns stand below each other, those in `numbers` to the right.

    Every cell is made `visible` first; characters that a terminal draws two columns wide count as two.
    """
    cells = [[visible(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ["-" * each for each in widths])
    return "\n".join(aligned_by(widths, row, numbers) for row in cells)


def aligned_by(widths: Sequence[int], cells: Sequence[str], numbers: frozenset[int]) -> str:
    """Give one row as a line of columns so wide, those in `numbers` to the right."""
    return "  ".join(
        " " * (wide - width(cell)) + cell if place in numbers else cell + " " * (wide - width(cell))
        for place, (cell, wide) in enumerate(zip(cells, widths, strict=True))
    ).rstrip()


def run_text(summary: RunSummary) -> str:
    """Give the lines that are printed at the end of a run."""
    balance = " + ".join(f"{count:,} {status}" for status, count in summary.statuses.items())
    stages = _listed({stage: f"{seconds:.2f} s" for stage, seconds in summary.stages.items()})
    lines = {
        "run": f"{summary.run_id}  {summary.outcome}",
        "dates": ", ".join(summary.dates) or "none",
        "files": f"{summary.files:,}",
        "documents": f"{summary.documents:,} = {balance}",
        "carried forward": f"{summary.carried:,}",
        **({"left out": f"{summary.left_out:,} characters"} if summary.left_out else {}),
        "sentiment": _listed(summary.sentiments),
        "personal data": _listed(summary.pii),
        "reasons": _listed(summary.reasons),
        "cache hits": f"{summary.cache_hits:,}",
        "calls": f"{summary.calls:,}, {summary.throttles:,} throttled",
        "cost": _cost(summary),
        **({"cascade": _cascade(summary)} if summary.cascade else {}),
        "scorer": f"{summary.scorer} {summary.scorer_version}, policy {summary.policy}",
        "time": f"{summary.seconds:.1f} s",
        "CPU by stage": stages,
    }
    return _lines(lines)


def _cascade(summary: RunSummary) -> str:
    told = summary.cascade
    if not told["kept"]:
        return f"no local label is kept, by a sample of {told['sampled']:,.0f} of {told['texts']:,.0f} texts"
    return (
        f"{told['kept']:,.0f} of {told['texts']:,.0f} texts keep their local label, which saved "
        f"{told['saved_units']:,.0f} units; of {told['verified']:,.0f} not learned from {told['agreement']:.1%} agree "
        f"(of those kept {told['least']:.1%} to {told['most']:.1%}, asked {told['asked']:.1%}); of all texts "
        f"{told['overall']:.1%}"
    )


def _cost(summary: RunSummary) -> str:
    cost = f"{money(summary.dollars)} for {summary.billed_units:,} units"
    if summary.budget is not None:
        cost += f", of a budget of {money(summary.budget)}"
    if summary.unconfirmed_units:
        cost += f"; up to {summary.unconfirmed_units:,} units more for calls that were not answered"
    return cost


def plan_text(plan: Plan) -> str:
    """Give the lines that are printed of a plan."""
    from transforms.estimate import ASSUMED  # with much else, that only who has a plan needs

    found = plan.estimate
    tiers = "; ".join(
        f"{tier.units:,} at ${tier.price.normalize():f}: {money(float(tier.dollars))}" for tier in plan.tiers
    )
    asked = f", with {found.languages_asked:,} languages to ask for: until then those texts count as {ASSUMED}"
    minutes = plan.minutes
    if minutes is None:
        calls = "by jobs, which take the service's own time"
    else:
        duration = f"{minutes:.1f} minutes" if minutes >= 1 else f"{60 * minutes:.1f} s"
        calls = f"{found.calls:,}, {duration} at {plan.quota_tps:g} a second"
    lines = {
        "files": f"{plan.files:,}",
        "documents": f"{found.documents:,}, of which {found.rejected:,} rejected and "
        f"{found.unsupported:,} in languages that {plan.scorer} does not know",
        "distinct texts": f"{found.distinct:,}",
        "cache hits": f"{found.cache_hits:,}",
        "to buy": f"{found.to_buy:,} texts, {found.units:,} units{asked if found.languages_asked else ''}",
        "cost": f"{money(float(plan.dollars))}{f' ({tiers})' if tiers else ''}",
        **({"cascade": _forecast(plan)} if plan.scorer == "cascade" else {}),
        "this month": f"{plan.already:,} units spent before",
        "calls": calls,
        "otherwise": f"{money(float(plan.dollars_without))}, each document bought by itself, without a cache",
    }
    return _lines(lines)


def _forecast(plan: Plan) -> str:
    if plan.forecast is None:
        return "that is the most, all being bought: no night of these scorers has said what keeps its local label"
    return (
        f"{plan.expected_units:,} units, {money(float(plan.expected_dollars))}, if it keeps as much as run "
        f"{plan.forecast.run_id}, which did not buy {plan.forecast.kept:.1%}; above is the most"
    )


def runs_text(runs: Sequence[tuple[RunSummary, bool]]) -> str:
    """Give runs as aligned lines below a header; each comes with whether it is what readers see."""
    return aligned(_RUNS_HEADER, [_cells(*run) for run in runs], _NUMBERS)


def _lines(lines: Mapping[str, str]) -> str:
    return "\n".join(f"{name:<16}{visible(value)}" for name, value in lines.items())


def _cells(summary: RunSummary, published: bool) -> list[str]:
    counts = (summary.documents, *summary.statuses.values(), summary.carried, summary.cache_hits)
    return [
        summary.started_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        summary.run_id,
        _span(summary.dates),
        *(f"{count:,}" for count in counts),
        money(summary.dollars),
        f"{summary.seconds:.1f}",
        # A run that was published may since have been replaced, or taken back.
        "yes" if published else "no longer" if summary.outcome == RunState.PUBLISHED else f"no: {summary.outcome}",
    ]


def _span(dates: Sequence[str]) -> str:
    if len(dates) < 2:
        return "".join(dates) or "none"
    return f"{min(dates)}..{max(dates)} ({len(dates)})"


def _listed(counts: Mapping[str, int] | Mapping[str, str]) -> str:
    cells = (f"{name} {count:,}" if isinstance(count, int) else f"{name} {count}" for name, count in counts.items())
    return ", ".join(cells) or "none"


def width(text: str) -> int:
    """How many columns of a terminal a text takes: two for characters that are drawn wide."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
