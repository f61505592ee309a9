"""The nightly job: from a drop to a published run."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial, reduce
from operator import and_
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.dataset as pads
from pyspark.sql import SparkSession
from ulid import ULID

from expectations.gate import Verdict, judge
from expectations.profile import Profile, merge, profile_file
from jobs.carry import carry_forward
from jobs.drops import DropFile, Split, list_drop, pack, plan_splits
from jobs.duplicates import reject_repeated
from jobs.lake import Lake, content_key, given_key, open_lake
from jobs.output import say
from jobs.pipeline import Recipe, TaskReport, write_splits
from jobs.runs import CONFLICT, EXPECTATIONS_NOT_MET, Night, end, entered, finish_interrupted, leave
from jobs.services.ledger import PUBLISHED, LocalLedger, TakenFile
from jobs.services.scorers import open_scorer
from jobs.session import spark_session
from jobs.settings import NightlySettings, given_policy
from jobs.spread import spread
from jobs.stopwatch import Stopwatch
from transforms.documents import Reason
from transforms.errors import ExpectationsNotMet, PublishConflict, UsageError
from transforms.pii.policy import Policy
from transforms.report import RunSummary
from transforms.schemas import SCORES, Status
from transforms.scoring import Stamp

# Input bytes a task takes on, uncompressed JSON Lines being split there: some 150,000 documents of 300 characters, and
# one written file.
TASK_BYTES = 64 * 1024 * 1024
# Below this a task is not worth starting for.
LEAST_TASK_BYTES = 4 * 1024 * 1024

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
    audit finds what must not be and PublishConflict where another run published the same date first: then readers see
    what they saw before.
    """
    open_scorer(settings.scorer)  # a wrong name is said before any work
    key = given_key(settings.key_file) if settings.key_file else None
    policy = given_policy(settings.policy)
    if policy.second_opinion:
        raise UsageError("a second opinion costs money, which a night cannot cap yet: leave second_opinion to `redact`")
    listing = list_drop(
        settings.drops, settings.ds, file_format=settings.file_format, date_pattern=settings.date_pattern
    )
    for name, reason in listing.skipped:
        say(f"skipped {name}: {reason}")
    lake = open_lake(settings.lake, create=True)
    ledger = LocalLedger(lake.ledger)
    finish_interrupted(lake, ledger)
    pointers = ledger.pointers()  # before the manifest: a run that publishes in between is then a conflict, not a loss
    new = new_files(listing.files, ledger, reprocess=settings.reprocess)
    say(f"{settings.drops}: {len(listing.files)} files, {len(new)} to take")
    if not new:
        return None
    recipe = Recipe(
        stamp=Stamp(run_id=str(ULID()), scored_at=datetime.now(UTC)),
        mapping=settings.mapping,
        language=settings.language,
        scorer=settings.scorer,
        policy=policy,
        key=key or content_key(lake),
    )
    replaces = {ds: pointers.get(ds) for ds in sorted({file.ds for file in new})}
    with entered(lake, ledger, settings.ds, recipe.stamp.run_id):
        spark = spark_session("aurastream nightly")
        watch = Stopwatch()
        reports = score(spark, lake, recipe, new)
        for report in reports:
            watch.add(report.seconds)
        with watch.stage("complete dates"):
            staged = stage_dates(lake, recipe.stamp.run_id, replaces, new, reports)
        with watch.stage("audit"):
            profile, seconds = read_back(spark, staged, recipe)
            verdict = judge(
                profile,
                documents_in=sum(report.documents.total() for report in reports) + sum(date.carried for date in staged),
                repeated_ids=sum(date.repeated_ids for date in staged),
                out=lake.audit(recipe.stamp.run_id),
            )
        watch.add({"audit": seconds})
        night = Night(summarise(recipe, new, reports, staged, profile, verdict, watch.seconds), verdict)
        say_rejected(staged, night.summary)
        lost = unreadable(staged, night.summary)
        publish(lake, ledger, settings.ds, night, replaces, [file for file in new if file.uri not in lost])
    return night


def new_files(listed: Sequence[DropFile], ledger: LocalLedger, *, reprocess: bool) -> list[DropFile]:
    """The files that no published run has taken as they are now, or all with `reprocess`.

    A file that was taken before keeps the date it was taken for.
    """
    taken = ledger.taken()
    files = [replace(file, ds=taken[file.uri].ds) if file.uri in taken else file for file in listed]
    if reprocess:
        return files
    return [file for file in files if (file.ds, file.uri, file.size, file.stamp) != taken.get(file.uri)]


def score(spark: SparkSession, lake: Lake, recipe: Recipe, files: Sequence[DropFile]) -> list[TaskReport]:
    """Score the files, spread over the workers; the one write of the run."""
    total = sum(file.size for file in files)
    target = max(LEAST_TASK_BYTES, min(TASK_BYTES, total // spark.sparkContext.defaultParallelism + 1))
    tasks = pack(plan_splits(files, target), target)
    return spread(spark, "scoring", tasks, partial(_score, recipe, lake))


def _score(recipe: Recipe, lake: Lake, number: int, splits: Sequence[Split]) -> TaskReport:
    return write_splits(splits, recipe, lake, number)


def stage_dates(
    lake: Lake,
    run_id: str,
    replaces: Mapping[str, str | None],
    new: Sequence[DropFile],
    reports: Sequence[TaskReport],
) -> list[Staged]:
    """Complete each date's directory: what the tasks wrote, what is carried forward, every id once, nothing else."""
    staged = []
    for ds, before in replaces.items():
        directory = lake.scores(ds, run_id)
        files: list[Path] = []
        carried = 0
        if before is not None:
            retaken = {file.uri for file in new if file.ds == ds}
            files, carried = carry_forward(lake.scores(ds, before), directory, retaken)
        files += [Path(path) for report in reports for date, path in report.files if date == ds]
        # A task that failed and was tried again leaves a file that no report names.
        for stray in set(directory.glob("*")) - set(files):
            stray.unlink()
        files, repeated = reject_repeated(files, lake.root)
        staged.append(Staged(ds, files, carried, repeated))
    return staged


def say_rejected(staged: Sequence[Staged], summary: RunSummary) -> None:
    """Which file and row was rejected, and why, a line each; the first of them where there are many."""
    if not summary.rejected:
        return
    shown = _rejected(staged, summary).head(SAID_REJECTIONS)
    for row in shown.to_pylist():
        place = f"row {row['source_row']}" if row["source_row"] else "the file"
        say(f"rejected {row['source_file']}, {place}: {row['error_code']}")
    more = summary.rejected - shown.num_rows
    if more:
        say(f"rejected {more:,} more: the view rejected of `aurastream sql` has them all")


def unreadable(staged: Sequence[Staged], summary: RunSummary) -> set[str]:
    """The source files that could not be read, or not to their end: they do not count as taken."""
    if Reason.FILE_UNREADABLE not in summary.reasons:
        return set()
    found = _rejected(staged, summary, pc.field("error_code") == Reason.FILE_UNREADABLE)
    return set(found.to_table()["source_file"].to_pylist())


def _rejected(staged: Sequence[Staged], summary: RunSummary, *conditions: pc.Expression) -> pads.Scanner:
    """What this run rejected, and where it stood."""
    rows = pads.dataset([str(path) for date in staged for path in date.files], schema=SCORES, format="parquet")
    ours = [pc.field("run_id") == summary.run_id, pc.field("status") == Status.REJECTED, *conditions]
    return rows.scanner(columns=["source_file", "source_row", "error_code"], filter=reduce(and_, ours))


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
    files: Sequence[DropFile],
    reports: Sequence[TaskReport],
    staged: Sequence[Staged],
    profile: Profile,
    verdict: Verdict,
    stages: Mapping[str, float],
) -> RunSummary:
    """Sum a run up, from what was read back of it."""
    run_id = recipe.stamp.run_id
    status = profile.count("status", run_id)
    scorer = open_scorer(recipe.scorer)
    return RunSummary(
        run_id=run_id,
        started_at=recipe.stamp.scored_at,
        finished_at=datetime.now(UTC),
        outcome=PUBLISHED if verdict.holds else EXPECTATIONS_NOT_MET,
        dates=[date.ds for date in staged],
        files=len(files),
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
        dollars=0.0,  # the local scorer bills nothing
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
    replaces: Mapping[str, str | None],
    files: Sequence[DropFile],
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
        taken = [TakenFile(file.ds, file.uri, file.size, file.stamp) for file in files]
        ledger.publish(run_id, replaces, taken, night.record())
    except PublishConflict:
        end(lake, ledger, ds, replace(night, summary=replace(night.summary, outcome=CONFLICT)))
        raise
    leave(lake, ds, night)
