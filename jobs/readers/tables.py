"""Tables that know their columns' types, and sheets: a row is a document, and a column may lie within another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import chain, islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
import pyarrow.orc

from jobs.drops.compression import Broken
from jobs.drops.dialect import nulls_of
from jobs.drops.names import HEADER_WITHIN, by_number, header_of, places_of
from jobs.formats import Format, Telling
from jobs.readers.comments import beside, comments_of, holds_turns, label_within, told, turned_documents
from jobs.readers.records import ELEMENT, Steps, steps_of, value_at
from transforms.documents import Reason, Values, documents, rejection

REQUIRED = frozenset(("document_id", "text"))  # columns that a document cannot do without
_SHEETS, _CELLS, _WIDEST = 100, 20_000_000, 16_384  # of a workbook
_SHEET_ROWS = 4_096  # that become documents at once

Reader = Callable[[pa.NativeFile, str, Mapping[str, str], int, Telling], Iterator[pa.RecordBatch]]


def read_feather(
    source: pa.NativeFile, source_file: str, columns: Mapping[str, str], batch_rows: int, telling: Telling
) -> Iterator[pa.RecordBatch]:
    """Documents of a Feather file, which is an Arrow file; `source_row` counts from 1."""
    file = pa.ipc.open_file(source)
    wanted = _wanted(file.schema, columns)
    options = pa.ipc.IpcReadOptions(included_fields=[file.schema.get_field_index(name) for name in wanted])
    file = pa.ipc.open_file(source, options=options)
    batches = (file.get_batch(number) for number in range(file.num_record_batches))
    yield from _documents(batches, source_file, columns, batch_rows, telling)


def read_orc(
    source: pa.NativeFile, source_file: str, columns: Mapping[str, str], batch_rows: int, telling: Telling
) -> Iterator[pa.RecordBatch]:
    """Documents of an ORC file; `source_row` counts from 1."""
    file = pyarrow.orc.ORCFile(source)
    wanted = _wanted(file.schema, columns)
    stripes = (file.read_stripe(stripe, columns=wanted or None) for stripe in range(file.nstripes))
    yield from _documents(stripes, source_file, columns, batch_rows, telling)


def read_avro(
    source: pa.NativeFile, source_file: str, columns: Mapping[str, str], batch_rows: int, telling: Telling
) -> Iterator[pa.RecordBatch]:
    """Documents of an Avro file; `source_row` counts from 1."""
    import fastavro  # of the extra `documents`

    nested = {ours: (theirs, steps_of(theirs)) for ours, theirs in columns.items()}
    records: Iterator[Any] = iter(fastavro.reader(source))
    row = 1
    while some := list(islice(records, min(batch_rows, _SHEET_ROWS))):
        names = list(some[0]) if isinstance(some[0], dict) else []
        places, _ = places_of(names, columns)
        values: dict[str, Values] = {
            ours: [
                _plain(record.get(names[places[ours]]) if ours in places else value_at(record, *nested[ours]))
                for record in some
            ]
            for ours in columns
        }
        rows = range(row, row + len(some))
        if "text" not in places and holds_turns(nested["text"][1]):
            label = label_within(nested["text"][1], nested["role"][1])
            turns = [comments_of(record, *nested["text"], label) for record in some]
            yield from turned_documents(values, rows, source_file, None, told(turns, values, telling), batch_rows)
        else:
            yield documents(values, rows, source_file)
        row += len(some)


def read_sheets(
    source: pa.NativeFile,
    source_file: str,
    columns: Mapping[str, str],
    batch_rows: int,
    telling: Telling,  # noqa: ARG001 - a cell holds no conversation
) -> Iterator[pa.RecordBatch]:
    """Documents of the sheets of a workbook that have texts or their ids, or of the first one where none has.

    A sheet's header is its first row that is not empty, or one below titles (see `header_of`); `source_row` goes on
    from one sheet to the next. Of more than _SHEETS, or _CELLS, there is one rejection, DECOMPRESSION_BOMB; of none
    that can be found, CORRUPT_FILE.
    """
    before = 0
    try:
        for before, sheet in sheets_of(source, columns):
            header, rows = rows_of(sheet, before, columns)
            places, repeated = places_of(header, columns)
            while some := list(islice(rows, min(batch_rows, _SHEET_ROWS))):
                values = {
                    ours: [_cell(cells[place], nulls_of(ours)) for _, cells in some] for ours, place in places.items()
                }
                reasons = [Reason.DUPLICATE_KEY] * len(some) if repeated else None
                yield documents(values, [row for row, _ in some], source_file, reasons)
            before += sheet.total_height
    except Broken as broken:
        yield rejection(source_file, before, broken.reason)


def sheets_of(source: pa.NativeFile, columns: Mapping[str, str]) -> Iterator[tuple[int, Any]]:
    """The sheets of a workbook that have texts or their ids, or else the longest, each with the rows before it.

    Raises Broken.
    """
    from python_calamine import CalamineWorkbook  # of the extra `documents`

    book = CalamineWorkbook.from_filelike(source)
    names = book.sheet_names
    if not names or len(names) > _SHEETS:
        raise Broken(Reason.DECOMPRESSION_BOMB if names else Reason.CORRUPT_FILE)
    before = cells = 0
    others: list[tuple[int, Any]] = []
    read = False
    for name in names:
        sheet = book.get_sheet_by_name(name)
        cells += sheet.total_height * sheet.total_width
        if cells > _CELLS or sheet.total_width > _WIDEST:
            raise Broken(Reason.DECOMPRESSION_BOMB)
        first = [*islice((row for row in map(_texts, sheet.iter_rows()) if any(row)), HEADER_WITHIN)]
        header = first[header_of(first, columns) or 0] if first else []
        if not REQUIRED.isdisjoint(places_of(header, columns)[0]) or (first and by_number(columns, first[0])):
            read = True
            yield before, sheet
        elif header:
            others.append((before, sheet))
        before += sheet.total_height
    if not read and others:
        yield max(others, key=lambda each: each[1].total_height)


def rows_of(sheet: Any, before: int, columns: Mapping[str, str]) -> tuple[list[str], Iterator[tuple[int, Any]]]:
    """What a sheet's columns are called, and the rows below that are not empty, with their numbers."""
    first = (sheet.start or (0, 0))[0]  # rows above are left out
    numbered = enumerate(sheet.iter_rows(), before + first + 1)
    rows: Iterator[tuple[int, Any]] = ((row, cells) for row, cells in numbered if any(_texts(cells)))
    looked_at = list(islice(rows, HEADER_WITHIN))
    names = [_texts(cells) for _, cells in looked_at]
    if not names:
        return [], rows
    header, place = names[0], None
    if by_number(columns, header):
        header = [str(number) for number in range(1, len(header) + 1)]
    elif (place := header_of(names, columns)) is not None:
        header = names[place]
    return header, chain(looked_at if place is None else looked_at[place + 1 :], rows)


def _texts(cells: Sequence[Any]) -> list[str]:
    return [str(_plain(cell)).strip() if cell is not None else "" for cell in cells]


def _cell(value: Any, nulls: frozenset[str]) -> Any:
    return None if value in nulls else _plain(value)


def _plain(value: Any) -> Any:
    """A value as JSON has it: a whole number of a sheet, which knows floats alone, and a date as text."""
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return int(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return value


def _documents(
    batches: Iterator[pa.RecordBatch], source_file: str, columns: Mapping[str, str], batch_rows: int, telling: Telling
) -> Iterator[pa.RecordBatch]:
    row = 1
    for batch in batches:
        for start in range(0, batch.num_rows, batch_rows):
            part = batch.slice(start, batch_rows)
            found = found_columns(part.schema, columns)
            rows = np.arange(row, row + part.num_rows)
            yield from documents_of(part, found, rows, source_file, batch_rows, telling)
            row += part.num_rows


def documents_of(
    part: pa.RecordBatch,
    found: Mapping[str, tuple[str, Steps]],
    rows: np.ndarray,
    source_file: str,
    batch_rows: int,
    telling: Telling,
) -> Iterator[pa.RecordBatch]:
    """The documents of rows of a table, of whose columns `found` says where ours lie."""
    values: dict[str, Values] = {ours: nested_column(part.column(name), steps) for ours, (name, steps) in found.items()}
    name, steps = found.get("text", ("", ()))
    if not holds_turns(steps):
        yield documents(values, rows, source_file)
        return
    records = part.select([name, *told_beside(part.schema, found)]).to_pylist()
    role, within = found.get("role", ("", ()))
    label = label_within((name, *steps), (role, *within))
    turns = [comments_of(record, "\0", (name, *steps), label) for record in records]
    yield from turned_documents(values, rows, source_file, None, told(turns, values, telling), batch_rows)


def found_columns(schema: pa.Schema, columns: Mapping[str, str]) -> dict[str, tuple[str, Steps]]:
    """Of each of our columns that is there, the column that holds it, and the steps to it within that."""
    names = schema.names
    places, _ = places_of(names, columns)
    found: dict[str, tuple[str, Steps]] = {ours: (names[place], ()) for ours, place in places.items()}
    for ours, theirs in columns.items():
        steps = steps_of(theirs)
        if ours not in found and steps and steps[0] in names:
            found[ours] = (steps[0], steps[1:])
    return found


def told_beside(schema: pa.Schema, found: Mapping[str, tuple[str, Steps]]) -> list[str]:
    """The columns that tell of a record's turns, beside the one that holds them."""
    name, steps = found.get("text", ("", ()))
    return [other for other in beside(schema.names, (name, *steps)) if other != name] if holds_turns(steps) else []


def _wanted(schema: pa.Schema, columns: Mapping[str, str]) -> list[str]:
    """The columns that are read."""
    found = found_columns(schema, columns)
    return sorted({name for name, _ in found.values()} | {*told_beside(schema, found)})


def nested_column(column: pa.Array, steps: Steps) -> pa.Array | list[Any]:
    """What lies at some steps within a column of structs and lists."""
    for place, step in enumerate(steps):
        if step == ELEMENT or not pa.types.is_struct(column.type):
            return [value_at({"": value}, "\0", ("", *steps[place:])) for value in column.to_pylist()]
        if column.type.get_field_index(step) < 0:
            return pa.nulls(len(column), pa.string())
        column = pc.struct_field(column, step)
    return column


TABLES: Mapping[Format, Reader] = {
    Format.FEATHER: read_feather,
    Format.ORC: read_orc,
    Format.AVRO: read_avro,
    Format.SHEET: read_sheets,
}
