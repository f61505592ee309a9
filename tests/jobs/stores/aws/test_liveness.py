"""Heartbeats on DynamoDB: clocks that differ, a process that halts, and those who take over what a dead one held."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Lock

import pytest

from jobs.stores.aws import client as patience
from jobs.stores.aws.dynamodb import Item, Put, Table
from jobs.stores.aws.liveness import DynamoLiveness
from jobs.stores.steps import CLOCKS_DIFFER
from tests.jobs.stores.aws.faults import before_send, count_calls, lose_answers, refusal
from tests.jobs.stores.twins import AwsTwin

KEY = {"pk": "alive#R1", "sk": "alive"}


@pytest.fixture
def liveness(aws_twin: AwsTwin) -> DynamoLiveness:
    return DynamoLiveness(aws_twin.table, beat_seconds=0.1, lease_seconds=1)


def left(at: float) -> Item:
    """What a process leaves that dies."""
    return {**KEY, "holder": "dead", "beat": 7, "at": at, "expires_at": int(at) + 1000}


def lives_while_it_beats(liveness: DynamoLiveness, table: Table, item: Item) -> bool:
    """Whether a run is told to live while what its process left goes on to beat."""
    with ThreadPoolExecutor(1) as pool:
        table.write(Put(item))
        lives = pool.submit(liveness.lives, "R1")
        while not lives.done():
            item["beat"] += 1
            table.write(Put(item))
    return lives.result()


@pytest.mark.parametrize("ahead", [-86_400, -CLOCKS_DIFFER, 0, 86_400])
def test_a_dead_run_is_dead_whatever_its_clock_said(liveness: DynamoLiveness, table: Table, ahead: float) -> None:
    table.write(Put(left(time.time() + ahead)))

    assert not liveness.lives("R1")


def test_a_dead_run_is_watched_once(liveness: DynamoLiveness, table: Table) -> None:
    table.write(Put(left(time.time())))
    assert not liveness.lives("R1")
    calls = count_calls(liveness._table.client)
    with liveness.hold("R1"):
        assert "GetItem" not in calls


def test_a_run_that_was_taken_for_dead_and_beats_on_is_watched_anew(liveness: DynamoLiveness, table: Table) -> None:
    table.write(Put(left(time.time())))
    assert not liveness.lives("R1")
    assert lives_while_it_beats(liveness, table, {**left(time.time()), "beat": 8})


@pytest.mark.parametrize("ahead", [-0.9 * CLOCKS_DIFFER, 86_400])
def test_a_run_whose_clock_is_wrong_lives(liveness: DynamoLiveness, table: Table, ahead: float) -> None:
    assert lives_while_it_beats(liveness, table, left(time.time() + ahead))


@pytest.mark.timeout(60)
def test_a_run_whose_beats_fail_for_a_lease_is_taken_over_and_lets_go_of_nothing(
    aws_twin: AwsTwin, liveness: DynamoLiveness, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.1)
    halted = DynamoLiveness(aws_twin.table, beat_seconds=0.1, lease_seconds=1)
    before_send(halted._table.client, "UpdateItem", lambda **_: refusal(400, "ThrottlingException"))

    with ExitStack() as taken_over:
        with halted.hold("R1"):
            assert not liveness.lives("R1")
            taken_over.enter_context(liveness.hold("R1"))
            holder = (table.get(KEY) or {})["holder"]
        assert (table.get(KEY) or {})["holder"] == holder
        assert halted.lives("R1")


def test_of_those_who_take_over_a_dead_run_one_at_a_time_does(aws_twin: AwsTwin, table: Table) -> None:
    table.write(Put(left(time.time())))
    alone = Lock()

    def finish(_: int) -> bool:
        liveness = DynamoLiveness(aws_twin.table, beat_seconds=0.1, lease_seconds=1)
        with liveness.hold("R1"):
            one = alone.acquire(blocking=False)
            time.sleep(0.2)
            if one:
                alone.release()
            return one

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(finish, range(4))) == [True] * 4
    assert table.get(KEY) is None


def test_answers_that_are_lost(liveness: DynamoLiveness, aws_twin: AwsTwin, table: Table) -> None:
    asked = iter(range(10_000))
    lose_answers(liveness._table.client, "*", lambda: next(asked) % 2 == 0)  # each call is made twice
    with liveness.hold("R1"):
        assert DynamoLiveness(aws_twin.table, beat_seconds=0.1, lease_seconds=1).lives("R1")
    assert table.get(KEY) is None


@pytest.mark.timeout(60)
def test_a_run_that_cannot_say_that_it_is_over_is_over(
    liveness: DynamoLiveness, aws_twin: AwsTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.1)
    before_send(liveness._table.client, "DeleteItem", lambda **_: refusal(400, "ThrottlingException"))

    with liveness.hold("R1"):
        pass
    assert not DynamoLiveness(aws_twin.table, beat_seconds=0.1, lease_seconds=1).lives("R1")
