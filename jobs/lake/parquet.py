"""Writes rows of `scores`: Parquet files that appear whole, and are durable then."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.lake.files import create, writing
from jobs.lake.layout import Lake
from transforms.id_hashes import id_hashes
from transforms.schemas import SCORES, Status

# Rows, and bytes of them, held in memory before they are written as one row group: texts may have a megabyte each.
ROW_GROUP_ROWS = 32 * 1024
ROW_GROUP_BYTES = 64 << 20
# Columns whose values repeat; a dictionary of the others would be built only to be thrown away.
_DICTIONARY = [
    name
    for name in SCORES.names
    if name not in {"document_id", "redacted_text", "content_key", "subject_key", "source_row", "pii"}
]


@dataclass(frozen=True)
class WrittenFile:
    """A file of `scores` that a run has written."""

    ds: str
    uri: str
    rows: int
    ids: np.ndarray = field(repr=False)  # a hash of each id that its rows hold, see `documents.id_hashes`
    groups: int | None = None  # row groups, where that is known


def held_ids(rows: pa.RecordBatch) -> np.ndarray:
    """A hash of each document_id that rows of schemas.SCORES hold: a rejected document holds none."""
    return id_hashes(rows["document_id"].filter(pc.not_equal(rows["status"], Status.REJECTED)))


class RowsWriter:
    """Writes batches of schemas.SCORES to one file: zstd, row groups of a fixed size."""

    def __init__(self, ds: str, uri: str, file: pa.NativeFile) -> None:
        self._ds, self._uri = ds, uri
        # With checksums, so that a reader sees a bit that has turned.
        with writing(uri):
            self._writer = pq.ParquetWriter(
                file, SCORES, compression="zstd", use_dictionary=_DICTIONARY, write_page_checksum=True
            )
        self._held: list[pa.RecordBatch] = []
        self._held_rows = self._held_bytes = 0
        self._rows = self._groups = 0
        self._ids: list[np.ndarray] = []

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows, if there are any. Raises LakeError where they cannot be written."""
        if not batch.num_rows:
            return
        self._held.append(batch)
        self._held_rows += batch.num_rows
        self._held_bytes += batch.nbytes
        self._rows += batch.num_rows
        self._ids.append(held_ids(batch))
        if self._held_rows >= ROW_GROUP_ROWS or self._held_bytes >= ROW_GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        """End the file's content. Raises LakeError where it cannot be written."""
        try:
            self._flush()
        finally:
            with writing(self._uri):
                self._writer.close()

    @property
    def written(self) -> WrittenFile:
        """What was written so far."""
        ids = np.concatenate([np.empty(0, np.uint64), *self._ids])
        return WrittenFile(self._ds, self._uri, self._rows, ids, self._groups)

    def _flush(self) -> None:
        if self._held:
            with writing(self._uri):
                self._writer.write_table(pa.Table.from_batches(self._held, SCORES), row_group_size=self._held_rows)
            self._groups += 1
            self._held, self._held_rows, self._held_bytes = [], 0, 0


@contextmanager
def new_file(ds: str, uri: str) -> Iterator[RowsWriter]:
    """A new file of a date; there once the context has ended well. Raises LakeError where it cannot be written."""
    with create(uri) as file:
        writer = RowsWriter(ds, uri, file)
        try:
            yield writer
        finally:  # also of what will not appear: nothing may write to a closed file later
            writer.close()


class DateWriters:
    """Writes a task's rows: one new file for each date that it has rows of, under a name that no other attempt has."""

    def __init__(self, lake: Lake, run_id: str, task: int) -> None:
        self._lake, self._run_id = lake, run_id
        self._name = f"part-{task:05d}-{uuid.uuid4().hex[:8]}.parquet"
        self._open: dict[str, RowsWriter] = {}
        self._stack = ExitStack()

    def write(self, ds: str, rows: pa.RecordBatch) -> None:
        """Add rows of schemas.SCORES to a date, if there are any."""
        if not rows.num_rows:
            return
        if ds not in self._open:
            uri = f"{self._lake.scores(ds, self._run_id)}/{self._name}"
            self._open[ds] = self._stack.enter_context(new_file(ds, uri))
        self._open[ds].write(rows)

    def close(self) -> list[WrittenFile]:
        """End the files; what each is."""
        self._stack.close()
        return [writer.written for writer in self._open.values()]

    def __enter__(self) -> DateWriters:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)  # type: ignore[arg-type] # what a context is given
