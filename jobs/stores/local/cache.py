"""The score cache in a SQLite file of the lake."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from jobs.stores.local.sqlite import REBUILD, SharedFile, unusable
from jobs.stores.steps import CACHE_LIFETIME
from transforms.errors import CacheError, CacheUnavailable
from transforms.sentiment.protocols import Cached, Scores

# Keys in one SELECT; SQLite's own limit is 32,766 parameters.
KEYS_A_QUERY = 4096

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    key BLOB PRIMARY KEY,
    positive REAL, negative REAL, neutral REAL, mixed REAL,  -- all or none
    language TEXT NOT NULL, scorer_version TEXT NOT NULL,
    created INTEGER NOT NULL, expires_at INTEGER NOT NULL  -- seconds since 1970
) WITHOUT ROWID
"""


class LocalScoreCache:
    """`ScoreCache` in one SQLite file, for many processes at once; the last of two entries for one key stays.

    `now` tells the time, in seconds since 1970. Every method raises CacheError where the file cannot be used.
    """

    def __init__(
        self, path: Path | str, lifetime: timedelta = CACHE_LIFETIME, now: Callable[[], float] = time.time
    ) -> None:
        self._lifetime = lifetime
        self._now = now
        self._file = SharedFile(
            path, _SCHEMA, unusable(f"the score cache {path}", CacheError, CacheUnavailable, REBUILD)
        )

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Cached]:
        """The entries of those keys that are present and have not expired."""
        found: dict[bytes, Cached] = {}
        now = int(self._now())
        with self._file.reading() as db:
            for start in range(0, len(keys), KEYS_A_QUERY):
                part = keys[start : start + KEYS_A_QUERY]
                marks = ",".join("?" * len(part))
                query = (
                    "SELECT key, positive, negative, neutral, mixed, language, scorer_version FROM entries "  # noqa: S608 - marks only
                    f"WHERE key IN ({marks}) AND expires_at > ?"
                )
                with closing(db.execute(query, (*part, now))) as rows:
                    for key, positive, negative, neutral, mixed, language, version in rows:
                        scores = None if positive is None else Scores(positive, negative, neutral, mixed)
                        found[key] = Cached(scores, language, version)
        return found

    def put(self, entries: Mapping[bytes, Cached]) -> None:
        """Keep entries for the lifetime; when this returns they survive a crash of this process."""
        created = int(self._now())
        times = (created, created + int(self._lifetime.total_seconds()))
        nothing = (None, None, None, None)
        # In key order, so that neighbours in the tree are written together.
        rows = [
            (key, *(entry.scores or nothing), entry.language, entry.scorer_version, *times)
            for key, entry in sorted(entries.items())
        ]
        with self._file.transaction() as db:
            db.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def find_damage(self) -> None:
        """Read the file through, and raise where it is damaged."""
        self._file.find_damage()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
