"""The stages of a run, fused: what one worker does with its splits. No Spark here; `nightly` spreads it."""

from __future__ import annotations

import gc
import os
import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.drops import Split
from jobs.lake import Lake
from jobs.readers import read_split
from jobs.services.caches import CacheChoice, open_cache
from jobs.services.calls import Terms
from jobs.services.scorers import open_detector, open_scorer, scorer_type
from jobs.settings import ASK, DETECT
from jobs.stopwatch import Stopwatch, TimedCache, TimedScorer
from transforms.asking import ask_languages, with_languages_bought
from transforms.documents import Reason
from transforms.pii.policy import Policy
from transforms.pii.redactor import redact
from transforms.preparing import LanguageSource, distinct_texts, leave_out, ready, with_detected_languages
from transforms.schemas import SCORES
from transforms.scoring import Stamp, score_batch
from transforms.sentiment.protocols import LanguageDetector, ScoreCache, Scorer
from transforms.text import Fingerprint

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
    language: str  # of documents that name none: a code, DETECT or ASK
    scorer: str
    policy: Policy
    key: bytes = field(repr=False)
    terms: Terms
    cache: CacheChoice
    defer_without_cache: bool = False
    # Of files that were taken before, the rows that ended DEFERRED: they alone are taken up.
    taken_up: Mapping[str, Collection[int]] = field(default_factory=dict)

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """Makes the run's content keys."""
        scorer = scorer_type(self.scorer)
        return Fingerprint(scorer.name, scorer.version, self.policy.id, self.key)


class Services(NamedTuple):
    """What a worker asks."""

    scorer: Scorer
    cache: ScoreCache
    detector: LanguageDetector | None  # where languages are asked for


@dataclass
class TaskReport:
    """What a worker did."""

    documents: Counter[str] = field(default_factory=Counter)  # ds -> documents read
    taken_up: dict[str, list[int]] = field(default_factory=dict)  # source file -> its rows that were taken up
    files: list[tuple[str, str]] = field(default_factory=list)  # ds, path of a Parquet file
    seconds: dict[str, float] = field(default_factory=dict)  # stage -> CPU
    calls: int = 0
    throttles: int = 0
    unconfirmed_units: int = 0

    def add_read(self, other: TaskReport) -> None:
        """Add what another worker has read."""
        self.documents += other.documents
        for uri, rows in other.taken_up.items():
            self.taken_up.setdefault(uri, []).extend(rows)

    def add_usage(self, opened: Services) -> None:
        """Add what the paid services have counted."""
        for usage in [opened.scorer.usage, *([opened.detector.usage] if opened.detector else [])]:
            self.calls += usage.calls
            self.throttles += usage.throttles
            self.unconfirmed_units += usage.unconfirmed_units


def read_documents(split: Split, recipe: Recipe, report: TaskReport) -> Iterator[pa.RecordBatch]:
    """A split's documents, or of a file that was taken before those that are taken up; the report counts them."""
    file = split.file
    for batch in read_split(split, recipe.mapping):
        if file.uri in recipe.taken_up:
            wanted = pa.array(list(recipe.taken_up[file.uri]), pa.int64())
            unreadable = pc.fill_null(pc.equal(batch["error_code"], str(Reason.FILE_UNREADABLE)), False)
            again = pc.and_not(pc.is_in(batch["source_row"], value_set=wanted), unreadable)
            batch = batch.filter(again)
            report.taken_up.setdefault(file.uri, []).extend(batch["source_row"].to_pylist())
        report.documents[file.ds] += batch.num_rows
        yield batch


def prepare_documents(batches: Iterator[pa.RecordBatch], recipe: Recipe, watch: Stopwatch) -> Iterator[pa.RecordBatch]:
    """Every document of schemas.DOCUMENTS batches as a row of schemas.PREPARED, in the same order."""
    named = recipe.language not in (DETECT, ASK)
    otherwise = LanguageSource.DEFAULT if named else LanguageSource.DETECTED
    while True:
        with watch.stage("read"):
            documents = next(batches, None)
        if documents is None:
            return
        with watch.stage("redact"):
            distinct = distinct_texts(documents, recipe.language if named else None)
            redaction = redact(distinct.texts, recipe.policy, recipe.key)
            documents, distinct = leave_out(documents, distinct, redaction.dropped)
        if recipe.language == DETECT:
            with watch.stage("detect language"):
                distinct = with_detected_languages(distinct)
        with watch.stage("fingerprint"):
            texts = redaction.texts.normalised()
            prepared = ready(documents, distinct, redaction, texts, recipe.fingerprint, otherwise)
        yield prepared


def score_documents(
    batches: Iterator[pa.RecordBatch], recipe: Recipe, services: Services, watch: Stopwatch
) -> Iterator[pa.RecordBatch]:
    """Every document of schemas.DOCUMENTS batches as a row of schemas.SCORES, in the same order."""
    for prepared in prepare_documents(batches, recipe, watch):
        yield score_prepared(prepared, recipe, services, watch)


def score_prepared(prepared: pa.RecordBatch, recipe: Recipe, services: Services, watch: Stopwatch) -> pa.RecordBatch:
    """Rows of schemas.PREPARED as rows of schemas.SCORES, in the same order."""
    scorer, cache, detector = services
    how = partial(score_batch, scorer=scorer, cache=cache, fingerprint=recipe.fingerprint, stamp=recipe.stamp)
    defer = recipe.defer_without_cache
    with watch.stage("score"):
        if detector is None:
            return how(prepared, defer_without_cache=defer)
        named = ask_languages(prepared, detector, cache, recipe.fingerprint, defer_without_cache=defer)
        return with_languages_bought(how(named.prepared, defer_without_cache=defer), named)


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
    with services(recipe, watch) as opened, DateWriters(lake, recipe.stamp.run_id, task) as writers:
        for split in splits:
            ds = split.file.ds
            for rows in score_documents(read_documents(split, recipe, report), recipe, opened, watch):
                with watch.stage("write"):
                    writers.write(ds, rows)
        with watch.stage("write"):
            report.files = writers.close()
        report.add_usage(opened)
    return report


@contextmanager
def services(recipe: Recipe, watch: Stopwatch) -> Iterator[Services]:
    """A run's services, open for this process, the time of scorer and cache charged to stages of their own."""
    with ExitStack() as stack:
        scorer = stack.enter_context(closing(open_scorer(recipe.scorer, recipe.terms)))
        cache = stack.enter_context(closing(open_cache(recipe.cache)))
        detector = None
        if recipe.language == ASK:
            detector = stack.enter_context(closing(open_detector(recipe.terms)))
        yield Services(TimedScorer(scorer, watch), TimedCache(cache, watch), detector)


class DateWriters:
    """Writes a task's rows: one new Parquet file for each date that it has rows of."""

    def __init__(self, lake: Lake, run_id: str, task: int) -> None:
        self._lake, self._run_id = lake, run_id
        self._name = f"part-{task:05d}-{uuid.uuid4().hex[:8]}.parquet"
        self._open: dict[str, RowsWriter] = {}
        self._stack = ExitStack()

    def write(self, ds: str, rows: pa.RecordBatch) -> None:
        """Add rows of schemas.SCORES to a date."""
        if ds not in self._open:
            path = self._lake.scores(ds, self._run_id) / self._name
            self._open[ds] = self._stack.enter_context(RowsWriter(path))
        self._open[ds].write(rows)

    def close(self) -> list[tuple[str, str]]:
        """End the files; the date and path of each."""
        self._stack.close()
        return [(ds, str(self._lake.scores(ds, self._run_id) / self._name)) for ds in self._open]

    def __enter__(self) -> DateWriters:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


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
