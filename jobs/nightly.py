"""The nightly job: from a drop to a published run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from expectations.gate import load
from expectations.read_back import SAID_REJECTIONS, ReadBack
from jobs import milestones
from jobs.console import log_run, say
from jobs.drops import DropFile
from jobs.drops.members import file_of
from jobs.milestones import Milestone
from jobs.readers.apart import look
from jobs.readers.describe import hint, noted, remedy
from jobs.run import cascade, exchange, scoring
from jobs.run.audit import Audit, audit
from jobs.run.budget import enter_budget, since_published, stop_at
from jobs.run.fetching import fetch
from jobs.run.intake import Intake, called, keyed, listed, looked_at, say_found, take_in, task_splits
from jobs.run.lifecycle import RunRecord, entered, finish_interrupted, publish
from jobs.run.lost import require_stores
from jobs.run.read_back import Searched
from jobs.run.recipe import Recipe, TaskReport, recipe_of
from jobs.run.staging import Staged, stage_dates
from jobs.run.stopwatch import Stopwatch
from jobs.run.workers import Workers, recognise_files, shuffle_files, workers_for
from jobs.scorers.registry import CASCADE, scorer_type
from jobs.settings import NightlySettings, Resolved, read_as, resolve
from jobs.stores.open import open_lake
from jobs.stores.protocols import Ledger
from transforms.cost import dollars
from transforms.display import run_text
from transforms.documents import COLUMNS, Reason
from transforms.pii.columns import shown
from transforms.report import RunSummary
from transforms.schemas import RunState, Status

# Reasons that another --map may mend, and of how many files it is said.
_WANTING = (Reason.ID_MISSING, Reason.TEXT_MISSING, Reason.ID_NOT_STRING, Reason.TEXT_NOT_STRING)
_HINTS = 5
# Documents of a date, as a share of those a week before, below which it is said.
_FEWER = 0.5


def run(settings: NightlySettings) -> RunRecord | None:
    """Score what is new in a drop and publish it; None where nothing is new.

    Raises UsageError and DropError before anything is written; LakeError, CacheError and ScorerError also later;
    ExpectationsNotMet where the audit finds what must not be, and PublishConflict where another run published the same
    date first, or is buying for it. Then readers see what they saw before; after CommitUnknown, one or the other.
    """
    told = resolve(settings)
    listing = listed(settings, told.policy)
    lake, stores = open_lake(settings.lake, create=True, cache=settings.cache)
    finish_interrupted(lake, stores)
    ledger = stores.ledger()
    key = told.key or stores.keys().content_key()
    listing = replace(listing, files=keyed(called(listing.files, told.policy, key), ledger, stores.keys()))
    how = read_as(settings, told.language)
    intake = take_in(listing, lake, ledger, reprocess=settings.reprocess, read_as=how)
    say(f"{shown(settings.drops, told.policy)}: {len(listing.files)} files, {_to_take(intake)}")
    if not intake.files:
        say_left(intake)
        return None
    until = stop_at(told, intake.size, datetime.now(UTC))
    if told.paid:
        require_stores(lake, stores, defer_without_cache=told.defer_without_cache)
    workers = workers_for(intake.size, "aurastream nightly", meanwhile=load)
    intake = looked_at(intake, partial(recognise_files, workers))
    say_found(intake.new, told.policy, each_line=settings.each_line)
    recipe = recipe_of(told, stores.joined(), key, intake.taken_up, until, drawn_for(settings.ds, intake))
    run_id = recipe.stamp.run_id
    log_run(run_id)
    milestones.reached(Milestone.TAKEN_IN)
    with entered(lake, stores, settings.ds, run_id, intake, alone=told.paid):
        with closing(stores.meter()) as meter:
            already = enter_budget(meter.spending, run_id, told.budget, since_published(ledger.runs_of(settings.ds)))
        milestones.reached(Milestone.BUDGETED)
        if recipe.calls.jobs:
            fetch(recipe.calls, stores)
        watch = Stopwatch()
        reports, cascaded = score(workers, recipe, intake.files)
        for report in reports:
            watch.add(report.seconds)
        milestones.reached(Milestone.SCORED)
        with watch.stage("complete dates"):
            staged = stage_dates(workers, lake, run_id, intake, reports)
        milestones.reached(Milestone.STAGED)
        load()  # not what the audit costs
        with watch.stage("audit"):
            searched = Searched(recipe.policy, run_id, cascade.fingerprints(recipe))
            audited = audit(workers, lake, searched, staged, _documents_in(reports, staged), settings.limits)
        watch.add({"audit": audited.seconds})
        record = RunRecord(
            summarise(told, recipe, intake, reports, staged, audited, watch.seconds, already, cascaded), audited.verdict
        )
        say_rejected(audited.found, record.summary)
        say_hints(audited.found, intake.new, recipe)
        say_outdated(audited.found)
        for line in noted(sum((report.notes for report in reports), Counter())):
            say(line)
        say_fewer(ledger, staged)
        if not audited.verdict.holds:
            for line in run_text(record.summary).splitlines():
                say(line)
        publish(lake, ledger, settings.ds, record, intake, audited.files, audited.taken(intake.files, how))
    return record


def _to_take(intake: Intake) -> str:
    rows = sum(map(len, intake.taken_up.values()))
    return f"{len(intake.new)} to take" + (f", {rows:,} deferred documents to take up" if rows else "")


def score(workers: Workers, recipe: Recipe, files: Sequence[DropFile]) -> tuple[list[TaskReport], Mapping[str, float]]:
    """Score the files, spread over the workers; the one write of the run. And the account of a cascade."""
    if recipe.cascade:
        return cascade.score(workers, recipe, files)
    if scorer_type(recipe.scorer).paid:
        sent = shuffle_files(workers, recipe, files, exchange.prepare_splits)
        return sent.gather("scoring", recipe, exchange.write_partition), {}
    return workers.spread("scoring", recipe, task_splits(files, workers.cores), scoring.write_splits), {}


def drawn_for(ds: str, intake: Intake) -> str:
    """The night that a sample is drawn for: another one once the run has published, and the same until then."""
    seen = sorted((date, before.run_id if before else "") for date, before in intake.replaces.items())
    return f"{ds} {seen}"


def _documents_in(reports: Sequence[TaskReport], staged: Sequence[Staged]) -> int:
    """How many documents were read, and how many rows of earlier runs go along with them."""
    return sum(report.documents.total() for report in reports) + sum(date.carried for date in staged)


def summarise(
    told: Resolved,
    recipe: Recipe,
    intake: Intake,
    reports: Sequence[TaskReport],
    staged: Sequence[Staged],
    audited: Audit,
    stages: Mapping[str, float],
    already: int,
    cascaded: Mapping[str, float],
) -> RunSummary:
    """Sum a run up, from what was read back of it. `already` are the units that the month's runs had spent before."""
    run_id = recipe.stamp.run_id
    profile = audited.found.profile
    status = profile.count("status", run_id)
    units = profile.billed_units(run_id)
    scorer = scorer_type(recipe.scorer)
    return RunSummary(
        run_id=run_id,
        started_at=recipe.stamp.scored_at,
        finished_at=datetime.now(UTC),
        outcome=RunState.PUBLISHED if audited.verdict.holds else RunState.EXPECTATIONS_NOT_MET,
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
        billed_units=units,
        unconfirmed_units=sum(report.unconfirmed_units for report in reports),
        dollars=float(dollars(units, already)),
        budget=None if told.budget is None else float(told.budget),
        sentiments=profile.count("sentiment", run_id),
        reasons=profile.count("error_code", run_id),
        pii=profile.pii(run_id),
        stages=stages,
        scorer=CASCADE if cascaded else scorer.name,
        scorer_version=cascade.version(recipe) if cascaded else scorer.version,
        policy=recipe.policy.id,
        expectations=audited.verdict.evaluated,
        expectations_failed=len(audited.verdict.failures),
        cascade=cascaded,
        left_out=profile.left_out(run_id),
    )


def say_outdated(found: ReadBack) -> None:
    """How many documents that were carried forward hold what the policy of today takes out."""
    outdated = found.profile.count("pii_carried").get(True, 0)
    if outdated:
        say(
            f"{outdated:,} documents of earlier runs hold what this policy takes out and theirs did not: "
            "run with --reprocess to redact them anew"
        )


def say_fewer(ledger: Ledger, staged: Sequence[Staged]) -> None:
    """Which dates have far fewer documents than the same weekday before."""
    before = {date.ds: (datetime.fromisoformat(date.ds) - timedelta(weeks=1)).strftime("%Y-%m-%d") for date in staged}
    seen = ledger.publications(set(before.values()))
    for date in staged:
        now = sum(file.rows for file in date.files)
        then = sum(file.rows for file in seen[before[date.ds]].files) if before[date.ds] in seen else 0
        if now < _FEWER * then:
            say(f"warning: {date.ds} has {now:,} documents, and {before[date.ds]}, a week before, has {then:,}")


def say_rejected(found: ReadBack, summary: RunSummary) -> None:
    """Which file and row was rejected, and why, a line each; the first of them where there are many.

    A file of which every document was rejected for one reason has one line.
    """
    whole = wholly_rejected(found)
    said = 0
    for name, reason in list(whole.items())[:SAID_REJECTIONS]:
        said += found.own[name]
        say(f"rejected {name}, all {found.own[name]:,} documents: {reason}")
    for place in found.rejected:
        if place.source_file not in whole:
            where = f"row {place.source_row}" if place.source_row else "the file"
            say(f"rejected {place.source_file}, {where}: {place.error_code}")
            said += 1
    more = summary.rejected - said
    if more > 0:
        say(f"rejected {more:,} more: the view not_scored of `aurastream sql` has them all")


def say_hints(found: ReadBack, files: Sequence[DropFile], recipe: Recipe) -> None:
    """What may be done about files that are wholly rejected: one sentence for all of which the same is true."""
    columns = {ours: recipe.mapping.get(ours, ours) for ours in COLUMNS}
    rejected = wholly_rejected(found, least=1)
    wanting = [file for file in files if rejected.get(file.source_file) in _WANTING]
    for file in wanting[:_HINTS]:
        told = look(file, columns, recipe.records)
        if told is not None and (advice := hint(told, columns)):
            say(f"{file.source_file}: {advice}")
    by_name = {file.source_file: file for file in files}
    alike: dict[str, list[str]] = {}
    for name, reason in rejected.items():
        whole = by_name.get(file_of(name, by_name))
        if whole and (what := remedy(whole, reason, None if whole.source_file == name else name)):
            alike.setdefault(what, []).append(name)
    if bare := sorted(by_name.keys() - {file_of(name, by_name) for name in found.own}):
        alike["no documents are in it"] = bare
    for what, names in alike.items():
        more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
        say(f"{names[0]}{more}: {what}")


def say_left(intake: Intake) -> None:
    """Which files were wholly rejected before, and are not taken again as they are read today."""
    if intake.left:
        more = len(intake.left) - 1
        others = f" and {more:,} files more" if more else ""
        say(
            f"left out, for every document was rejected when it was read the same way: "
            f"{intake.left[0].source_file}{others}; another --map, --records or --format takes them again, "
            "and so does --reprocess"
        )


def wholly_rejected(found: ReadBack, least: int = 2) -> dict[str, str]:
    """Files of so many documents that were all rejected for one reason, and the reason, by file."""
    return {
        name: reason
        for (name, reason), rows in sorted(found.reasons.items())
        if rows == found.own[name] and rows >= least
    }
