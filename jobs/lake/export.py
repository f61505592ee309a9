"""Answers and published rows as files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.lake.files import using
from jobs.lake.layout import Lake
from jobs.lake.published import read_published
from jobs.lake.types import Answer
from jobs.storage import absolute, storage_of
from jobs.stores.protocols import Ledger, Publication
from transforms.answers import cell, defused, distinct, values, written
from transforms.errors import UsageError
from transforms.schemas import SCORES

# A sheet of a workbook, with its header: support.microsoft.com, "Excel specifications and limits".
MOST_ROWS = 1_048_575
_LONGEST_CELL = 32_767


def write_answer(answer: Answer, form: str, location: str) -> int:
    """Write an answer's rows to a file, whole or not at all; how many. Raises UsageError, and what the answer raises.

    `form` is parquet, xlsx or what `transforms.answers.written` writes.
    """
    counted = _Counted(answer.batches)
    uri = absolute(location)
    with using(uri), storage_of(uri).create(uri) as file:
        if form == "parquet":
            with pq.ParquetWriter(file, _unique(answer.schema), compression="zstd") as writer:
                for batch in counted:
                    writer.write_batch(batch.rename_columns(distinct(answer.schema.names)))
        elif form == "xlsx":
            with _sheet(file) as sheet:
                sheet.write_row(0, 0, answer.schema.names)
                for number, row in enumerate(_rows(counted), 1):
                    sheet.write_row(number, 0, row)
        else:
            for piece in written(answer.schema, counted, form):
                file.write(piece.encode())
    return counted.rows


def export_dates(lake: Lake, ledger: Ledger, dates: Sequence[str], out: str) -> Iterator[tuple[str, int]]:
    """Write what is published of each date to `out/ds=…/scores.parquet`, and nothing else; the file and its rows.

    Raises UsageError where a date is not published, before anything is written; LakeError where a file is damaged.
    """
    publications = ledger.publications()
    for ds in dates:
        require_published(publications, ds)
    for ds in dates:
        uri = absolute(f"{out.rstrip('/') or out}/ds={ds}/scores.parquet")
        rows = 0
        with (
            using(uri),
            storage_of(uri).create(uri) as file,
            pq.ParquetWriter(file, SCORES, compression="zstd") as writer,
        ):
            for published in publications[ds].files:
                for batch in read_published(lake, published):
                    writer.write_batch(batch)
                    rows += batch.num_rows
        yield uri, rows


def require_published(publications: dict[str, Publication], ds: str) -> None:
    """Raises UsageError where nothing is published of a date, and says what is."""
    if ds not in publications:
        last = f"the last is {max(publications)}" if publications else "nothing is published yet"
        raise UsageError(f"no run is published for {ds}; {last}")


class _Counted:
    """Batches, and how many rows of them have passed."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._batches, self.rows = batches, 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            self.rows += batch.num_rows
            yield batch


def _unique(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field.with_name(name) for field, name in zip(schema, distinct(schema.names), strict=True)])


def _rows(batches: Iterable[pa.RecordBatch]) -> Iterator[list[Any]]:
    """Rows of a sheet: numbers as numbers, all else as text that no spreadsheet runs."""
    number = 0
    for batch in batches:
        for row in values(batch):
            number += 1
            if number > MOST_ROWS:
                raise UsageError(f"a sheet holds {MOST_ROWS:,} rows: ask for fewer, or give --format parquet or csv")
            yield [
                value
                if value is None or isinstance(value, (bool, int, float))
                else defused(cell(value))[:_LONGEST_CELL]
                for value in row
            ]


@contextmanager
def _sheet(file: Any) -> Iterator[Any]:
    try:
        import xlsxwriter
    except ImportError:
        raise UsageError(
            "xlsxwriter, which writes workbooks, is not installed: install AuraStream with its extra `analysts`, or "
            "give --format csv"
        ) from None
    # Rows go to a temporary file as they come; texts are texts, whatever they look like.
    told = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(file, told | {"nan_inf_to_errors": True})
    try:
        yield book.add_worksheet("answer")
    finally:
        book.close()
