"""A reservation gives back what was surely not billed, and nothing else, however its call ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from jobs.scorers.reservations import Reservation
from jobs.stores.local.spending import LocalSpending
from transforms.errors import LakeError, ScorerError


@pytest.fixture
def spending(tmp_path: Path) -> Iterator[LocalSpending]:
    """15 units are reserved of 20."""
    with closing(LocalSpending(tmp_path / "meter.sqlite")) as spending:
        spending.begin("R1", "2026-11", 20)
        assert spending.reserve("R1", [3, 5, 7]).items == 3
        yield spending


def reservation(spending: LocalSpending) -> Reservation:
    return Reservation(spending, "R1", {10: 3, 11: 5, 12: 7})


def test_of_a_call_that_was_never_sent_all_is_given_back(spending: LocalSpending) -> None:
    with reservation(spending):
        pass
    assert spending.of_runs(["R1"]) == 0


def test_also_where_an_error_came_before_it(spending: LocalSpending) -> None:
    with suppress(LakeError), reservation(spending) as reserved:
        reserved.give_back([10])
        assert spending.of_runs(["R1"]) == 12  # at once: others may need it
        raise LakeError("no turn")
    assert spending.of_runs(["R1"]) == 0


def test_of_a_call_that_was_sent_what_is_named_is_given_back(spending: LocalSpending) -> None:
    with reservation(spending) as reserved:
        reserved.sent()
        reserved.give_back([11])
    assert spending.of_runs(["R1"]) == 10


@pytest.mark.parametrize("error", [KeyError, ScorerError])
def test_what_a_call_may_have_cost_stays_reserved_whatever_is_raised(
    spending: LocalSpending, error: type[Exception]
) -> None:
    with suppress(error), reservation(spending) as reserved:
        reserved.sent()
        raise error("half an answer")
    assert spending.of_runs(["R1"]) == 15


def test_nothing_is_given_back_twice(spending: LocalSpending) -> None:
    with reservation(spending) as reserved:
        reserved.give_back([10])
        with pytest.raises(KeyError):
            reserved.give_back([10])
    assert spending.of_runs(["R1"]) == 0
