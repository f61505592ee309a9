"""What readers see: the files that the ledger lists, and nothing that lies beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from ulid import ULID

from jobs.lake.layout import Lake
from jobs.storage import storage_of
from jobs.stores.protocols import Ledger, Publication, PublishedFile, RunEntry
from transforms.display import visible
from transforms.errors import LakeError
from transforms.report import RunSummary, unfinished
from transforms.schemas import SCORES, RunState, Status

RESTORE = "restore it from a backup, or take its date back with `aurastream rollback`"


def published_files(lake: Lake, publications: Mapping[str, Publication]) -> dict[str, dict[str, int]]:
    """Each date's Parquet files that readers see, as URIs, with the rows of each."""
    return {ds: {lake.at(file.path): file.rows for file in found.files} for ds, found in publications.items()}


def run_rows(lake: Lake, ledger: Ledger) -> list[str]:
    """The files of the table `runs`, a run each, as URIs."""
    storage = storage_of(lake.root)
    return [
        lake.run_row(run.ds, run.run_id)
        for run in ledger.runs()
        if run.settled or (run.state is not RunState.STARTED and storage.stat(lake.run_row(run.ds, run.run_id)))
    ]


def run_summaries(ledger: Ledger, lives: Callable[[str], bool] = lambda _: True) -> list[tuple[RunSummary, bool]]:
    """Every run, in the order in which they began, and whether it is what readers see of a date.

    `lives` says of a run that has not ended whether its process is there; where it is not, the run was interrupted.
    """
    seen = {found.run_id for found in ledger.publications().values()}
    return [
        (
            RunSummary.from_dict(run.record["summary"])
            if run.record
            else unfinished(run.run_id, ULID.from_str(run.run_id).datetime, datetime.now(UTC), _state(run, lives)),
            run.run_id in seen,
        )
        for run in ledger.runs()
    ]


def _state(run: RunEntry, lives: Callable[[str], bool]) -> RunState:
    return RunState.INTERRUPTED if run.state is RunState.STARTED and not lives(run.run_id) else run.state


def read_published(lake: Lake, file: PublishedFile, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """A published file's rows, as schemas.SCORES or some columns of it; one that an old file lacks is null.

    Raises LakeError where the file is not there, or is not what was published.
    """
    wanted = SCORES if columns is None else pa.schema([SCORES.field(name) for name in columns])
    uri = lake.at(file.path)
    with open_published(uri, file.rows) as opened:
        require_columns(opened, uri, SCORES)
        for batch in _batches(opened, uri, columns):
            arrays = [
                batch[field.name] if field.name in batch.schema.names else pa.nulls(batch.num_rows, field.type)
                for field in wanted
            ]
            yield pa.RecordBatch.from_arrays(arrays, schema=wanted)


def lacks_columns(lake: Lake, file: PublishedFile) -> bool:
    """Whether a published file lacks columns of schemas.SCORES, as an earlier version wrote it. Raises LakeError."""
    uri = lake.at(file.path)
    with open_published(uri, file.rows) as opened:
        require_columns(opened, uri, SCORES)
        return bool(opened.schema_arrow.names != SCORES.names)


def read_through(uri: str, rows: int) -> None:
    """Read a published file of so many rows to its end. Raises LakeError as `read_published` does."""
    with open_published(uri, rows) as opened:
        for _ in _batches(opened, uri):
            pass


def _batches(opened: pq.ParquetFile, uri: str, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    batches = opened.iter_batches(columns=columns, use_threads=False)
    while True:
        with _as_published(uri):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


@contextmanager
def open_published(uri: str, rows: int) -> Iterator[pq.ParquetFile]:
    """A published file, which is to have so many rows. Raises LakeError as `read_published` does."""
    with ExitStack() as stack:
        with _as_published(uri):
            source = stack.enter_context(storage_of(uri).open(uri))
            opened = stack.enter_context(pq.ParquetFile(source, page_checksum_verification=True))
        found = opened.metadata.num_rows
        if found != rows:
            raise LakeError(f"{uri} has {found:,} rows where {rows:,} were published: {RESTORE}")
        yield opened


def require_columns(opened: pq.ParquetFile, uri: str, schema: pa.Schema) -> None:
    """A published file has columns of a table, each as declared. Raises LakeError."""
    with _as_published(uri):
        found = opened.schema_arrow
    declared = {field.name: field.type for field in schema}
    if "run_id" not in found.names or any(declared.get(field.name) != field.type for field in found):
        raise LakeError(f"{visible(uri)} is published, but is no such table, for its columns are others: {RESTORE}")


@contextmanager
def _as_published(uri: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise LakeError(f"{uri} is published, but not there: {RESTORE}") from None
    except (OSError, pa.ArrowException, UnicodeDecodeError):  # the latter of a column's name
        raise LakeError(f"{uri} is published, but damaged: {RESTORE}") from None


def deferred_rows(lake: Lake, publication: Publication) -> dict[str, list[int]]:
    """Of each source file the numbers of the rows that wait, in one pass over a publication. Raises LakeError."""
    waiting: dict[str, list[int]] = {}
    for file in publication.files:
        for batch in read_published(lake, file, ["source_file", "source_row", "status"]):
            found = batch.filter(pc.equal(batch["status"], str(Status.DEFERRED)))
            for uri, row in zip(found["source_file"].to_pylist(), found["source_row"].to_pylist(), strict=True):
                waiting.setdefault(uri, []).append(row)
    return waiting
