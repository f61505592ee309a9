"""A run's life: it is entered in the ledger, holds a lock while it lives, and leaves a row and a page when it ends."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet as pq
from filelock import FileLock, Timeout
from ulid import ULID

from expectations.gate import Verdict
from jobs.lake import Lake
from jobs.output import say
from jobs.page import render
from jobs.services.ledger import PUBLISHED, STARTED, LocalLedger
from transforms.errors import ExpectationsNotMet, PublishConflict
from transforms.report import RunSummary, summary_table, unfinished

EXPECTATIONS_NOT_MET = "EXPECTATIONS_NOT_MET"
CONFLICT = "CONFLICT"
FAILED = "FAILED"
INTERRUPTED = "INTERRUPTED"


@dataclass(frozen=True)
class Night:
    """What a finished run leaves: its summary, and what the audit said."""

    summary: RunSummary
    verdict: Verdict

    def record(self) -> dict[str, object]:
        """As the ledger keeps it."""
        return {"summary": self.summary.to_dict(), "verdict": asdict(self.verdict)}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Night:
        """From what the ledger kept."""
        return cls(RunSummary.from_dict(record["summary"]), Verdict(**record["verdict"]))


def leave(lake: Lake, ds: str, night: Night) -> None:
    """Write the run's row, under the run's date, and its page."""
    row = lake.run_row(ds, night.summary.run_id)
    row.parent.mkdir(parents=True, exist_ok=True)
    fresh = row.with_name(f".{row.name}")
    pq.write_table(summary_table([night.summary]), fresh, compression="zstd")
    page = render(night.summary, night.verdict.failures, night.verdict.evaluated)
    lake.report(night.summary.run_id).write_text(page, encoding="utf-8")
    fresh.replace(row)  # last: a run whose row is there has left everything


def finish_interrupted(lake: Lake, ledger: LocalLedger) -> None:
    """Finish what a killed run left: its row and page if it had published, else its directories go.

    What it had scored is in the cache, so taking its files up again buys nothing twice.
    """
    for entry in ledger.runs():
        if entry.state == STARTED and _is_dead(lake, entry.run_id):
            end(lake, ledger, entry.ds, _unfinished(entry.run_id, INTERRUPTED))
            say(f"run {entry.run_id} was interrupted; what it took is taken up again")
        left = lake.run_row(entry.ds, entry.run_id).exists()
        if entry.state == PUBLISHED and not left and _is_dead(lake, entry.run_id):
            leave(lake, entry.ds, Night.of(entry.record or {}))
            say(f"run {entry.run_id} was interrupted after it had published; its report is written now")
    unpublished = {entry.run_id for entry in ledger.runs() if entry.state not in {PUBLISHED, STARTED}}
    for directory in (lake.root / "scores").glob("ds=*/run=*"):
        if directory.name.removeprefix("run=") in unpublished:
            shutil.rmtree(directory)


def end(lake: Lake, ledger: LocalLedger, ds: str, night: Night) -> None:
    """Enter a run that published nothing, and leave its row and page."""
    ledger.end(night.summary.run_id, night.summary.outcome, night.record())
    leave(lake, ds, night)


def _unfinished(run_id: str, outcome: str) -> Night:
    summary = unfinished(run_id, ULID.from_str(run_id).datetime, datetime.now(UTC), outcome)
    return Night(summary, Verdict(holds=False, failures=[], evaluated=0))


@contextmanager
def entered(lake: Lake, ledger: LocalLedger, ds: str, run_id: str, claims: Collection[str] = ()) -> Iterator[None]:
    """The run stands in the ledger, with the dates that it claims, and its lock tells others that it lives.

    Raises PublishConflict where another run has claimed one of them.
    """
    with FileLock(lake.lock(run_id)):
        try:
            ledger.begin(run_id, ds, claims)
        except PublishConflict:
            lake.lock(run_id).unlink(missing_ok=True)
            raise
        try:
            yield
        except (PublishConflict, ExpectationsNotMet):
            raise
        except BaseException:
            end(lake, ledger, ds, _unfinished(run_id, FAILED))
            raise
    lake.lock(run_id).unlink(missing_ok=True)


def _is_dead(lake: Lake, run_id: str) -> bool:
    """Whether the process of a run has ended: the system lets go of its lock then."""
    try:
        with FileLock(lake.lock(run_id), timeout=0):
            pass
    except Timeout:
        return False
    lake.lock(run_id).unlink(missing_ok=True)
    return True
