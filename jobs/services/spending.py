"""What runs spend: billing units, reserved before each call, so that no budget is ever exceeded.

A reservation stays what it is until it is known that nothing was billed for it. What a killed worker had reserved, or a
call that was never answered, so counts as spent. The local twin is a SQLite file in the lake.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from jobs.services.sqlite import SharedFile
from transforms.errors import LakeError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS spending (
    run_id TEXT PRIMARY KEY,
    month TEXT NOT NULL,        -- such as 2026-11
    budget INTEGER,             -- units; null: any number
    reserved INTEGER NOT NULL   -- units
)
"""


class Granted(NamedTuple):
    """How many of the wanted items fit, from the first on, and how many units are left then (None: any number)."""

    items: int
    left: int | None


class LocalSpending:
    """Spending in one SQLite file. Every method raises LakeError where it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._file = SharedFile(path, _SCHEMA, lambda error: LakeError(f"{path} cannot be used: {error}"))

    def begin(self, run_id: str, month: str, budget: int | None) -> None:
        """Enter a run that may spend `budget` units."""
        with self._file.transaction() as db:
            db.execute("INSERT INTO spending VALUES (?, ?, ?, 0)", (run_id, month, budget))

    def reserve(self, run_id: str, units: Sequence[int]) -> Granted:
        """Reserve units for items, from the first on as long as they fit the run's budget."""
        with self._file.transaction() as db:
            row = db.execute("SELECT budget, reserved FROM spending WHERE run_id = ?", (run_id,)).fetchone()
            budget, reserved = row or (None, 0)  # a run that was not entered has no budget
            items = 0
            for item in units:
                if budget is not None and reserved + item > budget:
                    break
                reserved += item
                items += 1
            if items:
                db.execute("UPDATE spending SET reserved = ? WHERE run_id = ?", (reserved, run_id))
        return Granted(items, None if budget is None else budget - reserved)

    def release(self, run_id: str, units: int) -> None:
        """Give back what was reserved and surely not billed."""
        with self._file.transaction() as db:
            db.execute("UPDATE spending SET reserved = reserved - ? WHERE run_id = ?", (units, run_id))

    def of_runs(self, run_ids: Sequence[str]) -> int:
        """The units that some runs have spent."""
        with self._file.reading() as db:
            rows = [db.execute("SELECT reserved FROM spending WHERE run_id = ?", (run,)).fetchone() for run in run_ids]
        return sum(row[0] for row in rows if row)

    def of_month(self, month: str) -> int:
        """The units that all runs of this lake have spent in a month, such as 2026-11."""
        with self._file.reading() as db:
            return int(
                db.execute("SELECT coalesce(sum(reserved), 0) FROM spending WHERE month = ?", (month,)).fetchone()[0]
            )

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
