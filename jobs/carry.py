"""Completing a date that is published already: its rows that are not scored again move along."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from jobs.pipeline import RowsWriter
from transforms.schemas import SCORES, Status

# From this size on a file is copied whole; below it, rows are rewritten together so that files stay few.
WHOLE_FILE_BYTES = 16 * 1024 * 1024


def carry_forward(
    published: Path, target: Path, retaken: Collection[str], taken_up: Mapping[str, Collection[int]]
) -> tuple[list[Path], int]:
    """Bring the rows of a published directory into a new run's, except those that the run scores again.

    These are all rows of source files that are `retaken`, and of those `taken_up` the rows of some numbers.
    Returns the files written, in the order of the rows, and the number of rows.
    """
    target.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    rows = 0
    again = pc.SetLookupOptions(value_set=pa.array(list(retaken), pa.string()))
    touched = pc.SetLookupOptions(value_set=pa.array([*retaken, *taken_up], pa.string()))
    with ExitStack() as open_files:
        writer: RowsWriter | None = None
        for path in sorted(published.glob("*.parquet")):
            with pq.ParquetFile(path) as file:
                if path.stat().st_size >= WHOLE_FILE_BYTES and not _holds(file, touched):
                    written.append(target / f"carried-{uuid.uuid4().hex[:8]}.parquet")
                    shutil.copyfile(path, written[-1])
                    rows += file.metadata.num_rows
                    continue
                for batch in file.iter_batches():
                    out = pc.is_in(batch["source_file"], options=again)
                    for uri, rows_again in taken_up.items():
                        out = pc.or_(out, _rows_of(batch, uri, rows_again))
                    kept = batch.filter(pc.invert(out))
                    if not kept.num_rows:
                        continue
                    if writer is None:
                        written.append(target / f"carried-{uuid.uuid4().hex[:8]}.parquet")
                        writer = open_files.enter_context(RowsWriter(written[-1]))
                    writer.write(kept)
                    rows += kept.num_rows
    return written, rows


def _rows_of(batch: pa.RecordBatch, uri: str, rows: Collection[int]) -> pa.Array:
    in_rows = pc.is_in(batch["source_row"], value_set=pa.array(list(rows), pa.int64()))
    return pc.and_(pc.equal(batch["source_file"], uri), in_rows)


def deferred_rows(published: Path, uri: str) -> list[int]:
    """The numbers of a source file's rows that ended DEFERRED in a published directory."""
    files = sorted(str(path) for path in published.glob("*.parquet"))
    wanted = (pc.field("source_file") == uri) & (pc.field("status") == Status.DEFERRED)
    rows = pads.dataset(files, schema=SCORES, format="parquet").to_table(columns=["source_row"], filter=wanted)
    found: list[int] = rows["source_row"].to_pylist()
    return found


def _holds(file: pq.ParquetFile, wanted: pc.SetLookupOptions) -> bool:
    return any(
        pc.any(pc.is_in(batch["source_file"], options=wanted)).as_py()
        for batch in file.iter_batches(columns=["source_file"])
    )
