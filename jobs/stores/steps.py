"""The arithmetic of rate limit, spending and text claims: from what a store holds to what it holds next.

Pure, so that the twins share it: each reads the state, takes a step, and writes what came of it, in one transaction.
Clocks of several machines may differ by some seconds: then calls bunch up by as many seconds' worth, at most. What a
clock has written that was further ahead counts for nothing, so that nobody waits for its times to come.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

# Turns that nobody took are kept this long, in seconds: what is lost to a busy machine is caught up with. Far less than
# the second's worth of calls that the service lets through at once.
BURST_SECONDS = 0.2
# The service throttles us all the same (others share its quota): where more than one call of so many is refused, the
# rate falls to CUT of what it was, once a second at most, and rises again by RECOVERY of the quota a second.
REFUSED_ONE_OF = 20
CUT = 0.7
CUT_SECONDS = 1.0
RECOVERY = 0.02
SLOWEST = 0.05
# So many calls in a row without an answer open the breaker; from then on one call each RETRY_SECONDS tries again.
FAILURES = 5
RETRY_SECONDS = 30.0
# Turns that are taken and not yet due: each process waits for one of an operation, and there are fewer than so many. A
# turn that is due later than they all was entered by a clock that was ahead.
WAITING = 256
# Clocks that are right differ by less, in seconds.
CLOCKS_DIFFER = 30.0

# How long an entry of the score cache is good for. Longer than a year, so that what comes back with the season is not
# bought again.
CACHE_LIFETIME = timedelta(days=400)

# A claim that has brought no score within this many seconds is of a worker that died: a call takes eleven at most, and
# a cache that is busy has its score a minute later. Clocks may differ by the rest.
LEASE_SECONDS = 90.0

# How long the lake's key is.
KEY_BYTES = 32


class Turn(NamedTuple):
    """When a call may be made, in seconds since 1970, or, of a breaker that is open, when to ask again."""

    at: float
    closed: bool = True  # the breaker; an open one gives no turn but a time to ask again
    failures: int = 0  # calls in a row without an answer before this one; with these a call is a probe


class Rate(NamedTuple):
    """What a rate limit holds of one quota; times in seconds since 1970."""

    due: float = 0.0  # when the next turn is
    share: float = 1.0  # of the quota that is used, at `cut_at`
    cut_at: float = 0.0
    calls: int = 0  # since the last one that was throttled
    failures: int = 0  # calls in a row without an answer
    retry_at: float = 0.0  # when the open breaker lets the next call through


def take_turn(rate: Rate, now: float, tps: float) -> tuple[Rate, Turn]:
    """The next turn at `tps` calls a second, by virtual scheduling (the generic cell rate algorithm, ITU-T I.371).

    A turn is due 1 / rate after the last, however many ask, so that the quota is used exactly, also where one worker
    has all the work.
    """
    if rate.failures >= FAILURES and now < rate.retry_at <= now + RETRY_SECONDS + CLOCKS_DIFFER:
        return rate, Turn(rate.retry_at, closed=False, failures=rate.failures)
    apart = 1 / (tps * _recovered(rate, now))
    due = rate.due if rate.due <= now + WAITING * apart + CLOCKS_DIFFER else now
    start = max(due, now - BURST_SECONDS)
    after = rate._replace(
        due=start + apart,
        calls=rate.calls + 1,
        retry_at=now + RETRY_SECONDS if rate.failures >= FAILURES else rate.retry_at,
    )
    return after, Turn(max(start, now), failures=rate.failures)


def after_throttle(rate: Rate, now: float) -> Rate:
    """The service refused a call as one too many."""
    if rate.calls < REFUSED_ONE_OF and not now - CUT_SECONDS < rate.cut_at <= now + CLOCKS_DIFFER:
        slower = max(SLOWEST, CUT * _recovered(rate, now))
        return rate._replace(share=slower, cut_at=now, calls=0)
    return rate._replace(calls=0)


def after_failure(rate: Rate, now: float) -> Rate:
    """A call had no answer, or that the service is out of order."""
    return rate._replace(failures=rate.failures + 1, retry_at=now + RETRY_SECONDS)


def after_answer(rate: Rate) -> Rate:
    """A call was answered: the breaker closes."""
    return rate._replace(failures=0)


def _recovered(rate: Rate, now: float) -> float:
    """The share of the quota that is used now."""
    ahead = rate.cut_at - now
    if ahead > CLOCKS_DIFFER:
        return 1.0
    return min(1.0, rate.share + RECOVERY * max(0.0, -ahead))


class Granted(NamedTuple):
    """How many of the wanted items fit, from the first on, and how many units are left then (None: any number)."""

    items: int
    left: int | None


def grant(budget: int | None, reserved: int, units: Sequence[int]) -> tuple[int, Granted]:
    """What is reserved after as many items as fit a budget, and what was granted; all in units.

    A run that is over has a budget of 0, whatever it has spent.
    """
    items = 0
    for item in units:
        if budget is not None and reserved + item > budget:
            break
        reserved += item
        items += 1
    return reserved, Granted(items, None if budget is None else max(0, budget - reserved))


class Claim(NamedTuple):
    """Who is buying a text, and since when, in seconds since 1970."""

    holder: str
    at: float


def claimable(
    keys: Sequence[bytes], claims: Mapping[bytes, Claim], holder: str, looked_up: Collection[bytes], now: float
) -> set[bytes]:
    """Of some keys those that the holder may claim: free ones, its own, and those whose lease has run out.

    The latter only if it has `looked_up` them again, in vain: the score may have come meanwhile.
    """
    others = {
        key
        for key, claim in claims.items()
        if claim.holder != holder and (key not in looked_up or abs(now - claim.at) < LEASE_SECONDS)
    }
    return set(keys) - others
