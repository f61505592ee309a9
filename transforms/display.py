"""Tables, money and cells for a terminal, where nothing that is shown is obeyed."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from transforms.errors import UsageError
from transforms.report import RunSummary
from transforms.schemas import RunState, Status

if TYPE_CHECKING:
    from transforms.estimate import Plan

# Control characters, and what is invisible or turns the direction of the text around it.
HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)

_LONGEST_CELL = 60  # characters, in an aligned table

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
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "  ".join(
            " " * (width - _width(cell)) + cell if place in numbers else cell + " " * (width - _width(cell))
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )


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
    return _lines(lines)


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
    duration = f"{plan.minutes:.1f} minutes" if plan.minutes >= 1 else f"{60 * plan.minutes:.1f} s"
    lines = {
        "files": f"{plan.files:,}",
        "documents": f"{found.documents:,}, of which {found.rejected:,} rejected and "
        f"{found.unsupported:,} in languages that {plan.scorer} does not know",
        "distinct texts": f"{found.distinct:,}",
        "cache hits": f"{found.cache_hits:,}",
        "to buy": f"{found.to_buy:,} texts, {found.units:,} units{asked if found.languages_asked else ''}",
        "cost": f"{money(float(plan.dollars))}{f' ({tiers})' if tiers else ''}",
        "this month": f"{plan.already:,} units spent before",
        "calls": f"{found.calls:,}, {duration} at {plan.quota_tps:g} a second",
        "otherwise": f"{money(float(plan.dollars_without))}, each document bought by itself, without a cache",
    }
    return _lines(lines)


def runs_text(runs: Sequence[tuple[RunSummary, bool]]) -> str:
    """Give runs as aligned lines below a header; each comes with whether it is what readers see."""
    return aligned(_RUNS_HEADER, [_cells(*run) for run in runs], _NUMBERS)


def format_table(table: pa.Table, output: str) -> str:
    """Give rows as `table` (aligned, long cells cut, nothing that a terminal obeys), `csv` (RFC 4180) or `json`.

    The JSON is one array of objects with ISO 8601 dates; in the other two a nested value is JSON. Raises UsageError for
    another `output`.
    """
    rows = list(zip(*map(_values, table.columns), strict=True))
    if output == "json":
        names = _distinct(table.column_names)
        objects = [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in rows]
        # A hidden character can only stand in a string, where its escape means the same.
        return "[" + ",\n ".join(HIDDEN.sub(lambda found: json.dumps(found[0])[1:-1], row) for row in objects) + "]\n"
    if output == "csv":
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(table.column_names)
        writer.writerows(["" if value is None else _text(value) for value in row] for row in rows)
        return text.getvalue()
    if output == "table":
        cells = [[_cut("NULL" if value is None else _text(_rounded(value))) for value in row] for row in rows]
        numbers = frozenset(place for place, field in enumerate(table.schema) if _is_number(field.type))
        return aligned([_cut(name) for name in table.column_names], cells, numbers) + "\n"
    raise UsageError(f"format {visible(output)}: give table, csv or json")


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


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Give a column as what JSON can hold."""
    try:
        return [_plain(value) for value in column.to_pylist(maps_as_pydicts="lossy")]
    except (OverflowError, ValueError):  # a date that Python does not have
        return list(column.cast(pa.string()).to_pylist())


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case date() | datetime() | time():
            return value.isoformat()
        case bytes():
            return value.hex()
        case Mapping():
            return {str(name): _plain(item) for name, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case _:
            return str(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _rounded(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value


def _cut(text: str) -> str:
    text = visible(text[: _LONGEST_CELL + 1])
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 1] + "…"


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _distinct(names: Sequence[str]) -> list[str]:
    """Number what occurs twice, so that a JSON object keeps every column."""
    return [name if name not in names[:place] else f"{name}_{place + 1}" for place, name in enumerate(names)]
