"""Who does a run's work: Spark's workers, or this process where there is too little for Spark to be worth starting."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Generic, Protocol, TypeVar

from jobs.drops import KEPT_BYTES, DropFile, Split, recognised
from jobs.guard import guarded
from jobs.run.intake import count_partitions, task_splits
from jobs.run.recipe import Recipe

Shared = TypeVar("Shared")
Work = TypeVar("Work")
Sent = TypeVar("Sent")
Answer = TypeVar("Answer")
Held = TypeVar("Held", covariant=True)

# Input bytes up to which this process does the work: as many documents as it scores, with the local scorer, in the time
# that Spark takes to start (docs/benchmarks.md).
FEW_BYTES = 1024 * 1024
# Files from which on workers look at them: one process is kept busy by a store's answers. Pieces of work for each that
# is done at once, and the fewest and most files of one: pyspark looks for modules anew at every task.
MANY_FILES = 2000
_PIECES_A_CORE = 2
_FILES_A_PIECE = (500, 5000)


class Workers(Protocol):
    """Does the same to many pieces of work, each answered with a small result. Raises the AuraStreamError of a task."""

    cores: int  # pieces of work that are done at once

    def spread(
        self, what: str, shared: Shared, work: Sequence[Work], function: Callable[[Shared, int, Work], Answer]
    ) -> list[Answer]:
        """`function(shared, number, work)` for all work, answers in its order; `what` is what is said of it."""
        ...

    def shuffle(
        self,
        shared: Shared,
        work: Sequence[Work],
        split: Callable[[Shared, Work], Iterator[tuple[int, Sent]]],
        partitions: int,
    ) -> Shuffled[Sent]:
        """`split` all work into what is sent, each with the number of a partition, to be gathered, once or again."""
        ...


class Shuffled(Protocol[Held]):
    """What was sent to partitions. It is split at the first `gather`, and kept for another."""

    def gather(
        self, what: str, shared: Shared, function: Callable[[Shared, int, Iterator[Held]], Answer]
    ) -> list[Answer]:
        """`function(shared, number, sent)` for what came to each partition, answers in their order."""
        ...


def workers_for(total_bytes: int, app_name: str, meanwhile: Callable[[], None] = lambda: None) -> Workers:
    """Who works on a drop of so many bytes: the session that runs, or that SPARK_MASTER asks for, whatever its size.

    `meanwhile` is what this process may do while Spark starts and works. Raises AuraStreamError where Spark is needed
    and there is no Java 17.
    """
    if total_bytes <= FEW_BYTES and "SPARK_MASTER" not in os.environ and not _spark_runs():
        return ThisProcess()
    threading.Thread(target=meanwhile, daemon=True).start()
    from jobs.spark.session import spark_session
    from jobs.spark.tasks import SparkWorkers

    return SparkWorkers(spark_session(app_name))


def _spark_runs() -> bool:
    """Whether there is a session. pyspark may have been imported without: Great Expectations does."""
    pyspark = sys.modules.get("pyspark")
    return pyspark is not None and pyspark.SparkContext._active_spark_context is not None


class ThisProcess:
    """`Workers` of which there is one."""

    cores = 1

    def spread(
        self,
        what: str,  # noqa: ARG002 - too little work for anything to be said of it
        shared: Shared,
        work: Sequence[Work],
        function: Callable[[Shared, int, Work], Answer],
    ) -> list[Answer]:
        """See `Workers.spread`."""
        return [guarded(partial(function, shared, *each)) for each in enumerate(work)]

    def shuffle(
        self,
        shared: Shared,
        work: Sequence[Work],
        split: Callable[[Shared, Work], Iterator[tuple[int, Sent]]],
        partitions: int,
    ) -> SplitHere[Sent]:
        """See `Workers.shuffle`."""
        sent: list[list[Sent]] = [[] for _ in range(partitions)]
        for piece in work:
            found: list[tuple[int, Sent]] = guarded(partial(list, split(shared, piece)))
            for number, each in found:
                sent[number].append(each)
        return SplitHere(sent)


class SplitHere(Generic[Sent]):
    """`Shuffled` in this process's memory."""

    def __init__(self, sent: Sequence[Sequence[Sent]]) -> None:
        self._sent = sent

    def gather(
        self,
        what: str,  # noqa: ARG002 - as above
        shared: Shared,
        function: Callable[[Shared, int, Iterator[Sent]], Answer],
    ) -> list[Answer]:
        """See `Shuffled.gather`."""
        return [guarded(partial(function, shared, number, iter(each))) for number, each in enumerate(self._sent)]


def recognise_files(workers: Workers, files: Sequence[DropFile]) -> list[DropFile]:
    """`recognised`, by the workers where the files are many."""
    if len(files) < MANY_FILES or workers.cores == 1:
        return recognised(files)
    least, most = _FILES_A_PIECE
    length = min(max(least, -(-len(files) // (workers.cores * _PIECES_A_CORE))), most)
    pieces = [files[start : start + length] for start in range(0, len(files), length)]
    looked_at = workers.spread("looking at files", KEPT_BYTES // len(pieces), pieces, _recognised)
    return list(chain.from_iterable(looked_at))


def _recognised(room: int, _: int, files: Sequence[DropFile]) -> list[DropFile]:
    return recognised(files, room)


def shuffle_files(
    workers: Workers,
    recipe: Recipe,
    files: Sequence[DropFile],
    split: Callable[[int, Recipe, Sequence[Split]], Iterator[tuple[int, Sent]]],
) -> Shuffled[Sent]:
    """`Workers.shuffle` over a drop's files; `split` is told into how many partitions."""
    partitions = count_partitions(files, workers.cores)
    return workers.shuffle(recipe, task_splits(files, workers.cores), partial(split, partitions), partitions)
