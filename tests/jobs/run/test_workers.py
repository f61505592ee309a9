"""Who does the work: one contract for Spark's workers and for this process."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.drops import find_drop, recognised
from jobs.run.workers import FEW_BYTES, ThisProcess, Workers, recognise_files
from jobs.spark.tasks import SparkWorkers
from transforms.errors import AuraStreamError, CommitUnknown, LakeError


@pytest.fixture(params=["spark", "this process"])
def workers(request: pytest.FixtureRequest, spark: SparkSession) -> Workers:
    return SparkWorkers(spark) if request.param == "spark" else ThisProcess()


def test_answers_come_in_the_order_of_the_work(workers: Workers) -> None:
    assert workers.spread("test", 10, [3, 1, 2], lambda ten, number, work: (number, ten * work)) == [
        (0, 30),
        (1, 10),
        (2, 20),
    ]
    assert workers.spread("test", None, [], lambda *_: 1) == []


def test_pieces_meet_by_their_partition(workers: Workers) -> None:
    def split(several: int, work: int) -> Iterator[tuple[int, int]]:
        yield from ((number % several, number) for number in range(work))

    def gather(_: None, partition: int, sent: Iterator[int]) -> tuple[int, list[int]]:
        return partition, sorted(sent)

    assert workers.shuffle(2, [3, 4], split, 2).gather("test", None, gather) == [(0, [0, 0, 2, 2]), (1, [1, 1, 3])]
    assert workers.shuffle(2, [1], split, 2).gather("test", None, gather) == [(0, [0]), (1, [])]


def test_what_was_split_once_is_gathered_again(workers: Workers, tmp_path: Path) -> None:
    def split(folder: Path, work: int) -> Iterator[tuple[int, int]]:
        (folder / f"{work}-{uuid.uuid4()}").touch()
        yield work % 2, work

    def gather(factor: int, partition: int, sent: Iterator[int]) -> tuple[int, list[int]]:
        return partition, sorted(factor * number for number in sent)

    split_once = workers.shuffle(tmp_path, [1, 2, 3], split, 2)
    assert split_once.gather("test", 1, gather) == [(0, [2]), (1, [1, 3])]
    assert split_once.gather("test", 10, gather) == [(0, [20]), (1, [10, 30])]
    assert len(list(tmp_path.iterdir())) == 3


def test_many_files_are_recognised_by_the_workers_as_by_one_process(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(25):
        content = b"[\n{}\n]" if number % 4 else b"a;b\n"
        (tmp_path / f"{number:02}.{'csv' if number % 2 else 'json'}").write_bytes(content)
    files = find_drop(str(tmp_path), "2026-11-22", file_format=None, date_pattern=None).files
    alone = recognised(files)
    monkeypatch.setattr("jobs.run.workers.MANY_FILES", 20)
    monkeypatch.setattr("jobs.run.workers._FILES_A_PIECE", (1, 7))
    if isinstance(workers, SparkWorkers):
        monkeypatch.setattr("jobs.run.workers.recognised", None)

    assert recognise_files(workers, files) == alone


def test_an_unexpected_error_tells_its_place_and_no_text(workers: Workers) -> None:
    def broken(_told: None, _: int, text: str) -> None:
        raise ValueError(text)

    with pytest.raises(AuraStreamError, match=r"^ValueError at test_workers\.py:\d+ in broken$"):
        workers.spread("test", None, ["secret text"], broken)

    def pieces(_told: None, text: str) -> Iterator[tuple[int, str]]:
        yield 0, "one"
        raise ValueError(text)

    with pytest.raises(AuraStreamError, match=r"^ValueError at test_workers\.py:\d+ in pieces$"):
        workers.shuffle(None, ["secret text"], pieces, 1).gather("test", None, lambda *_: None)

    def unread(_told: None, _: int, sent: Iterator[str]) -> None:
        raise ValueError(next(sent))

    with pytest.raises(AuraStreamError, match=r"^ValueError at test_workers\.py:\d+ in unread$"):
        workers.shuffle(None, ["secret text"], lambda _, text: iter([(0, text)]), 1).gather("test", None, unread)


@pytest.mark.parametrize("kind", [LakeError, CommitUnknown])
def test_an_error_of_ours_arrives_as_what_it_is(workers: Workers, kind: type[AuraStreamError]) -> None:
    def coded(lake: str, _: int, path: str) -> None:
        raise kind(f"{lake}{path} is full")

    with pytest.raises(kind, match=r"^/lake/scores is full$") as told:
        workers.spread("test", "/lake", ["/scores"], coded)
    assert type(told.value) is kind
    assert told.value.ending == kind.ending


@pytest.mark.parametrize(
    ("size", "master", "found"),
    [(FEW_BYTES, "", "ThisProcess"), (FEW_BYTES + 1, "", "SparkWorkers"), (1, "local[1]", "SparkWorkers")],
)
def test_spark_is_started_for_much_work_or_where_it_is_asked_for(size: int, master: str, found: str) -> None:
    program = f"from jobs.run.workers import workers_for; print(type(workers_for({size}, 'test')).__name__)"
    environment = {name: value for name, value in os.environ.items() if name != "SPARK_MASTER"}
    environment |= {"SPARK_MASTER": master} if master else {}
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)

    assert said.stdout.split() == [found]
