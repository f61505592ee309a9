"""Spark as we use it: the same function over many small pieces of work, each answering with a small result."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Generic, TypeVar

from py4j.protocol import Py4JJavaError
from pyspark import RDD, SparkContext
from pyspark.sql import SparkSession

from jobs.guard import guarded
from jobs.spark.progress import collect
from transforms import errors
from transforms.errors import AuraStreamError

Shared = TypeVar("Shared")
Work = TypeVar("Work")
Sent = TypeVar("Sent")
Answer = TypeVar("Answer")


class SparkWorkers:
    """`Workers` of a Spark session.

    Raises the AuraStreamError that a task raised; of any other exception the type and the line alone reach the driver,
    for its message could hold a document's text.
    """

    def __init__(self, session: SparkSession) -> None:
        self._context = session.sparkContext
        self.cores: int = self._context.defaultParallelism

    def spread(
        self, what: str, shared: Shared, work: Sequence[Work], function: Callable[[Shared, int, Work], Answer]
    ) -> list[Answer]:
        """See `Workers.spread`. What all are told travels once, work with its task alone; all of it pickled."""
        if not work:
            return []
        told = self._context.broadcast(shared)
        answers = self._numbered(work).map(lambda each: (each[0], _answer(lambda: function(told.value, *each))))
        return _collected(answers, what, len(work))

    def shuffle(
        self,
        shared: Shared,
        work: Sequence[Work],
        split: Callable[[Shared, Work], Iterator[tuple[int, Sent]]],
        partitions: int,
    ) -> SplitBySpark[Sent]:
        """See `Workers.shuffle`."""
        told = self._context.broadcast(shared)
        sent = self._numbered(work).flatMap(lambda each: _guarded_all(split(told.value, each[1])))
        return SplitBySpark(self._context, sent.partitionBy(partitions, _identity), len(work))

    def _numbered(self, work: Sequence[Work]) -> RDD[tuple[int, Work]]:
        return self._context.parallelize(list(enumerate(work)), len(work))


class SplitBySpark(Generic[Sent]):
    """`Shuffled` in Spark's files: a `gather` that is tried again, and any after the first, splits nothing again."""

    def __init__(self, context: SparkContext, sent: RDD[tuple[int, Sent]], splits: int) -> None:
        self._context, self._sent, self._splits = context, sent, splits

    def gather(
        self, what: str, shared: Shared, function: Callable[[Shared, int, Iterator[Sent]], Answer]
    ) -> list[Answer]:
        """See `Shuffled.gather`."""
        told = self._context.broadcast(shared)
        answers = self._sent.mapPartitionsWithIndex(
            lambda number, found: [(number, _answer(lambda: function(told.value, number, map(itemgetter(1), found))))]
        )
        splits, self._splits = self._splits, 0
        return _collected(answers, what, splits + self._sent.getNumPartitions())


def _identity(number: int) -> int:
    return number


def _collected(answers: RDD[tuple[int, Answer | AuraStreamError]], what: str, tasks: int) -> list[Answer]:
    try:
        numbered: list[tuple[int, Answer | AuraStreamError]] = collect(answers, what, tasks)
    except Py4JJavaError as error:
        raise _told_by(str(error.java_exception)) from None
    found = []
    for _, answer in sorted(numbered, key=itemgetter(0)):
        if isinstance(answer, AuraStreamError):
            raise answer
        found.append(answer)
    return found


def _answer(function: Callable[[], Answer]) -> Answer | AuraStreamError:
    """What a task answers with. An error of ours is an answer, too: Spark would try the task again, in vain."""
    try:
        return guarded(function)
    except AuraStreamError as error:
        if type(error) is AuraStreamError:  # of an unforeseen exception: the next try may go better
            raise
        return error


def _guarded_all(sent: Iterator[Answer]) -> Iterator[Answer]:
    while True:
        try:
            yield guarded(lambda: next(sent))
        except StopIteration:
            return


def _told_by(said: str) -> AuraStreamError:
    """The error a task raised, found by its name in what Spark says of the failure."""
    found = re.search(r"transforms\.errors\.(\w+): (.*)", said)
    if not found:
        return AuraStreamError("Spark stopped the run; its own log says more")
    kind = getattr(errors, found[1])
    raised: AuraStreamError = kind(found[2])
    return raised
