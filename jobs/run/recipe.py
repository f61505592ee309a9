"""What every worker of a run is told, and what each reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from ulid import ULID

from jobs.formats import Telling
from jobs.lake.parquet import WrittenFile
from jobs.scorers.call_policy import CallPolicy, JobPlace
from jobs.scorers.registry import ASYNC, scorer_type
from jobs.settings import Cascade, Resolved
from jobs.stores.open import Stores
from transforms.errors import UsageError
from transforms.pii.policy import Policy
from transforms.sentiment.protocols import Usage
from transforms.sentiment.scoring import Stamp
from transforms.text import Fingerprint


@dataclass(frozen=True)
class Recipe:
    """What every worker of a run is told; picklable, and the same for all."""

    stamp: Stamp
    mapping: Mapping[str, str]
    language: str  # of documents that name none: a code, settings.DETECT or settings.ASK
    scorer: str
    policy: Policy
    key: bytes = field(repr=False)
    calls: CallPolicy
    stores: Stores
    defer_without_cache: bool = False
    telling: Telling = field(default_factory=Telling)
    # Of files that were taken before, the rows that ended DEFERRED: they alone are taken up.
    taken_up: Mapping[str, Collection[int]] = field(default_factory=dict)
    records: str | None = None  # see settings.ScoringSettings
    each_line: bool = False
    cascade: Cascade | None = None
    drawn_for: str = ""  # the night that a cascade's sample is drawn for, and drawn for again

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """Makes the run's content keys."""
        return fingerprint_of(self.scorer, self)


def fingerprint_of(name: str, recipe: Recipe) -> Fingerprint:
    """Makes the content keys of a run's texts under a scorer's name."""
    scorer = scorer_type(name)
    return Fingerprint(scorer.name, scorer.version, recipe.policy.id, recipe.key)


def recipe_of(
    told: Resolved,
    stores: Stores,
    key: bytes,
    taken_up: Mapping[str, Collection[int]] | None = None,
    stop_at: float | None = None,
    drawn_for: str = "",
) -> Recipe:
    """The recipe of a new run. `key` makes its fingerprints; nothing is bought after `stop_at`, seconds since 1970.

    Raises UsageError for a lake that the scorer cannot work on.
    """
    run_id = str(ULID())
    jobs = _job_place(told, stores, key) if told.paid else None
    return Recipe(
        stamp=Stamp(run_id=run_id, scored_at=datetime.now(UTC)),
        mapping=told.mapping,
        telling=told.telling,
        language=told.language,
        scorer=told.scorer,
        policy=told.policy,
        key=key,
        calls=CallPolicy(run_id, told.quota_tps, stop_at, key, jobs),
        stores=stores,
        defer_without_cache=told.defer_without_cache,
        taken_up=taken_up or {},
        records=told.records,
        each_line=told.each_line,
        cascade=told.cascade,
        drawn_for=drawn_for,
    )


def _job_place(told: Resolved, stores: Stores, key: bytes) -> JobPlace | None:
    """Where jobs of a service have their files, in a lake in S3."""
    lake, kind = stores.lake, scorer_type(told.scorer)
    role = lake.config.comprehend_role if lake.config else None
    if told.scorer == ASYNC and not role:
        raise UsageError(
            f"--scorer {ASYNC} needs a lake in S3 whose lake.toml names a comprehend_role, and {lake.root} has none: "
            "docs/comprehend.md#jobs; --scorer comprehend takes any lake"
        )
    if lake.config is None:
        return None
    made = Fingerprint(kind.name, kind.version, told.policy.id, key)
    return JobPlace(lake.comprehend_jobs, role or "", lake.config.kms_key, told.policy, made)


@dataclass
class TaskReport:
    """What a worker did."""

    documents: Counter[str] = field(default_factory=Counter)  # ds -> documents read
    taken_up: dict[str, list[int]] = field(default_factory=dict)  # source file -> its rows that were taken up
    files: list[WrittenFile] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)  # stage -> CPU
    notes: Counter[str] = field(default_factory=Counter)  # transforms.documents.NOTES -> how many
    calls: int = 0
    throttles: int = 0
    unconfirmed_units: int = 0

    def add_read(self, other: TaskReport) -> None:
        """Add what another worker has read."""
        self.documents += other.documents
        self.notes += other.notes
        for name, rows in other.taken_up.items():
            self.taken_up.setdefault(name, []).extend(rows)

    def add_usage(self, usage: Usage) -> None:
        """Add what a paid service has counted."""
        self.calls += usage.calls
        self.throttles += usage.throttles
        self.unconfirmed_units += usage.unconfirmed_units
