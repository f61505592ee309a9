"""One document, one id: of the rows of a date that share a document_id, the first stays and the others are rejected.

Found in what was written, for a document's place among all others is known only then. Rows that were rejected for
another reason hold no id.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from jobs.pipeline import RowsWriter
from transforms.documents import Reason
from transforms.schemas import Status
from transforms.scoring import reject

# DuckDB spills to disk beyond this.
MEMORY_LIMIT = "256MB"


def repeated_ids(files: Sequence[Path], spill: Path) -> list[str]:
    """The ids that more than one document of these files has, rejected ones left aside."""
    documents = pads.dataset([str(file) for file in files], format="parquet")
    reader = documents.scanner(columns=["document_id"], filter=pc.field("status") != Status.REJECTED).to_reader()
    with duckdb.connect(
        config={"memory_limit": MEMORY_LIMIT, "temp_directory": str(spill), "preserve_insertion_order": False}
    ) as db:
        db.register("documents", reader)
        rows = db.execute("SELECT document_id FROM documents GROUP BY document_id HAVING count(*) > 1").fetchall()
    return [row[0] for row in rows]


def reject_repeated(files: Sequence[Path], carried: int, spill: Path) -> tuple[list[Path], int]:
    """Reject every document whose id an earlier one has: the first `carried` files come first, then by file and row.

    Only files that hold such a document are written anew. Returns the files in the same order, and how many ids are
    repeated in what is written now: 0, unless something is wrong, and for the audit to judge.
    """
    found = repeated_ids(files, spill) if files else []
    if not found:
        return list(files), 0
    losers = _losers(files, carried, pa.array(found, pa.string()))
    result = [_rewrite(file, losers[place]) if losers[place] else file for place, file in enumerate(files)]
    return result, len(repeated_ids(result, spill))


class _Holder(NamedTuple):
    """A document that has a repeated id: where it came from, which decides, and where it is written."""

    new: bool
    source_file: str
    source_row: int
    place: int  # of the written file
    row: int


def _losers(files: Sequence[Path], carried: int, repeated: pa.Array) -> list[set[int]]:
    """For each file, the rows whose id a document before them has."""
    first: dict[str, _Holder] = {}
    losers: list[set[int]] = [set() for _ in files]
    for place, path in enumerate(files):
        row = 0
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=["document_id", "status", "source_file", "source_row"]):
                candidates = pc.and_(
                    pc.is_in(batch["document_id"], value_set=repeated), pc.not_equal(batch["status"], Status.REJECTED)
                )
                for i in np.flatnonzero(candidates.to_numpy(zero_copy_only=False)).tolist():
                    source = batch["source_file"][i].as_py(), batch["source_row"][i].as_py()
                    holder = _Holder(place >= carried, *source, place, row + i)
                    document_id = batch["document_id"][i].as_py()
                    before = first.setdefault(document_id, holder)
                    if before is not holder:
                        first[document_id], loser = sorted((before, holder))
                        losers[loser.place].add(loser.row)
                row += batch.num_rows
    return losers


def _rewrite(path: Path, losers: set[int]) -> Path:
    target = path.with_name(path.stem + "-unique.parquet")
    row = 0
    with pq.ParquetFile(path) as file, RowsWriter(target) as writer:
        for batch in file.iter_batches():
            lost = pa.array([row + i in losers for i in range(batch.num_rows)])
            writer.write(reject(batch, lost, Reason.DUPLICATE_ID))
            row += batch.num_rows
    path.unlink()
    return target
