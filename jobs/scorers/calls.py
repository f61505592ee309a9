"""Calls of many items each to a paid service: by threads, at the lake's rate, within the run's budget, each item once.

The one layer of retries. Whatever goes wrong with a call, each item ends with an answer, or as a Failure or Deferred
with a reason code; an item that was answered is not sent again. What a reply means for the items is `outcomes`' to say;
here it is carried out.
"""

from __future__ import annotations

import hmac
import random
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Generic, TypeVar

from jobs import milestones
from jobs.milestones import Milestone
from jobs.scorers.batches import BUDGET_SPENT, Batch, Batches
from jobs.scorers.call_policy import CallPolicy
from jobs.scorers.outcomes import (
    Answers,
    Call,
    CallOutcome,
    Rejected,
    Reply,
    Signal,
    Throttled,
    Unanswered,
    outcome_of,
)
from jobs.scorers.reservations import Reservation
from jobs.stores.protocols import Meter
from jobs.stores.steps import FAILURES
from transforms.cost import ITEMS_A_CALL
from transforms.errors import ScorerError
from transforms.pii.redacted import RedactedText
from transforms.sentiment.protocols import Claimed, Deferred, Failure, Usage

T = TypeVar("T")

# How long others are given who are buying a text before it is looked up, in seconds.
CLAIM_PAUSE = 0.5
# An outage that lasts so long is left to the next run, in seconds.
OUTAGE_SECONDS = 1800.0

DEADLINE_REACHED = "DEADLINE_REACHED"
SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"


def claim_keys(key: bytes, quota: str, language: str, texts: Sequence[RedactedText]) -> list[bytes]:
    """What texts are claimed by, who asks an operation about them."""
    said = f"{quota}\0{language}\0".encode()
    return [hmac.digest(key, said + text.encode(), "sha256") for text in texts]


class Calls(Generic[T]):
    """Makes the calls of one operation. `send` makes one, and raises Throttled, Unanswered, Rejected or ScorerError.

    The meter stays open: it is whoever's who opened it.
    """

    def __init__(
        self,
        quota: str,
        send: Callable[[Sequence[RedactedText], str], Answers[T]],
        policy: CallPolicy,
        meter: Meter,
        usage: Usage,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._quota, self._send, self._policy, self._usage = quota, send, policy, usage
        self._rate_limit, self._spending, self._claims = meter
        self._now, self._sleep = now, sleep
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

    def run(
        self, texts: Sequence[RedactedText], language: str
    ) -> Iterator[dict[int, T | Failure | Deferred | Claimed]]:
        """Send texts; gives how each ended by its place, as soon as it is known. Raises ScorerError and LakeError."""
        work = Batches[T](texts, language, self._policy.threads)
        count = min(self._policy.threads, -(-len(texts) // ITEMS_A_CALL))
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
            while (batch := work.take()) is not None:
                try:
                    self._end(work, batch)
                finally:
                    work.release()
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that reads
            work.fail(error)
        finally:
            work.leave()

    def _end(self, work: Batches[T], batch: Batch) -> None:
        """See to it that each item of a batch ends, or goes back to be sent again."""
        while (batch := self._reserve(work, batch)).places:
            units = {place: work.units[place] for place in batch.places}
            with Reservation(self._spending, self._policy.run_id, units) as reservation:
                batch = self._try(work, batch, reservation)

    def _reserve(self, work: Batches[T], batch: Batch) -> Batch:
        """Reserve the units of a batch; what is to be sent of it. The rest ends Deferred."""
        places = batch.places
        if stopped := self._reason_to_stop():
            work.end(dict.fromkeys(places, Deferred(stopped)))
            return batch._replace(places=())
        if self._left is not None:  # what is left only shrinks but for what is given back
            places = work.defer_beyond(places, self._left)
        while places:
            granted = self._spending.reserve(self._policy.run_id, [work.units[place] for place in places])
            if granted.items < len(places):
                self._left = granted.left
            if granted.items:
                work.end(dict.fromkeys(places[granted.items :], Deferred(BUDGET_SPENT)))
                return batch._replace(places=places[: granted.items])
            places = work.defer_beyond(places, granted.left or 0)
        return batch._replace(places=())

    def _try(self, work: Batches[T], batch: Batch, reservation: Reservation) -> Batch:
        """Make one call for a batch whose units are reserved; what of it this thread is to see to still."""
        probe = self._wait()
        if probe is None:
            return batch  # stopped: the next look sees it
        claims = self._claim(work, batch.places)
        if len(claims) < len(batch.places):
            self._leave_to_others(work, reservation, [place for place in batch.places if place not in claims])
            batch = batch._replace(places=list(claims))
            if not claims or self._reason_to_stop():
                return batch
        reply = self._reply(work, batch.places, reservation, claims.values())
        milestones.reached(Milestone.ANSWERED)
        resent = [work.resent[place] for place in batch.places]
        outcome = outcome_of(reply, Call(batch, resent, probe, self._now(), self._last_answer))
        reservation.give_back(outcome.unbilled)
        self._tell(work, outcome)
        if outcome.longest_pause:
            self._pause(outcome.longest_pause)
        work.again(outcome.again)
        work.apart(outcome.apart)
        work.end(outcome.ended)
        return outcome.retry or batch._replace(places=())

    def _wait(self) -> bool | None:
        """Wait for a turn; whether it probes a service that is out of order. None where there is no turn any more."""
        with self._gate:
            while True:
                if self._reason_to_stop():
                    return None
                turn = self._rate_limit.turn(self._quota, self._policy.quota_tps)
                self._uneasy |= turn.failures > 0
                if turn.closed:
                    if self._policy.stop_at is not None and turn.at >= self._policy.stop_at:
                        self.stop(DEADLINE_REACHED)  # now, rather than when the turn comes
                        return None
                    self._sleep(max(0.0, turn.at - self._now()))
                    return None if self._reason_to_stop() else turn.failures >= FAILURES
                if self._now() - self._last_answer > OUTAGE_SECONDS:
                    self.stop(SERVICE_UNAVAILABLE)
                self._sleep(min(1.0, max(0.0, turn.at - self._now())))

    def _reason_to_stop(self) -> str | None:
        """The code that what was not sent ends with, once nothing more is to be sent: looked at after every wait."""
        if self._policy.stop_at is not None and self._now() >= self._policy.stop_at:
            self.stop(DEADLINE_REACHED)
        return self._stopped

    def _claim(self, work: Batches[T], places: Sequence[int]) -> dict[int, bytes]:
        """Claim the texts of items; those that nobody else is buying, with their claims."""
        keys = claim_keys(self._policy.key, self._quota, work.language, [work.texts[place] for place in places])
        own = self._claims.claim(self._policy.run_id, self._holder, keys, self._looked_up)
        self._looked_up.update(set(keys) - own)
        return {place: key for place, key in zip(places, keys, strict=True) if key in own}

    def _leave_to_others(self, work: Batches[T], reservation: Reservation, places: Sequence[int]) -> None:
        """End items whose texts others are buying, once these have had a moment."""
        reservation.give_back(places)
        self._sleep(CLAIM_PAUSE)
        work.end(dict.fromkeys(places, Claimed()))

    def _reply(
        self, work: Batches[T], places: Sequence[int], reservation: Reservation, claims: Collection[bytes]
    ) -> Reply[T]:
        """Send items; what comes of it. Raises ScorerError where more calls are of no use: nothing was billed then."""
        self._count(calls=1)
        reservation.sent()
        try:
            return self._send([work.texts[place] for place in places], work.language)
        except (Throttled, Unanswered, Rejected) as error:
            return error
        except ScorerError:
            reservation.give_back(places)
            self._claims.release(self._holder, list(claims))
            raise

    def _tell(self, work: Batches[T], outcome: CallOutcome[T]) -> None:
        """Tell the rate limit, its breaker and the usage what a call was like."""
        match outcome.signal:
            case Signal.ANSWERED:
                self._last_answer = self._now()
                if self._uneasy:
                    self._uneasy = False
                    self._rate_limit.answered(self._quota)
            case Signal.THROTTLED:
                self._count(throttles=1)
                self._rate_limit.throttled(self._quota)
            case Signal.OUT_OF_ORDER:
                self._count(unconfirmed_units=sum(work.units[place] for place in outcome.unconfirmed))
                self._uneasy = True
                self._rate_limit.failed(self._quota)

    def _pause(self, longest: float) -> None:
        if self._policy.stop_at is not None:
            longest = max(0.0, min(longest, self._policy.stop_at - self._now()))
        self._sleep(random.uniform(0, longest))  # noqa: S311 - no secret

    def _count(self, calls: int = 0, throttles: int = 0, unconfirmed_units: int = 0) -> None:
        with self._counting:
            self._usage.calls += calls
            self._usage.throttles += throttles
            self._usage.unconfirmed_units += unconfirmed_units
