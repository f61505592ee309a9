"""Parquet: one row a document, whatever the types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.drops.compression import MAX_EXPANDED_BYTES, MAX_EXPANSION
from transforms.documents import Reason, documents, rejection

_BATCH_BYTES = 16 << 20


def read_parquet(
    source: pa.NativeFile,
    source_file: str,
    columns: Mapping[str, str],
    batch_rows: int,
    groups: range,
    first_row: int,
) -> Iterator[pa.RecordBatch]:
    """Documents of those row groups of a Parquet file that it has; `source_row` counts from 1.

    What cannot be read of a row group is one rejection, CORRUPT_FILE, at the first row that is missing; reading goes on
    with the next row group.
    """
    try:
        parquet = pq.ParquetFile(source, page_checksum_verification=True)
    except (OSError, pa.ArrowException):
        yield rejection(source_file, first_row + 1 if groups.start else 0, Reason.CORRUPT_FILE)
        return
    with parquet:
        row = first_row + 1
        wanted = sorted(set(columns.values()) & set(parquet.schema_arrow.names))
        for group in range(groups.start, min(groups.stop, parquet.num_row_groups)):
            about = parquet.metadata.row_group(group)
            if _is_bomb(about, wanted):
                yield rejection(source_file, row, Reason.DECOMPRESSION_BOMB)
            else:
                mean = about.total_byte_size // max(about.num_rows, 1) + 1
                rows = max(1, min(batch_rows, _BATCH_BYTES // mean))
                yield from _group(parquet, group, wanted, rows, row, source_file, columns)
            row += about.num_rows


def _group(
    parquet: pq.ParquetFile,
    group: int,
    wanted: list[str],
    batch_rows: int,
    row: int,
    source_file: str,
    columns: Mapping[str, str],
) -> Iterator[pa.RecordBatch]:
    batches = parquet.iter_batches(batch_rows, [group], wanted, use_threads=False)
    end = row + parquet.metadata.row_group(group).num_rows
    while row < end:
        try:
            batch = next(batches, None)
        except (OSError, pa.ArrowException):
            batch = None
        if batch is None or not batch.num_rows:
            yield rejection(source_file, row, Reason.CORRUPT_FILE)
            return
        values = {ours: batch.column(theirs) for ours, theirs in columns.items() if theirs in wanted}
        yield documents(values, np.arange(row, row + batch.num_rows), source_file)
        row += batch.num_rows


def _is_bomb(group: pq.RowGroupMetaData, wanted: list[str]) -> bool:
    """Whether a column that is read says that it expands beyond all measure."""
    columns = [group.column(place) for place in range(group.num_columns)]
    return any(
        column.path_in_schema.split(".")[0] in wanted
        and column.total_uncompressed_size > MAX_EXPANDED_BYTES
        and column.total_uncompressed_size > MAX_EXPANSION * column.total_compressed_size
        for column in columns
    )
