"""A run's life: it is entered in the ledger, says that it lives, publishes, and leaves a row and a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet as pq
from ulid import ULID

from expectations.verdict import Verdict
from jobs.console import say
from jobs.lake.layout import Lake
from jobs.run.budget import this_month
from jobs.run.intake import Intake
from jobs.run.page import render
from jobs.storage import storage_of
from jobs.stores.open import Stores
from jobs.stores.protocols import Ledger, PublishedFile, RunEntry, TakenFile
from transforms.errors import CommitUnknown, ExpectationsNotMet, LakeError, PublishConflict
from transforms.report import RunSummary, summary_table, unfinished
from transforms.schemas import RunState


@dataclass(frozen=True)
class RunRecord:
    """What a finished run leaves: its summary, and what the audit said."""

    summary: RunSummary
    verdict: Verdict

    def to_dict(self) -> dict[str, object]:
        """As the ledger keeps it."""
        return {"summary": self.summary.to_dict(), "verdict": asdict(self.verdict)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> RunRecord:
        """From what the ledger kept."""
        return cls(RunSummary.from_dict(record["summary"]), Verdict(**record["verdict"]))


@contextmanager
def entered(lake: Lake, stores: Stores, ds: str, run_id: str, intake: Intake, *, alone: bool) -> Iterator[None]:
    """The run stands in the ledger, and others can tell that it lives.

    With `alone` it locks the dates that it writes; raises PublishConflict where another run has locked one of them.
    """
    ledger = stores.ledger()
    with stores.liveness().hold(run_id):
        ledger.begin(run_id, ds, intake.replaces, alone=alone)
        try:
            yield
        except (PublishConflict, ExpectationsNotMet, CommitUnknown):
            raise  # the first two have ended it; of the last nobody knows before the next start
        except BaseException:
            with _said(f"how run {run_id} ended could not be entered"):
                end(lake, ledger, ds, _unfinished(run_id, RunState.FAILED))
            raise
        finally:
            if alone:
                with _said(f"claims of run {run_id} stay until their lease ends"), closing(stores.meter()) as meter:
                    meter.claims.forget(run_id)


@contextmanager
def _said(what: str) -> Iterator[None]:
    """What the next start mends is said here, and hides nothing that is worse, or better."""
    try:
        yield
    except (LakeError, OSError) as error:
        say(f"{what}: {error}")


def publish(
    lake: Lake,
    ledger: Ledger,
    ds: str,
    record: RunRecord,
    intake: Intake,
    files: Mapping[str, list[PublishedFile]],
    taken: list[TakenFile],
) -> None:
    """Point every date to the run, if the audit holds and nobody else did meanwhile; leave its row and page anyway.

    `files` are each date's, and what is `taken` counts so from then on. Raises ExpectationsNotMet, PublishConflict,
    CommitUnknown.
    """
    run_id = record.summary.run_id
    failures = record.verdict.failures
    if failures:
        end(lake, ledger, ds, record)
        raise ExpectationsNotMet(
            f"run {run_id} publishes nothing, {len(failures)} expectations are not met: "
            f"{'; '.join(failures)}. All of them: {lake.audit(run_id)}"
        )
    replaces = {date: before and before.run_id for date, before in intake.replaces.items()}
    try:
        ledger.publish(run_id, replaces, files, taken, record.to_dict())
    except PublishConflict:
        end(lake, ledger, ds, replace(record, summary=replace(record.summary, outcome=RunState.CONFLICT)))
        raise
    with _said(f"run {run_id} is published, and the next run writes its report"):
        leave(lake, ds, record)
        ledger.settle(run_id)


def end(lake: Lake, ledger: Ledger, ds: str, record: RunRecord) -> None:
    """Enter a run that published nothing, and leave its row and page. A run that had published stays published."""
    run_id = record.summary.run_id
    if ledger.end(run_id, record.summary.outcome, record.to_dict()):
        with _said(f"the next run writes the report of run {run_id}"):
            leave(lake, ds, record)


def leave(lake: Lake, ds: str, record: RunRecord) -> None:
    """Write a run's row, under the run's date, and its page."""
    run_id = record.summary.run_id
    row, report = lake.run_row(ds, run_id), lake.report(run_id)
    with storage_of(report).create(report) as file:
        file.write(render(record.summary, record.verdict.failures, record.verdict.evaluated).encode())
    # Last: a run whose row is there has left everything.
    with storage_of(row).create(row) as file:
        pq.write_table(summary_table([record.summary]), file, compression="zstd")


def finish_interrupted(lake: Lake, stores: Stores) -> None:
    """Finish what runs left that are over: row and page where they lack them, and what they wrote and did not publish.

    What a killed run had scored is in the cache, so taking its files up again buys nothing twice.
    """
    ledger, liveness = stores.ledger(), stores.liveness()
    over = {entry.run_id for entry in ledger.open_runs() if not liveness.lives(entry.run_id)}
    if not over:
        return
    with closing(stores.meter()) as meter:
        # Read again: its own process has ended, and another start can only finish it as this one does.
        for entry in ledger.open_runs():
            if entry.run_id in over:
                meter.spending.end(entry.run_id, this_month())  # its workers may live still
                _finish(lake, ledger, entry)
                if entry.state is not RunState.PUBLISHED:
                    for date in entry.dates:
                        storage_of(lake.root).delete(lake.scores(date, entry.run_id))
                meter.claims.forget(entry.run_id)
                ledger.settle(entry.run_id)


def _finish(lake: Lake, ledger: Ledger, entry: RunEntry) -> None:
    state = RunState.INTERRUPTED if entry.state is RunState.STARTED else entry.state
    record = RunRecord.from_dict(entry.record) if entry.record else _unfinished(entry.run_id, state)
    if entry.state is RunState.STARTED and ledger.end(entry.run_id, state, record.to_dict()):
        say(f"run {entry.run_id} was interrupted; what it took is taken up again")
    if storage_of(lake.root).stat(lake.run_row(entry.ds, entry.run_id)) is None:
        leave(lake, entry.ds, record)
        if entry.state is RunState.PUBLISHED:
            say(f"run {entry.run_id} was interrupted after it had published; its report is written now")


def _unfinished(run_id: str, outcome: RunState) -> RunRecord:
    summary = unfinished(run_id, ULID.from_str(run_id).datetime, datetime.now(UTC), outcome)
    return RunRecord(summary, Verdict(holds=False, failures=[], evaluated=0))
