"""Where the stores' twins keep things in tests: each opens the stores of one lake, for this process or another."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from jobs.stores.aws.keys import SecretKeys
from jobs.stores.aws.ledger import DynamoLedger
from jobs.stores.aws.liveness import DynamoLiveness
from jobs.stores.aws.rate_limit import DynamoRateLimit
from jobs.stores.aws.spending import DynamoSpending
from jobs.stores.aws.text_claims import DynamoTextClaims
from jobs.stores.local.keys import LocalKeys
from jobs.stores.local.ledger import LocalLedger
from jobs.stores.local.liveness import LocalLiveness
from jobs.stores.local.rate_limit import LocalRateLimit
from jobs.stores.local.spending import LocalSpending
from jobs.stores.local.text_claims import LocalTextClaims
from jobs.stores.protocols import Keys, Ledger, Liveness, RateLimit, Spending, TextClaims


class Twin(Protocol):
    """The stores of a lake; picklable. `now` tells the time, in seconds since 1970."""

    def ledger(self) -> Ledger: ...
    def rate_limit(self, now: Callable[[], float] = time.time) -> RateLimit: ...
    def spending(self) -> Spending: ...
    def text_claims(self, now: Callable[[], float] = time.time) -> TextClaims: ...
    def keys(self) -> Keys: ...
    def liveness(self) -> Liveness: ...


@dataclass(frozen=True)
class LocalTwin:
    folder: Path

    def ledger(self) -> Ledger:
        return LocalLedger(self.folder / "ledger.sqlite")

    def rate_limit(self, now: Callable[[], float] = time.time) -> RateLimit:
        return LocalRateLimit(self.folder / "meter.sqlite", now)

    def spending(self) -> Spending:
        return LocalSpending(self.folder / "meter.sqlite")

    def text_claims(self, now: Callable[[], float] = time.time) -> TextClaims:
        return LocalTextClaims(self.folder / "meter.sqlite", now)

    def keys(self) -> Keys:
        return LocalKeys(self.folder / "keys" / "content.key")

    def liveness(self) -> Liveness:
        return LocalLiveness(self.folder / "locks")


@dataclass(frozen=True)
class AwsTwin:
    """A table and a secret of servers on this machine, which the environment makes boto3 use."""

    table: str
    secret: str
    environment: dict[str, str] = field(hash=False)

    def __setstate__(self, state: dict[str, object]) -> None:
        """In another process."""
        self.__dict__.update(state)
        os.environ.update(self.environment)

    def ledger(self) -> Ledger:
        return DynamoLedger(self.table)

    def rate_limit(self, now: Callable[[], float] = time.time) -> DynamoRateLimit:
        return DynamoRateLimit(self.table, now)

    def spending(self) -> DynamoSpending:
        return DynamoSpending(self.table)

    def text_claims(self, now: Callable[[], float] = time.time) -> DynamoTextClaims:
        return DynamoTextClaims(self.table, now)

    def keys(self) -> SecretKeys:
        return SecretKeys(self.secret)

    def liveness(self) -> Liveness:
        return DynamoLiveness(self.table, beat_seconds=0.2, lease_seconds=1.5)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now
