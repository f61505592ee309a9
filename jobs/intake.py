"""What a run takes from a drop: files that are new, and of files taken before what ended DEFERRED."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ulid import ULID

from jobs.carry import deferred_rows
from jobs.drops import DropFile, Listing, Split, list_drop, pack, plan_splits
from jobs.lake import Lake, content_key, given_key
from jobs.output import say
from jobs.pipeline import Recipe
from jobs.published import published_files
from jobs.services.caches import CacheChoice, named_table
from jobs.services.calls import Terms
from jobs.services.ledger import LocalLedger
from jobs.services.scorers import scorer_type
from jobs.settings import ASK, DEFER, DETECT, NightlySettings, given_policy
from transforms.errors import UsageError
from transforms.pii.policy import Policy
from transforms.scoring import Stamp

# Input bytes a task takes on, uncompressed JSON Lines being split there: some 150,000 documents of 300 characters, and
# one written file.
TASK_BYTES = 64 * 1024 * 1024
# Below this a task is not worth starting for.
LEAST_TASK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Intake:
    """What a run takes."""

    new: list[DropFile]  # whole
    again: list[DropFile]  # taken before: of these, the rows of `taken_up` alone
    taken_up: Mapping[str, list[int]]  # source file -> rows
    replaces: Mapping[str, str | None]  # date -> the run that is published for it

    @property
    def files(self) -> list[DropFile]:
        """All of them."""
        return [*self.new, *self.again]


def listed(settings: NightlySettings) -> Listing:
    """The drop's files; what is passed over is said. Raises UsageError, DropError."""
    listing = list_drop(
        settings.drops, settings.ds, file_format=settings.file_format, date_pattern=settings.date_pattern
    )
    for name, reason in listing.skipped:
        say(f"skipped {name}: {reason}")
    return listing


def take_in(listing: Listing, lake: Lake, ledger: LocalLedger, *, reprocess: bool) -> Intake:
    """What of a drop no published run has taken as it is now, or all of it with `reprocess`.

    A file that was taken before keeps the date it was taken for.
    """
    pointers = ledger.pointers()  # before the manifest: a run that publishes in between is then a conflict, not a loss
    taken = ledger.taken()
    new, again = [], []
    for file in listing.files:
        before = taken.get(file.uri)
        if before is None:
            new.append(file)
            continue
        dated = replace(file, ds=before.ds)
        if reprocess or (file.size, file.stamp) != (before.size, before.stamp):
            new.append(dated)
        elif before.deferred:
            again.append(dated)
    taken_up = {file.uri: deferred_rows(lake.scores(file.ds, pointers[file.ds]), file.uri) for file in again}
    dates = sorted({file.ds for file in (*new, *again)})
    return Intake(new, again, taken_up, {ds: pointers.get(ds) for ds in dates})


def policy_of(settings: NightlySettings) -> Policy:
    """The night's policy. Raises UsageError."""
    policy = given_policy(settings.policy)
    if policy.second_opinion:
        raise UsageError("a second opinion costs money that no budget caps: leave second_opinion to `redact`")
    return policy


def key_of(settings: NightlySettings) -> bytes | None:
    """The key that the user keeps elsewhere. Raises UsageError."""
    return given_key(settings.key_file) if settings.key_file else None


def recipe_of(
    settings: NightlySettings,
    policy: Policy,
    key: bytes | None,
    lake: Lake,
    intake: Intake,
    stop_at: float | None = None,
) -> Recipe:
    """What a new run's workers are told. Raises UsageError."""
    run_id = str(ULID())
    key = key or content_key(lake)
    table = named_table(settings.cache)
    published = published_files(lake).values() if table else ()
    return Recipe(
        stamp=Stamp(run_id=run_id, scored_at=datetime.now(UTC)),
        mapping=settings.mapping,
        language=language_of(settings.language, settings.scorer),
        scorer=settings.scorer,
        policy=policy,
        key=key,
        terms=Terms(lake.meter, run_id, settings.quota_tps, stop_at, key),
        cache=CacheChoice(lake.cache, table, tuple(path for paths in published for path in paths)),
        defer_without_cache=settings.without_cache == DEFER,
        taken_up=intake.taken_up,
    )


def language_of(language: str | None, scorer: str) -> str:
    """What is done about documents that name no language: what is asked for, or what suits the scorer.

    One that knows a single language takes them for that. Raises UsageError.
    """
    kind = scorer_type(scorer)
    if language == ASK and not kind.paid:
        raise UsageError(f"--language {ASK} is paid for like the scorer comprehend: take it with that, or {DETECT}")
    return language or (next(iter(kind.languages)) if len(kind.languages) == 1 else DETECT)


def task_splits(files: Sequence[DropFile], cores: int) -> list[list[Split]]:
    """How the reading of files is divided among tasks, where so many run at once."""
    total = sum(file.size for file in files)
    target = max(LEAST_TASK_BYTES, min(TASK_BYTES, total // cores + 1))
    return pack(plan_splits(files, target), target)


def count_parts(files: Sequence[DropFile], cores: int) -> int:
    """By how many workers the texts of files are bought, where so many run at once."""
    total = sum(file.size for file in files)
    return max(cores, -(-total // TASK_BYTES))
