"""Spark as we use it: the same function over many small pieces of work, each answering with a small result."""

from __future__ import annotations

import pickle
import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from jobs.progress import collect
from transforms import errors
from transforms.errors import AuraStreamError

Work = TypeVar("Work")
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

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch["id"].to_pylist():
                answer = pickle.dumps(_guarded(function, number, work[number]))
                yield pa.RecordBatch.from_pydict({"number": [number], "answer": [answer]}, _SCHEMA)

    frame = spark.range(0, len(work), 1, len(work)).mapInArrow(run, "number long, answer binary")
    try:
        rows = collect(frame, what, len(work))
    except PySparkException as error:
        raise _told_by(error) from None
    return [pickle.loads(row.answer) for row in sorted(rows, key=lambda row: row.number)]  # noqa: S301 - written above


_SCHEMA = pa.schema([pa.field("number", pa.int64()), pa.field("answer", pa.binary())])


def _guarded(function: Callable[[int, Work], Answer], number: int, piece: Work) -> Answer:
    try:
        return function(number, piece)
    except AuraStreamError:
        raise
    except Exception as error:  # noqa: BLE001 - nothing of another's message may pass
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno} in {last.name}"
        raise AuraStreamError(f"{type(error).__name__} at {where}") from None


def _told_by(error: PySparkException) -> AuraStreamError:
    """The error a task raised, found by its name in what Spark says of the failure."""
    found = re.search(r"transforms\.errors\.(\w+): (.*)", str(error))
    if not found:
        return AuraStreamError(f"Spark stopped the run ({type(error).__name__}); its own log says more")
    kind = getattr(errors, found[1])
    raised: AuraStreamError = kind(found[2])
    return raised
