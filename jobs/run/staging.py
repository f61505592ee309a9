"""Completes the directory of each date that a run wrote, before anybody sees it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from jobs.drops import members
from jobs.lake.layout import Lake
from jobs.lake.parquet import WrittenFile
from jobs.run.carry_forward import carry_forward
from jobs.run.compaction import compact
from jobs.run.duplicates import reject_repeated
from jobs.run.intake import Intake
from jobs.run.recipe import TaskReport
from jobs.run.workers import Workers
from jobs.storage import storage_of


@dataclass(frozen=True)
class Staged:
    """One date as written and not yet published."""

    ds: str
    files: list[WrittenFile]
    carried: int  # rows of the run before


def stage_dates(
    workers: Workers, lake: Lake, run_id: str, intake: Intake, reports: Sequence[TaskReport]
) -> list[Staged]:
    """Complete each date: what the tasks wrote, what is carried forward, every id once, in few files, nothing else.

    Raises LakeError.
    """
    read = TaskReport()
    for report in reports:
        read.add_read(report)
    staged = []
    for ds, before in intake.replaces.items():
        carried: list[WrittenFile] = []
        if before is not None:
            was = intake.called_before
            again = {file.source_file for file in intake.again if file.ds == ds}
            # Only rows that were read: of a file that could not be, the deferred documents stay what they are.
            retaken, taken_up = scored_again(intake, ds, read.taken_up)
            renamed = {was[name]: name for name in again if name in was}
            carried = carry_forward(lake, ds, run_id, before, retaken, taken_up, renamed)
        new = [file for report in reports for file in report.files if file.ds == ds]
        files = compact(workers, lake, run_id, reject_repeated([*carried, *new], len(carried)))
        _remove_strays(lake.scores(ds, run_id), files)
        staged.append(Staged(ds, files, sum(file.rows for file in carried)))
    return staged


def scored_again(
    intake: Intake, ds: str, rows: Mapping[str, Collection[int]]
) -> tuple[set[str], dict[str, Collection[int]]]:
    """What of a date's published rows a run scores again, by the names that files had: all of some, rows of others."""
    was = intake.called_before
    retaken = {was.get(file.source_file, file.source_file) for file in intake.new if file.ds == ds}
    again = {file.source_file for file in intake.again if file.ds == ds}
    taken_up = {
        members.renamed(name, was): numbers for name, numbers in rows.items() if members.file_of(name, again) in again
    }
    return retaken, taken_up


def _remove_strays(folder: str, files: Sequence[WrittenFile]) -> None:
    """A task that failed and was tried again leaves a file that no report names. No reader would see it."""
    storage = storage_of(folder)
    named = {file.uri for file in files}
    for stored in list(storage.list(folder)):
        if stored.uri not in named:
            storage.delete(stored.uri)
