"""What each store is held to. Callers know these, and no twin; a contract test holds both twins to them.

The score cache's protocol is `transforms.sentiment.protocols.ScoreCache`, for scoring knows it too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from jobs.stores.steps import Granted, Turn
from transforms.schemas import RunState


class TakenFile(NamedTuple):
    """A file of a drop as the manifest knows it."""

    ds: str
    uri: str  # or a keyed hash of it, where the file is called otherwise
    size: int
    stamp: str
    deferred: int = 0  # documents of it that ended DEFERRED and are to be taken up again
    called: str | None = None  # what its rows were published under, where that is not the URI
    rejected_as: str | None = None  # what it was read with, where every document of it was rejected

    @property
    def source_file(self) -> str:
        """What its rows were published under."""
        return self.uri if self.called is None else self.called


class PublishedFile(NamedTuple):
    """A Parquet file of `scores` that readers see."""

    path: str  # below the lake's root
    rows: int


class Publication(NamedTuple):
    """What readers see of a date: these files, whatever else lies beside them."""

    run_id: str
    files: tuple[PublishedFile, ...]  # in the order of their rows


@dataclass(frozen=True)
class RunEntry:
    """What the ledger knows of a run. `record` is what the run itself had to say, None while it works."""

    run_id: str
    ds: str  # the run's date
    state: RunState
    record: dict[str, Any] | None
    dates: tuple[str, ...]  # the dates it may have written
    settled: bool  # see `Ledger.settle`


class Ledger(Protocol):
    """The small store of truth: runs, pointers, publications and the files they took.

    A date's pointer names the run that readers see. Each publication remembers the one it replaced, so a date's history
    is a chain: what it has taken from drops is what the runs of its chain took, and taking a publication back
    (rollback) forgets its files with it. Every change is made whole or not at all. Every method raises LakeError.
    """

    def begin(self, run_id: str, ds: str, dates: Collection[str], *, alone: bool) -> None:
        """Enter a run that starts, under its date, with the dates that it is going to write.

        With `alone` it locks them: of two paid runs for a date only one works at a time, for the other would buy the
        same texts. Raises PublishConflict where a date is locked already; a lock ends with its run.
        """
        ...

    def end(self, run_id: str, state: RunState, record: Mapping[str, Any] | None) -> bool:
        """Enter how a run ended that published nothing; whether it did. A run that has ended stays what it is."""
        ...

    def settle(self, run_id: str) -> None:
        """Enter that a run has ended and left all it leaves, and that nothing else of it is there."""
        ...

    def runs(self, since: datetime | None = None) -> list[RunEntry]:
        """Every run, in the order in which they began; or at least those that began since a time."""
        ...

    def runs_of(self, ds: str) -> list[RunEntry]:
        """The runs of a date, in the order in which they began."""
        ...

    def open_runs(self) -> list[RunEntry]:
        """Runs that are not settled: they work, were killed, or left something to be removed."""
        ...

    def publications(self, dates: Collection[str] | None = None) -> dict[str, Publication]:
        """What readers see of every date, or of some, by date: all of one moment."""
        ...

    def pointers(self) -> dict[str, str]:
        """Which run readers see of every date, by date: all of one moment."""
        ...

    def taken(self, uris: Collection[str]) -> dict[str, TakenFile]:
        """Of some files, named by URI or the keyed hash of it, those that published runs have taken, as last taken."""
        ...

    def knows_hashes(self) -> bool:
        """Whether a published run may have taken a file that is known by a keyed hash of its URI."""
        ...

    def publish(
        self,
        run_id: str,
        replaces: Mapping[str, str | None],
        files: Mapping[str, Sequence[PublishedFile]],
        taken: Sequence[TakenFile],
        record: Mapping[str, Any],
    ) -> None:
        """Point every date of `replaces` to this run, if each still points to the run given there (None: to none).

        `files` are each date's. All dates move, and what was `taken` counts so, or nothing happens and PublishConflict
        is raised; so it is where a file was taken for another date meanwhile. A run that is published already is
        published.
        """
        ...

    def rollback(self, ds: str) -> tuple[str, str]:
        """Point a date back to the run before; (the run taken back, the run that readers see now).

        Raises LakeError where there is no run before.
        """
        ...


class RateLimit(Protocol):
    """One limiter and one circuit breaker of calls for all threads, workers and runs of a lake. Raises LakeError.

    A `quota` names an operation of a service; each has a rate of its own.
    """

    def turn(self, quota: str, tps: float) -> Turn:
        """The next turn at `tps` calls a second; whoever gets it waits for its time and makes one call."""
        ...

    def throttled(self, quota: str) -> None:
        """The service refused a call as one too many."""
        ...

    def failed(self, quota: str) -> None:
        """A call had no answer, or that the service is out of order."""
        ...

    def answered(self, quota: str) -> None:
        """A call was answered: the breaker closes."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class Spending(Protocol):
    """Billing units, reserved before each call, so that no budget is ever exceeded. Raises LakeError.

    A reservation stays what it is until it is known that nothing was billed for it: what a killed worker had reserved,
    or a call that was never answered, counts as spent.
    """

    def begin(self, run_id: str, month: str, budget: int | None) -> None:
        """Enter a run of a month, such as 2026-11, that may spend `budget` units (None: any number)."""
        ...

    def end(self, run_id: str, month: str) -> None:
        """Grant no more to a run of a month, entered or not: it is over, whatever its workers think."""
        ...

    def reserve(self, run_id: str, units: Sequence[int]) -> Granted:
        """Reserve units for items, from the first on as long as they fit the run's budget.

        A run that was not entered, or that has ended, is granted nothing.
        """
        ...

    def release(self, run_id: str, units: int) -> None:
        """Give back what was reserved and surely not billed."""
        ...

    def recover(self, run_id: str, month: str, units: int) -> int:
        """Enter what a run of a month is known to have spent, where less is entered; the units that this adds.

        The run is over: it is granted no more.
        """
        ...

    def of_runs(self, run_ids: Sequence[str]) -> int:
        """The units that some runs have spent."""
        ...

    def of_month(self, month: str) -> int:
        """The units that all runs of this lake have spent in a month, such as 2026-11."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class TextClaims(Protocol):
    """Who is buying what, so that no two workers or runs buy the same text at the same moment. Raises LakeError.

    Copies of a text come to one worker of a run. But two runs may score two dates at once, and a chunk of a long text
    may be a short text elsewhere: whoever comes second looks the text up again instead of buying it.
    """

    def claim(self, run_id: str, holder: str, keys: Sequence[bytes], looked_up: Collection[bytes]) -> set[bytes]:
        """The keys that are the holder's now, a worker of the run: new ones, its own, and of those that it has
        `looked_up` again, in vain, the ones whose lease has run out.

        It has looked up all of them since the claims were opened, in vain: so claims whose lease was over by then
        need not be known any more.
        """
        ...

    def release(self, holder: str, keys: Sequence[bytes]) -> None:
        """Give up claims that bought nothing."""
        ...

    def forget(self, run_id: str) -> None:
        """Drop the claims of a run that is over. What it had bought is in the cache."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class Meter(NamedTuple):
    """What a paid call asks before it is made."""

    rate_limit: RateLimit
    spending: Spending
    claims: TextClaims

    def close(self) -> None:
        """Let go of all three."""
        for store in self:
            store.close()


class Keys(Protocol):
    """The lake's secret."""

    def content_key(self, *, unused: bool = False) -> bytes:
        """The key of content and subject keys: 32 random bytes, made on first use. Raises LakeError where it is lost.

        It is lost where it is gone and runs were published, unless it is known to be `unused`: they had a key from
        elsewhere.

        Losing it loses nothing but the cache; sharing it lets others test guesses of a text against its fingerprint.
        """
        ...


class Liveness(Protocol):
    """Whether the process of a run lives."""

    def hold(self, run_id: str) -> AbstractContextManager[object]:
        """Say that a run lives, until the context ends or the process does."""
        ...

    def lives(self, run_id: str) -> bool:
        """Whether a run's process lives."""
        ...

    def sweep(self) -> None:
        """Remove what processes have left that are dead."""
        ...
