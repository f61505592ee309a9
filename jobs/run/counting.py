"""A worker's part of a plan: what a night's worker would buy, counted and not bought."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from jobs.drops import Split
from jobs.run.exchange import Sent, cut, prepared_splits, stretches, together
from jobs.run.recipe import Recipe, TaskReport
from jobs.run.scoring import services
from jobs.run.stopwatch import Stopwatch
from jobs.settings import ASK
from transforms.estimate import Estimate, Purchase, Tally, chunk_purchases
from transforms.id_hashes import id_hashes
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


class Found(NamedTuple):
    """What came to a partition: its estimate, and by date hashes of the ids of documents that are no rejections."""

    estimate: Estimate
    ids: dict[str, np.ndarray]


def count_partition(recipe: Recipe, _: int, sent: Iterator[Counted]) -> Found:
    """Count what came to a partition."""
    watch = Stopwatch()
    chunks: list[Purchase] = []
    ids: dict[str, np.ndarray] = {}

    def rows() -> Iterator[Sent]:
        for each in sent:
            if isinstance(each, Purchase):
                chunks.append(each)
            else:
                yield each

    with services(recipe, watch) as (scorer, cache, detector):
        tally = Tally(scorer, cache, recipe.fingerprint, detector)
        for dates, prepared in together(rows(), TaskReport(), watch):
            tally.add(prepared)
            held = prepared["error_code"].is_null()
            for ds, start, count in stretches(dates):
                found = id_hashes(prepared["document_id"].slice(start, count).filter(held.slice(start, count)))
                ids[ds] = np.concatenate([ids[ds], found]) if ds in ids else found
        tally.add_chunks(chunks)
        return Found(tally.estimate(), ids)


def count_repeated(ids: Iterable[Mapping[str, np.ndarray]]) -> int:
    """How many documents a night would reject, for one before them has their id and date; by hashes of the ids."""
    by_date: dict[str, list[np.ndarray]] = {}
    for found in ids:
        for ds, hashes in found.items():
            by_date.setdefault(ds, []).append(hashes)
    together = [np.concatenate(hashes) for hashes in by_date.values()]
    return sum(len(hashes) - len(np.unique(hashes)) for hashes in together)
