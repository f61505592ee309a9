"""A run's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from jobs.drops import Format
from transforms.cost import DEFAULT_TPS
from transforms.errors import UsageError
from transforms.pii.policy import DEFAULT_POLICY, Policy
from transforms.schemas import DOCUMENTS

# What becomes of a run whose score cache cannot be used: it stops, or what is not known ends DEFERRED.
STOP, DEFER = "stop", "defer"
# In place of a language for documents that name none: find it out here, or ask Amazon Comprehend, which is paid.
DETECT, ASK = "detect", "detect-comprehend"

# Columns of a document that a drop's own columns may be mapped to.
MAPPABLE = tuple(name for name in DOCUMENTS.names if name not in {"source_file", "source_row", "error_code"})


@dataclass(frozen=True)
class NightlySettings:
    """What `aurastream nightly` is told."""

    drops: str
    lake: str
    ds: str  # the run's date, for files whose path names none
    file_format: Format | None = None  # None: by each file's name and first bytes
    date_pattern: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)  # our column -> theirs
    scorer: str = "local"
    language: str | None = None  # of documents that name none; None: as the scorer needs it
    reprocess: bool = False
    key_file: Path | None = None
    policy: Path | None = None  # None: the default policy
    quota_tps: float = DEFAULT_TPS  # calls a second, for all runs of the lake together
    cache: str = "local"  # or dynamodb, or dynamodb:TABLE
    without_cache: str = STOP  # or DEFER
    budget: Decimal | None = None  # dollars
    deadline: str | None = None  # HH:MM, UTC


def given_policy(path: Path | None) -> Policy:
    """The policy of a TOML file, or the default one. Raises UsageError."""
    if path is None:
        return DEFAULT_POLICY
    from transforms.pii.policy_file import parse_policy

    try:
        return parse_policy(path.read_text(encoding="utf-8"), f"--policy {path}")
    except OSError as error:
        raise UsageError(f"--policy {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"--policy {path}: it is not UTF-8") from None


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
