"""The way to a paid scorer: every copy of a text comes to one worker, which buys it once.

Workers prepare their splits and cut what they have by content key into partitions; Spark moves them; each worker then
looks up, buys and writes what came to it. It is the one write of the run, and nothing else evaluates it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from jobs import milestones
from jobs.drops import Split, read_ahead
from jobs.lake.parquet import DateWriters
from jobs.milestones import Milestone
from jobs.run.recipe import Recipe, TaskReport
from jobs.run.scoring import Services, gathered, prepare_documents, score_prepared, services
from jobs.run.stopwatch import Stopwatch
from jobs.scorers.registry import scorer_type
from jobs.settings import ASK
from transforms.schemas import PREPARED
from transforms.sentiment.partitions import partitions as numbered

# Rows that are looked up and bought together; a worker holds them in memory.
TOGETHER_ROWS = 200_000


class Rows(NamedTuple):
    """Rows of one date on their way to one partition."""

    ds: str
    number: int  # of rows
    stream: bytes  # schemas.PREPARED, an Arrow stream


# What travels: rows, and what a worker has to report of preparing them.
Sent: TypeAlias = Rows | TaskReport
# Scores rows of schemas.PREPARED by a run's services.
ScorePrepared: TypeAlias = Callable[[pa.RecordBatch, Recipe, Services, Stopwatch], pa.RecordBatch]


def prepare_splits(partitions: int, recipe: Recipe, splits: Sequence[Split]) -> Iterator[tuple[int, Sent]]:
    """Prepare splits and cut them into partitions; at the end a report, for whoever gets it to add to its own."""
    watch = Stopwatch()
    report = TaskReport(seconds=watch.seconds)
    for ds, prepared in prepared_splits(recipe, splits, report, watch):
        with watch.stage("cut"):
            yield from cut(ds, prepared, recipe, partitions)
    yield 0, report


def write_partition(
    recipe: Recipe, partition: int, sent: Iterator[Sent], score: ScorePrepared = score_prepared
) -> TaskReport:
    """Score what came to a partition and write it: one new file for each date among it."""
    watch = Stopwatch()
    report = TaskReport(seconds=watch.seconds)
    with services(recipe, watch) as opened, DateWriters(recipe.stores.lake, recipe.stamp.run_id, partition) as writers:
        for dates, prepared in together(sent, report, watch):
            rows = score(prepared, recipe, opened, watch)
            with watch.stage("write"):
                for ds, start, count in stretches(dates):
                    writers.write(ds, rows.slice(start, count))
        with watch.stage("write"):
            report.files = writers.close()
        milestones.reached(Milestone.WRITTEN)
        opened.report_usage(report)
    return report


def prepared_splits(
    recipe: Recipe, splits: Sequence[Split], report: TaskReport, watch: Stopwatch
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """What splits hold, as schemas.PREPARED, each batch with its date."""
    for ds, of_date in groupby(read_ahead(splits), lambda split: split.file.ds):
        for prepared in prepare_documents(gathered(of_date, recipe, report), recipe, watch):
            yield ds, prepared


def cut(ds: str, prepared: pa.RecordBatch, recipe: Recipe, partitions: int) -> Iterator[tuple[int, Rows]]:
    """A batch's rows by the partition that they go to."""
    max_bytes, asked = scorer_type(recipe.scorer).max_bytes, recipe.language == ASK
    numbers = numbered(prepared, max_bytes, recipe.fingerprint, partitions, languages_asked=asked)
    for number in np.unique(numbers).tolist():
        rows = prepared.take(pa.array(np.flatnonzero(numbers == number)))
        yield number, Rows(ds, rows.num_rows, _stream(rows))


def _stream(rows: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, PREPARED) as writer:
        writer.write_batch(rows)
    return bytes(sink.getvalue())


def together(sent: Iterator[Sent], report: TaskReport, watch: Stopwatch) -> Iterator[tuple[list[str], pa.RecordBatch]]:
    """What came to a partition, many rows at once, by date, file and row: each row's date, and schemas.PREPARED.

    Reports among it are added to the worker's own.
    """
    held: list[Rows] = []
    count = 0
    for each in sent:
        if isinstance(each, TaskReport):
            report.add_read(each)
            watch.add(each.seconds)
            continue
        held.append(each)
        count += each.number
        if count >= TOGETHER_ROWS:
            yield _ordered(held)
            held, count = [], 0
    if held:
        yield _ordered(held)


def _ordered(held: Sequence[Rows]) -> tuple[list[str], pa.RecordBatch]:
    tables = []
    for rows in held:
        table = pa.ipc.open_stream(rows.stream).read_all()
        tables.append(table.append_column("ds", pa.repeat(rows.ds, table.num_rows)))
    whole = pa.concat_tables(tables).sort_by(
        [("ds", "ascending"), ("source_file", "ascending"), ("source_row", "ascending")]
    )
    dates = whole["ds"].to_pylist()
    (batch,) = whole.select(PREPARED.names).combine_chunks().to_batches()
    return dates, batch


def stretches(dates: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Where each date begins and how many rows it has, in a list in which equal ones stand together."""
    start = 0
    for row in range(1, len(dates) + 1):
        if row == len(dates) or dates[row] != dates[start]:
            yield dates[start], start, row - start
            start = row
