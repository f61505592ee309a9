"""Spending: a budget is never exceeded, whoever spends and however they end."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Barrier

import pytest

from jobs.stores.protocols import Spending
from jobs.stores.steps import Granted
from tests.jobs.stores.processes import SPAWN
from tests.jobs.stores.twins import Twin
from transforms.errors import LakeError

MONTH = "2026-11"


@pytest.fixture
def spending(twin: Twin) -> Iterator[Spending]:
    with closing(twin.spending()) as spending:
        yield spending


def test_items_are_granted_from_the_first_on_as_long_as_they_fit(spending: Spending) -> None:
    spending.begin("R1", MONTH, 10)

    assert spending.reserve("R1", [3, 3]) == Granted(2, 4)
    assert spending.reserve("R1", [3, 3]) == Granted(1, 1)
    assert spending.reserve("R1", [3]) == Granted(0, 1)
    assert spending.reserve("R1", []) == Granted(0, 1)
    assert spending.of_runs(["R1"]) == 9


def test_what_was_surely_not_billed_is_given_back(spending: Spending) -> None:
    spending.begin("R1", MONTH, 6)
    spending.reserve("R1", [3, 3])
    spending.release("R1", 3)

    assert spending.reserve("R1", [3, 3]) == Granted(1, 0)


def test_without_a_budget_everything_fits_and_is_counted(spending: Spending) -> None:
    spending.begin("R1", MONTH, None)

    assert spending.reserve("R1", [3] * 1000) == Granted(1000, None)
    assert spending.of_runs(["R1", "unheard of"]) == 3000


def test_a_budget_of_nothing(spending: Spending) -> None:
    spending.begin("R1", MONTH, 0)

    assert spending.reserve("R1", [3]) == Granted(0, 0)


def test_a_run_that_is_over_or_was_never_entered_is_granted_nothing(spending: Spending) -> None:
    """Workers of a driver that was killed went on spending until 2026-11-28."""
    spending.begin("R1", MONTH, None)
    spending.reserve("R1", [3])
    spending.end("R1", MONTH)
    spending.end("R2", MONTH)  # killed before it was entered

    assert [spending.reserve(run, [3]) for run in ("R1", "R2", "R3")] == [Granted(0, 0)] * 3
    assert [spending.of_runs([run]) for run in ("R1", "R2", "R3")] == [3, 0, 0]


def test_what_a_run_that_is_over_gives_back_is_granted_to_nobody(spending: Spending) -> None:
    """It could be reserved anew until 2026-11-29."""
    spending.begin("R1", MONTH, 9)
    spending.reserve("R1", [3, 3])
    spending.end("R1", MONTH)
    spending.release("R1", 3)

    assert spending.reserve("R1", [3]) == Granted(0, 0)
    assert spending.of_runs(["R1"]) == 3


def test_runs_are_counted_apart_and_together(spending: Spending) -> None:
    for run, units in (("R1", 5), ("R2", 7)):
        spending.begin(run, MONTH, units)
        assert spending.reserve(run, [units]) == Granted(1, 0)

    assert [spending.of_runs(runs) for runs in ([], ["R1"], ["R2"], ["R1", "R2"])] == [0, 5, 7, 12]


def test_months_are_counted_apart(spending: Spending) -> None:
    for run, month in (("R1", MONTH), ("R2", MONTH), ("R3", "2026-12")):
        spending.begin(run, month, None)
        spending.reserve(run, [5])

    assert [spending.of_month(month) for month in (MONTH, "2026-12", "2027-01")] == [10, 5, 0]


def test_a_run_is_entered_once(spending: Spending) -> None:
    spending.begin("R1", MONTH, 5)
    spending.reserve("R1", [5])

    with pytest.raises(LakeError):
        spending.begin("R1", MONTH, 10)
    assert spending.reserve("R1", [5]) == Granted(0, 0)


def test_what_a_run_is_known_to_have_spent_is_entered_and_nothing_lowered(spending: Spending) -> None:
    spending.begin("R1", MONTH, None)
    spending.reserve("R1", [5])

    assert [spending.recover("R1", "2026-12", units) for units in (3, 7, 7)] == [0, 2, 0]
    assert [spending.recover("R2", MONTH, 4), spending.recover("R2", MONTH, 4)] == [4, 0]

    assert [spending.of_runs(["R1"]), spending.of_month(MONTH), spending.of_month("2026-12")] == [7, 11, 0]
    assert [spending.reserve(run, [1]) for run in ("R1", "R2")] == [Granted(0, 0)] * 2


def test_threads_spend_one_budget(spending: Spending) -> None:
    spending.begin("R1", MONTH, 50)

    with ThreadPoolExecutor(8) as pool:
        granted = sum(pool.map(lambda _: spending.reserve("R1", [3]).items, range(40)))
    assert granted * 3 == spending.of_runs(["R1"]) == 48


def test_many_workers_spend_one_budget_and_what_the_killed_had_reserved_stays_spent(
    twin: Twin, spending: Spending
) -> None:
    spending.begin("R1", MONTH, 400)
    granted, all_here = SPAWN.Value("i", 0), SPAWN.Barrier(3)
    workers = [SPAWN.Process(target=_spend, args=(twin, granted, all_here, number)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [worker.exitcode for worker in workers] == [-signal.SIGKILL, 0, 0]
    assert granted.value * 7 == spending.of_runs(["R1"]) == 399


def _spend(twin: Twin, granted: "Synchronized[int]", all_here: Barrier, number: int) -> None:
    with closing(twin.spending()) as spending:
        all_here.wait()
        reservations = sum(spending.reserve("R1", [7]).items for _ in range(3))
        all_here.wait()  # none is so slow that the others leave it nothing to die of
        if number == 0:
            with granted.get_lock():
                granted.value += reservations
            os.kill(os.getpid(), signal.SIGKILL)
        while spending.reserve("R1", [7]).items:
            reservations += 1
    with granted.get_lock():
        granted.value += reservations
