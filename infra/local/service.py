"""The local Comprehend without its sockets: calls in, replies out, at a rate, with faults, and everything counted."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import orjson

from infra.local.answers import Sentiment
from infra.local.faults import Rule, Schedule, Strike
from infra.local.jobs import Jobs
from infra.local.operations import DESCRIBE_JOB, OPERATIONS, START_JOB, Answer, Desk
from infra.local.refusal import JSON, Refusal
from infra.local.usage import Usage

_SECOND = 1_000_000_000  # nanoseconds

_THROTTLED = Refusal("ThrottlingException", "Rate exceeded")
_UNKNOWN = Refusal("UnknownOperationException", "There is no such operation here.")
_MALFORMED = Refusal("SerializationException", "The request is not a JSON object.")


class Bucket:
    """A token bucket that holds a second's worth of calls, one at least, and is full at first.

    Kept as the moment when it will be full again, in whole nanoseconds: nothing is rounded away, however long it runs.
    """

    def __init__(self, tps: float) -> None:
        self._interval = round(_SECOND / tps)
        self._room = max(0, _SECOND - self._interval)  # how far off that moment may be for one more call
        self._full = 0

    def take(self, now: int) -> bool:
        """Whether a call may pass now (nanoseconds, never less than before)."""
        full = max(self._full, now)
        if full - now > self._room:
            return False
        self._full = full + self._interval
        return True


class Call(NamedTuple):
    """A call that arrived, and what is to become of it."""

    operation: str
    request: JSON
    refusal: Refusal | None
    strike: Strike
    usage: Usage  # what it is counted in, though all be reset before it is answered


class Reply(NamedTuple):
    """What is sent: an HTTP status and a body."""

    status: int
    body: bytes


class Service:
    """One Comprehend. `tps` is calls a second of each operation, or None for any number; `clock` counts nanoseconds."""

    def __init__(
        self,
        sentiment: Sentiment,
        tps: float | None = None,
        rules: Sequence[Rule] = (),
        seed: int = 1,
        clock: Callable[[], int] = time.monotonic_ns,
        job_seconds: float = 0.0,
    ) -> None:
        """`job_seconds` is how long a job takes."""
        self._job_seconds = job_seconds
        self._sentiment, self._tps, self._rules, self._seed, self._clock = sentiment, tps, rules, seed, clock
        self.reset()

    def reset(self) -> None:
        """As if just started: counts, buckets and faults."""
        self.usage = Usage(tuple(OPERATIONS), time.time() - self._clock() / _SECOND)
        self._schedule = Schedule(self._rules, self._seed)
        self._jobs = Jobs(self._job_seconds, self._clock)
        self._buckets = {name: Bucket(self._tps) for name in OPERATIONS} if self._tps else {}

    def receive(self, operation: str, body: bytes, access_key: str) -> Call:
        """Count a call and decide its fate. What a fault keeps from the service takes nothing from the rate."""
        now = self._clock()
        request = _parse(body)
        texts = _texts(request or {})
        self.usage.called(operation, texts, now)
        strike = self._schedule.strike(operation, texts, access_key, now)
        refusal = strike.refusal
        if not refusal and strike.reset != "unseen":
            bucket = self._buckets.get(operation)
            if operation not in OPERATIONS:
                refusal = _UNKNOWN
            elif bucket and not bucket.take(now):
                refusal = _THROTTLED
            elif request is None:
                refusal = _MALFORMED
        return Call(operation, request or {}, refusal, strike, self.usage)

    def work(self, item_error: Callable[[], str | None] = lambda: None) -> None:
        """Do the jobs whose time has come: their texts arrive and are billed as those of who started them."""
        texts = self._jobs.work(self._sentiment, item_error)
        self.usage.arrived(START_JOB, texts)
        self.usage.billed(START_JOB, texts)

    def answer(self, call: Call) -> Reply:
        """Score and bill a call, or refuse it."""
        strike = call.strike
        if call.operation == DESCRIBE_JOB:
            self.work(strike.item_error)
        answer = call.refusal or _answer(call, Desk(self._sentiment, strike.item_error, self._jobs, strike.harm))
        if isinstance(answer, Refusal):
            throttled = answer.code == _THROTTLED.code or answer.status == 429
            (call.usage.throttled if throttled else call.usage.failed)(call.operation)
            return Reply(answer.status, answer.body)
        call.usage.billed(call.operation, answer.billed)
        if call.strike.reset:
            call.usage.failed(call.operation)
        return Reply(200, orjson.dumps(answer.body))


def _answer(call: Call, desk: Desk) -> Answer | Refusal:
    try:
        return OPERATIONS[call.operation](call.request, desk)
    except Refusal as refusal:
        return refusal
    except Exception as error:  # noqa: BLE001 - its message could hold a text, so type and place alone
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(last.filename).name}:{last.lineno}"
        return Refusal(
            "InternalServerException", f"unexpected {type(error).__name__} at {place}: please report it", 500
        )


def _parse(body: bytes) -> JSON | None:
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return request if isinstance(request, dict) else None


def _texts(request: JSON) -> list[str]:
    """Every text of a request, of whatever operation, also where it breaks a limit."""
    listed = request.get("TextList")
    values = [*(listed if isinstance(listed, list) else ()), request.get("Text")]
    return [value for value in values if isinstance(value, str)]
