"""The same function over many pieces of work, spread by a real Spark."""

import os
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from jobs.spark.tasks import shuffle, spread
from transforms.errors import AuraStreamError, CommitUnknown, LakeError


def test_answers_come_in_the_order_of_the_work(spark: SparkSession) -> None:
    assert spread(spark, "test", 10, [3, 1, 2], lambda ten, number, work: (number, ten * work)) == [
        (0, 30),
        (1, 10),
        (2, 20),
    ]
    assert spread(spark, "test", None, [], lambda *_: 1) == []


def test_what_all_are_told_travels_once_and_work_with_its_task_alone(spark: SparkSession) -> None:
    sizes = spread(spark, "test", b"x" * 1_000_000, [b"y" * 1000] * 4, lambda told, _, work: (len(told), len(work)))

    assert sizes == [(1_000_000, 1000)] * 4
    assert os.getpid() not in spread(spark, "test", None, [1, 2], lambda *_: os.getpid())


def test_pieces_meet_by_their_partition(spark: SparkSession) -> None:
    def split(several: int, work: int) -> Iterator[tuple[int, int]]:
        yield from ((number % several, number) for number in range(work))

    def gather(_: int, partition: int, sent: Iterator[int]) -> tuple[int, list[int]]:
        return partition, sorted(sent)

    assert shuffle(spark, "test", 2, [3, 4], split, gather, 2) == [(0, [0, 0, 2, 2]), (1, [1, 1, 3])]


def test_an_unexpected_error_tells_its_place_and_no_text(spark: SparkSession) -> None:
    def broken(_told: None, _: int, text: str) -> None:
        raise ValueError(text)

    with pytest.raises(AuraStreamError, match=r"^ValueError at test_tasks\.py:\d+ in broken$"):
        spread(spark, "test", None, ["secret text"], broken)

    def pieces(_told: None, text: str) -> Iterator[tuple[int, str]]:
        yield 0, "one"
        raise ValueError(text)

    with pytest.raises(AuraStreamError, match=r"^ValueError at test_tasks\.py:\d+ in pieces$"):
        shuffle(spark, "test", None, ["secret text"], pieces, lambda *_: None, 1)


@pytest.mark.parametrize("kind", [LakeError, CommitUnknown])
def test_an_error_of_ours_arrives_as_what_it_is(spark: SparkSession, kind: type[AuraStreamError]) -> None:
    def coded(lake: str, _: int, path: str) -> None:
        raise kind(f"{lake}{path} is full")

    with pytest.raises(kind, match=r"^/lake/scores is full$") as told:
        spread(spark, "test", "/lake", ["/scores"], coded)
    assert type(told.value) is kind
    assert told.value.exit_code == kind.exit_code
