"""What rate limit and spending have in DynamoDB beside their contract."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise

import pytest

from jobs.stores.aws.dynamodb import Table
from jobs.stores.aws.rate_limit import DynamoRateLimit
from jobs.stores.aws.spending import DynamoSpending
from jobs.stores.steps import BURST_SECONDS, Granted
from tests.jobs.stores.aws.faults import before_send, lose_answers, refusal, the_first
from tests.jobs.stores.processes import at_once, meet
from tests.jobs.stores.twins import AwsTwin, Clock
from transforms.errors import LakeError

QUOTA, MONTH = "BatchDetectSentiment", "2026-11"


@pytest.fixture
def rate_limit(aws_twin: AwsTwin, clock: Clock) -> Iterator[DynamoRateLimit]:
    with closing(aws_twin.rate_limit(clock)) as rate_limit:
        yield rate_limit


@pytest.fixture
def spending(aws_twin: AwsTwin) -> Iterator[DynamoSpending]:
    with closing(aws_twin.spending()) as spending:
        yield spending


# Turns.


def test_a_turn_whose_answer_was_lost_is_taken_and_no_other_lost(rate_limit: DynamoRateLimit) -> None:
    [rate_limit.turn(QUOTA, 10) for _ in range(5)]
    lose_answers(rate_limit._table.client, "PutItem", the_first(3))

    turns = [rate_limit.turn(QUOTA, 10).at for _ in range(6)]
    assert [later - earlier for earlier, later in pairwise(turns)] == pytest.approx([0.1] * 5)


def test_the_time_is_that_of_the_try_that_came_through(rate_limit: DynamoRateLimit, clock: Clock) -> None:
    busy = the_first(2)

    def wait(**_: object) -> object:
        clock.now += 10
        return refusal(400, "ThrottlingException") if busy() else None

    before_send(rate_limit._table.client, "PutItem", wait)

    assert rate_limit.turn(QUOTA, 10).at == clock.now - 10  # not 20 earlier, when others' turns are long over


def test_machines_share_one_rate_though_answers_are_lost(aws_twin: AwsTwin, clock: Clock) -> None:
    with ThreadPoolExecutor(3) as pool:
        taken = list(pool.map(lambda seed: _take(aws_twin, clock, seed), range(3)))

    turns = sorted(at for turns in taken for at in turns)
    due = int(BURST_SECONDS * 100) + 1
    assert len(turns) == 60
    assert all(second - first >= 0.01 - 1e-6 for first, second in pairwise(turns[due:]))


def _take(twin: AwsTwin, clock: Clock, seed: int) -> list[float]:
    chance = random.Random(seed)
    with closing(twin.rate_limit(clock)) as rate_limit:
        lose_answers(rate_limit._table.client, "PutItem", lambda: chance.random() < 0.2)
        return [rate_limit.turn(QUOTA, 100).at for _ in range(20)]


# Units.


def test_of_eight_machines_whose_answers_are_lost_none_exceeds_the_budget(
    aws_twin: AwsTwin, spending: DynamoSpending
) -> None:
    spending.begin("R1", MONTH, 300)
    with ThreadPoolExecutor(8) as pool:
        granted = sum(pool.map(lambda seed: _spend(aws_twin, seed), range(8)))

    _never_exceeded(spending, granted)


@pytest.mark.slow
def test_of_eight_processes_neither(aws_twin: AwsTwin, spending: DynamoSpending) -> None:
    spending.begin("R1", MONTH, 300)
    with at_once(8) as pool:
        granted = sum(pool.starmap(_meet_and_spend, [(aws_twin, seed) for seed in range(8)]))

    _never_exceeded(spending, granted)


def _never_exceeded(spending: DynamoSpending, granted: int) -> None:
    """Nor is more left than no item fits."""
    spent = spending.of_runs(["R1"])
    assert granted <= spent <= 300
    assert spent > 295
    assert spending.reserve("R1", [10]) == Granted(0, 300 - spent)


def _meet_and_spend(twin: AwsTwin, seed: int) -> int:
    meet()
    return _spend(twin, seed)


def _spend(twin: AwsTwin, seed: int) -> int:
    """What a worker keeps of what it was granted; now and then it gives some back."""
    chance = random.Random(seed)
    kept = 0
    with closing(twin.spending()) as spending:
        lose_answers(spending._table.client, "*", lambda: chance.random() < 0.2)
        while items := spending.reserve("R1", [5, 5]).items:
            kept += 5 * items
            if chance.random() < 0.2:
                spending.release("R1", 5)
                kept -= 5
    return kept


def test_what_is_given_back_is_given_back_once(spending: DynamoSpending) -> None:
    spending.begin("R1", MONTH, 9)
    spending.reserve("R1", [3, 3, 3])
    lose_answers(spending._table.client, "*", the_first(1))
    spending.release("R1", 3)

    assert spending.reserve("R1", [3, 3]) == Granted(1, 0)


def test_what_another_has_given_back_is_seen_at_once(aws_twin: AwsTwin, spending: DynamoSpending) -> None:
    with closing(aws_twin.spending()) as other:
        spending.begin("R1", MONTH, 6)
        assert spending.reserve("R1", [3, 3]) == Granted(2, 0)
        other.release("R1", 3)
        assert spending.reserve("R1", [3, 3]) == Granted(1, 0)
        other.release("R1", 6)
        assert spending.reserve("R1", [3]) == Granted(1, 3)


def test_a_run_whose_entry_had_no_answer_is_entered(spending: DynamoSpending) -> None:
    lose_answers(spending._table.client, "TransactWriteItems", the_first(1))
    spending.begin("R1", MONTH, 3)

    assert spending.reserve("R1", [3, 3]) == Granted(1, 0)
    assert spending.of_month(MONTH) == 3


def test_a_run_that_is_entered_is_named(spending: DynamoSpending, aws_twin: AwsTwin) -> None:
    spending.begin("R1", MONTH, 3)

    with pytest.raises(LakeError, match=rf"DynamoDB table {aws_twin.table}, .* run R1 is entered already"):
        spending.begin("R1", MONTH, 3)


# What stays.


def test_items_go_when_they_are_of_no_use(
    table: Table, rate_limit: DynamoRateLimit, spending: DynamoSpending, clock: Clock
) -> None:
    rate_limit.turn(QUOTA, 10)
    spending.begin("R1", MONTH, 3)

    ends = [next(table.query(pk))["expires_at"] for pk in (f"rate#{QUOTA}", "spending#R1", f"spending-month#{MONTH}")]
    day, november = 24 * 3600, 1_793_491_200
    assert ends == [clock.now + 2 * day, november + 400 * day, november + 400 * day]


def test_a_rate_that_is_of_no_use_and_still_there_does_no_harm(rate_limit: DynamoRateLimit, clock: Clock) -> None:
    rate_limit.turn(QUOTA, 10)
    clock.now += 40 * 24 * 3600

    assert rate_limit.turn(QUOTA, 10).at == clock.now
