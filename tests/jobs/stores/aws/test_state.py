"""Steps of a state: each on what is there, made once, on whoever's answer was lost."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from jobs.stores.aws import client as patience
from jobs.stores.aws.dynamodb import Item, Table
from jobs.stores.aws.state import State
from tests.jobs.stores.aws.faults import before_send, count_calls, lose_answers, refusal, the_first
from transforms.errors import LakeBusy

KEY = {"pk": "state", "sk": "state"}


@pytest.fixture
def other(table: Table) -> Iterator[Table]:
    """Another machine's."""
    with closing(Table(table.name)) as other:
        yield other


def add(units: int) -> Callable[[Item], tuple[Item, int]]:
    def step(before: Item) -> tuple[Item, int]:
        after = before.get("units", 0) + units
        return {"units": after}, after

    return step


def look(before: Item) -> tuple[Item, int]:
    return before, before.get("units", 0)


def test_a_step_is_taken_from_what_others_have_written(table: Table, other: Table) -> None:
    mine, theirs = State(table), State(other)

    assert [mine.step(KEY, add(1)), mine.step(KEY, add(1)), theirs.step(KEY, add(10))] == [1, 2, 12]
    assert [mine.step(KEY, add(1)), theirs.step(KEY, look), mine.step(KEY, look)] == [13, 13, 13]


def test_what_stands_is_read_where_nothing_is_to_be_written(table: Table, other: Table) -> None:
    mine, theirs = State(table), State(other)

    assert [mine.step(KEY, look), theirs.step(KEY, add(1)), mine.step(KEY, look)] == [0, 1, 1]


def test_who_is_alone_makes_one_call_a_step(table: Table) -> None:
    state = State(table)
    state.step(KEY, add(1))
    calls = count_calls(table.client)

    assert [state.step(KEY, add(1)) for _ in range(3)] == [2, 3, 4]
    assert calls == ["PutItem"] * 3


def test_a_step_whose_answer_was_lost_is_taken_once(table: Table) -> None:
    lose_answers(table.client, "PutItem", the_first(3))
    state = State(table)

    assert [state.step(KEY, add(1)), state.step(KEY, add(1))] == [1, 2]
    assert State(table).step(KEY, look) == 2


def test_a_step_whose_answer_was_lost_and_that_others_followed_is_taken_again(table: Table, other: Table) -> None:
    mine, theirs = State(table), State(other)
    mine.step(KEY, add(1))
    lose_answers(table.client, "PutItem", the_first(1), meanwhile=lambda: theirs.step(KEY, add(10)))

    assert mine.step(KEY, add(1)) == 13  # 1, 1 that nobody heard of, 10, and 1
    assert theirs.step(KEY, look) == 13


def test_an_item_that_was_taken_away_is_begun_anew(table: Table, other: Table) -> None:
    state = State(table)
    state.step(KEY, add(5))
    other.delete_many([KEY])

    assert state.step(KEY, add(1)) == 1


@pytest.mark.timeout(30)
def test_too_busy_for_too_long(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.2)
    before_send(table.client, "PutItem", lambda **_: refusal(400, "ConditionalCheckFailedException"))

    with pytest.raises(LakeBusy, match=r"others write it at the same moment, for 0\.2 seconds"):
        State(table).step(KEY, add(1))
