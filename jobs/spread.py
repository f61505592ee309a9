"""Spark as we use it: the same function over many small pieces of work, each answering with a small result."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

from py4j.protocol import Py4JJavaError
from pyspark import RDD
from pyspark.sql import SparkSession

from jobs.progress import collect
from transforms import errors
from transforms.errors import AuraStreamError

Work = TypeVar("Work")
Piece = TypeVar("Piece")
Answer = TypeVar("Answer")


def spread(
    spark: SparkSession, what: str, work: Sequence[Work], function: Callable[[int, Work], Answer]
) -> list[Answer]:
    """`function(number, piece)` for every piece of work, one task each, answers in the order of the pieces.

    Work and answers travel pickled, between our own processes alone. Raises the AuraStreamError that a task raised; of
    any other exception the type and the line alone reach the driver, for its message could hold a document's text.
    """
    if not work:
        return []
    numbers = spark.sparkContext.parallelize(range(len(work)), len(work))
    answers = numbers.map(lambda number: (number, _answer(function, number, work[number])))
    return _collected(answers, what, len(work))


def shuffle(
    spark: SparkSession,
    what: str,
    work: Sequence[Work],
    split: Callable[[int, Work], Iterator[tuple[int, Piece]]],
    gather: Callable[[int, Iterator[Piece]], Answer],
    partitions: int,
) -> list[Answer]:
    """`split` every piece of work into pieces, each with a number below `partitions`; `gather` those of one number.

    Spark moves the pieces and keeps them until the end, so that a `gather` that is tried again does not split again.
    Answers in the order of the numbers. Raises as `spread`.
    """
    numbers = spark.sparkContext.parallelize(range(len(work)), len(work))
    pieces = numbers.flatMap(lambda number: _guarded_pieces(split, number, work[number]))
    gathered = pieces.partitionBy(partitions, _identity).mapPartitionsWithIndex(
        lambda number, found: [(number, _answer(gather, number, map(itemgetter(1), found)))]
    )
    return _collected(gathered, what, len(work) + partitions)


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


def _answer(function: Callable[[int, Work], Answer], number: int, piece: Work) -> Answer | AuraStreamError:
    """What a task answers with. An error of ours is an answer, too: Spark would try the task again, in vain."""
    try:
        return _guarded(function, number, piece)
    except AuraStreamError as error:
        if type(error) is AuraStreamError:  # of an unforeseen exception: the next try may go better
            raise
        return error


def _guarded_pieces(function: Callable[[int, Work], Iterator[Answer]], number: int, piece: Work) -> Iterator[Answer]:
    pieces = _guarded(function, number, piece)
    while True:
        try:
            yield _guarded(lambda _, rest: next(rest), number, pieces)
        except StopIteration:
            return


def _guarded(function: Callable[[int, Work], Answer], number: int, piece: Work) -> Answer:
    try:
        return function(number, piece)
    except (AuraStreamError, StopIteration):
        raise
    except Exception as error:  # noqa: BLE001 - nothing of another's message may pass
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno} in {last.name}"
        raise AuraStreamError(f"{type(error).__name__} at {where}") from None


def _told_by(said: str) -> AuraStreamError:
    """The error a task raised, found by its name in what Spark says of the failure."""
    found = re.search(r"transforms\.errors\.(\w+): (.*)", said)
    if not found:
        return AuraStreamError("Spark stopped the run; its own log says more")
    kind = getattr(errors, found[1])
    raised: AuraStreamError = kind(found[2])
    return raised
