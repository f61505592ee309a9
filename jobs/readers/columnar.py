"""Parquet: one row a document, whatever the types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import takewhile

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.drops.compression import DOCUMENT_BYTES, Broken, Expansion
from jobs.drops.footer import RowGroup, read_footer
from jobs.formats import Telling
from jobs.readers.comments import holds_turns
from jobs.readers.pages import Pages, measure
from jobs.readers.records import ELEMENT
from jobs.readers.tables import REQUIRED, documents_of, found_columns, told_beside
from transforms.documents import Reason, rejection

# The most that the pages read of a row group may hold at once. A writer makes pages of 1 MB; some make one of a column.
MAX_PAGE_BYTES = 256 << 20

_BATCH_BYTES = 16 << 20
_CHUNK_BYTES = 64 << 20  # of a column read at once, where a row group has more
_FIXED_BYTES = 16  # the longest value of a type that is neither text nor bytes
_ERRORS = (OSError, ValueError, MemoryError, pa.ArrowException)


def read_parquet(
    source: pa.NativeFile,
    source_file: str,
    columns: Mapping[str, str],
    batch_rows: int,
    groups: range,
    first_row: int,
    telling: Telling,
) -> Iterator[pa.RecordBatch]:
    """Documents of those row groups of a Parquet file that it has; `source_row` counts from 1.

    What cannot be read of a row group is one rejection, CORRUPT_FILE, at the first row that is missing, and one whose
    pages hold too much is one, DECOMPRESSION_BOMB; reading goes on with the next row group. Where the documents pass
    what `Expansion` allows, reading ends with a rejection.
    """
    try:
        row_groups = read_footer(source)
        buffer_size = _CHUNK_BYTES if any(group.stored > _CHUNK_BYTES for group in row_groups) else 0
        parquet = pq.ParquetFile(source, page_checksum_verification=True, buffer_size=buffer_size)
        names = parquet.schema_arrow
    except (Broken, *_ERRORS):
        yield rejection(source_file, first_row + 1 if groups.start else 0, Reason.CORRUPT_FILE)
        return
    found = found_columns(names, columns)
    # Of what a document cannot do without a list or struct has a reason of its own, elsewhere it is null.
    wanted = {
        ours: (name, steps)
        for ours, (name, steps) in found.items()
        if steps or ours in REQUIRED or not all(map(pa.types.is_nested, _types(names, name)))
    }
    leaves = {".".join((name, *takewhile(ELEMENT.__ne__, steps))) for name, steps in wanted.values()}
    if holds_turns(wanted.get("text", ("", ()))[1]):
        leaves |= {wanted["text"][0], *told_beside(names, wanted)}
    row = first_row + 1
    groups = range(groups.start, min(groups.stop, len(row_groups)))
    expansion = Expansion(sum(row_groups[group].stored for group in groups))
    for group in groups:
        end = row + row_groups[group].rows
        try:
            for batch in _batches(source, parquet, group, row_groups[group], sorted(leaves), batch_rows):
                expansion.add(_size(batch) + batch.num_rows * DOCUMENT_BYTES)
                rows = np.arange(row, row + batch.num_rows)
                yield from documents_of(batch, wanted, rows, source_file, batch_rows, telling)
                row += batch.num_rows
        except Broken as broken:
            yield rejection(source_file, row, broken.reason)
            if expansion.passed:
                return
        except _ERRORS:
            yield rejection(source_file, row, Reason.CORRUPT_FILE)
        else:
            if row < end:
                yield rejection(source_file, row, Reason.CORRUPT_FILE)
        row = end


def _types(schema: pa.Schema, name: str) -> list[pa.DataType]:
    return [schema.field(place).type for place in schema.get_all_field_indices(name)]


def _batches(
    source: pa.NativeFile,
    parquet: pq.ParquetFile,
    group: int,
    about: RowGroup,
    wanted: list[str],
    batch_rows: int,
) -> Iterator[pa.RecordBatch]:
    """A row group in batches of `batch_rows` at most, and of few bytes, whatever its values are made of.

    Raises Broken, DECOMPRESSION_BOMB, before anything is expanded where its pages hold more than MAX_PAGE_BYTES.
    """
    if len(about.chunks) != len(parquet.schema):
        raise Broken(Reason.CORRUPT_FILE)
    held, row_bytes = 0, 1
    long: dict[str, Pages] = {}  # columns with a dictionary of whose entries the longest may be too long
    for place, chunk in enumerate(about.chunks):
        leaf = parquet.schema.column(place)
        if not any(leaf.path == name or leaf.path.startswith(f"{name}.") for name in wanted):
            continue
        pages = measure(source, chunk)
        held += pages.held
        if leaf.max_repetition_level:
            held += pages.values * _FIXED_BYTES  # all of them may be one row's
        elif pages.looked_up and leaf.physical_type == "BYTE_ARRAY":
            if pages.dictionary * batch_rows > _BATCH_BYTES:
                long[leaf.path] = pages
            else:
                row_bytes += pages.dictionary
        row_bytes += _row_bytes(leaf, pages)
    if held > MAX_PAGE_BYTES:
        raise Broken(Reason.DECOMPRESSION_BOMB)
    for name, pages in long.items():
        row_bytes += _longest(source, parquet.metadata, group, name, pages)
    # Rows are decoded few at a time where one may be long, and put together to batches that are worth their price.
    rows = max(1, min(batch_rows, _BATCH_BYTES // row_bytes))
    waiting: list[pa.RecordBatch] = []
    count = size = 0
    for batch in parquet.iter_batches(rows, [group], wanted, use_threads=False):
        batch = _decoded(batch)
        if waiting and (count + batch.num_rows > batch_rows or size + _size(batch) > _BATCH_BYTES):
            yield _joined(waiting)
            waiting, count, size = [], 0, 0
        waiting.append(batch)
        count += batch.num_rows
        size += _size(batch)
    if count:
        yield _joined(waiting)


def _row_bytes(leaf: pq.ColumnSchema, pages: Pages) -> int:
    """What a row's value takes at most, where it is no dictionary's."""
    fixed = leaf.length if leaf.physical_type == "FIXED_LEN_BYTE_ARRAY" else _FIXED_BYTES
    return max(pages.densest, fixed)


def _longest(source: pa.NativeFile, footer: pq.FileMetaData, group: int, name: str, pages: Pages) -> int:
    """The bytes of the longest entry of a column's dictionary; of all of it, where it does not show."""
    dictionaries = pq.ParquetFile(source, metadata=footer, read_dictionary=[name], buffer_size=1 << 16)
    first = next(dictionaries.iter_batches(1, [group], [name], use_threads=False), None)
    column = pa.nulls(0) if first is None else first.column(0)
    if not pa.types.is_dictionary(column.type) or len(column.dictionary) < pages.entries:
        return pages.dictionary
    return int(pc.max(pc.binary_length(column.dictionary)).as_py() or 0)


def _decoded(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with its values in place of a dictionary's numbers: what it takes is what its documents will."""
    if not any(map(pa.types.is_dictionary, batch.schema.types)):
        return batch
    arrays = [column.dictionary_decode() if pa.types.is_dictionary(column.type) else column for column in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, batch.schema.names)


def _size(batch: pa.RecordBatch) -> int:
    """The bytes of a batch's values."""
    try:
        return int(batch.nbytes)
    except pa.ArrowTypeError:  # of views Arrow knows their buffers alone
        return int(batch.get_total_buffer_size())


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)
