"""The rate limit in a SQLite file of the lake."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from jobs.stores.local.sqlite import REBUILD, SharedFile, unusable
from jobs.stores.steps import Rate, Turn, after_answer, after_failure, after_throttle, take_turn

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pace (
    quota TEXT PRIMARY KEY,
    due REAL NOT NULL, share REAL NOT NULL, cut_at REAL NOT NULL, calls INTEGER NOT NULL, failures INTEGER NOT NULL,
    retry_at REAL NOT NULL  -- as steps.Rate has them
)
"""


class LocalRateLimit:
    """`RateLimit` in one SQLite file. `now` tells the time, in seconds since 1970."""

    def __init__(self, path: Path | str, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._file = SharedFile(path, _SCHEMA, unusable(str(path), mend=REBUILD))

    def turn(self, quota: str, tps: float) -> Turn:
        """See `RateLimit.turn`."""
        return self._step(quota, lambda rate, now: take_turn(rate, now, tps))

    def throttled(self, quota: str) -> None:
        """See `RateLimit.throttled`."""
        self._step(quota, lambda rate, now: (after_throttle(rate, now), None))

    def failed(self, quota: str) -> None:
        """See `RateLimit.failed`."""
        self._step(quota, lambda rate, now: (after_failure(rate, now), None))

    def answered(self, quota: str) -> None:
        """See `RateLimit.answered`."""
        self._step(quota, lambda rate, _: (after_answer(rate), None))

    def _step(self, quota: str, step: Callable[[Rate, float], tuple[Rate, T]]) -> T:
        with self._file.transaction() as db:
            query = "SELECT due, share, cut_at, calls, failures, retry_at FROM pace WHERE quota = ?"
            row = db.execute(query, (quota,)).fetchone()
            before = Rate(*row) if row else Rate()
            after, answer = step(before, self._now())
            if after != before:
                db.execute("INSERT OR REPLACE INTO pace VALUES (?, ?, ?, ?, ?, ?, ?)", (quota, *after))
        return answer

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
