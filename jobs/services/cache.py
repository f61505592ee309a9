"""The score cache: what was bought, by content key.

The local twin is a SQLite file that all worker processes share; on AWS it is a DynamoDB table, and what earlier runs
published, which is cheaper to read than the table where many keys are asked for.
"""

from __future__ import annotations

import os
import random
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import orjson
import pyarrow as pa

from jobs.drops.storage import open_filesystem
from jobs.services.sqlite import SharedFile
from transforms.errors import CacheError
from transforms.schemas import SCORES, Status
from transforms.sentiment.protocols import Cached, ScoreCache, Scores

_T = TypeVar("_T")

# How long an entry is good for. Longer than a year, so that what comes back with the season is not bought again.
LIFETIME = timedelta(days=400)
# Keys in one SELECT; SQLite's own limit is 32,766 parameters.
KEYS_A_QUERY = 4096

# The table that `infra/template.yaml` declares.
TABLE = "aurastream-cache"
# DynamoDB's own limits of one call.
KEYS_A_READ = 100
ITEMS_A_WRITE = 25
# Calls under way at once. A call of 100 keys takes DynamoDB some 10 ms, and this process 3 to 7 ms of CPU.
THREADS = 4
# How long the same call is tried again where DynamoDB is too busy or out of reach, in seconds.
PATIENCE = 60.0
# The longest pause before the second try, doubled with each, and the longest of all, in seconds.
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0
# DynamoDB's smallest number above 0.
_SMALLEST = 1e-130
_SET_UP = "give the job a role, or set AWS_PROFILE, and AWS_REGION"
_ADVICE = {
    "ResourceNotFoundException": "it is not there; make it with infra/template.yaml, in the region of AWS_REGION",
    "AccessDeniedException": "access is denied; the role needs dynamodb:BatchGetItem and dynamodb:BatchWriteItem on it",
    "UnrecognizedClientException": f"the credentials are unknown; {_SET_UP}",
    "ExpiredTokenException": "the credentials have expired; get new ones and run again",
}
_BUSY = {"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"}

# From how many keys on the published scores are read first; see docs/cache.md for the measurement.
JOIN_ABOVE = 5_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    key BLOB PRIMARY KEY,
    positive REAL, negative REAL, neutral REAL, mixed REAL,  -- all or none
    language TEXT NOT NULL, scorer_version TEXT NOT NULL,
    created INTEGER NOT NULL, expires_at INTEGER NOT NULL  -- seconds since 1970
) WITHOUT ROWID
"""


class LocalScoreCache:
    """`ScoreCache` in one SQLite file, for many processes at once; the last of two entries for one key stays.

    `now` tells the time, in seconds since 1970. Every method raises CacheError where the file cannot be used.
    """

    def __init__(self, path: Path, lifetime: timedelta = LIFETIME, now: Callable[[], float] = time.time) -> None:
        self._lifetime = lifetime
        self._now = now
        self._file = SharedFile(
            path, _SCHEMA, lambda error: CacheError(f"the score cache {path} cannot be used: {error}")
        )

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Cached]:
        """The entries of those keys that are present and have not expired."""
        found: dict[bytes, Cached] = {}
        now = int(self._now())
        with self._file.reading() as db:
            for start in range(0, len(keys), KEYS_A_QUERY):
                part = keys[start : start + KEYS_A_QUERY]
                marks = ",".join("?" * len(part))
                query = (
                    "SELECT key, positive, negative, neutral, mixed, language, scorer_version FROM entries "  # noqa: S608 - marks only
                    f"WHERE key IN ({marks}) AND expires_at > ?"
                )
                with closing(db.execute(query, (*part, now))) as rows:
                    for key, positive, negative, neutral, mixed, language, version in rows:
                        scores = None if positive is None else Scores(positive, negative, neutral, mixed)
                        found[key] = Cached(scores, language, version)
        return found

    def put(self, entries: Mapping[bytes, Cached]) -> None:
        """Keep entries for the lifetime; when this returns they survive a crash of this process."""
        created = int(self._now())
        times = (created, created + int(self._lifetime.total_seconds()))
        nothing = (None, None, None, None)
        # In key order, so that neighbours in the tree are written together.
        rows = [
            (key, *(entry.scores or nothing), entry.language, entry.scorer_version, *times)
            for key, entry in sorted(entries.items())
        ]
        with self._file.transaction() as db:
            db.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class DynamoScoreCache:
    """`ScoreCache` in the DynamoDB table that `infra/template.yaml` declares; the last entry put for a key stays.

    One for each process: it holds connections. Scores come back exactly, but those below 1e-130 as 0, which is all
    that DynamoDB can hold. `now` tells the time, in seconds since 1970. Every method, and making one, raises
    CacheError where the table cannot be used; a call that DynamoDB is too busy for is tried for `PATIENCE` first.
    """

    def __init__(
        self, table: str = TABLE, lifetime: timedelta = LIFETIME, now: Callable[[], float] = time.time
    ) -> None:
        import boto3  # half a second of CPU, which a local run need not spend
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        self._table = table
        self._lifetime = lifetime
        self._now = now
        config = Config(
            retries={"total_max_attempts": 1},  # `_until_done` tries again, and nobody else
            max_pool_connections=THREADS,
            connect_timeout=5,
            read_timeout=10,
            parameter_validation=False,  # a fifth of a call's CPU, and its errors quote what was sent
        )
        try:
            session = boto3.session.Session(region_name=os.environ.get("AWS_REGION"))  # which this SDK does not know
            self._client = session.client("dynamodb", config=config)
        except BotoCoreError as error:  # no region, for one
            raise self._unusable(f"{error}; {_SET_UP}") from None
        self._client.meta.events.register("before-parse.dynamodb.BatchGetItem", _leave_unparsed)
        self._pool = ThreadPoolExecutor(THREADS)

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Cached]:
        """The entries of those keys that are present and have not expired, whether swept yet or not."""
        now = int(self._now())
        distinct = list(dict.fromkeys(keys))  # a call with a key twice is refused
        found: dict[bytes, Cached] = {}
        for items in self._pool.map(self._read, _parts(distinct, KEYS_A_READ)):
            for item in items:
                try:
                    if int(item["expires_at"]["N"]) > now:
                        found[b64decode(item["key"]["B"])] = _entry(item)
                except (KeyError, ValueError, TypeError):
                    raise self._unusable("it holds an item of another form; name a table of the cache alone") from None
        return found

    def put(self, entries: Mapping[bytes, Cached]) -> None:
        """Keep entries for the lifetime."""
        created = int(self._now())
        times = {
            "created": {"N": str(created)},
            "expires_at": {"N": str(created + int(self._lifetime.total_seconds()))},
        }
        puts = [{"PutRequest": {"Item": _item(key, entry) | times}} for key, entry in entries.items()]
        for _ in self._pool.map(self._write, _parts(puts, ITEMS_A_WRITE)):
            pass  # raises what the call raised

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.shutdown()
        self._client.close()

    def _read(self, keys: list[bytes]) -> list[dict[str, Any]]:
        """The items of at most `KEYS_A_READ` keys, as DynamoDB wrote them."""
        items: list[dict[str, Any]] = []

        def read(rest: list[bytes]) -> list[bytes]:
            request = {self._table: {"Keys": [{"key": {"B": key}} for key in rest]}}
            answer = orjson.loads(self._client.batch_get_item(RequestItems=request)[_BODY])
            items.extend(answer["Responses"][self._table])
            left = answer["UnprocessedKeys"]
            return [b64decode(key["key"]["B"]) for key in left[self._table]["Keys"]] if left else []

        self._until_done(read, keys)
        return items

    def _write(self, puts: list[dict[str, Any]]) -> None:
        """Make at most `ITEMS_A_WRITE` puts."""

        def write(rest: list[dict[str, Any]]) -> list[dict[str, Any]]:
            answer = self._client.batch_write_item(RequestItems={self._table: rest})
            left: list[dict[str, Any]] = answer["UnprocessedItems"].get(self._table, [])
            return left

        self._until_done(write, puts)

    def _until_done(self, call: Callable[[list[_T]], list[_T]], rest: list[_T]) -> None:
        """Make a call, which gives what it left undone, until nothing is left."""
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
        from botocore.exceptions import ConnectionError as OutOfReach

        reason = ""
        for _ in _tries():
            try:
                rest = call(rest)
            except ClientError as error:
                reason = error.response["Error"]["Code"]
                if reason not in _BUSY and error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                    raise self._unusable(_ADVICE.get(reason, f"{reason} was the answer")) from None
            except (OutOfReach, HTTPClientError) as error:
                reason = str(error)
            except BotoCoreError as error:  # no credentials, for one
                raise self._unusable(f"{error}; {_SET_UP}") from None
            else:
                if not rest:
                    return
                reason = "items left unprocessed"
        raise self._unusable(f"{reason}, for {PATIENCE:g} seconds; run again, what was put is kept")

    def _unusable(self, reason: str) -> CacheError:
        return CacheError(f"the score cache, DynamoDB table {self._table}, cannot be used: {reason}")


class JoinedCache:
    """A `ScoreCache` that, asked for `above` keys or more, first looks for them in what was published.

    `files` are Parquet files of `scores`, local paths or URIs of one store. What was scored before `not_before` counts
    as expired. Raises CacheError where a file is gone or damaged, besides what `inner` raises.
    """

    def __init__(
        self, inner: ScoreCache, files: Sequence[str], above: int = JOIN_ABOVE, *, not_before: datetime
    ) -> None:
        self._inner = inner
        self._files = files
        self._above = above
        self._not_before = not_before

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, Cached]:
        """The entries of those keys that are present and have not expired."""
        if len(keys) < self._above or not self._files:
            return self._inner.get(keys)
        found = self._published(keys)
        rest = [key for key in keys if key not in found]
        return {**found, **self._inner.get(rest)} if rest else found

    def put(self, entries: Mapping[bytes, Cached]) -> None:
        """Keep entries in `inner`."""
        self._inner.put(entries)

    def close(self) -> None:
        """Let go of `inner`."""
        self._inner.close()

    def _published(self, keys: Sequence[bytes]) -> dict[bytes, Cached]:
        """What the files have of the keys, in one pass over them."""
        import pyarrow.dataset as ds

        wanted = pa.array([key.hex() for key in keys], pa.string())
        known = (
            (ds.field("status") == str(Status.SCORED))
            & (ds.field("scored_at") >= pa.scalar(self._not_before, SCORES.field("scored_at").type))
            & ds.field("content_key").isin(wanted)
        )
        found: dict[bytes, Cached] = {}
        try:
            filesystem, _ = open_filesystem(self._files[0])
            paths = [open_filesystem(file)[1] for file in self._files]
            dataset = ds.dataset(paths, schema=SCORES, format="parquet", filesystem=filesystem)
            # Without threads: there is a worker for each core.
            for batch in dataset.to_batches(columns=_PUBLISHED, filter=known, use_threads=False):
                for key, language, version, *scores in zip(*(column.to_pylist() for column in batch), strict=True):
                    found[bytes.fromhex(key)] = Cached(Scores(*scores), language, version)
        except (OSError, pa.ArrowException) as error:
            raise CacheError(f"the published scores cannot be read as a cache: {error}") from None
        return found


_PUBLISHED = ["content_key", "language", "scorer_version", *(f"score_{part}" for part in Scores._fields)]
_BODY = "Body"


def _leave_unparsed(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Hand on an answer's JSON as it is: botocore's parser takes some 90 µs of CPU an item, orjson 5."""
    if response_dict["status_code"] == 200:
        customized_response_dict[_BODY] = response_dict["body"]
        response_dict["body"] = b"{}"


def _item(key: bytes, entry: Cached) -> dict[str, Any]:
    item: dict[str, Any] = {
        "key": {"B": key},
        "language": {"S": entry.language},
        "scorer_version": {"S": entry.scorer_version},
    }
    if entry.scores is not None:
        # `repr` is the shortest text that reads back as the same number, at most 17 of the 38 digits there is room for.
        item["scores"] = {"L": [{"N": repr(0.0 if abs(score) < _SMALLEST else score)} for score in entry.scores]}
    return item


def _entry(item: dict[str, Any]) -> Cached:
    scores = Scores(*(float(score["N"]) for score in item["scores"]["L"])) if "scores" in item else None
    return Cached(scores, item["language"]["S"], item["scorer_version"]["S"])


def _parts(things: list[_T], size: int) -> list[list[_T]]:
    return [things[start : start + size] for start in range(0, len(things), size)]


def _tries() -> Iterator[None]:
    """One try now, and more after pauses of full jitter, until `PATIENCE` is over."""
    deadline = time.monotonic() + PATIENCE
    for tried in count():
        yield
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2**tried)
        pause = random.uniform(0, longest)  # noqa: S311 (not for secrets)
        if time.monotonic() + pause > deadline:
            return
        time.sleep(pause)
