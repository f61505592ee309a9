"""The nightly job's stages in this process, without Spark: one text, or the documents of a file.

With a lake, texts come from its cache and go to it, under its key, quota and budget; without one nothing is kept.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pyarrow as pa
from tqdm import tqdm

from jobs.console import output, say
from jobs.drops import list_drop, plan_splits
from jobs.lake.layout import Lake
from jobs.run.budget import enter_budget, stop_at
from jobs.run.intake import called
from jobs.run.lost import require_stores
from jobs.run.recipe import Recipe, TaskReport, recipe_of
from jobs.run.scoring import read_documents, score_documents, services
from jobs.run.stopwatch import Stopwatch
from jobs.settings import ScoringSettings, resolve
from jobs.stores.open import Stores, open_lake, temporary_lake
from transforms.documents import Reason, documents
from transforms.errors import UsageError
from transforms.pii.columns import shown
from transforms.schemas import SCORES, Status
from transforms.sentiment.scoring import reject


def analyze_text(text: str, settings: ScoringSettings, lake: str | None) -> str:
    """One text's row of `scores`, as indented JSON. Raises UsageError, LakeError, ScorerError, CacheError."""
    return orjson.dumps(analyze_texts([text], settings, lake).to_pylist()[0], option=orjson.OPT_INDENT_2).decode()


def analyze_texts(texts: Sequence[str], settings: ScoringSettings, lake: str | None) -> pa.Table:
    """The rows of `scores` of texts, in their order, numbered from 1. Raises as `analyze_text`."""
    numbers = range(1, len(texts) + 1)
    batch = documents({"document_id": list(map(str, numbers)), "text": list(texts)}, list(numbers), "")
    with _entered(settings, lake) as recipe:
        return pa.Table.from_batches(list(_score(iter([batch]), recipe)), SCORES).sort_by("source_row")


def analyze_file(source: Path, target: Path | None, settings: ScoringSettings, lake: str | None) -> None:
    """The rows of `scores` of every document of a file, as JSON Lines in the documents' order.

    `target` is written whole or not at all; None or `-` is standard output. Raises DropError, and as `analyze_text`.
    """
    with _entered(settings, lake) as recipe:
        listing = list_drop(str(source), datetime.now(UTC).date().isoformat(), file_format=None, date_pattern=None)
        for name, reason in listing.skipped:
            say(f"skipped {shown(name, recipe.policy)}: {reason}")
        files = called(listing.files, recipe.policy, recipe.key)
        total = sum(file.size for file in listing.files)
        seen: set[str] = set()
        with output(target) as out, tqdm(total=None, unit=" documents", disable=not sys.stderr.isatty()) as bar:
            for split in plan_splits(files, max(total, 1)):
                for rows in _score(read_documents(split, recipe, TaskReport()), recipe):
                    unique = reject(rows, _repeated(rows, seen), Reason.DUPLICATE_ID)
                    out.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in unique.to_pylist())
                    bar.update(rows.num_rows)


@contextmanager
def _entered(settings: ScoringSettings, location: str | None) -> Iterator[Recipe]:
    """What scoring is told, its budget entered where it has one."""
    told = resolve(settings)
    if told.cascade:
        raise UsageError("--scorer cascade is for nights, which have texts to draw a sample from: local, or comprehend")
    if location is None:
        told.policy.require(told.key or b"")  # none of its own is kept
    with _lake(settings, location) as (lake, stores):
        if told.paid and location is not None:
            require_stores(lake, stores, defer_without_cache=told.defer_without_cache)
        until = stop_at(told, 0, datetime.now(UTC))
        recipe = recipe_of(told, stores.joined(), told.key or stores.keys().content_key(), stop_at=until)
        if told.paid:
            with closing(stores.meter()) as meter:
                enter_budget(meter.spending, recipe.stamp.run_id, told.budget, since_published=[])
        try:
            yield recipe
        finally:
            if told.paid:
                with closing(stores.meter()) as meter:
                    meter.claims.forget(recipe.stamp.run_id)


@contextmanager
def _lake(settings: ScoringSettings, location: str | None) -> Iterator[tuple[Lake, Stores]]:
    if location is None:
        with temporary_lake(settings.cache) as opened:
            yield opened
    else:
        yield open_lake(location, create=False, cache=settings.cache)


def _score(batches: Iterator[pa.RecordBatch], recipe: Recipe) -> Iterator[pa.RecordBatch]:
    watch = Stopwatch()
    with services(recipe, watch) as opened:
        yield from score_documents(batches, recipe, opened, watch)


def _repeated(rows: pa.RecordBatch, seen: set[str]) -> pa.Array:
    """Which rows have an id that an accepted row before them has; `seen` grows."""
    repeated = []
    for document_id, status in zip(rows["document_id"].to_pylist(), rows["status"].to_pylist(), strict=True):
        accepted = status != Status.REJECTED
        repeated.append(accepted and document_id in seen)
        if accepted:
            seen.add(document_id)
    return pa.array(repeated, pa.bool_())
