"""One document, one id: of the rows of a date that share a document_id, the first stays and the others are rejected.

Found in what was written, for a document's place among all others is known only then. Writers keep a hash of each id;
files are read again only where two hashes are equal. Rows that were rejected for another reason hold no id.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.lake.parquet import WrittenFile, new_file
from jobs.storage import storage_of
from transforms.documents import Reason
from transforms.id_hashes import id_hashes
from transforms.schemas import Status
from transforms.sentiment.scoring import reject


class _Holder(NamedTuple):
    """A document that has a suspected id: where it came from, which decides, and where it is written."""

    new: bool
    source_file: str
    source_row: int
    place: int  # of the written file
    row: int


def reject_repeated(files: Sequence[WrittenFile], carried: int) -> list[WrittenFile]:
    """Reject every document whose id an earlier one has: the first `carried` files come first, then by file and row.

    Only files that hold such a document are written anew. Returns the files in the same order.
    """
    losers: list[set[int]] = [set() for _ in files]
    first: dict[str, _Holder] = {}
    for document_id, holder in _suspects(files, carried):
        before = first.setdefault(document_id, holder)
        if before is not holder:
            first[document_id], loser = sorted((before, holder))
            losers[loser.place].add(loser.row)
    return [_rewritten(file, lost) if lost else file for file, lost in zip(files, losers, strict=True)]


def count_repeated(files: Sequence[WrittenFile]) -> int:
    """How many ids more than one document of these files has."""
    seen: set[str] = set()
    repeated: set[str] = set()
    for document_id, _ in _suspects(files, 0):
        (repeated if document_id in seen else seen).add(document_id)
    return len(repeated)


def _suspects(files: Sequence[WrittenFile], carried: int) -> Iterator[tuple[str, _Holder]]:
    """Every document whose id has the hash of another's: its id, and where it stands."""
    hashes, counts = np.unique(
        np.concatenate([np.empty(0, np.uint64), *(file.ids for file in files)]), return_counts=True
    )
    equal = hashes[counts > 1]
    if not len(equal):
        return
    for place, file in enumerate(files):
        if not np.isin(file.ids, equal).any():
            continue
        row = 0
        with storage_of(file.uri).open(file.uri) as source, pq.ParquetFile(source) as opened:
            for batch in opened.iter_batches(columns=["document_id", "status", "source_file", "source_row"]):
                held = pc.and_(pc.not_equal(batch["status"], Status.REJECTED), batch["document_id"].is_valid())
                rows = np.flatnonzero(held.to_numpy(zero_copy_only=False))
                found = rows[np.isin(id_hashes(batch["document_id"].take(pa.array(rows))), equal)]
                for i, each in zip(found.tolist(), batch.take(pa.array(found)).to_pylist(), strict=True):
                    holder = _Holder(place >= carried, each["source_file"], each["source_row"], place, row + i)
                    yield each["document_id"], holder
                row += batch.num_rows


def _rewritten(file: WrittenFile, losers: set[int]) -> WrittenFile:
    row = 0
    storage = storage_of(file.uri)
    target = file.uri.removesuffix(".parquet") + "-unique.parquet"
    with (
        storage.open(file.uri) as source,
        pq.ParquetFile(source) as opened,
        new_file(file.ds, target) as writer,
    ):
        # A row group at a time: where texts of several are more than a batch holds, batches are slices of strings.
        for batch in (
            batch for group in range(opened.num_row_groups) for batch in opened.iter_batches(row_groups=[group])
        ):
            lost = pa.array([row + i in losers for i in range(batch.num_rows)])
            writer.write(reject(batch, lost, Reason.DUPLICATE_ID))
            row += batch.num_rows
    storage.delete(file.uri)
    return writer.written
