"""The rate limit: exact, one for all processes, slower where the service refuses, at rest where it is out of order."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from jobs.stores.local import sqlite
from jobs.stores.local.rate_limit import LocalRateLimit
from jobs.stores.protocols import RateLimit
from jobs.stores.steps import BURST_SECONDS, CUT, FAILURES, RETRY_SECONDS, SLOWEST, Turn
from tests.jobs.stores.processes import at_once, meet
from tests.jobs.stores.twins import Clock, Twin
from transforms.errors import LakeBusy, LakeError

QUOTA = "BatchDetectSentiment"
TURNS = 120  # of several at once


@pytest.fixture
def rate_limit(twin: Twin, clock: Clock) -> Iterator[RateLimit]:
    with closing(twin.rate_limit(clock)) as rate_limit:
        yield rate_limit


def use(rate_limit: RateLimit, clock: Clock, seconds: float, tps: float = 10) -> int:
    """Take turn after turn, each when it is due, for some seconds; how many that were."""
    end = clock.now + seconds
    count = 0
    while (turn := rate_limit.turn(QUOTA, tps)).at < end:
        assert turn.closed
        clock.now = max(clock.now, turn.at)
        count += 1
    return count


def test_turns_are_a_rate_apart_whoever_asks(rate_limit: RateLimit, clock: Clock) -> None:
    use(rate_limit, clock, 1.0)
    turns = [rate_limit.turn(QUOTA, 10).at for _ in range(20)]

    assert [later - earlier for earlier, later in pairwise(turns)] == pytest.approx([0.1] * 19)


def test_turns_that_nobody_took_are_lost_but_for_a_moment(rate_limit: RateLimit, clock: Clock) -> None:
    use(rate_limit, clock, 1.0)
    clock.now += 60

    at_once = sum(rate_limit.turn(QUOTA, 10).at == clock.now for _ in range(20))

    assert at_once == int(BURST_SECONDS * 10) + 1


def test_each_operation_has_a_quota_of_its_own(rate_limit: RateLimit, clock: Clock) -> None:
    use(rate_limit, clock, 1.0)
    for _ in range(FAILURES):
        rate_limit.failed(QUOTA)

    assert rate_limit.turn("BatchDetectDominantLanguage", 10) == Turn(clock.now)


def test_it_slows_down_where_many_calls_are_refused_and_recovers(rate_limit: RateLimit, clock: Clock) -> None:
    use(rate_limit, clock, 2.0)
    rate_limit.throttled(QUOTA)  # one of twenty
    assert use(rate_limit, clock, 4.0) == pytest.approx(40, abs=2)

    for _ in range(3):  # refused at the same moment: one cut
        rate_limit.throttled(QUOTA)
        rate_limit.turn(QUOTA, 10)
    use(rate_limit, clock, 1.0)  # these turns, too
    assert use(rate_limit, clock, 2.0) == pytest.approx(20 * CUT, abs=2)

    clock.now += 20.0
    use(rate_limit, clock, 1.0)
    assert use(rate_limit, clock, 4.0) == pytest.approx(40, abs=2)


def test_where_every_call_is_refused_it_slows_to_a_minimum_and_no_further(rate_limit: RateLimit, clock: Clock) -> None:
    for _ in range(30):
        clock.now = max(clock.now, rate_limit.turn(QUOTA, 10).at)
        rate_limit.throttled(QUOTA)

    first, second = rate_limit.turn(QUOTA, 10), rate_limit.turn(QUOTA, 10)
    assert 1 / (10 * CUT) < second.at - first.at <= 1 / (10 * SLOWEST)


def test_an_outage_lets_one_call_through_each_half_minute_and_ends_by_itself(
    rate_limit: RateLimit, clock: Clock
) -> None:
    for _ in range(FAILURES):
        clock.now = max(clock.now, rate_limit.turn(QUOTA, 10).at)
        rate_limit.failed(QUOTA)

    start, calls = clock.now, []
    while clock.now < start + 300:
        turn = rate_limit.turn(QUOTA, 10)
        if turn.closed:
            calls.append(clock.now)
            rate_limit.failed(QUOTA)
        else:
            clock.now = turn.at
    assert len(calls) == 300 / RETRY_SECONDS - 1
    assert all(later - earlier >= RETRY_SECONDS for earlier, later in pairwise(calls))

    probe = rate_limit.turn(QUOTA, 10)
    assert probe == Turn(clock.now, closed=True, failures=probe.failures)
    assert probe.failures > FAILURES
    assert not rate_limit.turn(QUOTA, 10).closed  # one at a time
    rate_limit.answered(QUOTA)
    assert rate_limit.turn(QUOTA, 10).failures == 0


def test_what_is_told_before_any_turn_counts(rate_limit: RateLimit, clock: Clock) -> None:
    rate_limit.answered(QUOTA)
    rate_limit.throttled(QUOTA)
    rate_limit.failed(QUOTA)

    assert rate_limit.turn(QUOTA, 10) == Turn(clock.now, failures=1)


def test_it_is_kept(twin: Twin, clock: Clock) -> None:
    with closing(twin.rate_limit(clock)) as rate_limit:
        use(rate_limit, clock, 1.0)
        rate_limit.failed(QUOTA)
        due = rate_limit.turn(QUOTA, 10).at

    with closing(twin.rate_limit(clock)) as rate_limit:
        turn = rate_limit.turn(QUOTA, 10)
        assert turn == Turn(turn.at, failures=1)
        assert turn.at - due == pytest.approx(0.1, abs=1e-4)


def test_threads_share_one_rate(rate_limit: RateLimit, clock: Clock) -> None:
    with ThreadPoolExecutor(4) as pool:
        _are_a_rate_apart(list(pool.map(lambda _: rate_limit.turn(QUOTA, 100).at, range(TURNS))), clock)


def test_processes_share_one_rate(twin: Twin, clock: Clock) -> None:
    with at_once(3) as pool:
        taken = pool.starmap(_take, [(twin, clock)] * 3)

    _are_a_rate_apart([at for turns in taken for at in turns], clock)


def _take(twin: Twin, clock: Clock) -> list[float]:
    with closing(twin.rate_limit(clock)) as rate_limit:
        meet()
        return [rate_limit.turn(QUOTA, 100).at for _ in range(TURNS // 3)]


def _are_a_rate_apart(turns: list[float], clock: Clock) -> None:
    """All of `TURNS` turns that were taken at one moment, at 100 a second, but for those that are due at once."""
    due = int(BURST_SECONDS * 100) + 1
    expected = [0.0] * due + [(number + 1) / 100 for number in range(TURNS - due)]
    assert sorted(at - clock.now for at in turns) == pytest.approx(expected, abs=1e-6)


# The local twin. Rate limit, spending and text claims say alike what went wrong.


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "meter.sqlite").write_text("not a database, and long enough to be seen as none " * 40)
    with pytest.raises(LakeError, match=r"meter\.sqlite cannot be used") as told:
        LocalRateLimit(tmp_path / "meter.sqlite")
    assert not isinstance(told.value, LakeBusy)


def test_a_file_that_others_use_for_too_long_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.01)
    path = tmp_path / "meter.sqlite"
    with closing(LocalRateLimit(path)) as rate_limit, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LakeBusy, match=r"meter\.sqlite cannot be used: database is locked"):
            rate_limit.turn(QUOTA, 10)
        other.rollback()
        assert rate_limit.turn(QUOTA, 10).closed
