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
from jobs import milestones
from jobs.console import say
from jobs.lake.catalog import show
from jobs.lake.files import create, put, using, writing
from jobs.lake.layout import SCORES_README, Lake
from jobs.milestones import Milestone
from jobs.report.page import run_page
from jobs.run.budget import this_month
from jobs.run.intake import Intake
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
        milestones.reached(Milestone.HELD)
        ledger.begin(run_id, ds, intake.replaces, alone=alone)
        milestones.reached(Milestone.ENTERED)
        try:
            with using(lake.root):
                yield
        except CommitUnknown:
            raise  # nobody knows before the next start
        except BaseException:
            with _said(f"how run {run_id} ended could not be entered"):
                # One that the expectations or a conflict have ended stays what it is.
                end(lake, ledger, ds, _unfinished(run_id, RunState.FAILED))
                _remove_if_finished(lake, ledger, ds, run_id)
            raise
        finally:
            if alone:
                with _said(f"claims of run {run_id} stay until their lease ends"), closing(stores.meter()) as meter:
                    meter.claims.forget(run_id)
            milestones.reached(Milestone.RELEASED)
    milestones.reached(Milestone.LET_GO)


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
    milestones.reached(Milestone.PUBLISHED)
    _show(lake, ledger)
    milestones.reached(Milestone.SHOWN)
    with _said(f"run {run_id} is published, and the next run writes its report"):
        leave(lake, ds, record)
        ledger.settle(run_id)
        milestones.reached(Milestone.SETTLED)


def _show(lake: Lake, ledger: Ledger) -> None:
    with _said("what is published is not yet what Athena shows; the next run mends it, or `aurastream lake repair`"):
        show(lake, ledger)


def end(lake: Lake, ledger: Ledger, ds: str, record: RunRecord) -> None:
    """Enter a run that published nothing, and leave its row and page. A run that had published stays published."""
    run_id = record.summary.run_id
    if ledger.end(run_id, record.summary.outcome, record.to_dict()):
        milestones.reached(Milestone.ENDED)
        with _said(f"the next run writes the report of run {run_id}"):
            leave(lake, ds, record)


def _remove_if_finished(lake: Lake, ledger: Ledger, ds: str, run_id: str) -> None:
    """A run that was taken for dead has gone on writing after it was finished: remove what nobody else will."""
    for entry in ledger.runs_of(ds):
        if entry.run_id == run_id and entry.settled and entry.state is not RunState.PUBLISHED:
            _remove_unpublished(lake, entry)


def leave(lake: Lake, ds: str, record: RunRecord) -> None:
    """Write a run's row, under the run's date, and its page. Raises LakeError."""
    run_id = record.summary.run_id
    row, report = lake.run_row(ds, run_id), lake.report(run_id)
    if lake.config is None:  # one in S3 has it since it was made
        storage_of(lake.root).put_if_absent(lake.scores_readme, SCORES_README)
    put(report, run_page(record.summary, record.verdict).encode())
    milestones.reached(Milestone.REPORTED)
    # Last: a run whose row is there has left everything.
    with create(row) as file, writing(row):
        pq.write_table(summary_table([record.summary]), file, compression="zstd", write_page_checksum=True)
    milestones.reached(Milestone.LEFT)


def finish_interrupted(lake: Lake, stores: Stores) -> None:
    """Finish what runs left that are over: row and page where they lack them, and what they wrote and did not publish.

    The catalog, too, where a run was killed before it showed what it had published.

    What a killed run had scored is in the cache, so taking its files up again buys nothing twice. Raises LakeError.
    """
    ledger, liveness = stores.ledger(), stores.liveness()
    over = [entry.run_id for entry in ledger.open_runs() if not liveness.lives(entry.run_id)]
    liveness.sweep()
    _show(lake, ledger)
    if not over:
        return
    with using(lake.root), closing(stores.meter()) as meter:
        for run_id in over:
            with liveness.hold(run_id):  # one start at a time finishes it
                meter.spending.end(run_id, this_month())  # its workers may live still
                entry = _ended(ledger, run_id)
                if entry is not None:
                    _finish(lake, entry)
                    meter.claims.forget(run_id)
                    ledger.settle(run_id)


def _ended(ledger: Ledger, run_id: str) -> RunEntry | None:
    """A run that is over, as it ended, by its own hand or now; None where another start has finished it."""
    entry = _open_run(ledger, run_id)
    if entry and entry.state is RunState.STARTED:
        if ledger.end(run_id, RunState.INTERRUPTED, _unfinished(run_id, RunState.INTERRUPTED).to_dict()):
            say(f"run {run_id} was interrupted; what it took is taken up again")
        entry = _open_run(ledger, run_id)  # it may have published at this very moment
    return entry


def _open_run(ledger: Ledger, run_id: str) -> RunEntry | None:
    return next((entry for entry in ledger.open_runs() if entry.run_id == run_id), None)


def _finish(lake: Lake, entry: RunEntry) -> None:
    """Leave the row and page of a run that has ended, and remove what is for nobody. Raises LakeError, OSError."""
    run_id, state = entry.run_id, entry.state
    storage, row, report = storage_of(lake.root), lake.run_row(entry.ds, run_id), lake.report(run_id)
    if storage.stat(row) is None:
        for half in (report, row):
            storage.delete(half)
        leave(lake, entry.ds, RunRecord.from_dict(entry.record) if entry.record else _unfinished(run_id, state))
        if state is RunState.PUBLISHED:
            say(f"run {run_id} was interrupted after it had published; its report is written now")
    if state is not RunState.PUBLISHED:
        _remove_unpublished(lake, entry)


def _remove_unpublished(lake: Lake, entry: RunEntry) -> None:
    storage = storage_of(lake.root)
    for date in entry.dates:
        storage.delete(lake.scores(date, entry.run_id))
    if entry.state is RunState.INTERRUPTED:  # of an audit there may be a part
        storage.delete(lake.audit(entry.run_id))


def _unfinished(run_id: str, outcome: RunState) -> RunRecord:
    summary = unfinished(run_id, ULID.from_str(run_id).datetime, datetime.now(UTC), outcome)
    return RunRecord(summary, Verdict(holds=False, failures=[], evaluated=0))
