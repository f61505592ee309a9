"""Reads back what a run wrote, once, and judges it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from expectations.gate import judge
from expectations.limits import NONE, Limits, exceeded
from expectations.read_back import ReadBack, merge
from expectations.verdict import Verdict
from jobs import milestones
from jobs.drops import DropFile
from jobs.drops.members import file_of
from jobs.lake.files import put
from jobs.lake.layout import Lake
from jobs.lake.parquet import WrittenFile
from jobs.milestones import Milestone
from jobs.run.duplicates import count_repeated
from jobs.run.read_back import Searched, Written, read_back_file
from jobs.run.staging import Staged
from jobs.run.workers import Workers
from jobs.stores.protocols import PublishedFile, TakenFile

# Row groups that one task reads back, so that few large files are work for many: some 260,000 rows.
GROUPS_A_TASK = 8


@dataclass(frozen=True)
class Audit:
    """What was read back, and what was found of it."""

    verdict: Verdict
    found: ReadBack
    files: Mapping[str, list[PublishedFile]]  # date -> its files, with the rows that were read back
    seconds: float  # of CPU, of the workers

    def taken(self, files: Sequence[DropFile], read_as: str | None = None) -> list[TakenFile]:
        """The files that count as taken, and of how many documents of each is to be taken up again.

        Not those that could not be read, or not to their end. Of those that are wholly rejected, what they were read
        with is kept, so that another way takes them again.
        """
        names = {file.source_file for file in files}
        found = self.found
        unreadable = {file_of(name, names) for name in found.unreadable}
        deferred: Counter[str] = Counter()
        for name, rows in found.deferred.items():
            deferred[file_of(name, names)] += rows
        # Of an archive, all members.
        usable = {file_of(name, names) for name in found.own if not found.wholly_rejected(name)}
        rejected = {file_of(name, names) for name in found.own} - usable
        return [
            TakenFile(
                file.ds,
                file.identity,
                file.size,
                file.stamp,
                deferred[file.source_file],
                file.called,
                read_as if file.source_file in rejected else None,
            )
            for file in files
            if file.source_file not in unreadable
        ]


def _parts(file: WrittenFile) -> list[Written]:
    """What of a file one task reads: some row groups of one whose groups are known, or all."""
    if file.groups is None or file.groups <= GROUPS_A_TASK:
        return [Written(file.ds, file.uri)]
    starts = range(0, file.groups, GROUPS_A_TASK)
    return [Written(file.ds, file.uri, range(start, min(start + GROUPS_A_TASK, file.groups))) for start in starts]


def audit(
    workers: Workers,
    lake: Lake,
    searched: Searched,
    staged: Sequence[Staged],
    documents_in: int,
    limits: Limits = NONE,
) -> Audit:
    """Read what was written, spread over the workers, judge it, and keep the verdict below the lake's `audits`.

    `documents_in` is how many documents were read and carried forward. A run beyond the limits does not hold. Raises
    LakeError.
    """
    work = [part for date in staged for file in date.files for part in _parts(file)]
    answers = workers.spread("audit", searched, work, read_back_file)
    read = iter(read for read, _ in answers)
    found = {uri: merge(next(read) for _ in parts) for uri, parts in groupby(work, lambda written: written.uri)}
    repeated = sum(count_repeated([replace(file, ids=found[file.uri].ids) for file in date.files]) for date in staged)
    whole = merge(found.values())
    milestones.reached(Milestone.READ_BACK)
    judgement = judge(whole.profile, documents_in=documents_in, repeated_ids=repeated)
    for name, content in judgement.pages.items():
        put(f"{lake.audit(searched.run_id)}/{name}", content)
    milestones.reached(Milestone.AUDITED)
    files = {
        date.ds: [PublishedFile(lake.path_of(file.uri), found[file.uri].rows) for file in date.files] for date in staged
    }
    passed = exceeded(whole, limits)
    verdict = judgement.verdict
    if passed:
        verdict = replace(verdict, holds=False, failures=[*passed, *verdict.failures])
    return Audit(verdict, whole, files, sum(seconds for _, seconds in answers))
