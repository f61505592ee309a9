"""The score cache in a DynamoDB table."""

from __future__ import annotations

import os
import random
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import Any, TypeVar

import orjson

from jobs.stores.steps import CACHE_LIFETIME
from transforms.errors import CacheError, CacheUnavailable
from transforms.sentiment.protocols import Cached, Scores

_T = TypeVar("_T")

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


class DynamoScoreCache:
    """`ScoreCache` in a DynamoDB table such as `infra/template.yaml` declares; the last entry put for a key stays.

    One for each process: it holds connections. Scores come back exactly, but those below 1e-130 as 0, which is all
    that DynamoDB can hold. `now` tells the time, in seconds since 1970. Every method, and making one, raises CacheError
    where the table cannot be used, and CacheUnavailable where it was too busy or out of reach for all of `PATIENCE`.
    """

    def __init__(self, table: str, lifetime: timedelta = CACHE_LIFETIME, now: Callable[[], float] = time.time) -> None:
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
        raise self._unusable(f"{reason}, for {PATIENCE:g} seconds; run again, what was put is kept", CacheUnavailable)

    def _unusable(self, reason: str, kind: type[CacheError] = CacheError) -> CacheError:
        return kind(f"the score cache, DynamoDB table {self._table}, cannot be used: {reason}")


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
