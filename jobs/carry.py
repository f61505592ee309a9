"""Completing a date that is published already: its rows that are not scored again move along."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.pipeline import RowsWriter

# From this size on a file is copied whole; below it, rows are rewritten together so that files stay few.
WHOLE_FILE_BYTES = 16 * 1024 * 1024


def carry_forward(published: Path, target: Path, retaken: Collection[str]) -> tuple[list[Path], int]:
    """Bring the rows of a published directory into a new run's, except those of source files that are taken again.

    Returns the files written, in the order of the rows, and the number of rows.
    """
    target.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    rows = 0
    again = pc.SetLookupOptions(value_set=pa.array(list(retaken), pa.string()))
    with ExitStack() as open_files:
        writer: RowsWriter | None = None
        for path in sorted(published.glob("*.parquet")):
            with pq.ParquetFile(path) as file:
                if path.stat().st_size >= WHOLE_FILE_BYTES and not _holds(file, again):
                    written.append(target / f"carried-{uuid.uuid4().hex[:8]}.parquet")
                    shutil.copyfile(path, written[-1])
                    rows += file.metadata.num_rows
                    continue
                for batch in file.iter_batches():
                    kept = batch.filter(pc.invert(pc.is_in(batch["source_file"], options=again)))
                    if not kept.num_rows:
                        continue
                    if writer is None:
                        written.append(target / f"carried-{uuid.uuid4().hex[:8]}.parquet")
                        writer = open_files.enter_context(RowsWriter(written[-1]))
                    writer.write(kept)
                    rows += kept.num_rows
    return written, rows


def _holds(file: pq.ParquetFile, wanted: pc.SetLookupOptions) -> bool:
    return any(
        pc.any(pc.is_in(batch["source_file"], options=wanted)).as_py()
        for batch in file.iter_batches(columns=["source_file"])
    )
