"""A worker's part of a plan: what a night's worker would buy, counted and not bought."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from jobs.drops import Split
from jobs.run.exchange import Sent, cut, prepared_splits, together
from jobs.run.recipe import Recipe, TaskReport
from jobs.run.scoring import services
from jobs.run.stopwatch import Stopwatch
from jobs.settings import ASK
from transforms.estimate import Estimate, Purchase, Tally, chunk_purchases
from transforms.sentiment.partitions import partition_of

# What travels: rows as in a night, and chunks of long texts by themselves, for one may be another text's, too.
Counted: TypeAlias = Sent | Purchase


def prepare_splits(partitions: int, recipe: Recipe, splits: Sequence[Split]) -> Iterator[tuple[int, Counted]]:
    """What a night's workers hand on, and chunks, each with its partition."""
    watch = Stopwatch()
    with services(recipe, watch) as (scorer, cache, _):
        for ds, prepared in prepared_splits(recipe, splits, TaskReport(seconds=watch.seconds), watch):
            yield from cut(ds, prepared, recipe, partitions)
            if recipe.language != ASK:  # else their languages are known later, and their chunks counted with them
                for chunk in chunk_purchases(prepared, scorer, cache, recipe.fingerprint):
                    yield partition_of(chunk.key, partitions), chunk


def count_partition(recipe: Recipe, _: int, sent: Iterator[Counted]) -> Estimate:
    """Count what came to a partition."""
    watch = Stopwatch()
    chunks: list[Purchase] = []

    def rows() -> Iterator[Sent]:
        for each in sent:
            if isinstance(each, Purchase):
                chunks.append(each)
            else:
                yield each

    with services(recipe, watch) as (scorer, cache, detector):
        tally = Tally(scorer, cache, recipe.fingerprint, detector)
        for _dates, prepared in together(rows(), TaskReport(), watch):
            tally.add(prepared)
        tally.add_chunks(chunks)
        return tally.estimate()
