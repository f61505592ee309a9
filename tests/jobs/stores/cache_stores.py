"""Where the score cache's twins keep their entries in tests, and what other processes do to them there."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from jobs.stores.aws.cache import DynamoScoreCache
from jobs.stores.local.cache import LocalScoreCache
from jobs.stores.steps import CACHE_LIFETIME
from tests.jobs.stores.processes import meet
from transforms.sentiment.protocols import Cached, Scores

GOOD = Cached(Scores(0.7, 0.1, 0.1, 0.1), "en", "vader-3.3.2")
BAD = Cached(Scores(0.1, 0.7, 0.1, 0.1), "de", "vader-3.3.3")


def key(number: int) -> bytes:
    return number.to_bytes(32, "big")


@dataclass(frozen=True)
class Store:
    """A file or a table, for this process or another."""

    path: Path | None = None  # the local twin's file
    table: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    def open(
        self, lifetime: timedelta = CACHE_LIFETIME, now: Callable[[], float] = time.time
    ) -> LocalScoreCache | DynamoScoreCache:
        if self.path:
            return LocalScoreCache(self.path, lifetime, now)
        os.environ.update(self.environment)
        return DynamoScoreCache(self.table, lifetime, now)


def put_and_die(store: Store) -> None:
    store.open().put({key(1): GOOD})
    os.kill(os.getpid(), signal.SIGKILL)


def put_some(store: Store, worker: int) -> None:
    with closing(store.open()) as cache:
        meet()
        for start in range(0, 200, 20):  # of 400 keys, every one is put by two of four workers
            cache.put({key((worker * 100 + number) % 400): GOOD for number in range(start, start + 20)})
