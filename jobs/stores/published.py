"""The score cache joined with what earlier runs published: cheaper to read than a table of a service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.storage import storage_of
from transforms.errors import CacheError
from transforms.schemas import Status
from transforms.sentiment.protocols import Cached, ScoreCache, Scores

# From how many keys on the published scores are read first; see docs/cache.md for the measurement.
JOIN_ABOVE = 5_000
_COLUMNS = ["content_key", "language", "scorer_version", *(f"score_{part}" for part in Scores._fields)]
# What makes an entry.
ENTRY_COLUMNS = [*_COLUMNS, "status", "scored_at"]


class JoinedCache:
    """A `ScoreCache` that, asked for `above` keys or more, first looks for them in what was published.

    `files` are the URIs of Parquet files of `scores`. What was scored before `not_before` counts as expired. Raises
    CacheError where a file is gone, damaged or of other columns, besides what `inner` raises.
    """

    def __init__(
        self, inner: ScoreCache, files: Sequence[str], above: int = JOIN_ABOVE, *, not_before: datetime
    ) -> None:
        self._inner = inner
        self._files = files
        self._above = above
        self._not_before = not_before

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, Cached]:
        """The entries of those keys that are present and have not expired."""
        if len(keys) < self._above or not self._files:
            return self._inner.get(keys)
        found = self._published(keys)
        rest = [key for key in keys if key not in found]
        return {**found, **self._inner.get(rest)} if rest else found

    def put(self, entries: Mapping[bytes, Cached]) -> None:
        """Keep entries in `inner`."""
        self._inner.put(entries)

    def close(self) -> None:
        """Let go of `inner`."""
        self._inner.close()

    def _published(self, keys: Sequence[bytes]) -> dict[bytes, Cached]:
        """What the files have of the keys, in one pass over them."""
        wanted = pc.SetLookupOptions(value_set=pa.array([key.hex() for key in keys], pa.string()))
        found: dict[bytes, Cached] = {}
        since = self._not_before
        for uri in self._files:
            try:
                with (
                    storage_of(uri).open(uri) as source,
                    pq.ParquetFile(source, page_checksum_verification=True) as file,
                ):
                    # Without threads: there is a worker for each core.
                    for batch in file.iter_batches(columns=ENTRY_COLUMNS, use_threads=False):
                        found |= entries_of(batch.filter(pc.is_in(batch["content_key"], options=wanted)), since)
            except (OSError, pa.ArrowException, KeyError) as error:
                raise CacheError(f"the published scores {uri} cannot be read as a cache: {error}") from None
        return found


def entries_of(rows: pa.RecordBatch, not_before: datetime) -> dict[bytes, Cached]:
    """What a cache has of rows of `scores`, by content key: of those that were scored, and not before a time."""
    good = pc.and_kleene(pc.equal(rows["status"], str(Status.SCORED)), pc.greater_equal(rows["scored_at"], not_before))
    columns = rows.filter(good).select(_COLUMNS)
    return {
        bytes.fromhex(key): Cached(Scores(*scores), language, version)
        for key, language, version, *scores in zip(*(column.to_pylist() for column in columns), strict=True)
    }
