"""The pace of calls to a paid service: one limiter and one circuit breaker for all threads, workers and runs of a lake.

A call takes its turn before it is made. Turns are handed out by virtual scheduling (the generic cell rate algorithm,
ITU-T I.371): the next one is due 1 / rate after the last, however many ask, so that the quota is used exactly, also
where one worker has all the work. The local twin is a SQLite file in the lake.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from jobs.services.sqlite import SharedFile
from transforms.errors import LakeError

# Turns that nobody took are kept this long, in seconds: what is lost to a busy machine is caught up with. Far less than
# the second's worth of calls that the service lets through at once.
BURST_SECONDS = 0.2
# The service throttles us all the same (others share its quota): where more than one call of so many is refused, the
# pace falls to CUT of what it was, once a second at most, and rises again by RECOVERY of the quota a second.
REFUSED_ONE_OF = 20
CUT = 0.7
CUT_SECONDS = 1.0
RECOVERY = 0.02
SLOWEST = 0.05
# So many calls in a row without an answer open the breaker; from then on one call each RETRY_SECONDS tries again.
FAILURES = 5
RETRY_SECONDS = 30.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pace (
    quota TEXT PRIMARY KEY,
    due REAL NOT NULL,       -- when the next turn is
    share REAL NOT NULL,     -- of the quota that is used, at cut_at
    cut_at REAL NOT NULL,
    calls INTEGER NOT NULL,  -- since the last one that was throttled
    failures INTEGER NOT NULL,
    retry_at REAL NOT NULL   -- when the open breaker lets the next call through
)
"""


class Turn(NamedTuple):
    """When a call may be made, in seconds since 1970, or, of a breaker that is open, when to ask again."""

    at: float
    closed: bool = True  # the breaker; an open one gives no turn but a time to ask again
    failures: int = 0  # calls in a row without an answer before this one; with these a call is a probe


class LocalPace:
    """The pace in one SQLite file. `now` tells the time, in seconds since 1970. Every method raises LakeError."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._file = SharedFile(path, _SCHEMA, lambda error: LakeError(f"{path} cannot be used: {error}"))

    def turn(self, quota: str, tps: float) -> Turn:
        """The next turn at `tps` calls a second; whoever gets it waits for its time and makes one call."""
        with self._file.transaction() as db:
            now = self._now()
            row = db.execute("SELECT due, share, cut_at, calls, failures, retry_at FROM pace WHERE quota = ?", (quota,))
            due, share, cut_at, calls, failures, retry_at = row.fetchone() or (0.0, 1.0, 0.0, 0, 0, 0.0)
            if failures >= FAILURES and now < retry_at:
                return Turn(retry_at, closed=False, failures=failures)
            start = max(due, now - BURST_SECONDS)
            due = start + 1 / (tps * _recovered(share, now - cut_at))
            if failures >= FAILURES:
                retry_at = now + RETRY_SECONDS
            db.execute(
                "INSERT OR REPLACE INTO pace VALUES (?, ?, ?, ?, ?, ?, ?)",
                (quota, due, share, cut_at, calls + 1, failures, retry_at),
            )
        return Turn(max(start, now), failures=failures)

    def throttled(self, quota: str) -> None:
        """The service refused a call as one too many."""
        with self._file.transaction() as db:
            now = self._now()
            row = db.execute("SELECT share, cut_at, calls FROM pace WHERE quota = ?", (quota,)).fetchone()
            share, cut_at, calls = row
            if calls < REFUSED_ONE_OF and now - cut_at >= CUT_SECONDS:
                share, cut_at = max(SLOWEST, CUT * _recovered(share, now - cut_at)), now
            db.execute("UPDATE pace SET share = ?, cut_at = ?, calls = 0 WHERE quota = ?", (share, cut_at, quota))

    def failed(self, quota: str) -> None:
        """A call had no answer, or that the service is out of order."""
        with self._file.transaction() as db:
            db.execute(
                "UPDATE pace SET failures = failures + 1, retry_at = ? WHERE quota = ?",
                (self._now() + RETRY_SECONDS, quota),
            )

    def answered(self, quota: str) -> None:
        """A call was answered: the breaker closes."""
        with self._file.transaction() as db:
            db.execute("UPDATE pace SET failures = 0 WHERE quota = ?", (quota,))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _recovered(share: float, seconds: float) -> float:
    return min(1.0, share + RECOVERY * seconds)
