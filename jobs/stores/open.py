"""Opens a lake's stores: the one module that knows which twin a lake has."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.lake.config import read_config
from jobs.lake.layout import Lake
from jobs.storage import absolute, storage_of
from jobs.stores.local.cache import LocalScoreCache
from jobs.stores.local.folder import make_folder
from jobs.stores.local.keys import LocalKeys
from jobs.stores.local.ledger import LocalLedger
from jobs.stores.local.liveness import LocalLiveness
from jobs.stores.local.rate_limit import LocalRateLimit
from jobs.stores.local.spending import LocalSpending
from jobs.stores.local.text_claims import LocalTextClaims
from jobs.stores.protocols import Keys, Ledger, Liveness, Meter, PublishedFile
from jobs.stores.steps import CACHE_LIFETIME
from transforms.errors import LakeError, UsageError
from transforms.sentiment.protocols import ScoreCache

CACHE_TABLE = "aurastream-cache"  # in DynamoDB, of a lake that names none
LOCAL = "local"  # the cache in a file of the lake


@dataclass(frozen=True)
class Stores:
    """A lake's stores, not yet open: small and picklable, for every process opens its own.

    Of a lake on a local path they are files of it:

    ledger.sqlite       runs, pointers, publications, files taken
    meter.sqlite        what every paid call writes: rate limit, spending, text claims
    cache.sqlite        scores by fingerprint, where the cache is local
    keys/content.key    the key of fingerprints
    locks/<run_id>.lock held as long as a run's process lives

    Of a lake in S3 all but key and cache are one DynamoDB table; `lake.toml` names it, the cache's, and the secret.
    """

    lake: Lake
    cache_table: str | None = None  # DynamoDB's, where the cache is there
    published: tuple[str, ...] = ()  # Parquet files of `scores` to look many keys up in, before such a table is asked

    def ledger(self) -> Ledger:
        """Open the ledger. Raises LakeError."""
        if self.lake.config:
            from jobs.stores.aws.ledger import DynamoLedger

            return DynamoLedger(self.lake.config.ledger_table)
        return LocalLedger(Path(self.lake.at("ledger.sqlite")), self._files_of, lambda: holds_scores(self.lake))

    def keys(self) -> Keys:
        """The lake's key."""
        if self.lake.config:
            from jobs.stores.aws.keys import SecretKeys

            return SecretKeys(self.lake.config.secret, self.lake.config.kms_key, self._published_any)
        return LocalKeys(Path(self.lake.at("keys/content.key")), self._published_any)

    def liveness(self) -> Liveness:
        """Who lives."""
        if self.lake.config:
            from jobs.stores.aws.liveness import DynamoLiveness

            return DynamoLiveness(self.lake.config.ledger_table)
        return LocalLiveness(Path(self.lake.at("locks")))

    def meter(self) -> Meter:
        """Open what a paid call asks; to be closed. Raises LakeError."""
        if self.lake.config:
            from jobs.stores.aws.rate_limit import DynamoRateLimit
            from jobs.stores.aws.spending import DynamoSpending
            from jobs.stores.aws.text_claims import DynamoTextClaims

            table = self.lake.config.ledger_table
            return Meter(DynamoRateLimit(table), DynamoSpending(table), DynamoTextClaims(table))
        path = self.lake.at("meter.sqlite")
        return Meter(LocalRateLimit(path), LocalSpending(path), LocalTextClaims(path))

    @property
    def meter_name(self) -> str:
        """Where the meter is."""
        return f"DynamoDB table {self.lake.config.ledger_table}" if self.lake.config else self.lake.at("meter.sqlite")

    def check_meter(self) -> None:
        """Read the meter through, where it is a file. Raises LakeError where it is damaged."""
        if self.lake.config is None:
            with closing(LocalSpending(self.lake.at("meter.sqlite"))) as spending:
                spending.find_damage()

    def check_cache(self) -> None:
        """Read the cache through, where it is a file. Raises CacheError where it is damaged."""
        if self.cache_table is None:
            with closing(LocalScoreCache(self.lake.at("cache.sqlite"))) as cache:
                cache.find_damage()

    @property
    def cache_name(self) -> str:
        """Where the cache is."""
        return self.lake.at("cache.sqlite") if self.cache_table is None else f"DynamoDB table {self.cache_table}"

    @property
    def cache_option(self) -> str:
        """What names it on the command line."""
        named = self.cache_table is not None and self.lake.config is None
        return f" --cache dynamodb:{self.cache_table}" if named else ""

    def cache(self) -> ScoreCache:
        """Open the score cache; to be closed. Raises CacheError."""
        if self.cache_table is None:
            return LocalScoreCache(self.lake.at("cache.sqlite"))
        from jobs.stores.aws.cache import DynamoScoreCache  # boto3: half a second of CPU
        from jobs.stores.published import JoinedCache

        table = DynamoScoreCache(self.cache_table)
        return JoinedCache(table, self.published, not_before=datetime.now(UTC) - CACHE_LIFETIME)

    def joined(self) -> Stores:
        """The same, where the cache of a local lake is a table of a service joined with what its ledger has published.

        A lake in S3 has years of nights, and reading them all costs more than asking the table.
        """
        if self.cache_table is None or self.lake.config:
            return self
        files = [self.lake.at(file.path) for found in self.ledger().publications().values() for file in found.files]
        return replace(self, published=tuple(files))

    def _published_any(self) -> bool:
        return bool(self.ledger().publications())

    def _files_of(self, ds: str, run_id: str) -> list[PublishedFile]:
        """What a run's directory of a date holds, for a ledger that was made before it listed publications."""
        storage = storage_of(self.lake.root)
        files = []
        for stored in sorted(storage.list(self.lake.scores(ds, run_id))):
            try:
                with storage.open(stored.uri) as source:
                    rows = pq.read_metadata(source).num_rows
            except (OSError, pa.ArrowException):
                raise LakeError(f"{stored.uri} is published, but cannot be read: restore it") from None
            files.append(PublishedFile(self.lake.path_of(stored.uri), rows))
        return files


def open_lake(location: str, *, create: bool, cache: str | None = None) -> tuple[Lake, Stores]:
    """The lake at a local path, made where `create` allows it, or in S3, and its stores; `cache` as `--cache` has it.

    Raises UsageError for a location or a cache that is none, LakeError where there is no lake and none may be made: one
    in S3 is made by `lake create` alone.
    """
    table = named_table(cache)
    root = absolute(location)
    if root.startswith("s3://"):
        config = read_config(root)
        if config is None:
            raise LakeError(f"no lake at {root}: make one with `aurastream lake create --lake {root}`")
        if cache == LOCAL:
            raise UsageError(f"--cache {LOCAL}: a lake in S3 keeps scores in DynamoDB; leave it out, or name a table")
        return (lake := Lake(root, config)), Stores(lake, table if cache else config.cache_table)
    lake = Lake(root)
    if not create and not lake_exists(location) and not holds_scores(lake):
        raise LakeError(f"no lake at {root}: run `aurastream nightly` first, or name another --lake")
    make_folder(root)
    return lake, Stores(lake, table)


def holds_scores(lake: Lake) -> bool:
    """Whether runs have written there."""
    return next(iter(storage_of(lake.root).list(lake.at("scores"))), None) is not None


@contextmanager
def temporary_lake(cache: str | None) -> Iterator[tuple[Lake, Stores]]:
    """An empty lake that goes again, for what needs none of its own. Raises UsageError."""
    with tempfile.TemporaryDirectory(prefix="aurastream-") as folder:
        yield open_lake(folder, create=True, cache=cache)


def lake_exists(location: str) -> bool:
    """Whether there is a lake. Raises UsageError as `open_lake`; LakeError where S3 does not tell."""
    root = absolute(location)
    if root.startswith("s3://"):
        return read_config(root) is not None
    return Path(root, "ledger.sqlite").exists()


def named_table(cache: str | None) -> str | None:
    """The DynamoDB table that `--cache` names; None for the local cache, and where none is named. Raises UsageError."""
    kind, colon, table = (cache or LOCAL).partition(":")
    if kind == "dynamodb" and bool(colon) == bool(table):
        return table or CACHE_TABLE
    if cache in (None, LOCAL):
        return None
    raise UsageError(f"--cache {cache}: write {LOCAL}, dynamodb, or dynamodb:TABLE")
