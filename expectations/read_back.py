"""One reading of written scores that tells all that is asked of them: small, and mergeable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from expectations.profile import COLUMNS, ENCODED, NOT_A_NAME, Profile, profile_rows
from expectations.profile import merge as merge_profiles
from transforms.documents import Reason
from transforms.errors import LakeError, SchemaError
from transforms.id_hashes import id_hashes
from transforms.pii.policy import Policy
from transforms.schemas import SCORES, Status, conform
from transforms.text import Fingerprint

# Of so many rejected documents it is told where they stood.
SAID_REJECTIONS = 20

_COLUMNS = [*COLUMNS, "source_row"]
_BATCH_ROWS = 32_768
_REASONS = frozenset(Reason)


class Place(NamedTuple):
    """Where a rejected document stood in the drop, and why it was rejected."""

    source_file: str
    source_row: int  # 0 stands for the file as a whole
    error_code: str


@dataclass(frozen=True)
class ReadBack:
    """What was read back of one file or, merged, of several."""

    profile: Profile
    ids: np.ndarray  # uint64: `id_hashes` of every row that is not REJECTED, in the order of the rows
    rejected: list[Place]  # the run's own, the first SAID_REJECTIONS by file and row
    unreadable: frozenset[str]  # source files of the run's own rows that are FILE_UNREADABLE
    deferred: Counter[str]  # source file -> DEFERRED rows, of any run
    own: Counter[str]  # source file -> the run's own rows
    ended: Counter[tuple[str, str]]  # source file and status -> the run's own rows
    reasons: Counter[tuple[str, str]]  # source file and error_code -> the run's own rows that are REJECTED

    def wholly_rejected(self, name: str) -> bool:
        """Whether every document of a file was rejected."""
        return self.ended[name, Status.REJECTED] == self.own[name]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.profile.documents()


def merge(parts: Iterable[ReadBack]) -> ReadBack:
    """Make one of what was read back of several files; of none, that of an empty table."""
    found = list(parts)
    return ReadBack(
        merge_profiles(part.profile for part in found),
        np.concatenate([np.empty(0, np.uint64), *(part.ids for part in found)]),
        _first(place for part in found for place in part.rejected),
        frozenset().union(*(part.unreadable for part in found)),
        _summed(part.deferred for part in found),
        _summed(part.own for part in found),
        _summed(part.ended for part in found),
        _summed(part.reasons for part in found),
    )


_Key = TypeVar("_Key")


def _summed(counters: Iterable[Counter[_Key]]) -> Counter[_Key]:
    total: Counter[_Key] = Counter()
    for counter in counters:
        total.update(counter)
    return total


def read_back(
    source: pa.NativeFile,
    name: str,
    ds: str,
    policy: Policy,
    run_id: str,
    fingerprints: Sequence[Fingerprint] = (),
    groups: Sequence[int] | None = None,
) -> ReadBack:
    """Read one Parquet file of `scores`, of the date `ds`, a few thousand rows at a time.

    name: what a message calls the file.
    policy, run_id, fingerprints: as in `profile_rows`.
    groups: the row groups that are read; None: all.

    A file whose columns are not those of SCORES is not read further: its profile holds the differences and no rows.
    Raises LakeError where it is not a Parquet file or is damaged.
    """
    try:
        metadata = pq.read_metadata(source)
        conform(metadata.schema.to_arrow_schema().empty_table(), SCORES)
        with pq.ParquetFile(
            source, metadata=metadata, read_dictionary=ENCODED, page_checksum_verification=True
        ) as file:
            batches = file.iter_batches(_BATCH_ROWS, row_groups=groups, columns=_COLUMNS, use_threads=False)
            return merge(_part(batch, ds, policy, run_id, fingerprints) for batch in batches)
    except SchemaError as differences:
        nothing = merge([])
        return replace(nothing, profile=replace(nothing.profile, schema_differences=(str(differences),)))
    except (pa.ArrowInvalid, OSError, IndexError) as error:  # the latter of a row group that is not there
        raise LakeError(f"{name} cannot be read back ({type(error).__name__}): run again") from None


def _part(batch: pa.RecordBatch, ds: str, policy: Policy, run_id: str, fingerprints: Sequence[Fingerprint]) -> ReadBack:
    rejected = _has(batch["status"], Status.REJECTED)
    own = _has(batch["run_id"], run_id)
    unreadable = batch["source_file"].filter(pc.and_(own, _has(batch["error_code"], Reason.FILE_UNREADABLE)))
    deferred = batch["source_file"].filter(_has(batch["status"], Status.DEFERRED))
    files = batch.select(["source_file", "status", "error_code"]).filter(own)
    return ReadBack(
        profile_rows(batch, ds, policy, run_id, *fingerprints),
        id_hashes(batch["document_id"].filter(pc.invert(rejected))),
        _places(batch.select(Place._fields).filter(pc.and_(own, rejected))),
        frozenset(unreadable.drop_null().unique().to_pylist()),
        _counted(deferred),
        _counted(files["source_file"]),
        _pairs(files["source_file"], files["status"]),
        _pairs(*(files.filter(_has(files["status"], Status.REJECTED))[name] for name in ("source_file", "error_code"))),
    )


def _counted(column: pa.DictionaryArray) -> Counter[str]:
    return Counter({each["values"]: each["counts"] for each in column.drop_null().value_counts().to_pylist()})


def _pairs(files: pa.DictionaryArray, others: pa.DictionaryArray) -> Counter[tuple[str, str]]:
    """How many rows have each pair of values of two columns; those with a null are for the audit to judge."""
    rows = pa.table({"file": files.cast(pa.string()), "other": others.cast(pa.string())}).drop_null()
    counts = rows.group_by(["file", "other"], use_threads=False).aggregate([([], "count_all")])
    columns = (counts[name].to_pylist() for name in ("file", "other", "count_all"))
    return Counter({(file, other): number for file, other, number in zip(*columns, strict=True)})


def _has(column: pa.DictionaryArray, value: str) -> pa.BooleanArray:
    """Which rows have this value; null where the column is."""
    return pc.equal(column.indices, pc.index(column.dictionary, value))


def _places(rows: pa.RecordBatch) -> list[Place]:
    """The first of some rejected rows."""
    if rows.num_rows > SAID_REJECTIONS:
        files = rows["source_file"].cast(pa.string())  # a dictionary has no order
        rows = rows.set_column(0, "source_file", files)
        keys = [("source_file", "ascending"), ("source_row", "ascending")]
        rows = rows.take(pc.select_k_unstable(rows, SAID_REJECTIONS, keys))
    return _first(
        # Nulls are for the audit to judge, and a code that is none of ours may be anything.
        Place(file or "", row or 0, code if code in _REASONS else NOT_A_NAME)
        for file, row, code in zip(*(column.to_pylist() for column in rows.columns), strict=True)
    )


def _first(places: Iterable[Place]) -> list[Place]:
    return sorted(places)[:SAID_REJECTIONS]
