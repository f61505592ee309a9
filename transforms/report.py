"""What a run did: its summary, as a row of the table `runs` and as the lines a person reads."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Self

import pyarrow as pa

from transforms.schemas import RUNS, Status, conform


@dataclass(frozen=True)
class RunSummary:
    """One row of `transforms.schemas.RUNS`, field by field. `stages` are seconds of CPU by stage."""

    run_id: str
    started_at: datetime
    finished_at: datetime
    outcome: str
    dates: Sequence[str]
    files: int
    documents: int
    scored: int
    rejected: int
    failed: int
    deferred: int
    carried: int
    cache_hits: int
    calls: int
    throttles: int
    billed_units: int
    dollars: float
    sentiments: Mapping[str, int]
    reasons: Mapping[str, int]
    pii: Mapping[str, int]
    stages: Mapping[str, float]
    scorer: str
    scorer_version: str
    policy: str
    unconfirmed_units: int = 0
    budget: float | None = None

    @property
    def seconds(self) -> float:
        """Wall-clock seconds from start to finish."""
        return (self.finished_at - self.started_at).total_seconds()

    @property
    def statuses(self) -> dict[str, int]:
        """Documents by how they ended, in the order of `Status`."""
        return dict(zip(map(str, Status), (self.scored, self.rejected, self.failed, self.deferred), strict=True))

    def to_dict(self) -> dict[str, Any]:
        """Give the fields as JSON has them: ISO 8601 timestamps in UTC, lists, objects."""
        return {name: _as_json(value) for name, value in vars(self).items()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Read back what `to_dict` gave."""
        instants = {name: datetime.fromisoformat(stored[name]) for name in ("started_at", "finished_at")}
        return cls(**{field.name: stored[field.name] for field in fields(cls) if field.name in stored} | instants)


def unfinished(run_id: str, started_at: datetime, seen_at: datetime, outcome: str) -> RunSummary:
    """Sum up a run that was not audited, as of `seen_at`: when it was and how it ended is all there is to say."""
    values: dict[str, Any] = {
        field.name: 0 if pa.types.is_integer(field.type) else {} if pa.types.is_map(field.type) else ""
        for field in RUNS
    }
    known = {"run_id": run_id, "started_at": started_at, "finished_at": seen_at, "outcome": outcome}
    return RunSummary(**values | known | {"dates": [], "dollars": 0.0, "budget": None})


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return {str(name): count for name, count in value.items()}
    return value if value is None or isinstance(value, (str, int, float)) else list(value)


def summary_table(summaries: Iterable[RunSummary]) -> pa.Table:
    """Give summaries as rows of RUNS, in their order."""
    rows = [
        {name: list(value.items()) if isinstance(value, Mapping) else value for name, value in vars(summary).items()}
        for summary in summaries
    ]
    table = pa.Table.from_pylist(rows, schema=RUNS)
    conform(table, RUNS)
    return table


def plain(summary: RunSummary) -> str:
    """Give the lines that are printed at the end of a run."""
    balance = " + ".join(f"{count:,} {status}" for status, count in summary.statuses.items())
    stages = _listed({stage: f"{seconds:.2f} s" for stage, seconds in summary.stages.items()})
    lines = {
        "run": f"{summary.run_id}  {summary.outcome}",
        "dates": ", ".join(summary.dates) or "none",
        "files": f"{summary.files:,}",
        "documents": f"{summary.documents:,} = {balance}",
        "carried forward": f"{summary.carried:,}",
        "sentiment": _listed(summary.sentiments),
        "personal data": _listed(summary.pii),
        "reasons": _listed(summary.reasons),
        "cache hits": f"{summary.cache_hits:,}",
        "calls": f"{summary.calls:,}, {summary.throttles:,} throttled",
        "cost": _cost(summary),
        "scorer": f"{summary.scorer} {summary.scorer_version}, policy {summary.policy}",
        "time": f"{summary.seconds:.1f} s",
        "CPU by stage": stages,
    }
    return "\n".join(f"{name:<16}{visible(value)}" for name, value in lines.items())


def _cost(summary: RunSummary) -> str:
    cost = f"{money(summary.dollars)} for {summary.billed_units:,} units"
    if summary.budget is not None:
        cost += f", of a budget of {money(summary.budget)}"
    if summary.unconfirmed_units:
        cost += f"; up to {summary.unconfirmed_units:,} units more for calls that were not answered"
    return cost


_STATUSES = tuple(status.lower() for status in Status)
_RUNS_HEADER = ("started (UTC)", "run", "dates", "documents", *_STATUSES, "carried", "cache hits", "cost", "seconds")
_NUMBERS = frozenset(range(3, len(_RUNS_HEADER)))  # the columns that are aligned to the right


def one_line(summary: RunSummary, published: bool) -> str:
    """Give a run as one line: when, counts by status, cache hits, cost, time, published or not."""
    return "  ".join(_cells(summary, published))


def runs_text(runs: Sequence[tuple[RunSummary, bool]]) -> str:
    """Give runs as aligned lines below a header; each comes with whether it is what readers see."""
    return aligned((*_RUNS_HEADER, "published"), [_cells(*run) for run in runs], _NUMBERS)


def aligned(header: Sequence[str], rows: Iterable[Sequence[str]], numbers: frozenset[int] = frozenset()) -> str:
    """Give rows as lines whose columns stand below each other, those in `numbers` to the right.

    Every cell is made `visible` first; characters that a terminal draws two columns wide count as two.
    """
    cells = [[visible(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "  ".join(
            " " * (width - _width(cell)) + cell if place in numbers else cell + " " * (width - _width(cell))
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )


# Control characters, and what is invisible or turns the direction of the text around it.
HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    r"""Show HIDDEN characters as escapes (`\n`, `\x1b`, `\u202e`), so that no terminal and no page obeys them."""
    return HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def money(dollars: float) -> str:
    """Give an amount as people write it: $0.00; what is less than half a cent, but not nothing, is `<$0.01`."""
    return "<$0.01" if 0 < dollars < 0.005 else f"${dollars:,.2f}"


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
        "yes" if published else "no longer" if summary.outcome == "PUBLISHED" else f"no: {summary.outcome}",
    ]


def _span(dates: Sequence[str]) -> str:
    if len(dates) < 2:
        return "".join(dates) or "none"
    return f"{min(dates)}..{max(dates)} ({len(dates)})"


def _listed(counts: Mapping[str, int] | Mapping[str, str]) -> str:
    cells = (f"{name} {count:,}" if isinstance(count, int) else f"{name} {count}" for name, count in counts.items())
    return ", ".join(cells) or "none"


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
