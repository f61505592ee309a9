"""The score caches by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jobs.services.cache import LIFETIME, DynamoScoreCache, JoinedCache, LocalScoreCache
from transforms.errors import UsageError
from transforms.sentiment.protocols import ScoreCache

TABLE = "aurastream-cache"


@dataclass(frozen=True)
class CacheChoice:
    """Which score cache a run uses; small and picklable."""

    path: Path  # the local twin's file
    table: str | None = None  # DynamoDB's, where it is used instead
    published: tuple[str, ...] = ()  # Parquet files of `scores`, which are joined instead of asking for many keys


def named_table(cache: str) -> str | None:
    """The DynamoDB table that `--cache` names; None for the local cache. Raises UsageError."""
    kind, colon, table = cache.partition(":")
    if kind == "dynamodb" and bool(colon) == bool(table):
        return table or TABLE
    if cache == "local":
        return None
    raise UsageError(f"--cache {cache}: write local, dynamodb, or dynamodb:TABLE")


def open_cache(choice: CacheChoice) -> ScoreCache:
    """The cache, for this process. Raises CacheError."""
    if choice.table is None:
        return LocalScoreCache(choice.path)
    return JoinedCache(DynamoScoreCache(choice.table), choice.published, not_before=datetime.now(UTC) - LIFETIME)
