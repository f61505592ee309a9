"""What the answer to a call, or the lack of one, means for its items. Pure: no clock, no threads, no stores."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from jobs.scorers.batches import Batch
from transforms.sentiment.protocols import Failure

T = TypeVar("T")

# Times that an item is sent again that the service could not answer.
ITEM_RETRIES = 3
# Times that a call is made before its items are blamed, one half at a time, for having no answer: fewer than open the
# breaker, so that a text that the service dies of does not look like an outage.
CALL_ATTEMPTS = 3
# Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): a random pause up to a bound that doubles.
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 20.0

NO_ANSWER = "NO_ANSWER"


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


Reply: TypeAlias = Answers[T] | Throttled | Unanswered | Rejected


class Call(NamedTuple):
    """A call as it was made."""

    batch: Batch
    resent: Sequence[int]  # how often each of its items was sent again, because a call answered others and not it
    probe: bool  # of a service that is out of order
    ended: float  # when the reply came, in seconds since 1970
    last_answer: float  # when the service last answered any call, likewise


class Signal(Enum):
    """What a call tells of the service."""

    ANSWERED = "answered"
    THROTTLED = "throttled"
    OUT_OF_ORDER = "out of order"


@dataclass(frozen=True)
class CallOutcome(Generic[T]):
    """What came of a call. Each of its items is in one of `ended`, `again`, `apart` and `retry`, by its place."""

    signal: Signal
    ended: Mapping[int, T | Failure] = field(default_factory=dict)
    again: Sequence[int] = ()  # to be sent again, in whatever batch
    apart: Sequence[Batch] = ()  # to be sent again, in these batches
    retry: Batch | None = None  # to be sent again by who sent it
    longest_pause: float = 0.0  # before anything is sent again, in seconds
    unbilled: Sequence[int] = ()  # items that surely were not
    unconfirmed: Sequence[int] = ()  # items of which nobody knows


def outcome_of(reply: Reply[T], call: Call) -> CallOutcome[T]:
    """What a reply means for the items of a call; docs/comprehend.md has the rules as a table."""
    batch = call.batch
    match reply:
        case Answers():
            return _after_answers(reply, call)
        case Throttled():
            pause = longest_pause(batch.unanswered)
            return CallOutcome(Signal.THROTTLED, retry=batch, longest_pause=pause, unbilled=batch.places)
        case Unanswered():
            return _after_silence(reply, call)
        case Rejected():
            failed = dict.fromkeys(batch.places, Failure(reason_code(reply.code)))
            ended, apart = (failed, ()) if reply.every else _halved(batch, reply.code)
            return CallOutcome(Signal.ANSWERED, ended=ended, apart=apart, unbilled=batch.places)


def _after_answers(answers: Answers[T], call: Call) -> CallOutcome[T]:
    """What was answered has ended; what was not is sent again, ITEM_RETRIES times at most."""
    places = call.batch.places
    ended: dict[int, T | Failure] = {places[i]: found for i, found in answers.found.items()}
    unbilled = [place for place in places if place not in ended]
    again = []
    for i, place in enumerate(places):
        if place in ended:
            continue
        if call.resent[i] < ITEM_RETRIES:
            again.append(place)
        else:
            ended[place] = Failure(reason_code(answers.errors.get(i, NO_ANSWER)))
    # What goes at once has others with it that were not tried yet, unless nothing of the call was answered.
    pause = longest_pause(1 + max(call.resent)) if len(again) == len(places) else 0.0
    return CallOutcome(Signal.ANSWERED, ended=ended, again=again, longest_pause=pause, unbilled=unbilled)


def _after_silence(error: Unanswered, call: Call) -> CallOutcome[T]:
    """The call is made again, and after CALL_ATTEMPTS its halves by themselves."""
    places = call.batch.places
    unanswered = call.batch.unanswered + (not call.probe)  # in an outage, no item is to blame
    since = call.batch.since or call.ended
    batch = Batch(places, unanswered, since)
    # A text alone is to blame only if the service has answered others meanwhile.
    blamed = unanswered >= CALL_ATTEMPTS and (len(places) > 1 or call.last_answer > since)
    ended, apart = _halved(batch, error.code) if blamed else ({}, ())
    return CallOutcome(
        Signal.OUT_OF_ORDER,
        ended=ended,
        apart=apart,
        retry=None if blamed else batch,
        longest_pause=0.0 if blamed else longest_pause(unanswered),
        unbilled=() if error.billed else places,
        unconfirmed=places if error.billed else (),
    )


def _halved(batch: Batch, code: str) -> tuple[Mapping[int, Failure], Sequence[Batch]]:
    """To find the item that a batch is refused for, each half goes by itself; an item alone fails."""
    places = batch.places
    if len(places) == 1:
        return {places[0]: Failure(reason_code(code))}, ()
    middle = (len(places) + 1) // 2
    return {}, [Batch(half, since=batch.since) for half in (places[:middle], places[middle:])]


def longest_pause(attempt: int) -> float:
    """The bound of the pause after an attempt, from 0, in seconds."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**attempt)


def reason_code(code: str) -> str:
    """A service's error code as our reason codes are written: InternalServerException -> INTERNAL_SERVER_EXCEPTION."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", code).upper()
    name = re.sub(r"[^A-Z0-9]+", "_", words).strip("_")[:64]
    return name if name[:1].isalpha() else f"ERROR_{name}".rstrip("_")
