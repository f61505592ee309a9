"""Claims on texts: who is buying what, so that no two workers or runs buy the same text at the same moment.

Copies of a text come to one worker of a run. But two runs may score two dates at once, and a piece of a long text may
be a short text elsewhere: whoever comes second looks the text up again instead of buying it. The local twin is a
SQLite file in the lake.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from jobs.services.sqlite import SharedFile
from transforms.errors import LakeError

# A claim that has brought no score within this many seconds is of a worker that died: a call takes eleven at most.
LEASE_SECONDS = 30.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS text_claims (key BLOB PRIMARY KEY, holder TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID
"""


class LocalClaims:
    """Claims in one SQLite file. `now` tells the time, in seconds since 1970. Every method raises LakeError."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._file = SharedFile(path, _SCHEMA, lambda error: LakeError(f"{path} cannot be used: {error}"))

    def claim(self, holder: str, keys: Sequence[bytes], looked_up: Collection[bytes]) -> set[bytes]:
        """The keys that are the holder's now: new ones, its own, and of those that it has `looked_up` again, in vain,
        the ones whose lease has run out."""
        with self._file.transaction() as db:
            now = self._now()
            marks = ",".join("?" * len(keys))
            rows = db.execute(f"SELECT key, holder, at FROM text_claims WHERE key IN ({marks})", keys)  # noqa: S608 - marks only
            others = {
                key
                for key, claimant, at in rows
                if claimant != holder and (key not in looked_up or now - at < LEASE_SECONDS)
            }
            own = set(keys) - others
            db.executemany("INSERT OR REPLACE INTO text_claims VALUES (?, ?, ?)", [(key, holder, now) for key in own])
        return own

    def release(self, holder: str, keys: Sequence[bytes]) -> None:
        """Give up claims that bought nothing."""
        with self._file.transaction() as db:
            db.executemany("DELETE FROM text_claims WHERE key = ? AND holder = ?", [(key, holder) for key in keys])

    def forget(self) -> None:
        """Drop all claims: for whoever starts while nobody else buys. What was bought is in the cache."""
        with self._file.transaction() as db:
            db.execute("DELETE FROM text_claims")

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
