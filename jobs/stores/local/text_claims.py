"""Claims on texts in a SQLite file of the lake."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from jobs.stores.local.sqlite import REBUILD, SharedFile, unusable
from jobs.stores.steps import Claim, claimable

_SCHEMA = """
CREATE TABLE IF NOT EXISTS claimed_texts (
    key BLOB PRIMARY KEY, run_id TEXT NOT NULL, holder TEXT NOT NULL, at REAL NOT NULL
) WITHOUT ROWID
"""


class LocalTextClaims:
    """`TextClaims` in one SQLite file. `now` tells the time, in seconds since 1970."""

    def __init__(self, path: Path | str, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._file = SharedFile(path, _SCHEMA, unusable(str(path), mend=REBUILD))

    def claim(self, run_id: str, holder: str, keys: Sequence[bytes], looked_up: Collection[bytes]) -> set[bytes]:
        """See `TextClaims.claim`."""
        with self._file.transaction() as db:
            now = self._now()
            marks = ",".join("?" * len(keys))
            rows = db.execute(f"SELECT key, holder, at FROM claimed_texts WHERE key IN ({marks})", keys)  # noqa: S608 - marks only
            own = claimable(keys, {key: Claim(*claim) for key, *claim in rows}, holder, looked_up, now)
            db.executemany(
                "INSERT OR REPLACE INTO claimed_texts VALUES (?, ?, ?, ?)", [(key, run_id, holder, now) for key in own]
            )
        return own

    def release(self, holder: str, keys: Sequence[bytes]) -> None:
        """See `TextClaims.release`."""
        with self._file.transaction() as db:
            db.executemany("DELETE FROM claimed_texts WHERE key = ? AND holder = ?", [(key, holder) for key in keys])

    def forget(self, run_id: str) -> None:
        """See `TextClaims.forget`."""
        with self._file.transaction() as db:
            db.execute("DELETE FROM claimed_texts WHERE run_id = ?", (run_id,))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
