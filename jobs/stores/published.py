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
_READ = [*_COLUMNS, "status", "scored_at"]


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
        for uri in self._files:
            try:
                with (
                    storage_of(uri).open(uri) as source,
                    pq.ParquetFile(source, page_checksum_verification=True) as file,
                ):
                    # Without threads: there is a worker for each core.
                    for batch in file.iter_batches(columns=_READ, use_threads=False):
                        found |= self._known(batch, wanted)
            except (OSError, pa.ArrowException, KeyError) as error:
                raise CacheError(f"the published scores {uri} cannot be read as a cache: {error}") from None
        return found

    def _known(self, batch: pa.RecordBatch, wanted: pc.SetLookupOptions) -> dict[bytes, Cached]:
        good = pc.and_kleene(
            pc.and_kleene(
                pc.equal(batch["status"], str(Status.SCORED)), pc.greater_equal(batch["scored_at"], self._not_before)
            ),
            pc.is_in(batch["content_key"], options=wanted),
        )
        rows = batch.filter(good).select(_COLUMNS)
        return {
            bytes.fromhex(key): Cached(Scores(*scores), language, version)
            for key, language, version, *scores in zip(*(column.to_pylist() for column in rows), strict=True)
        }
