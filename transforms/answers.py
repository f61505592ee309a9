"""Answers of queries as text: batch by batch, so that memory does not grow, and harmless where they are opened."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import chain, islice
from typing import Any

import pyarrow as pa

from transforms.display import HIDDEN, aligned_by, visible, width
from transforms.errors import UsageError

_LONGEST_CELL = 60  # characters, in an aligned table
_MEASURED = 1_000  # rows that tell how wide the columns of a table are
_AT_ONCE = 500  # rows that become Python objects at once

# What a spreadsheet takes for a formula where a cell begins with it: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

Row = tuple[Any, ...]


def written(schema: pa.Schema, batches: Iterable[pa.RecordBatch], output: str) -> Iterator[str]:
    """Give rows as `table`, `csv`, `json` or `jsonl`, piece by piece.

    `table` is aligned by its first thousand rows, cuts long cells, and holds nothing that a terminal obeys. `csv` is
    RFC 4180 with lines that end in a newline alone; text that a spreadsheet would run as a formula has an apostrophe
    before it. The JSON has ISO 8601 dates, one array of objects or an object a line. In a table and in CSV a nested
    value is JSON. Raises UsageError for another `output`.
    """
    rows = chain.from_iterable(map(values, batches))
    if output == "table":
        return _table(schema, rows)
    if output == "csv":
        return _csv(schema, rows)
    if output in ("json", "jsonl"):
        return _json(schema, rows, array=output == "json")
    raise UsageError(f"format {visible(output)}: give table, csv, json or jsonl")


def format_table(table: pa.Table, output: str) -> str:
    """Give a whole table as `written` does."""
    return "".join(written(table.schema, table.to_batches(), output))


def defused(text: str) -> str:
    """A cell of text that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def values(batch: pa.RecordBatch) -> Iterator[Row]:
    """The rows of a batch, as what JSON can hold."""
    for start in range(0, batch.num_rows, _AT_ONCE):
        yield from zip(*map(_values, batch.slice(start, _AT_ONCE).columns), strict=True)


def cell(value: Any) -> str:
    """A value as a cell of text: JSON where it is nested."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def distinct(names: Sequence[str]) -> list[str]:
    """Number what occurs twice, so that a JSON object keeps every column."""
    return [name if name not in names[:place] else f"{name}_{place + 1}" for place, name in enumerate(names)]


def _table(schema: pa.Schema, rows: Iterator[Row]) -> Iterator[str]:
    def shown(row: Row) -> list[str]:
        return [_cut("NULL" if value is None else cell(_rounded(value))) for value in row]

    header = [_cut(name) for name in schema.names]
    numbers = frozenset(place for place, field in enumerate(schema) if _is_number(field.type))
    first = [shown(row) for row in islice(rows, _MEASURED)]
    widths = [max(map(width, column)) for column in zip(header, *first, strict=True)]
    for row in chain([header, ["-" * each for each in widths]], first, map(shown, rows)):
        yield aligned_by(widths, row, numbers) + "\n"


def _csv(schema: pa.Schema, rows: Iterator[Row]) -> Iterator[str]:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    for row in chain([tuple(schema.names)], rows):
        writer.writerow(
            "" if value is None else defused(value) if isinstance(value, str) else cell(value) for value in row
        )
        yield text.getvalue()
        text.seek(0)
        text.truncate()


def _json(schema: pa.Schema, rows: Iterator[Row], *, array: bool) -> Iterator[str]:
    names, begin, between, end = distinct(schema.names), "[", ",\n ", "]\n"
    if not array:
        begin, between, end = "", "\n", "\n"
    yield begin
    first = True
    for row in rows:
        said = json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False)
        # A hidden character can only stand in a string, where its escape means the same.
        yield ("" if first else between) + HIDDEN.sub(lambda found: json.dumps(found[0])[1:-1], said)
        first = False
    yield end if array or not first else ""


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


def _rounded(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value


def _cut(text: str) -> str:
    text = visible(text[: _LONGEST_CELL + 1])
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 1] + "…"


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
