"""The rate limit in a DynamoDB table."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from jobs.stores.aws.dynamodb import Item, Table
from jobs.stores.aws.state import State
from jobs.stores.steps import Rate, Turn, after_answer, after_failure, after_throttle, take_turn

T = TypeVar("T")

# A rate that nobody has used for so long has nothing left to tell.
LIFETIME = timedelta(days=2)


class DynamoRateLimit:
    """`RateLimit` in a table such as `infra/data.yaml` declares. `now` tells the time, in seconds since 1970."""

    def __init__(self, table: str, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._table = Table(table)
        self._state = State(self._table)

    def turn(self, quota: str, tps: float) -> Turn:
        """See `RateLimit.turn`."""
        return self._step(quota, lambda rate, now: take_turn(rate, now, tps))

    def throttled(self, quota: str) -> None:
        """See `RateLimit.throttled`."""
        self._step(quota, lambda rate, now: (after_throttle(rate, now), None))

    def failed(self, quota: str) -> None:
        """See `RateLimit.failed`."""
        self._step(quota, lambda rate, now: (after_failure(rate, now), None))

    def answered(self, quota: str) -> None:
        """See `RateLimit.answered`."""
        self._step(quota, lambda rate, _: (after_answer(rate), None))

    def _step(self, quota: str, step: Callable[[Rate, float], tuple[Rate, T]]) -> T:
        def take(before: Item) -> tuple[Item, T]:
            now = self._now()
            held = {name: value for name, value in before.items() if name != "expires_at"}
            rate = Rate(**held)
            after, answer = step(rate, now)
            if after == rate:
                return before, answer
            return {**after._asdict(), "expires_at": int(now + LIFETIME.total_seconds())}, answer

        return self._state.step({"pk": f"rate#{quota}", "sk": "rate"}, take)

    def close(self) -> None:
        """Let go of the connections."""
        self._table.close()
