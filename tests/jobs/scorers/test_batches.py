"""Items between the threads that send them and the one that reads how they ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from jobs.scorers.batches import BUDGET_SPENT, Batch, Batches
from transforms.cost import ITEMS_A_CALL
from transforms.pii.redacted import RedactedText
from transforms.sentiment.protocols import Deferred

THREADS = 2


def batches(count: int, length: int = 10) -> Batches[str]:
    return Batches([RedactedText("x" * length)] * count, "en", THREADS)


@pytest.fixture
def beside() -> Iterator[Callable[[Callable[[], object]], threading.Thread]]:
    """Starts something in a thread of its own, which has ended by the end of the test."""
    threads = []

    def start(what: Callable[[], object]) -> threading.Thread:
        thread = threading.Thread(target=what, daemon=True)
        threads.append(thread)
        thread.start()
        return thread

    yield start
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


Beside = Callable[[Callable[[], object]], threading.Thread]


def test_batches_are_as_full_as_can_be() -> None:
    work = batches(ITEMS_A_CALL + 2)
    assert [work.take(), work.take()] == [Batch(list(range(ITEMS_A_CALL))), Batch([ITEMS_A_CALL, ITEMS_A_CALL + 1])]


def test_what_is_sent_again_is_counted_and_filled_up_with_others() -> None:
    work = batches(ITEMS_A_CALL + 1)
    assert work.take() is not None
    work.again([3, 5])
    assert work.take() == Batch([ITEMS_A_CALL, 3, 5])
    assert [place for place, times in enumerate(work.resent) if times] == [3, 5]


def test_batches_that_stay_apart_are_not_filled_up_and_go_first() -> None:
    work = batches(ITEMS_A_CALL + 1)
    assert work.take() is not None
    halves = [Batch([0, 1], 0, 5.0), Batch([2], 0, 5.0)]
    work.apart(halves)
    assert [work.take(), work.take(), work.take()] == [*halves, Batch([ITEMS_A_CALL])]


def test_who_finds_nothing_waits_for_what_others_bring_back(beside: Beside) -> None:
    work = batches(1)
    assert work.take() == Batch([0])
    taken: list[Batch | None] = []
    waiting = beside(lambda: taken.append(work.take()))
    waiting.join(0.05)
    assert waiting.is_alive()
    work.again([0])
    waiting.join(60)
    assert taken == [Batch([0])]


def test_all_is_done_once_nobody_sends_any_more(beside: Beside) -> None:
    work = batches(1)
    assert work.take() is not None
    taken: list[Batch | None] = []
    waiting = beside(lambda: taken.append(work.take()))
    work.release()
    waiting.join(60)
    assert taken == [None]


def test_an_error_ends_all_threads_and_the_first_one_stays(beside: Beside) -> None:
    work = batches(3 * ITEMS_A_CALL)
    assert work.take() is not None
    first = ValueError("first")
    work.fail(first)
    work.fail(ValueError("second"))
    assert work.take() is None
    assert work.error is first


def test_what_costs_more_than_is_left_ends_deferred() -> None:
    work = Batches[str]([RedactedText("x" * length) for length in (500, 100, 400)], "en", THREADS)
    assert work.units == [5, 3, 4]
    assert work.defer_beyond([0, 1, 2], 4) == [1, 2]
    work.leave()
    assert list(work.ended(1)) == [{0: Deferred(BUDGET_SPENT)}]


def test_how_items_ended_is_read_together_until_all_threads_have_left() -> None:
    work = batches(3)
    work.end({0: "a"})
    work.end({})  # says nothing
    work.end({1: "b"})
    reading = work.ended(2)
    assert next(reading) == {0: "a", 1: "b"}
    work.leave()
    work.end({2: "c"})
    assert next(reading) == {2: "c"}
    work.leave()
    assert list(reading) == []


def test_who_hands_over_waits_for_the_reader(beside: Beside) -> None:
    work = batches(THREADS + 1)
    for place in range(THREADS):
        work.end({place: "a"})
    waiting = beside(lambda: work.end({THREADS: "a"}))
    waiting.join(0.05)
    assert waiting.is_alive()
    assert next(work.ended(1)).keys() >= set(range(THREADS))


def test_once_the_reader_has_gone_nobody_waits_and_nothing_is_taken(beside: Beside) -> None:
    work = batches(3 * ITEMS_A_CALL)
    for place in range(THREADS):
        work.end({place: "a"})
    waiting = beside(lambda: work.end({THREADS: "a"}))
    work.abandon()
    waiting.join(60)
    assert not waiting.is_alive()
    for place in range(THREADS + 1):  # more than would fit
        work.end({place: "a"})
    assert work.take() is None
