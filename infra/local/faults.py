"""Faults by a schedule: a TOML file with one `[[fault]]` for each rule.

[[fault]]
kind = "error"              # error | throttle | outage | reject | expire | reset | stall | slow | item_error | job
status = 503
share = 0.05                # of calls (of documents for item_error); all if not given
from = 10                   # seconds since the first call
until = 20
operation = "BatchDetectSentiment"
calls = 3                   # at most so many times

The same seed and the same order of calls give the same faults: rule n draws for its n-th call, whatever the clock and
the other rules say.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Annotated, ClassVar, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from infra.local.jobs import Harm
from infra.local.operations import BATCH_OPERATIONS, DESCRIBE_JOB, OPERATIONS, START_JOB
from infra.local.refusal import Refusal
from transforms.errors import UsageError

_SAID = "The fault schedule refuses this call."
_Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class Arrival(NamedTuple):
    """A call as the schedule sees it."""

    operation: str
    texts: Sequence[str]
    seconds: float  # since the first call
    key_seconds: float  # since its access key was first seen


@dataclass
class Strike:
    """What is to happen to one call."""

    refusal: Refusal | None = None  # in place of an answer
    wait: float = 0.0  # seconds before the service sees the call
    hold: float = 0.0  # seconds that the answer, scored and billed, is held back
    reset: Literal["unseen", "billed"] | None = None  # the connection's: before the service sees the call, or after
    harm: Harm | None = None  # what becomes of a job that the call starts
    item_errors: list[Callable[[], str | None]] = field(default_factory=list)

    def item_error(self) -> str | None:
        """Asked once for each document: the code that it fails with, or None."""
        for draw in self.item_errors:
            if code := draw():
                return code
        return None


class Rule(BaseModel):
    """What every rule has. A call is ended by the first rule that ends it; delays add up."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    may_be_for: ClassVar[Sequence[str]] = tuple(OPERATIONS)

    share: Annotated[float, Field(ge=0, le=1)] = 1.0
    begin: Annotated[_Seconds, Field(alias="from")] = 0.0
    until: _Seconds | None = None
    operation: str | None = None
    calls: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _can_come_true(self) -> Self:
        if self.until is not None and self.until <= self.begin:
            raise ValueError("until must be later than from")
        if self.operation is not None and self.operation not in self.may_be_for:
            raise ValueError(f"operation must be one of {', '.join(self.may_be_for)}")
        return self


class ServerError(Rule):
    """The service fails."""

    kind: Literal["error"]
    status: Literal[500, 503] = 500


class Throttle(Rule):
    """A proxy on the way refuses: status 429 and an empty body."""

    kind: Literal["throttle"]


class Outage(Rule):
    """Every call between two moments fails."""

    kind: Literal["outage"]


class Reject(Rule):
    """A document that no call with it survives."""

    kind: Literal["reject"]
    text: Annotated[str, StringConstraints(min_length=1)]  # that it holds
    code: _Code = "InvalidRequestException"


class Expire(Rule):
    """An access key is good for some seconds from its first call."""

    kind: Literal["expire"]
    seconds: _Seconds


class Reset(Rule):
    """The connection is reset, before the service sees the call or, billed, with the answer on its way."""

    kind: Literal["reset"]
    billed: bool = False


class Stall(Rule):
    """Nothing happens for a long time, before the service sees the call or, billed, with the answer on its way."""

    kind: Literal["stall"]
    seconds: _Seconds = 30.0
    billed: bool = False


class Slow(Rule):
    """The answer takes longer."""

    kind: Literal["slow"]
    seconds: _Seconds


class ItemError(Rule):
    """Documents of a batch fail, one by one."""

    may_be_for: ClassVar[Sequence[str]] = (*BATCH_OPERATIONS, DESCRIBE_JOB)

    kind: Literal["item_error"]
    code: _Code = "InternalServerException"


class JobHarm(Rule):
    """A job that is started ends otherwise, or says nothing of lines from one on."""

    may_be_for: ClassVar[Sequence[str]] = (START_JOB,)

    kind: Literal["job"]
    operation: str | None = START_JOB
    status: Literal["FAILED", "STOPPED"] | None = None
    answers: Annotated[int, Field(ge=0)] | None = None


_Kinds = ServerError | Throttle | Outage | Reject | Expire | Reset | Stall | Slow | ItemError | JobHarm


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    fault: list[Annotated[_Kinds, Field(discriminator="kind")]] = []


def parse_faults(text: str, source: str) -> Sequence[Rule]:
    """The rules of a TOML text; `source` is what messages call it. Raises UsageError that lists every mistake."""
    try:
        return _File.model_validate(tomllib.loads(text)).fault
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source}: {error}") from None
    except ValidationError as error:
        mistakes = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_input=False)]
        raise UsageError(f"{source}: " + "; ".join(mistakes)) from None


class Schedule:
    """Rules in the order of their file, and how far each has come."""

    def __init__(self, rules: Sequence[Rule], seed: int) -> None:
        self._turns = [_Turn(rule, Random(f"{seed} {number}")) for number, rule in enumerate(rules)]  # noqa: S311 - to repeat
        self._first: int | None = None
        self._keys: dict[str, int] = {}

    def strike(self, operation: str, texts: Sequence[str], access_key: str, now: int) -> Strike:
        """What is to happen to a call that arrives now, in nanoseconds."""
        if self._first is None:
            self._first = now
        first_seen = self._keys.setdefault(access_key, now)
        arrival = Arrival(operation, texts, (now - self._first) / 1e9, (now - first_seen) / 1e9)
        strike = Strike()
        for turn in self._turns:
            turn.take(arrival, strike)
        return strike


class _Turn:
    """One rule at work."""

    def __init__(self, rule: Rule, random: Random) -> None:
        self._rule, self._random = rule, random
        self._left = rule.calls

    def take(self, arrival: Arrival, strike: Strike) -> None:
        """Add to a call what this rule does to it, if it does."""
        rule = self._rule
        if rule.operation not in (None, arrival.operation):
            return
        runs = rule.begin <= arrival.seconds and (rule.until is None or arrival.seconds < rule.until)
        if isinstance(rule, ItemError):
            if runs:
                strike.item_errors.append(lambda: rule.code if self._drawn() and self._spend() else None)
            return
        drawn = self._drawn()  # always, so that the n-th call's fate does not hang on the clock
        ended = strike.refusal or strike.reset
        if drawn and runs and not ended and _meant(rule, arrival) and self._spend():
            _strike(rule, strike)

    def _drawn(self) -> bool:
        return self._random.random() < self._rule.share

    def _spend(self) -> bool:
        if self._left is not None:
            if not self._left:
                return False
            self._left -= 1
        return True


def _meant(rule: Rule, arrival: Arrival) -> bool:
    """Whether a call is of the sort that a rule is for."""
    match rule:
        case Reject():
            return any(rule.text in text for text in arrival.texts)
        case Expire():
            return arrival.key_seconds >= rule.seconds
        case _:
            return True


def _strike(rule: Rule, strike: Strike) -> None:
    """Say what a rule does to a call."""
    match rule:
        case ServerError(status=500):
            strike.refusal = Refusal("InternalServerException", _SAID, 500)
        case ServerError() | Outage():
            strike.refusal = Refusal("ServiceUnavailable", _SAID, 503)
        case Throttle():
            strike.refusal = Refusal("", status=429)
        case Reject():
            strike.refusal = Refusal(rule.code, _SAID)
        case Expire():
            strike.refusal = Refusal("ExpiredTokenException", "The security token included in the request is expired")
        case Reset():
            strike.reset = "billed" if rule.billed else "unseen"
        case Stall(billed=False):
            strike.wait += rule.seconds
        case JobHarm():
            strike.harm = Harm(rule.status, rule.answers)
        case Stall() | Slow():
            strike.hold += rule.seconds
