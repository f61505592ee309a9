"""The nightly job: from a drop to a published run."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial, reduce
from operator import and_
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.dataset as pads
from pyspark.sql import SparkSession

from expectations.gate import Verdict, judge, load
from expectations.profile import Profile, merge, profile_file
from jobs.budget import enter_budget, stop_at
from jobs.buying import buy
from jobs.carry import carry_forward
from jobs.drops import DropFile, Split
from jobs.duplicates import reject_repeated
from jobs.intake import Intake, count_parts, key_of, language_of, listed, policy_of, recipe_of, take_in, task_splits
from jobs.lake import Lake, open_lake
from jobs.output import say
from jobs.pipeline import Recipe, TaskReport, write_splits
from jobs.runs import CONFLICT, EXPECTATIONS_NOT_MET, Night, end, entered, finish_interrupted, leave
from jobs.services.caches import named_table
from jobs.services.ledger import PUBLISHED, LocalLedger, TakenFile
from jobs.services.scorers import scorer_type
from jobs.session import spark_session
from jobs.settings import NightlySettings
from jobs.spread import spread
from jobs.stopwatch import Stopwatch
from transforms.cost import dollars
from transforms.documents import Reason
from transforms.errors import ExpectationsNotMet, PublishConflict
from transforms.pii.policy import Policy
from transforms.report import RunSummary
from transforms.schemas import SCORES, Status

# Rejections of a date that are said one by one.
SAID_REJECTIONS = 20


@dataclass(frozen=True)
class Staged:
    """One date's directory as written and not yet published."""

    ds: str
    files: list[Path]
    carried: int  # rows of the run before
    repeated_ids: int


def run(settings: NightlySettings) -> Night | None:
    """Score what is new in a drop and publish it; None where nothing is new.

    Raises UsageError, DropError, LakeError and ScorerError before anything is written; ExpectationsNotMet where the
    audit finds what must not be and PublishConflict where another run published the same date first, or is buying for
    it: then readers see what they saw before.
    """
    # What is wrong is said before any work.
    paid = scorer_type(settings.scorer).paid
    named_table(settings.cache)
    language_of(settings.language, settings.scorer)
    stop_at(settings.deadline, 0, datetime.now(UTC))
    key, policy = key_of(settings), policy_of(settings)
    listing = listed(settings)
    lake = open_lake(settings.lake, create=True)
    ledger = LocalLedger(lake.ledger)
    finish_interrupted(lake, ledger)
    intake = take_in(listing, lake, ledger, reprocess=settings.reprocess)
    say(f"{settings.drops}: {len(listing.files)} files, {_to_take(intake)}")
    if not intake.files:
        return None
    total = sum(file.size for file in intake.files)
    recipe = recipe_of(settings, policy, key, lake, intake, stop_at(settings.deadline, total, datetime.now(UTC)))
    run_id = recipe.stamp.run_id
    with entered(lake, ledger, settings.ds, run_id, claims=intake.replaces if paid else ()):
        already = enter_budget(lake, ledger, settings.ds, run_id, settings.budget)
        spark = spark_session("aurastream nightly")
        # The driver waits for its workers: time to import what judges their work.
        threading.Thread(target=load, name="load expectations", daemon=True).start()
        watch = Stopwatch()
        reports = score(spark, lake, recipe, intake.files)
        for report in reports:
            watch.add(report.seconds)
        with watch.stage("complete dates"):
            staged = stage_dates(lake, run_id, intake, reports)
        with watch.stage("audit"):
            profile, seconds = read_back(spark, staged, recipe)
            verdict = judge(
                profile,
                documents_in=sum(report.documents.total() for report in reports) + sum(date.carried for date in staged),
                repeated_ids=sum(date.repeated_ids for date in staged),
                out=lake.audit(run_id),
            )
        watch.add({"audit": seconds})
        summary = summarise(recipe, intake, reports, staged, profile, verdict, watch.seconds)
        bill = dollars(summary.billed_units, already)
        night = Night(replace(summary, dollars=float(bill), budget=_float(settings.budget)), verdict)
        say_rejected(staged, night.summary)
        publish(lake, ledger, settings.ds, night, intake, _taken(intake, staged, night.summary))
    return night


def _to_take(intake: Intake) -> str:
    rows = sum(map(len, intake.taken_up.values()))
    return f"{len(intake.new)} to take" + (f", {rows:,} deferred documents to take up" if rows else "")


def _float(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


def score(spark: SparkSession, lake: Lake, recipe: Recipe, files: Sequence[DropFile]) -> list[TaskReport]:
    """Score the files, spread over the workers; the one write of the run."""
    cores = spark.sparkContext.defaultParallelism
    tasks = task_splits(files, cores)
    if scorer_type(recipe.scorer).paid:
        return buy(spark, lake, recipe, tasks, count_parts(files, cores))
    return spread(spark, "scoring", tasks, partial(_score, recipe, lake))


def _score(recipe: Recipe, lake: Lake, number: int, splits: Sequence[Split]) -> TaskReport:
    return write_splits(splits, recipe, lake, number)


def stage_dates(lake: Lake, run_id: str, intake: Intake, reports: Sequence[TaskReport]) -> list[Staged]:
    """Complete each date's directory: what the tasks wrote, what is carried forward, every id once, nothing else."""
    read = TaskReport()
    for report in reports:
        read.add_read(report)
    staged = []
    for ds, before in intake.replaces.items():
        directory = lake.scores(ds, run_id)
        files: list[Path] = []
        carried = carried_files = 0
        if before is not None:
            retaken = {file.uri for file in intake.new if file.ds == ds}
            # Only rows that were read: of a file that could not be, the deferred documents stay what they are.
            taken_up = {file.uri: read.taken_up.get(file.uri, []) for file in intake.again if file.ds == ds}
            files, carried = carry_forward(lake.scores(ds, before), directory, retaken, taken_up)
            carried_files = len(files)
        files += [Path(path) for report in reports for date, path in report.files if date == ds]
        # A task that failed and was tried again leaves a file that no report names.
        for stray in set(directory.glob("*")) - set(files):
            stray.unlink()
        files, repeated = reject_repeated(files, carried_files, lake.root)
        staged.append(Staged(ds, files, carried, repeated))
    return staged


def say_rejected(staged: Sequence[Staged], summary: RunSummary) -> None:
    """Which file and row was rejected, and why, a line each; the first of them where there are many."""
    if not summary.rejected:
        return
    rejected = _rows(staged, pc.field("status") == Status.REJECTED, pc.field("run_id") == summary.run_id)
    shown = rejected.head(SAID_REJECTIONS)
    for row in shown.to_pylist():
        place = f"row {row['source_row']}" if row["source_row"] else "the file"
        say(f"rejected {row['source_file']}, {place}: {row['error_code']}")
    more = summary.rejected - shown.num_rows
    if more:
        say(f"rejected {more:,} more: the view rejected of `aurastream sql` has them all")


def _taken(intake: Intake, staged: Sequence[Staged], summary: RunSummary) -> list[TakenFile]:
    """The files that count as taken, and what of each is to be taken up again.

    Not those that could not be read, or not to their end.
    """
    lost: set[str] = set()
    if Reason.FILE_UNREADABLE in summary.reasons:
        found = _rows(staged, pc.field("status") == Status.REJECTED, pc.field("run_id") == summary.run_id)
        unreadable = found.to_table().filter(pc.field("error_code") == Reason.FILE_UNREADABLE)
        lost = set(unreadable["source_file"].to_pylist())
    deferred: Counter[str] = Counter()
    if summary.deferred or intake.again:
        deferred.update(_rows(staged, pc.field("status") == Status.DEFERRED).to_table()["source_file"].to_pylist())
    return [
        TakenFile(file.ds, file.uri, file.size, file.stamp, deferred[file.uri])
        for file in intake.files
        if file.uri not in lost
    ]


def _rows(staged: Sequence[Staged], *conditions: pc.Expression) -> pads.Scanner:
    """Rows of what was written, and where they stood in the drop."""
    rows = pads.dataset([str(path) for date in staged for path in date.files], schema=SCORES, format="parquet")
    return rows.scanner(columns=["source_file", "source_row", "error_code"], filter=reduce(and_, conditions))


def read_back(spark: SparkSession, staged: Sequence[Staged], recipe: Recipe) -> tuple[Profile, float]:
    """What was written, read back and profiled by the workers, and their seconds of CPU."""
    work = [(date.ds, path) for date in staged for path in date.files]
    profiles = spread(spark, "audit", work, partial(_profile, recipe.policy, recipe.stamp.run_id))
    return merge(profile for profile, _ in profiles), sum(seconds for _, seconds in profiles)


def _profile(policy: Policy, run_id: str, _: int, file: tuple[str, Path]) -> tuple[Profile, float]:
    started = time.process_time()
    ds, path = file
    return profile_file(path, ds, policy, run_id), time.process_time() - started


def summarise(
    recipe: Recipe,
    intake: Intake,
    reports: Sequence[TaskReport],
    staged: Sequence[Staged],
    profile: Profile,
    verdict: Verdict,
    stages: Mapping[str, float],
) -> RunSummary:
    """Sum a run up, from what was read back of it."""
    run_id = recipe.stamp.run_id
    status = profile.count("status", run_id)
    scorer = scorer_type(recipe.scorer)
    return RunSummary(
        run_id=run_id,
        started_at=recipe.stamp.scored_at,
        finished_at=datetime.now(UTC),
        outcome=PUBLISHED if verdict.holds else EXPECTATIONS_NOT_MET,
        dates=[date.ds for date in staged],
        files=len(intake.files),
        documents=profile.documents(run_id),
        scored=status.get(Status.SCORED, 0),
        rejected=status.get(Status.REJECTED, 0),
        failed=status.get(Status.FAILED, 0),
        deferred=status.get(Status.DEFERRED, 0),
        carried=sum(date.carried for date in staged),
        cache_hits=profile.count("cache_hit", run_id).get(True, 0),
        calls=sum(report.calls for report in reports),
        throttles=sum(report.throttles for report in reports),
        billed_units=profile.billed_units(run_id),
        unconfirmed_units=sum(report.unconfirmed_units for report in reports),
        dollars=0.0,
        sentiments=profile.count("sentiment", run_id),
        reasons=profile.count("error_code", run_id),
        pii=profile.pii(run_id),
        stages=stages,
        scorer=scorer.name,
        scorer_version=scorer.version,
        policy=recipe.policy.id,
    )


def publish(
    lake: Lake,
    ledger: LocalLedger,
    ds: str,
    night: Night,
    intake: Intake,
    files: Sequence[TakenFile],
) -> None:
    """Point every date to the run, if the audit holds and nobody else did meanwhile; leave its row and page anyway.

    `files` count as taken then.

    Raises ExpectationsNotMet, PublishConflict.
    """
    run_id = night.summary.run_id
    failures = night.verdict.failures
    if failures:
        end(lake, ledger, ds, night)
        raise ExpectationsNotMet(
            f"run {run_id} publishes nothing, {len(failures)} expectations are not met: "
            f"{'; '.join(failures)}. All of them: {lake.audit(run_id)}"
        )
    try:
        ledger.publish(run_id, intake.replaces, files, night.record())
    except PublishConflict:
        end(lake, ledger, ds, replace(night, summary=replace(night.summary, outcome=CONFLICT)))
        raise
    leave(lake, ds, night)
