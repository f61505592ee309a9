"""The arithmetic of rate limit, spending and text claims, whatever comes in whatever order."""

from itertools import combinations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobs.stores.steps import (
    BURST_SECONDS,
    CUT,
    FAILURES,
    LEASE_SECONDS,
    REFUSED_ONE_OF,
    RETRY_SECONDS,
    SLOWEST,
    Claim,
    Rate,
    after_answer,
    after_failure,
    after_throttle,
    claimable,
    grant,
    take_turn,
)

START = 1_700_000_000.0
# Pauses between what happens, in seconds: none, a moment, or long.
PAUSES = st.one_of(st.just(0.0), st.floats(0, 0.3), st.floats(0, 100))
TPS = st.sampled_from([1.0, 10.0, 400.0])
SKEWS = st.lists(st.floats(-5, 5), min_size=1, max_size=3)


# The rate limit.


@given(
    tps=TPS,
    skews=SKEWS,
    events=st.lists(st.tuples(PAUSES, st.sampled_from(["turn", "turn", "throttled"]), st.integers(0, 2)), max_size=60),
)
def test_no_more_calls_are_made_than_the_rate_has(
    tps: float, skews: list[float], events: list[tuple[float, str, int]]
) -> None:
    """By the true time, of machines whose clocks differ by some seconds."""
    differ = max(skews) - min(skews)
    rate, true, calls = Rate(), START, list[float]()
    for pause, event, machine in events:
        true += pause
        skew = skews[machine % len(skews)]
        now = true + skew
        if event == "throttled":
            rate = after_throttle(rate, now)
            continue
        rate, turn = take_turn(rate, now, tps)
        assert turn.closed
        assert turn.at >= now
        calls.append(turn.at - skew)
        assert SLOWEST <= rate.share <= 1

    for (i, earlier), (j, later) in combinations(enumerate(calls), 2):
        assert later - earlier >= (j - i) / tps - BURST_SECONDS - differ - 1e-5


@given(tps=TPS, count=st.integers(2, 100))
def test_the_rate_is_used_wholly(tps: float, count: int) -> None:
    rate, turns = Rate(), list[float]()
    for _ in range(count):
        rate, turn = take_turn(rate, START, tps)
        turns.append(turn.at)

    assert turns[-1] - START == pytest.approx(max(0.0, (count - 1) / tps - BURST_SECONDS), abs=1e-4)


def test_it_is_cut_once_a_second_and_recovers() -> None:
    rate = after_throttle(Rate(), START)
    assert (rate.share, rate.cut_at) == (CUT, START)
    assert after_throttle(rate, START + 0.9) == rate
    assert after_throttle(rate, START + 5).share == pytest.approx(CUT * (CUT + 0.1))
    assert after_throttle(rate, START + 500).share == CUT

    rare = rate._replace(calls=REFUSED_ONE_OF)
    assert after_throttle(rare, START + 5) == rare._replace(calls=0)

    for second in range(100):
        rate = after_throttle(rate, START + second)
    assert rate.share == SLOWEST


def test_a_clock_that_is_behind_makes_it_no_slower_than_it_is() -> None:
    rate = Rate(share=SLOWEST, cut_at=START)
    after, turn = take_turn(rate, START - 10, 10)

    assert turn.at == START - 10
    assert after.due - turn.at == pytest.approx(1 / (10 * SLOWEST) - BURST_SECONDS, abs=1e-4)


AHEAD = st.sampled_from([60 * 60.0, 365 * 24 * 60 * 60.0])


@given(tps=TPS, ahead=AHEAD, failures=st.integers(0, FAILURES))
def test_what_a_clock_wrote_that_was_ahead_is_waited_for_by_nobody(tps: float, ahead: float, failures: int) -> None:
    """A run slept, until 2026-11-28, as long as another's clock had been wrong."""
    wrong = START + ahead
    rate, _ = take_turn(after_throttle(Rate(), wrong), wrong, tps)
    for _ in range(failures):
        rate = after_failure(rate, wrong)

    rate, turn = take_turn(rate, START, tps)

    assert turn == (START, True, failures)
    assert rate.due == pytest.approx(START + 1 / tps)  # at full speed
    assert after_throttle(rate, START).cut_at == START
    assert claimable(KEYS, {b"a": Claim("two", wrong)}, "one", KEYS, START) == {*KEYS}


@given(events=st.lists(st.tuples(PAUSES, st.sampled_from(["fails", "waits", "answers"])), max_size=60), tps=TPS)
def test_an_open_breaker_lets_one_call_through_at_a_time(events: list[tuple[float, str]], tps: float) -> None:
    """Whether it fails at once or nothing is heard of it, until one is answered."""
    rate, now, probes = Rate(failures=FAILURES, retry_at=START + RETRY_SECONDS), START, [START]
    for pause, event in events:
        now += pause
        rate, turn = take_turn(rate, now, tps)
        assert turn.failures == rate.failures
        if not turn.closed:
            assert turn.at > now
            assert rate.failures >= FAILURES
            continue
        if turn.failures >= FAILURES:
            assert now >= probes[-1] + RETRY_SECONDS
            probes.append(now)
        if event == "fails":
            rate = after_failure(rate, now)
        elif event == "answers":
            rate = after_answer(rate)
            assert take_turn(rate, now, tps)[1].failures == 0


def test_failures_in_a_row_open_the_breaker() -> None:
    rate = Rate()
    for _ in range(FAILURES - 1):
        rate = after_failure(rate, START)
    assert take_turn(rate, START, 10)[1].closed
    assert not take_turn(after_failure(rate, START), START, 10)[1].closed


# Spending.


@given(
    budget=st.one_of(st.none(), st.integers(0, 50)),
    spent=st.integers(0, 60),
    units=st.lists(st.integers(0, 20), max_size=20),
)
def test_a_grant_never_exceeds_a_budget_and_leaves_nothing_that_fits(
    budget: int | None, spent: int, units: list[int]
) -> None:
    reserved, granted = grant(budget, spent, units)

    assert reserved == spent + sum(units[: granted.items])
    if budget is None:
        assert (granted.items, granted.left) == (len(units), None)
        return
    assert granted.left == max(0, budget - reserved)
    assert reserved <= budget or granted.items == 0
    if granted.items < len(units):
        assert reserved + units[granted.items] > budget


# Text claims.

KEYS = (b"a", b"b", b"c", b"d", b"e")
HOLDERS = ("one", "two")
AGES = (0.0, LEASE_SECONDS - 1, LEASE_SECONDS, 1e6, -3.0)
CLAIMS = st.tuples(st.sampled_from(HOLDERS), st.sampled_from(AGES))


@given(
    keys=st.lists(st.sampled_from(KEYS), min_size=3, max_size=8),
    claimed=st.fixed_dictionaries({b"a": CLAIMS, b"b": CLAIMS, b"c": CLAIMS}, optional={b"d": CLAIMS}),
    holder=st.sampled_from(HOLDERS),
    looked_up=st.sets(st.sampled_from(KEYS), min_size=2),
)
@example(keys=[*KEYS], claimed={b"a": ("two", LEASE_SECONDS)}, holder="one", looked_up={*KEYS})
def test_a_key_is_claimable_where_nobody_else_may_be_buying_it(
    keys: list[bytes], claimed: dict[bytes, tuple[str, float]], holder: str, looked_up: set[bytes]
) -> None:
    claims = {key: Claim(owner, START - age) for key, (owner, age) in claimed.items()}
    own = claimable(keys, claims, holder, looked_up, START)

    for key in set(keys):
        owner, age = claimed.get(key, (holder, 0.0))
        assert (key in own) == (owner == holder or (key in looked_up and age >= LEASE_SECONDS))
    assert own <= set(keys)


def test_a_lease_is_longer_than_a_call_and_a_cache_that_is_busy() -> None:
    from jobs.stores.aws.client import PATIENCE

    longest_call = 11.0
    assert longest_call + PATIENCE < LEASE_SECONDS
