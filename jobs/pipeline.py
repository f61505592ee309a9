"""The stages of a run, fused: what one worker does with its splits. No Spark here; `nightly` spreads it."""

from __future__ import annotations

import gc
import os
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.drops import Split
from jobs.lake import Lake
from jobs.readers import read_split
from jobs.services.cache import LocalScoreCache
from jobs.services.scorers import open_scorer
from jobs.stopwatch import Stopwatch, TimedCache, TimedScorer
from transforms.pii.policy import Policy
from transforms.pii.redactor import redact
from transforms.schemas import SCORES
from transforms.scoring import Prepared, Stamp, distinct_texts, leave_out, score_batch
from transforms.sentiment.protocols import ScoreCache, Scorer
from transforms.text import content_keys, subject_keys

# Rows held in memory before they are written as one row group.
ROW_GROUP_ROWS = 32 * 1024
# Columns whose values repeat; a dictionary of the others would be built only to be thrown away.
_DICTIONARY = [
    name
    for name in SCORES.names
    if name not in {"document_id", "redacted_text", "content_key", "subject_key", "source_row", "pii"}
]


@dataclass(frozen=True)
class Recipe:
    """What every worker of a run is told; small and picklable."""

    stamp: Stamp
    mapping: Mapping[str, str]
    language: str
    scorer: str
    policy: Policy
    key: bytes = field(repr=False)


@dataclass
class TaskReport:
    """What a worker did."""

    documents: Counter[str] = field(default_factory=Counter)  # ds -> documents read
    files: list[tuple[str, str]] = field(default_factory=list)  # ds, path of a Parquet file
    seconds: dict[str, float] = field(default_factory=dict)  # stage -> CPU
    calls: int = 0
    throttles: int = 0


def score_documents(
    batches: Iterator[pa.RecordBatch], recipe: Recipe, scorer: Scorer, cache: ScoreCache, watch: Stopwatch
) -> Iterator[pa.RecordBatch]:
    """Every document of schemas.DOCUMENTS batches as a row of schemas.SCORES, in the same order."""
    while True:
        with watch.stage("read"):
            documents = next(batches, None)
        if documents is None:
            return
        with watch.stage("redact"):
            distinct = distinct_texts(documents, recipe.language)
            redaction = redact(distinct.texts, recipe.policy, recipe.key)
            documents, distinct = leave_out(documents, distinct, redaction.dropped)
        with watch.stage("fingerprint"):
            texts = redaction.texts.normalised()
            prepared = Prepared(
                documents=documents,
                subject_keys=subject_keys(documents["subject_id"], recipe.key),
                distinct=distinct,
                redaction=redaction,
                texts=texts,
                content_keys=content_keys(
                    texts.array,
                    distinct.languages,
                    scorer=scorer.name,
                    scorer_version=scorer.version,
                    policy=recipe.policy.id,
                    key=recipe.key,
                ),
            )
        with watch.stage("score"):
            rows = score_batch(prepared, scorer, cache, recipe.stamp)
        yield rows


def write_splits(splits: Sequence[Split], recipe: Recipe, lake: Lake, task: int) -> TaskReport:
    """Score splits and write them: one new Parquet file for each date among them.

    A file counts once its name is in the report of a task that ended well; what else lies in the directory is swept.
    """
    gc.disable()  # a batch makes some 100,000 objects and no cycles; looking for those costs 5% of the time
    try:
        return _write_splits(splits, recipe, lake, task)
    finally:
        gc.enable()


def _write_splits(splits: Sequence[Split], recipe: Recipe, lake: Lake, task: int) -> TaskReport:
    watch = Stopwatch()
    report = TaskReport(seconds=watch.seconds)
    name = f"part-{task:05d}-{uuid.uuid4().hex[:8]}.parquet"
    scorer = TimedScorer(open_scorer(recipe.scorer), watch)
    with closing(LocalScoreCache(lake.cache)) as store, ExitStack() as writers:
        cache = TimedCache(store, watch)
        open_writers: dict[str, RowsWriter] = {}
        for split in splits:
            ds = split.file.ds
            for rows in score_documents(read_split(split, recipe.mapping), recipe, scorer, cache, watch):
                if ds not in open_writers:
                    path = lake.scores(ds, recipe.stamp.run_id) / name
                    open_writers[ds] = writers.enter_context(RowsWriter(path))
                    report.files.append((ds, str(path)))
                with watch.stage("write"):
                    open_writers[ds].write(rows)
                report.documents[ds] += rows.num_rows
        with watch.stage("write"):
            writers.close()
    report.calls, report.throttles = scorer.usage.calls, scorer.usage.throttles
    return report


class RowsWriter:
    """Writes schemas.SCORES batches to one new Parquet file: zstd, row groups of a fixed size, synced on close."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._writer = pq.ParquetWriter(path, SCORES, compression="zstd", use_dictionary=_DICTIONARY)
        self._held: list[pa.RecordBatch] = []
        self._rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows."""
        self._held.append(batch)
        self._rows += batch.num_rows
        if self._rows >= ROW_GROUP_ROWS:
            self._flush()

    def __enter__(self) -> RowsWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()
        # The pointer that will name this file is durable; so must the file be.
        with self._path.open("rb") as file:
            os.fsync(file.fileno())

    def _flush(self) -> None:
        if self._held:
            self._writer.write_table(pa.Table.from_batches(self._held, SCORES), row_group_size=self._rows)
            self._held, self._rows = [], 0
