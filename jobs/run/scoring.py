"""A worker's way from a split to rows of `scores`: read, redact, fingerprint, look up, score, write. No Spark here.

`nightly`, `plan` and `analyze` go this one way. Where the scorer is paid, `exchange.py` stands between the two halves.
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from itertools import groupby
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from jobs import milestones
from jobs.drops import DropFile, Split, read_ahead
from jobs.drops.members import member_name
from jobs.formats import ARCHIVES
from jobs.lake.parquet import DateWriters
from jobs.milestones import Milestone
from jobs.readers import read_split
from jobs.readers.together import is_small, read_together
from jobs.run.recipe import Recipe, TaskReport
from jobs.run.stopwatch import Stopwatch, TimedCache, TimedScorer
from jobs.scorers.registry import open_detector, open_scorer, scorer_type
from jobs.settings import ASK, DETECT
from jobs.stores.unopened import UnopenedCache
from transforms.documents import Reason, notes
from transforms.errors import CacheError
from transforms.pii.columns import treat
from transforms.preparation import ready, redact_documents, with_detected_languages
from transforms.schemas import DOCUMENTS
from transforms.sentiment.languages import ask_languages, with_languages_bought
from transforms.sentiment.protocols import LanguageDetector, ScoreCache, Scorer
from transforms.sentiment.scoring import score_batch

# Documents, or bytes of them, from which on a batch of small files is worth its own cost.
GATHERED_ROWS, GATHERED_BYTES = 4096, 4 << 20


class Services(NamedTuple):
    """What a worker asks."""

    scorer: Scorer
    cache: ScoreCache
    detector: LanguageDetector | None  # where languages are asked for

    def report_usage(self, report: TaskReport) -> None:
        """Add what the paid ones have counted to a report."""
        report.add_usage(self.scorer.usage)
        if self.detector:
            report.add_usage(self.detector.usage)


@contextmanager
def services(recipe: Recipe, watch: Stopwatch) -> Iterator[Services]:
    """A run's services, open for this process, the time of scorer and cache charged to stages of their own."""
    with ExitStack() as stack:
        # The meter is the paid ones' alone.
        meter = stack.enter_context(closing(recipe.stores.meter())) if scorer_type(recipe.scorer).paid else None
        scorer = stack.enter_context(closing(open_scorer(recipe.scorer, recipe.calls, meter)))
        cache = stack.enter_context(closing(_open_cache(recipe)))
        detector = None
        if meter and recipe.language == ASK:
            detector = stack.enter_context(closing(open_detector(recipe.calls, meter)))
        yield Services(TimedScorer(scorer, watch), TimedCache(cache, watch), detector)


def _open_cache(recipe: Recipe) -> ScoreCache:
    try:
        return recipe.stores.cache()
    except CacheError as error:
        if not recipe.defer_without_cache:
            raise
        return UnopenedCache(error)


def write_splits(recipe: Recipe, task: int, splits: Sequence[Split]) -> TaskReport:
    """Score splits with a free scorer and write them: one new file for each date among them.

    A file counts once it stands in the report of a task that ended well.
    """
    gc.disable()  # a batch makes some 100,000 objects and no cycles; looking for those costs 5% of the time
    try:
        watch = Stopwatch()
        report = TaskReport(seconds=watch.seconds)
        with services(recipe, watch) as opened, DateWriters(recipe.stores.lake, recipe.stamp.run_id, task) as writers:
            for ds, of_date in groupby(read_ahead(splits), lambda split: split.file.ds):
                for rows in score_documents(gathered(of_date, recipe, report), recipe, opened, watch):
                    with watch.stage("write"):
                        writers.write(ds, rows)
            with watch.stage("write"):
                report.files = writers.close()
            milestones.reached(Milestone.WRITTEN)
        return report
    finally:
        gc.enable()


def gathered(splits: Iterable[Split], recipe: Recipe, report: TaskReport) -> Iterator[pa.RecordBatch]:
    """The documents of splits of one date; small files are read together, and small batches handed on so."""
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in _batches(splits, recipe, report):
        held.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= GATHERED_ROWS or size >= GATHERED_BYTES:
            yield _joined(held)
            held, rows, size = [], 0, 0
    if held:
        yield _joined(held)


def _joined(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def _batches(splits: Iterable[Split], recipe: Recipe, report: TaskReport) -> Iterator[pa.RecordBatch]:
    def together(split: Split) -> bool:
        return recipe.records is None and is_small(split) and split.file.source_file not in recipe.taken_up

    for small, found in groupby(splits, together):
        for some, batch in read_together(found, recipe.mapping) if small else [(list(found), None)]:
            if batch is None:
                for split in some:
                    yield from read_documents(split, recipe, report)
            else:
                report.documents[some[0].file.ds] += batch.num_rows
                yield _without_metadata(batch, report)


def read_documents(split: Split, recipe: Recipe, report: TaskReport) -> Iterator[pa.RecordBatch]:
    """A split's documents, or of a file that was taken before those that are taken up; the report counts them."""
    file = split.file
    batches = read_split(
        split, recipe.mapping, records=recipe.records, each_line=recipe.each_line, telling=recipe.telling
    )
    for batch in batches:
        if file.format in ARCHIVES:
            batch = _called(batch, file, recipe)
        if file.source_file in recipe.taken_up:
            unreadable = pc.fill_null(pc.equal(batch["error_code"], str(Reason.FILE_UNREADABLE)), False)
            batch = batch.filter(pc.and_not(_taken_up(batch, recipe.taken_up), unreadable))
            for name in batch["source_file"].unique().to_pylist():
                rows = batch["source_row"].filter(pc.equal(batch["source_file"], name))
                report.taken_up.setdefault(name, []).extend(rows.to_pylist())
        report.documents[file.ds] += batch.num_rows
        yield _without_metadata(batch, report)


def _without_metadata(batch: pa.RecordBatch, report: TaskReport) -> pa.RecordBatch:
    """The batch as all are, and what its metadata says in the report."""
    if batch.schema.metadata is None:
        return batch
    report.notes.update(notes(batch))
    return batch.replace_schema_metadata()


def _taken_up(batch: pa.RecordBatch, taken_up: Mapping[str, Collection[int]]) -> pa.BooleanArray:
    """Which rows are to be taken up, of a file or of an archive's members."""
    found = pa.repeat(False, batch.num_rows)
    for name in batch["source_file"].unique().to_pylist():
        if rows := taken_up.get(name):
            these = pc.is_in(batch["source_row"], value_set=pa.array(list(rows), pa.int64()))
            found = pc.or_(found, pc.and_(pc.equal(batch["source_file"], name), these))
    return found


def _called(batch: pa.RecordBatch, archive: DropFile, recipe: Recipe) -> pa.RecordBatch:
    """An archive's rows, personal data in the names of its members as the policy has it of names of files."""
    names = batch["source_file"]
    # What stands before the mark of a member stays: rows are led to their file by it.
    prefix = member_name(archive.source_file, "")
    within = pc.starts_with(names, prefix)
    if not pc.any(within).as_py():
        return batch
    members = pc.utf8_slice_codeunits(names, len(prefix))
    treated = treat(members, recipe.policy.columns.source_file, recipe.policy, recipe.key)
    called = pc.if_else(within, pc.binary_join_element_wise(prefix, treated, ""), names)
    return batch.set_column(batch.schema.get_field_index("source_file"), DOCUMENTS.field("source_file"), called)


def prepare_documents(batches: Iterator[pa.RecordBatch], recipe: Recipe, watch: Stopwatch) -> Iterator[pa.RecordBatch]:
    """Every document of schemas.DOCUMENTS batches as a row of schemas.PREPARED, in the same order."""
    default = None if recipe.language in (DETECT, ASK) else recipe.language
    known = scorer_type(recipe.scorer).languages
    while True:
        with watch.stage("read"):
            documents = next(batches, None)
        if documents is None:
            return
        with watch.stage("redact"):
            batch = redact_documents(documents, default, recipe.policy, recipe.key)
        if recipe.language == DETECT:
            with watch.stage("detect language"):
                batch = with_detected_languages(batch, known)
        with watch.stage("fingerprint"):
            prepared = ready(batch, recipe.fingerprint)
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
