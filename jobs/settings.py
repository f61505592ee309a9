"""What a job is told, and what that comes to: resolved and checked once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from importlib.metadata import version
from math import inf
from pathlib import Path, PurePath, PurePosixPath
from typing import NamedTuple

import pyarrow as pa

from expectations.limits import Limits
from jobs.formats import Format, Telling
from jobs.readers.records import records_steps
from jobs.scorers.registry import ASYNC, CASCADE, scorer_type
from jobs.storage import absolute, others_may_read, storage_of
from jobs.stores.open import named_table
from transforms.cost import DEFAULT_TPS
from transforms.errors import UsageError
from transforms.language import canonical
from transforms.pii.policy import DEFAULT_POLICY, Policy
from transforms.schemas import DOCUMENTS

# What becomes of a run whose score cache cannot be used: it stops, or what is not known ends DEFERRED.
STOP, DEFER = "stop", "defer"
# In place of a language for documents that name none: find it out here, or ask Amazon Comprehend, which is paid.
DETECT, ASK = "detect", "detect-comprehend"
# Bytes that a key of the user's own has at least.
LEAST_KEY_BYTES = 16
MOST_DOLLARS = 1_000_000_000
# Of a run's documents and files: more that is rejected, or failed, is not what was meant.
DEFAULT_LIMITS = Limits(rejected=0.2, failed=0.2)


class Cascade(NamedTuple):
    """On what terms a night keeps labels of the scorer local, and buys the rest."""

    sample: float  # the share of texts that is bought at random
    agreement: float  # the share of the labels kept that is to be Amazon Comprehend's, too


DEFAULT_CASCADE = Cascade(0.02, 0.95)

# Columns of a document that a drop's own columns may be mapped to.
MAPPABLE = tuple(
    name for name in DOCUMENTS.names if name not in {"left_out", "source_file", "source_row", "error_code"}
)


@dataclass(frozen=True, kw_only=True)
class ScoringSettings:
    """How documents are scored, as a command is told."""

    mapping: Mapping[str, str] = field(default_factory=dict)  # our column -> theirs
    records: str | None = None  # where the records are in JSON; None: found out
    each_line: bool = False  # whether a line of plain text is a document
    turns: bool = False  # of conversations each turn is a document
    whole: bool = False  # what agents say, and what mails quote, is scored as well
    attachments: bool = False  # texts that are attached to mails are documents
    scorer: str = "local"
    sample: float = DEFAULT_CASCADE.sample
    agreement: float = DEFAULT_CASCADE.agreement
    language: str | None = None  # of documents that name none; None: detected
    key_file: str | Path | None = None  # a path or URI; None: the lake's own key
    policy: str | Path | None = None  # a path or URI; None: the default policy
    quota_tps: float = DEFAULT_TPS  # calls a second, for all runs of the lake together
    cache: str | None = None  # local, dynamodb or dynamodb:TABLE; None: the lake's own
    without_cache: str = STOP  # or DEFER
    budget: Decimal | None = None  # dollars
    deadline: str | None = None  # HH:MM, UTC


@dataclass(frozen=True, kw_only=True)
class NightlySettings(ScoringSettings):
    """What `nightly` and `plan` are told. Raises UsageError where the lake's own files would be taken for documents."""

    drops: str
    lake: str
    ds: str  # the run's date, for files whose path names none
    file_format: Format | None = None  # None: by each file's name and first bytes
    date_pattern: str | None = None
    follow_links: tuple[str, ...] = ()  # folders that links in the drop may lead into
    reprocess: bool = False
    limits: Limits = DEFAULT_LIMITS  # what of a run may be rejected, and failed

    def __post_init__(self) -> None:
        if self.scorer == ASYNC and not self.lake.startswith("s3://"):
            raise UsageError(
                f"--scorer {ASYNC} needs a lake in S3, and --lake {self.lake} is none: comprehend takes any lake"
            )
        folder, source = _place(self.lake), _place(self.drops)
        if folder.is_relative_to(source):
            raise UsageError(
                f"--lake {self.lake} lies in --drops {self.drops}: its own files would be taken for documents"
            )
        if source.is_relative_to(folder):
            raise UsageError(
                f"--drops {self.drops} lies in --lake {self.lake}: its own files would be taken for documents"
            )


def _place(location: str) -> PurePath:
    """A folder as one that others can be told to lie in: of this machine through links, of S3 as it is called."""
    uri = absolute(location)
    return PurePosixPath(uri) if uri.startswith("s3://") else Path(uri).resolve()


@dataclass(frozen=True)
class Resolved:
    """How documents are scored, once everything that was told is known to be usable."""

    mapping: Mapping[str, str]
    records: str | None
    each_line: bool
    telling: Telling
    scorer: str  # where there is a cascade, the one that is paid
    cascade: Cascade | None
    language: str  # of documents that name none: a code, DETECT or ASK
    policy: Policy
    key: bytes | None = field(repr=False)  # the user's own
    quota_tps: float
    defer_without_cache: bool
    budget: Decimal | None
    deadline: time | None

    @property
    def paid(self) -> bool:
        """Whether scoring bills."""
        return scorer_type(self.scorer).paid


def resolve(settings: ScoringSettings) -> Resolved:
    """Read and check everything that a command was told about scoring. Raises UsageError."""
    cascade = _cascade(settings)
    scorer = "comprehend" if cascade else settings.scorer
    scorer_type(scorer)
    if settings.records is not None:
        records_steps(settings.records)
    named_table(settings.cache)
    if not 0 < settings.quota_tps < inf:
        raise UsageError(f"--quota-tps {settings.quota_tps}: give a number of calls a second, such as {DEFAULT_TPS:g}")
    if settings.budget is not None and not 0 <= settings.budget <= MOST_DOLLARS:
        raise UsageError(f"--budget: give at most {MOST_DOLLARS:,} dollars")
    policy = given_policy(settings.policy)
    if policy.second_opinion:
        raise UsageError("a second opinion costs money that no budget caps: leave second_opinion to `redact`")
    return Resolved(
        mapping=settings.mapping,
        records=settings.records,
        each_line=settings.each_line,
        telling=Telling(settings.turns, settings.whole, settings.attachments),
        scorer=scorer,
        cascade=cascade,
        language=_language(settings.language, scorer),
        policy=policy,
        key=given_key(settings.key_file) if settings.key_file else None,
        quota_tps=settings.quota_tps,
        defer_without_cache=settings.without_cache == DEFER,
        budget=settings.budget,
        deadline=time_of_day(settings.deadline) if settings.deadline else None,
    )


def _cascade(settings: ScoringSettings) -> Cascade | None:
    if settings.scorer != CASCADE:
        return None
    if settings.language == ASK:
        raise UsageError(f"--language {ASK}: the scorer {CASCADE} needs languages before anything is bought: {DETECT}")
    if not 0 < settings.sample <= 1:
        raise UsageError("--sample: give a share of the texts above 0%, such as 2%")
    if not 0 < settings.agreement < 1:
        raise UsageError("--agreement: give a share between 0 and 1, such as 0.95; for 1 take the scorer comprehend")
    return Cascade(settings.sample, settings.agreement)


def _language(language: str | None, scorer: str) -> str:
    """What is done about documents that name no language: what is asked for, else it is detected. Raises UsageError."""
    kind = scorer_type(scorer)
    if language == ASK and not kind.paid:
        raise UsageError(f"--language {ASK} is paid for like the scorer comprehend: take it with that, or {DETECT}")
    if language not in (None, DETECT, ASK):
        [code] = canonical(pa.array([language])).to_pylist()
        if code is None:
            raise UsageError(
                f"--language {language}: write a code, such as {', '.join(sorted(kind.languages))}, "
                f"or {DETECT}, or {ASK}"
            )
        return str(code)
    return language or DETECT


def time_of_day(deadline: str) -> time:
    """HH:MM as a time of day in UTC. Raises UsageError."""
    try:
        return datetime.strptime(deadline, "%H:%M").replace(tzinfo=UTC).timetz()
    except ValueError:
        raise UsageError(f"--deadline {deadline}: write a time of day in UTC, such as 05:30") from None


def next_time(deadline: time, now: datetime) -> datetime:
    """When it is that time of day next, both in UTC."""
    moment = datetime.combine(now.date(), deadline)
    return moment if moment > now else moment + timedelta(days=1)


def given_policy(location: str | Path | None) -> Policy:
    """The policy of a TOML file, or the default one. Raises UsageError."""
    if location is None:
        return DEFAULT_POLICY
    from transforms.pii.policy_file import parse_policy

    try:
        return parse_policy(_read(str(location)).decode(), f"--policy {location}")
    except OSError as error:
        raise UsageError(f"--policy {location}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"--policy {location}: it is not UTF-8") from None


def given_key(location: str | Path) -> bytes:
    """A key that the user keeps elsewhere, of LEAST_KEY_BYTES at least. Raises UsageError."""
    uri = absolute(str(location))
    try:
        key = _read(str(location))
        open_to_others = not uri.startswith("s3://") and others_may_read(Path(uri))
    except OSError as error:
        raise UsageError(f"--key-file {location}: {error.strerror or error}") from None
    if len(key) < LEAST_KEY_BYTES:
        raise UsageError(f"--key-file {location}: a key has at least {LEAST_KEY_BYTES} bytes")
    if open_to_others:
        raise UsageError(f"--key-file {location}: others can read it; `chmod 600` it, if nobody has")
    return key


def _read(location: str) -> bytes:
    uri = absolute(location)
    with storage_of(uri).open(uri) as file:
        content: bytes = file.read()
    return content


def read_as(settings: NightlySettings, language: str) -> str:
    """What documents are read with, as a short hash: files that were wholly rejected are taken again under another."""
    told = (
        version("aurastream"),
        sorted(settings.mapping.items()),
        settings.records,
        settings.each_line,
        settings.turns,
        settings.whole,
        settings.attachments,
        settings.file_format,
        language,
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def parse_share(text: str) -> float:
    """A share from 0 to 1 of what is written as a percentage, `20%`. Raises UsageError."""
    number = text.strip()
    try:
        share = float(number.removesuffix("%")) / 100 if number.endswith("%") else inf
    except ValueError:
        share = inf
    if not 0 <= share <= 1:
        raise UsageError(f"{text!r} is no share: write it as 20%")
    return share


def parse_dollars(text: str) -> Decimal:
    """An amount of money that is not negative, exact to whatever was written. Raises UsageError."""
    try:
        amount = Decimal(text.strip().removeprefix("$"))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise UsageError(f"{text!r} is no amount of dollars: write it as 25.00")
    return amount


def parse_mapping(pairs: tuple[str, ...]) -> dict[str, str]:
    """`text=body` pairs as our column -> theirs. Raises UsageError."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        ours, separator, theirs = pair.partition("=")
        if not separator or not theirs or ours not in MAPPABLE:
            raise UsageError(f"--map {pair}: write COLUMN=THEIRS, where COLUMN is one of {', '.join(MAPPABLE)}")
        if ours in mapping:
            raise UsageError(f"--map {pair}: {ours} is mapped already")
        mapping[ours] = theirs
    return mapping
