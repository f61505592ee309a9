"""Spending in a SQLite file of the lake."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jobs.stores.local.sqlite import REBUILD, SharedFile, unusable
from jobs.stores.steps import Granted, grant

_SCHEMA = """
CREATE TABLE IF NOT EXISTS spending (
    run_id TEXT PRIMARY KEY,
    month TEXT NOT NULL,        -- such as 2026-11
    budget INTEGER,             -- units; null: any number
    reserved INTEGER NOT NULL   -- units
)
"""


class LocalSpending:
    """`Spending` in one SQLite file."""

    def __init__(self, path: Path | str) -> None:
        self._file = SharedFile(path, _SCHEMA, unusable(str(path), mend=REBUILD))

    def begin(self, run_id: str, month: str, budget: int | None) -> None:
        """See `Spending.begin`."""
        with self._file.transaction() as db:
            db.execute("INSERT INTO spending VALUES (?, ?, ?, 0)", (run_id, month, budget))

    def end(self, run_id: str, month: str) -> None:
        """See `Spending.end`."""
        with self._file.transaction() as db:
            db.execute(
                "INSERT INTO spending VALUES (?, ?, 0, 0) ON CONFLICT (run_id) DO UPDATE SET budget = 0",
                (run_id, month),
            )

    def reserve(self, run_id: str, units: Sequence[int]) -> Granted:
        """See `Spending.reserve`."""
        with self._file.transaction() as db:
            row = db.execute("SELECT budget, reserved FROM spending WHERE run_id = ?", (run_id,)).fetchone()
            budget, before = row or (0, 0)
            reserved, granted = grant(budget, before, units)
            if granted.items:
                db.execute("UPDATE spending SET reserved = ? WHERE run_id = ?", (reserved, run_id))
        return granted

    def release(self, run_id: str, units: int) -> None:
        """See `Spending.release`."""
        with self._file.transaction() as db:
            db.execute("UPDATE spending SET reserved = reserved - ? WHERE run_id = ?", (units, run_id))

    def recover(self, run_id: str, month: str, units: int) -> int:
        """See `Spending.recover`."""
        with self._file.transaction() as db:
            row = db.execute("SELECT reserved FROM spending WHERE run_id = ?", (run_id,)).fetchone()
            lacking = max(0, units - (row[0] if row else 0))
            db.execute(
                "INSERT INTO spending VALUES (?, ?, 0, ?) "
                "ON CONFLICT (run_id) DO UPDATE SET reserved = reserved + ?, budget = 0",
                (run_id, month, units, lacking),
            )
        return lacking

    def of_runs(self, run_ids: Sequence[str]) -> int:
        """See `Spending.of_runs`."""
        with self._file.reading() as db:
            rows = [db.execute("SELECT reserved FROM spending WHERE run_id = ?", (run,)).fetchone() for run in run_ids]
        return sum(row[0] for row in rows if row)

    def of_month(self, month: str) -> int:
        """See `Spending.of_month`."""
        with self._file.reading() as db:
            return int(
                db.execute("SELECT coalesce(sum(reserved), 0) FROM spending WHERE month = ?", (month,)).fetchone()[0]
            )

    def find_damage(self) -> None:
        """Read the file through, and raise where it is damaged."""
        self._file.find_damage()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
