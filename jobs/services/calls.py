"""Calls of many items each to a paid service: by threads, at the lake's pace, within the run's budget, each item once.

The one layer of retries. Whatever goes wrong with a call, each item ends with an answer, or as a Failure or Deferred
with a reason code; an item that was answered is not sent again.
"""

from __future__ import annotations

import hmac
import random
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from jobs.services.batches import BUDGET_SPENT, ITEMS_A_CALL, Batches
from jobs.services.claims import LocalClaims
from jobs.services.pace import FAILURES, LocalPace
from jobs.services.spending import LocalSpending
from transforms.errors import ScorerError
from transforms.sentiment.protocols import Claimed, Deferred, Failure, RedactedText, Usage

T = TypeVar("T")

# Times that an item is sent again that the service could not answer.
ITEM_RETRIES = 3
# Times that a call is made before its items are blamed, one half at a time, for having no answer: fewer than open the
# breaker, so that a text that the service dies of does not look like an outage.
CALL_ATTEMPTS = 3
# Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): a random pause up to a bound that doubles.
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 20.0
# How long others are given who are buying a text before it is looked up, in seconds.
CLAIM_PAUSE = 0.5
# An outage that lasts so long is left to the next run, in seconds.
OUTAGE_SECONDS = 1800.0

DEADLINE_REACHED = "DEADLINE_REACHED"
SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
NO_ANSWER = "NO_ANSWER"


@dataclass(frozen=True)
class Terms:
    """On what terms a run's workers make calls."""

    meter: Path  # the SQLite file of pace and spending
    run_id: str
    quota_tps: float  # calls a second of each operation, for all runs of the lake together
    stop_at: float | None = None  # no call is made after it, in seconds since 1970
    key: bytes = field(default=b"", repr=False)  # what claims on texts are fingerprinted with

    @property
    def threads(self) -> int:
        """Calls that one worker has in flight: enough to use the whole quota alone at half a second a call."""
        return max(4, min(48, round(self.quota_tps / 2)))


class Answers(NamedTuple, Generic[T]):
    """What a call gave, by the place of the text in it: an answer, or an error's code."""

    found: Mapping[int, T]
    errors: Mapping[int, str]


class Throttled(Exception):
    """One call too many; nothing was billed."""


class Unanswered(Exception):
    """No answer, or one that the service is out of order. `code` says which, `billed` whether it may have been."""

    def __init__(self, code: str, *, billed: bool) -> None:
        super().__init__(code)
        self.code, self.billed = code, billed


class Rejected(Exception):
    """The service does not take these texts; nothing was billed. `every`: whatever they say, so none is to blame."""

    def __init__(self, code: str, *, every: bool = False) -> None:
        super().__init__(code)
        self.code, self.every = code, every


class Calls(Generic[T]):
    """Makes the calls of one operation. `send` makes one, and raises Throttled, Unanswered, Rejected or ScorerError."""

    def __init__(
        self,
        quota: str,
        send: Callable[[Sequence[RedactedText], str], Answers[T]],
        terms: Terms,
        usage: Usage,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._quota, self._send, self._terms, self._usage = quota, send, terms, usage
        self._now, self._sleep = now, sleep
        self._pace = LocalPace(terms.meter, now)
        self._spending = LocalSpending(terms.meter)
        self._claims = LocalClaims(terms.meter, now)
        self._holder = uuid.uuid4().hex
        self._looked_up: set[bytes] = set()  # claims of others that were reported: whoever reads looks those texts up
        self._gate = threading.Lock()  # one thread at a time waits for a turn, so that no more are held than used
        self._counting = threading.Lock()
        self._stopped: str | None = None
        self._left: int | None = None  # units of the budget, when last asked
        self._uneasy = False  # the breaker counts failures
        self._last_answer = now()

    def stop(self, code: str) -> None:
        """Make no more calls: what was not sent yet ends Deferred with this code."""
        self._stopped = self._stopped or code

    def close(self) -> None:
        """Let go of the meter."""
        self._pace.close()
        self._spending.close()
        self._claims.close()

    def run(
        self, texts: Sequence[RedactedText], language: str
    ) -> Iterator[dict[int, T | Failure | Deferred | Claimed]]:
        """Send texts; gives how each ended by its place, as soon as it is known. Raises ScorerError."""
        work = Batches[T](texts, language, self._terms.threads)
        count = min(self._terms.threads, -(-len(texts) // ITEMS_A_CALL))
        threads = [threading.Thread(target=self._work, args=(work,), daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        try:
            yield from work.ended(len(threads))
        finally:
            for thread in threads:
                while thread.is_alive():
                    work.abandon()
                    thread.join(0.05)
        if work.error:
            raise work.error

    def _work(self, work: Batches[T]) -> None:
        """What a thread does: takes batches until none is left."""
        try:
            while (taken := work.take()) is not None:
                try:
                    self._end(work, *taken)
                finally:
                    work.release()
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that reads
            work.fail(error)
        finally:
            work.leave()

    def _end(self, work: Batches[T], batch: list[int], since: float | None) -> None:
        """See to it that each item of a batch ends, or goes back to be sent again.

        `since` is when a batch that this one was cut from had no answer for the first time.
        """
        attempt = 0
        while batch:
            batch = self._affordable(work, batch)
            if not batch:
                return
            units = sum(work.units[place] for place in batch)
            probe = self._wait()
            if probe is None:
                self._spending.release(self._terms.run_id, units)
                continue  # stopped: the next look sees it
            claims = self._claimed(work, batch)
            if len(claims) < len(batch):
                units -= self._leave_to_others(work, [place for place in batch if place not in claims])
                batch = list(claims)
            if not batch:
                return
            try:
                self._count(calls=1)
                answers = self._send([work.texts[place] for place in batch], work.language)
            except Throttled:
                self._spending.release(self._terms.run_id, units)
                self._count(throttles=1)
                self._pace.throttled(self._quota)
                self._pause(attempt)
            except Unanswered as error:
                if error.billed:
                    self._count(unconfirmed_units=units)
                else:
                    self._spending.release(self._terms.run_id, units)
                self._uneasy = True
                self._pace.failed(self._quota)
                attempt += not probe  # in an outage, no item is to blame
                since = since or self._now()
                # A text alone is to blame only if the service has answered others meanwhile.
                if attempt >= CALL_ATTEMPTS and (len(batch) > 1 or self._last_answer > since):
                    self._halve(work, batch, error.code, since)
                    return
                self._pause(attempt)
            except Rejected as error:
                self._spending.release(self._terms.run_id, units)
                self._answered()
                if error.every:
                    work.end(dict.fromkeys(batch, Failure(reason_code(error.code))))
                else:
                    self._halve(work, batch, error.code, since)
                return
            except ScorerError:
                self._spending.release(self._terms.run_id, units)
                self._claims.release(self._holder, list(claims.values()))
                raise
            else:
                self._answered()
                self._settle(work, batch, answers)
                return

    def _claimed(self, work: Batches[T], batch: Sequence[int]) -> dict[int, bytes]:
        """Claim the texts of a batch; those that nobody else is buying, with their claims."""
        said = f"{self._quota}\0{work.language}\0".encode()
        keys = [hmac.digest(self._terms.key, said + work.texts[place].encode(), "sha256") for place in batch]
        own = self._claims.claim(self._holder, keys, self._looked_up)
        self._looked_up.update(set(keys) - own)
        return {place: key for place, key in zip(batch, keys, strict=True) if key in own}

    def _leave_to_others(self, work: Batches[T], places: Sequence[int]) -> int:
        """End items whose texts others are buying, once these have had a moment; the units given back."""
        units = sum(work.units[place] for place in places)
        self._spending.release(self._terms.run_id, units)
        self._sleep(CLAIM_PAUSE)
        work.end(dict.fromkeys(places, Claimed()))
        return units

    def _affordable(self, work: Batches[T], batch: list[int]) -> list[int]:
        """Reserve the units of a batch; what is left of it. The rest ends Deferred."""
        if stopped := self._reason_to_stop():
            work.end(dict.fromkeys(batch, Deferred(stopped)))
            return []
        if self._left is not None:  # what is left only shrinks but for what is given back
            batch = work.defer_beyond(batch, self._left)
        while batch:
            granted = self._spending.reserve(self._terms.run_id, [work.units[place] for place in batch])
            if granted.items == len(batch):
                return batch
            self._left = granted.left
            if granted.items:
                work.end(dict.fromkeys(batch[granted.items :], Deferred(BUDGET_SPENT)))
                return batch[: granted.items]
            batch = work.defer_beyond(batch, granted.left or 0)
        return []

    def _wait(self) -> bool | None:
        """Wait for a turn; whether it probes a service that is out of order. None where there is no turn any more."""
        with self._gate:
            while True:
                if self._reason_to_stop():
                    return None
                turn = self._pace.turn(self._quota, self._terms.quota_tps)
                self._uneasy |= turn.failures > 0
                if turn.closed:
                    self._sleep(max(0.0, turn.at - self._now()))
                    return turn.failures >= FAILURES
                if self._now() - self._last_answer > OUTAGE_SECONDS:
                    self.stop(SERVICE_UNAVAILABLE)
                self._sleep(min(1.0, max(0.0, turn.at - self._now())))

    def _reason_to_stop(self) -> str | None:
        """The code that what was not sent ends with, once nothing more is to be sent."""
        if self._terms.stop_at is not None and self._now() >= self._terms.stop_at:
            self.stop(DEADLINE_REACHED)
        return self._stopped

    def _answered(self) -> None:
        self._last_answer = self._now()
        if self._uneasy:
            self._uneasy = False
            self._pace.answered(self._quota)

    def _settle(self, work: Batches[T], batch: list[int], answers: Answers[T]) -> None:
        """Hand over what was answered; send again what was not, three times at most."""
        ended: dict[int, T | Failure | Deferred | Claimed] = {batch[i]: found for i, found in answers.found.items()}
        again, unbilled = [], 0
        for i, place in enumerate(batch):
            if i in answers.found:
                continue
            code = answers.errors.get(i, NO_ANSWER)
            work.errors[place] += 1
            unbilled += work.units[place]
            if work.errors[place] > ITEM_RETRIES:
                ended[place] = Failure(reason_code(code))
            else:
                again.append(place)
        if unbilled:
            self._spending.release(self._terms.run_id, unbilled)
        if len(again) == len(batch):
            self._pause(max(work.errors[place] for place in again))
        work.again(again)
        work.end(ended)

    def _halve(self, work: Batches[T], batch: list[int], code: str, since: float | None) -> None:
        """Find the item that a batch is refused for: each half goes by itself, and an item alone fails."""
        if len(batch) == 1:
            work.end({batch[0]: Failure(reason_code(code))})
        else:
            middle = (len(batch) + 1) // 2
            work.apart([batch[:middle], batch[middle:]], since)

    def _pause(self, attempt: int) -> None:
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)
        if self._terms.stop_at is not None:
            longest = max(0.0, min(longest, self._terms.stop_at - self._now()))
        self._sleep(random.uniform(0, longest))  # noqa: S311 - no secret

    def _count(self, calls: int = 0, throttles: int = 0, unconfirmed_units: int = 0) -> None:
        with self._counting:
            self._usage.calls += calls
            self._usage.throttles += throttles
            self._usage.unconfirmed_units += unconfirmed_units


def reason_code(code: str) -> str:
    """A service's error code as our reason codes are written: InternalServerException -> INTERNAL_SERVER_EXCEPTION."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", code).upper()
    name = re.sub(r"[^A-Z0-9]+", "_", words).strip("_")[:64]
    return name if name[:1].isalpha() else f"ERROR_{name}".rstrip("_")
