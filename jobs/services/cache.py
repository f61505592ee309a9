"""The score cache: scores by content key. The local twin is a SQLite file that all worker processes share."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path

from filelock import FileLock

from transforms.errors import LakeError
from transforms.sentiment.protocols import Scores

# How long a worker waits for another's write, in seconds; a batch takes some 50 ms.
BUSY_SECONDS = 300
# In place of a path: a cache of this process alone.
MEMORY = ":memory:"
# Keys in one SELECT; SQLite's own limit is 32,766 parameters.
KEYS_A_QUERY = 4096

_SCHEMA = """
CREATE TABLE IF NOT EXISTS scores (
    key BLOB PRIMARY KEY,
    positive REAL NOT NULL, negative REAL NOT NULL, neutral REAL NOT NULL, mixed REAL NOT NULL
) WITHOUT ROWID
"""


class LocalScoreCache:
    """`ScoreCache` in one SQLite file, for many processes at once (write-ahead log, one writer at a time).

    A key covers scorer, version, language and policy (`transforms.text.content_keys`), so an entry never goes stale.
    Raises LakeError where the file cannot be opened or used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            with self._alone():
                self._connection.execute("PRAGMA journal_mode=WAL")
                self._connection.execute(_SCHEMA)
            # Keys are random, so every write touches most pages: they are copied back every 40 MB, not every 4.
            self._connection.execute("PRAGMA wal_autocheckpoint=10000")
            # Survives a crash of the process; a power cut may lose the last writes but damages nothing.
            self._connection.execute("PRAGMA synchronous=NORMAL")
        except sqlite3.Error as error:
            raise self._unusable(error) from None

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Scores]:
        """The scores of those keys that are present."""
        found: dict[bytes, Scores] = {}
        try:
            for start in range(0, len(keys), KEYS_A_QUERY):
                part = keys[start : start + KEYS_A_QUERY]
                marks = ",".join("?" * len(part))
                query = f"SELECT key, positive, negative, neutral, mixed FROM scores WHERE key IN ({marks})"  # noqa: S608 - marks only
                with closing(self._connection.execute(query, part)) as rows:
                    found.update((row[0], Scores(*row[1:])) for row in rows)
        except sqlite3.Error as error:
            raise self._unusable(error) from None
        return found

    def put(self, scores: Mapping[bytes, Scores]) -> None:
        """Keep scores, the first of a key wins; when this returns they survive a crash of this process."""
        # In key order, so that neighbours in the tree are written together.
        rows = [(key, *scores[key]) for key in sorted(scores)]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:
                self._connection.executemany("INSERT OR IGNORE INTO scores VALUES (?, ?, ?, ?, ?)", rows)
        except sqlite3.Error as error:
            raise self._unusable(error) from None

    def close(self) -> None:
        """Let go of the file."""
        with self._alone():
            self._connection.close()

    def _alone(self) -> AbstractContextManager[object]:
        """Held where the write-ahead log is made or put away: SQLite fails there at once instead of waiting."""
        return nullcontext() if str(self._path) == MEMORY else FileLock(f"{self._path}.lock")

    def _unusable(self, error: sqlite3.Error) -> LakeError:
        return LakeError(f"the score cache {self._path} cannot be used: {error}")
