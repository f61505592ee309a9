"""Spending: a budget is never exceeded, whoever spends and however they end."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.services.spending import Granted, LocalSpending

MONTH = "2026-11"


@pytest.fixture
def spending(tmp_path: Path) -> Iterator[LocalSpending]:
    spending = LocalSpending(tmp_path / "meter.sqlite")
    yield spending
    spending.close()


def test_items_are_granted_from_the_first_on_as_long_as_they_fit(spending: LocalSpending) -> None:
    spending.begin("R1", MONTH, 10)

    assert spending.reserve("R1", [3, 3]) == Granted(2, 4)
    assert spending.reserve("R1", [3, 3]) == Granted(1, 1)
    assert spending.reserve("R1", [3]) == Granted(0, 1)
    assert spending.of_runs(["R1"]) == 9


def test_what_was_surely_not_billed_is_given_back(spending: LocalSpending) -> None:
    spending.begin("R1", MONTH, 6)
    spending.reserve("R1", [3, 3])
    spending.release("R1", 3)

    assert spending.reserve("R1", [3, 3]) == Granted(1, 0)


def test_without_a_budget_everything_fits_and_is_counted(spending: LocalSpending) -> None:
    spending.begin("R1", MONTH, None)

    assert spending.reserve("R1", [3] * 1000) == Granted(1000, None)
    assert spending.of_runs(["R1", "unheard of"]) == 3000


def test_months_are_counted_apart(spending: LocalSpending) -> None:
    for run, month in (("R1", MONTH), ("R2", MONTH), ("R3", "2026-12")):
        spending.begin(run, month, None)
        spending.reserve(run, [5])

    assert [spending.of_month(month) for month in (MONTH, "2026-12", "2027-01")] == [10, 5, 0]


def test_many_workers_spend_one_budget_and_what_the_killed_had_reserved_stays_spent(tmp_path: Path) -> None:
    path = tmp_path / "meter.sqlite"
    spending = LocalSpending(path)
    spending.begin("R1", MONTH, 1000)
    context = multiprocessing.get_context("spawn")
    granted = context.Value("i", 0)
    workers = [context.Process(target=_spend, args=(path, granted, number)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [worker.exitcode for worker in workers] == [-9, 0, 0, 0]
    assert granted.value * 7 == spending.of_runs(["R1"]) == 994
    spending.close()


def _spend(path: Path, granted: "multiprocessing.sharedctypes.Synchronized[int]", number: int) -> None:
    spending = LocalSpending(path)
    for turn in range(100):
        items = spending.reserve("R1", [7]).items
        with granted.get_lock():
            granted.value += items
        if number == 0 and turn == 3:
            os.kill(os.getpid(), signal.SIGKILL)
    spending.close()
