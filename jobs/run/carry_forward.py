"""Completing a date that is published already: its rows that are not scored again move along."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from contextlib import ExitStack

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.drops import members
from jobs.drops.members import files_of
from jobs.lake.files import copy
from jobs.lake.layout import Lake
from jobs.lake.parquet import RowsWriter, WrittenFile, held_ids, new_file
from jobs.lake.published import lacks_columns, read_published
from jobs.storage import storage_of
from jobs.stores.protocols import Publication, PublishedFile
from transforms.schemas import SCORES

# From this size on a file is copied whole; below it, rows are rewritten together so that files stay few. So are those
# of a file that lacks columns, as an earlier version wrote it: what a run publishes has all.
WHOLE_FILE_BYTES = 16 * 1024 * 1024


def carry_forward(
    lake: Lake,
    ds: str,
    run_id: str,
    publication: Publication,
    retaken: Collection[str],
    taken_up: Mapping[str, Collection[int]],
    renamed: Mapping[str, str] | None = None,
) -> list[WrittenFile]:
    """Bring the rows that readers see of a date into a new run, except those that the run scores again.

    These are all rows of source files that are `retaken`, and of those `taken_up` the rows of some numbers.
    Rows of files that are `renamed` since get their new name: a file has one, by which it is found again. Returns the
    files written, those that were copied whole first. Raises LakeError where a published file is gone or
    damaged.
    """
    folder = lake.scores(ds, run_id)
    renamed = renamed or {}
    written: list[WrittenFile] = []
    writers: list[RowsWriter] = []
    names = {*retaken, *(uri for uri, rows in taken_up.items() if rows), *renamed}
    touched = pc.SetLookupOptions(value_set=pa.array(list(names), pa.string()))
    with ExitStack() as stack:
        for file in publication.files:
            source = lake.at(file.path)
            stored = storage_of(source).stat(source)
            if (
                stored
                and stored.size >= WHOLE_FILE_BYTES
                and not lacks_columns(lake, file)
                and (ids := _untouched(lake, file, touched, names)) is not None
            ):
                target = _new_name(folder)
                copy(source, target)
                written.append(WrittenFile(ds, target, file.rows, ids))
                continue
            for batch in read_published(lake, file):
                kept = _kept(batch, retaken, taken_up)
                if not kept.num_rows:
                    continue
                if not writers:
                    writers.append(stack.enter_context(new_file(ds, _new_name(folder))))
                writers[0].write(_renamed(kept, renamed))
    return [*written, *(writer.written for writer in writers)]


def carried_ids(
    lake: Lake, publication: Publication, retaken: Collection[str], taken_up: Mapping[str, Collection[int]]
) -> np.ndarray:
    """The hashes of the ids that `carry_forward` would bring along. Raises LakeError."""
    columns = ["document_id", "status", "source_file", "source_row"]
    batches = (batch for file in publication.files for batch in read_published(lake, file, columns))
    ids = [held_ids(_kept(batch, retaken, taken_up)) for batch in batches]
    return np.concatenate([np.empty(0, np.uint64), *ids])


def _kept(batch: pa.RecordBatch, retaken: Collection[str], taken_up: Mapping[str, Collection[int]]) -> pa.RecordBatch:
    """The rows that are not scored again."""
    names = {*retaken, *taken_up}
    out = pc.is_in(files_of(batch["source_file"], names), value_set=pa.array(list(retaken), pa.string()))
    for uri in taken_up.keys() & set(batch["source_file"].unique().to_pylist()):
        rows = pc.is_in(batch["source_row"], value_set=pa.array(list(taken_up[uri]), pa.int64()))
        out = pc.or_(out, pc.and_(pc.equal(batch["source_file"], uri), rows))
    return batch.filter(pc.invert(out))


def _renamed(rows: pa.RecordBatch, renamed: Mapping[str, str]) -> pa.RecordBatch:
    if not renamed:
        return rows
    encoded = rows["source_file"].dictionary_encode()
    now = [members.renamed(name, renamed) for name in encoded.dictionary.to_pylist()]
    names = pa.array(now, pa.string()).take(encoded.indices)
    return rows.set_column(rows.schema.get_field_index("source_file"), SCORES.field("source_file"), names)


def _new_name(folder: str) -> str:
    return f"{folder}/carried-{uuid.uuid4().hex[:8]}.parquet"


def _untouched(
    lake: Lake, file: PublishedFile, touched: pc.SetLookupOptions, names: Collection[str]
) -> np.ndarray | None:
    """The hashes of the ids that a file holds; None where it has rows of a file that is touched."""
    ids = [np.empty(0, np.uint64)]
    for batch in read_published(lake, file, ["document_id", "status", "source_file"]):
        if pc.any(pc.is_in(files_of(batch["source_file"], names), options=touched)).as_py():
            return None
        ids.append(held_ids(batch))
    return np.concatenate(ids)
