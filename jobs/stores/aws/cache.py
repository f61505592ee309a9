"""The score cache in a DynamoDB table."""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from jobs.stores.aws.dynamodb import Table
from jobs.stores.steps import CACHE_LIFETIME
from transforms.errors import CacheError, CacheUnavailable
from transforms.sentiment.protocols import Cached, Scores

# DynamoDB's smallest number above 0.
_SMALLEST = 1e-130


class DynamoScoreCache:
    """`ScoreCache` in a DynamoDB table such as `infra/data.yaml` declares; the last entry put for a key stays.

    One for each process: it holds connections. Scores come back exactly, but those below 1e-130 as 0, which is all
    that DynamoDB can hold. `now` tells the time, in seconds since 1970. Every method, and making one, raises CacheError
    where the table cannot be used, and CacheUnavailable where it was too busy or out of reach for all of
    `client.PATIENCE`.
    """

    def __init__(self, table: str, lifetime: timedelta = CACHE_LIFETIME, now: Callable[[], float] = time.time) -> None:
        self._table = Table(table, "the score cache", CacheError, CacheUnavailable)
        self._lifetime = lifetime
        self._now = now

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Cached]:
        """The entries of those keys that are present and have not expired, whether swept yet or not."""
        now = int(self._now())
        distinct = list(dict.fromkeys(keys))  # a call with a key twice is refused
        found: dict[bytes, Cached] = {}
        # Eventually consistent, at half the price.
        for item in self._table.get_wire([{"key": {"B": key}} for key in distinct], consistent=False):
            try:
                if int(item["expires_at"]["N"]) > now:
                    found[b64decode(item["key"]["B"])] = _entry(item)
            except (KeyError, ValueError, TypeError):
                reason = "it holds an item of another form; name a table of the cache alone"
                raise self._table.client.unusable(reason) from None
        return found

    def put(self, entries: Mapping[bytes, Cached]) -> None:
        """Keep entries for the lifetime."""
        created = int(self._now())
        times = {
            "created": {"N": str(created)},
            "expires_at": {"N": str(created + int(self._lifetime.total_seconds()))},
        }
        puts = [{"PutRequest": {"Item": _item(key, entry) | times}} for key, entry in entries.items()]
        self._table.write_wire(puts)

    def close(self) -> None:
        """Let go of the connections."""
        self._table.close()


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
