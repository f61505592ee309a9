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

CACHE_TABLE = "aurastream-cache"  # in DynamoDB, as infra/template.yaml names it


@dataclass(frozen=True)
class Stores:
    """A lake's stores, not yet open: small and picklable, for every process opens its own.

    ledger.sqlite       runs, pointers, publications, files taken
    meter.sqlite        what every paid call writes: rate limit, spending, text claims
    cache.sqlite        scores by fingerprint, where the cache is local
    keys/content.key    the key of fingerprints
    locks/<run_id>.lock held as long as a run's process lives
    """

    lake: Lake
    cache_table: str | None = None  # DynamoDB's, where the cache is there
    published: tuple[str, ...] = ()  # Parquet files of `scores` to look many keys up in, before such a table is asked

    def ledger(self) -> Ledger:
        """Open the ledger. Raises LakeError."""
        return LocalLedger(Path(self.lake.at("ledger.sqlite")), self._files_of, lambda: holds_scores(self.lake))

    def keys(self) -> Keys:
        """The lake's key."""
        return LocalKeys(Path(self.lake.at("keys/content.key")), lambda: bool(self.ledger().publications()))

    def liveness(self) -> Liveness:
        """Who lives."""
        return LocalLiveness(Path(self.lake.at("locks")))

    def meter(self) -> Meter:
        """Open what a paid call asks; to be closed. Raises LakeError."""
        path = self.lake.at("meter.sqlite")
        return Meter(LocalRateLimit(path), LocalSpending(path), LocalTextClaims(path))

    def check_meter(self) -> None:
        """Read the meter through, where it is a file. Raises LakeError where it is damaged."""
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
        return "" if self.cache_table is None else f" --cache dynamodb:{self.cache_table}"

    def cache(self) -> ScoreCache:
        """Open the score cache; to be closed. Raises CacheError."""
        if self.cache_table is None:
            return LocalScoreCache(self.lake.at("cache.sqlite"))
        from jobs.stores.aws.cache import DynamoScoreCache  # boto3: half a second of CPU
        from jobs.stores.published import JoinedCache

        table = DynamoScoreCache(self.cache_table)
        return JoinedCache(table, self.published, not_before=datetime.now(UTC) - CACHE_LIFETIME)

    def joined(self) -> Stores:
        """The same, where the cache is a table of a service joined with what the ledger says is published."""
        if self.cache_table is None:
            return self
        files = [self.lake.at(file.path) for found in self.ledger().publications().values() for file in found.files]
        return replace(self, published=tuple(files))

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


def open_lake(location: str, *, create: bool, cache: str = "local") -> tuple[Lake, Stores]:
    """The lake at a local path, made where `create` allows it, and its stores. `cache` is as `--cache` has it.

    Raises UsageError for a location that is no local path and for a cache that is none, LakeError where there is no
    lake and none may be made.
    """
    table = named_table(cache)
    root = absolute(location)
    if root.startswith("s3://"):
        raise UsageError(f"--lake {location}: a lake lies on a local path, for now")
    lake = Lake(root)
    if not create and not lake_exists(location) and not holds_scores(lake):
        raise LakeError(f"no lake at {root}: run `aurastream nightly` first, or name another --lake")
    make_folder(root)
    return lake, Stores(lake, table)


def holds_scores(lake: Lake) -> bool:
    """Whether runs have written there."""
    return next(iter(storage_of(lake.root).list(lake.at("scores"))), None) is not None


@contextmanager
def temporary_lake(cache: str) -> Iterator[tuple[Lake, Stores]]:
    """An empty lake that goes again, for what needs none of its own. Raises UsageError."""
    with tempfile.TemporaryDirectory(prefix="aurastream-") as folder:
        yield open_lake(folder, create=True, cache=cache)


def lake_exists(location: str) -> bool:
    """Whether there is a lake. Raises UsageError as `open_lake`."""
    return Path(absolute(location), "ledger.sqlite").exists()


def named_table(cache: str) -> str | None:
    """The DynamoDB table that `--cache` names; None for the local cache. Raises UsageError."""
    kind, colon, table = cache.partition(":")
    if kind == "dynamodb" and bool(colon) == bool(table):
        return table or CACHE_TABLE
    if cache == "local":
        return None
    raise UsageError(f"--cache {cache}: write local, dynamodb, or dynamodb:TABLE")
