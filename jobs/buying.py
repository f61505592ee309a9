"""The way to a paid scorer: every copy of a text comes to one worker, which buys it once.

Workers prepare their splits and cut what they have by content key; Spark moves the parts; each worker then looks up,
buys and writes what came to it. It is the one write of the run, and nothing else evaluates it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import SparkSession

from jobs.drops import Split
from jobs.lake import Lake
from jobs.pipeline import DateWriters, Recipe, TaskReport, prepare_documents, read_documents, score_prepared, services
from jobs.services.scorers import scorer_type
from jobs.settings import ASK
from jobs.spread import shuffle
from jobs.stopwatch import Stopwatch
from transforms.pii.redactor import redacted_texts
from transforms.schemas import PREPARED
from transforms.text import split_utf8

# Rows that are looked up and bought together; a worker holds them in memory.
TOGETHER_ROWS = 200_000


class Part(NamedTuple):
    """Rows of one date that go to one worker."""

    ds: str
    number: int  # of rows
    rows: bytes  # schemas.PREPARED, an Arrow stream


# What travels: rows, and what a worker has to report of preparing them.
Piece: TypeAlias = Part | TaskReport


def buy(
    spark: SparkSession, lake: Lake, recipe: Recipe, tasks: Sequence[Sequence[Split]], parts: int
) -> list[TaskReport]:
    """Score splits with a paid scorer, by as many workers as `parts`, and write them."""
    return shuffle(
        spark, "scoring", tasks, partial(prepared_parts, recipe, parts), partial(_score, recipe, lake), parts
    )


def prepared_parts(recipe: Recipe, parts: int, _: int, splits: Sequence[Split]) -> Iterator[tuple[int, Piece]]:
    """Prepare splits and cut them into parts; at the end a report, for whoever gets it to add to its own."""
    watch = Stopwatch()
    report = TaskReport(seconds=watch.seconds)
    for ds, prepared in prepared_splits(recipe, splits, report, watch):
        with watch.stage("cut"):
            yield from cut(ds, prepared, recipe, parts)
    yield 0, report


def prepared_splits(
    recipe: Recipe, splits: Sequence[Split], report: TaskReport, watch: Stopwatch
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """What splits hold, as schemas.PREPARED, each batch with its date."""
    for split in splits:
        for prepared in prepare_documents(read_documents(split, recipe, report), recipe, watch):
            yield split.file.ds, prepared


def cut(ds: str, prepared: pa.RecordBatch, recipe: Recipe, parts: int) -> Iterator[tuple[int, Part]]:
    """A batch's rows by the part that they go to."""
    numbers = _numbers(prepared, recipe, parts)
    for number in np.unique(numbers).tolist():
        rows = prepared.take(pa.array(np.flatnonzero(numbers == number)))
        yield number, Part(ds, rows.num_rows, _written(rows))


def part_of(key: bytes, parts: int) -> int:
    """The part of a text by its content key."""
    return int.from_bytes(key[:4], "big") % parts


def _numbers(prepared: pa.RecordBatch, recipe: Recipe, parts: int) -> np.ndarray:
    """Which part each row goes to: by its content key, or where its text is long by that of its first piece.

    Long texts that begin alike so come to one worker, which sees that they share pieces.
    """
    max_bytes = scorer_type(recipe.scorer).max_bytes
    texts = redacted_texts(prepared).normalised().array
    keys = prepared["content_key"]
    if recipe.language == ASK:  # a text whose language is named, and the same where it is not, may be one
        keys = recipe.fingerprint.keys(texts, pa.nulls(len(texts), pa.string()))
    long = pc.fill_null(pc.greater(pc.binary_length(texts), max_bytes), False)
    if pc.any(long).as_py():
        first = [split_utf8(text, max_bytes)[0] for text in texts.filter(long).to_pylist()]
        of_pieces = recipe.fingerprint.keys(pa.array(first, pa.string()), prepared["language"].filter(long))
        keys = pc.replace_with_mask(keys, long, of_pieces)
    # A row without a text goes wherever.
    return np.array(
        [part_of(bytes.fromhex(key), parts) if key else row % parts for row, key in enumerate(keys.to_pylist())]
    )


def _written(rows: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, PREPARED) as writer:
        writer.write_batch(rows)
    return bytes(sink.getvalue())


def together(
    pieces: Iterator[Piece], report: TaskReport, watch: Stopwatch
) -> Iterator[tuple[list[str], pa.RecordBatch]]:
    """What came to a worker, many rows at once, by date, file and row: each row's date, and schemas.PREPARED.

    Reports among the pieces are added to the worker's own.
    """
    held: list[Part] = []
    rows = 0
    for piece in pieces:
        if isinstance(piece, TaskReport):
            report.add_read(piece)
            watch.add(piece.seconds)
            continue
        held.append(piece)
        rows += piece.number
        if rows >= TOGETHER_ROWS:
            yield _ordered(held)
            held, rows = [], 0
    if held:
        yield _ordered(held)


def _ordered(held: Sequence[Part]) -> tuple[list[str], pa.RecordBatch]:
    tables = []
    for part in held:
        table = pa.ipc.open_stream(part.rows).read_all()
        tables.append(table.append_column("ds", pa.repeat(part.ds, table.num_rows)))
    whole = pa.concat_tables(tables).sort_by(
        [("ds", "ascending"), ("source_file", "ascending"), ("source_row", "ascending")]
    )
    dates = whole["ds"].to_pylist()
    (batch,) = whole.select(PREPARED.names).combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], PREPARED)]
    return dates, batch


def _score(recipe: Recipe, lake: Lake, task: int, pieces: Iterator[Piece]) -> TaskReport:
    watch = Stopwatch()
    report = TaskReport(seconds=watch.seconds)
    with services(recipe, watch) as opened, DateWriters(lake, recipe.stamp.run_id, task) as writers:
        for dates, prepared in together(pieces, report, watch):
            rows = score_prepared(prepared, recipe, opened, watch)
            with watch.stage("write"):
                for ds, start, count in _runs(dates):
                    writers.write(ds, rows.slice(start, count))
        with watch.stage("write"):
            report.files = writers.close()
        report.add_usage(opened)
    return report


def _runs(dates: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Where each date begins and how many rows it has, in a list in which equal ones stand together."""
    start = 0
    for row in range(1, len(dates) + 1):
        if row == len(dates) or dates[row] != dates[start]:
            yield dates[start], start, row - start
            start = row
