"""The pace: exact, one for all processes, slower where the service refuses, and at rest where it is out of order."""

import multiprocessing
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from jobs.services.pace import BURST_SECONDS, CUT, FAILURES, RETRY_SECONDS, SLOWEST, LocalPace, Turn
from transforms.errors import LakeError

QUOTA = "BatchDetectSentiment"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(tmp_path: Path, clock: Clock) -> Iterator[LocalPace]:
    pace = LocalPace(tmp_path / "meter.sqlite", clock)
    yield pace
    pace.close()


def use(pace: LocalPace, clock: Clock, seconds: float, tps: float = 10) -> int:
    """Take turn after turn, each when it is due, for some seconds; how many that were."""
    end = clock.now + seconds
    count = 0
    while (turn := pace.turn(QUOTA, tps)).at < end:
        assert turn.closed
        clock.now = max(clock.now, turn.at)
        count += 1
    return count


def test_turns_are_a_rate_apart_whoever_asks(pace: LocalPace, clock: Clock) -> None:
    use(pace, clock, 1.0)
    turns = [pace.turn(QUOTA, 10).at for _ in range(50)]

    assert [later - earlier for earlier, later in pairwise(turns)] == pytest.approx([0.1] * 49)


def test_turns_that_nobody_took_are_lost_but_for_a_moment(pace: LocalPace, clock: Clock) -> None:
    use(pace, clock, 1.0)
    clock.now += 60

    at_once = sum(pace.turn(QUOTA, 10).at == clock.now for _ in range(50))

    assert at_once == int(BURST_SECONDS * 10) + 1


def test_each_operation_has_a_quota_of_its_own(pace: LocalPace, clock: Clock) -> None:
    use(pace, clock, 1.0)
    assert pace.turn("BatchDetectDominantLanguage", 10).at == clock.now


def test_it_slows_down_where_many_calls_are_refused_and_recovers(pace: LocalPace, clock: Clock) -> None:
    use(pace, clock, 2.0)
    pace.throttled(QUOTA)  # one of twenty
    assert use(pace, clock, 10.0) == pytest.approx(100, abs=2)

    for _ in range(3):  # refused at the same moment: one cut
        pace.throttled(QUOTA)
        pace.turn(QUOTA, 10)
    use(pace, clock, 1.0)  # these turns, too
    assert use(pace, clock, 2.0) == pytest.approx(20 * CUT, abs=2)

    use(pace, clock, 20.0)
    assert use(pace, clock, 10.0) == pytest.approx(100, abs=2)


def test_where_every_call_is_refused_it_slows_to_a_minimum_and_no_further(pace: LocalPace, clock: Clock) -> None:
    for _ in range(50):
        clock.now = max(clock.now, pace.turn(QUOTA, 10).at)
        pace.throttled(QUOTA)

    first, second = pace.turn(QUOTA, 10), pace.turn(QUOTA, 10)
    assert 1 / (10 * CUT) < second.at - first.at <= 1 / (10 * SLOWEST)


def test_an_outage_lets_one_call_through_each_half_minute_and_ends_by_itself(pace: LocalPace, clock: Clock) -> None:
    for _ in range(FAILURES):
        clock.now = max(clock.now, pace.turn(QUOTA, 10).at)
        pace.failed(QUOTA)

    start, calls = clock.now, []
    while clock.now < start + 300:
        turn = pace.turn(QUOTA, 10)
        if turn.closed:
            calls.append(clock.now)
            pace.failed(QUOTA)
        else:
            clock.now = turn.at
    assert len(calls) == 300 / RETRY_SECONDS - 1
    assert all(later - earlier >= RETRY_SECONDS for earlier, later in pairwise(calls))

    probe = pace.turn(QUOTA, 10)
    assert probe == Turn(clock.now, closed=True, failures=probe.failures)
    assert probe.failures > FAILURES
    assert not pace.turn(QUOTA, 10).closed  # one at a time
    pace.answered(QUOTA)
    assert pace.turn(QUOTA, 10).failures == 0


def test_processes_share_one_pace(tmp_path: Path) -> None:
    path = tmp_path / "meter.sqlite"
    LocalPace(path).close()
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        taken = [at for turns in pool.map(_take, [path] * 3) for at in turns]

    taken.sort()
    assert len(taken) == 150
    rate = (len(taken) - 1) / (taken[-1] - taken[0])
    assert rate == pytest.approx(100, rel=0.25)  # with the burst; a pace for each process would give 300


def _take(path: Path) -> list[float]:
    pace = LocalPace(path)
    turns = []
    for _ in range(50):
        at = pace.turn(QUOTA, 100).at
        time.sleep(max(0.0, at - time.time()))
        turns.append(at)
    pace.close()
    return turns


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "meter.sqlite").write_text("not a database, and long enough to be seen as none " * 40)
    with pytest.raises(LakeError, match=r"meter\.sqlite cannot be used"):
        LocalPace(tmp_path / "meter.sqlite")
