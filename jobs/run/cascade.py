"""A night by a cascade: what the local scorer can be trusted with keeps its label, and the rest is bought.

What is prepared moves to partitions once, as with any paid scorer, and is gathered three times: all texts are looked
at, which buys nothing; a random sample is bought, and says from which confidence on both scorers agree; and every
document is scored and written. Between these, numbers travel, some bytes a text. What was bought is in the cache: a run
that takes the night up again draws the same sample, pays for none of it, and learns the same of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs import milestones
from jobs.console import say
from jobs.drops import DropFile
from jobs.milestones import Milestone
from jobs.run import exchange
from jobs.run.exchange import Sent, together
from jobs.run.recipe import Recipe, TaskReport, fingerprint_of
from jobs.run.scoring import Services, score_prepared, services
from jobs.run.stopwatch import Stopwatch
from jobs.run.workers import Workers, shuffle_files
from jobs.scorers.registry import open_scorer, scorer_type
from jobs.stores.protocols import Ledger
from transforms.errors import CacheError
from transforms.estimate import Forecast
from transforms.report import RunSummary
from transforms.schemas import SCORES, RunState, Sentiment, Status
from transforms.sentiment import cascade
from transforms.sentiment.agreement import Rule, agreement_bounds, keeps, learn, parts
from transforms.sentiment.cascade import LEAST_SAMPLE
from transforms.sentiment.protocols import Scorer
from transforms.sentiment.scoring import first_rows, score_batch, wanted
from transforms.text import Fingerprint

FREE = "local"
# Nights that are further back do not say what the next is like.
LOOKED_BACK = timedelta(days=31)


@cache
def languages() -> list[str]:
    """What groups are numbered by: the languages that the free scorer knows, which is imported late."""
    return sorted(scorer_type(FREE).languages)


def fingerprints(recipe: Recipe) -> tuple[Fingerprint, ...]:
    """What makes the content keys of a run's rows, with a cascade or without."""
    return (recipe.fingerprint, fingerprint_of(FREE, recipe)) if recipe.cascade else (recipe.fingerprint,)


def version(recipe: Recipe) -> str:
    """Both scorers' versions."""
    return f"{scorer_type(FREE).version}+{scorer_type(recipe.scorer).version}"


def score(workers: Workers, recipe: Recipe, files: Sequence[DropFile]) -> tuple[list[TaskReport], dict[str, float]]:
    """Score a drop's files by the cascade of the recipe, and give account of it. Raises as scoring does."""
    if recipe.cascade is None:
        raise ValueError("the recipe has no cascade")
    sent = shuffle_files(workers, recipe, files, exchange.prepare_splits)
    looks = sent.gather("looking", recipe, look)
    night = _night(looks)
    size = cascade.sample_size(night.draw, night.bought, recipe.cascade.sample)
    sampled = sent.gather("sampling", (recipe, night.draw[:size]), buy_sample) if size else []
    milestones.reached(Milestone.SAMPLED)
    rule = _rule(night, size, sampled, recipe.cascade.agreement)
    told = _Told(recipe, None if rule is None else rule.least, _bills(sampled))
    written = sent.gather("scoring", told, write_partition)
    account = cascade.account(recipe.cascade.agreement, night.texts, size, rule, _saved(night, size, rule))
    return [*(each.report for each in looks), *(each.report for each in sampled), *written], account


def forecast(ledger: Ledger, recipe: Recipe) -> Forecast | None:
    """What the last published night says that had the same scorers and asked the same, and texts beside the sample."""
    for run in reversed(ledger.runs(datetime.now(UTC) - LOOKED_BACK)):
        if run.state is not RunState.PUBLISHED or not run.record:
            continue
        said = RunSummary.from_dict(run.record["summary"])
        asked = said.cascade.get("asked"), said.scorer_version
        if recipe.cascade and asked == (recipe.cascade.agreement, version(recipe)):
            saved = round(said.cascade["saved_units"])
            if said.cascade["sampled"] < said.cascade["texts"] and saved + said.billed_units:
                return Forecast(run.run_id, saved / (saved + said.billed_units))
    return None


# Look.


@dataclass(frozen=True)
class Looked:
    """A partition's distinct texts, or a night's: numbers alone.

    Those that the free scorer has scored, and that the night may buy: what was bought before it is not asked about.
    """

    draw: np.ndarray
    groups: np.ndarray
    confidence: np.ndarray
    units: np.ndarray  # what the text costs
    bought: np.ndarray  # by an earlier try of this night, for its sample
    texts: int = 0  # distinct ones in languages that the paid scorer knows
    report: TaskReport = field(default_factory=TaskReport)


def look(recipe: Recipe, _: int, sent: Iterator[Sent]) -> Looked:
    """What a partition holds, and what the free scorer says of it; nothing is bought."""
    watch = Stopwatch()
    found = []
    with services(recipe, watch) as opened, _free(recipe) as free:
        for distinct in _distinct(sent):
            with watch.stage("score"):
                found.append(_look(distinct, recipe, opened, free, watch))
    return _joined(found, TaskReport(seconds=watch.seconds))


def _look(distinct: pa.RecordBatch, recipe: Recipe, opened: Services, free: Scorer, watch: Stopwatch) -> Looked:
    asked = wanted(distinct, opened.scorer)
    texts = sum(asked.supported)
    judged = cascade.judged(_by_free(distinct, free, recipe, watch), languages())
    scored = np.flatnonzero(judged.groups >= 0)
    keys = [asked.keys[place] for place in scored]
    marks = cascade.marks(keys, recipe.drawn_for, recipe.key)
    try:
        known = opened.cache.get(keys)
        again = opened.cache.get([mark for mark, key in zip(marks, keys, strict=True) if key in known])
    except CacheError:
        if not recipe.defer_without_cache:
            raise
        return replace(_NOTHING, texts=texts)  # nothing can be bought, and so nothing is learned
    bought = np.array([mark in again for mark in marks], bool)
    here = bought | np.array([key not in known for key in keys], bool)
    places = scored[here]
    units = [sum(map(opened.scorer.units, sent)) for sent in asked.sent(places)]
    return Looked(
        cascade.draws(marks)[here],
        judged.groups[places],
        judged.confidence[places],
        np.array(units, np.int64),
        bought[here],
        texts,
    )


_NOTHING = Looked(np.empty(0, np.uint64), np.empty(0, np.int16), np.empty(0), np.empty(0, np.int64), np.empty(0, bool))


def _joined(looks: Sequence[Looked], report: TaskReport) -> Looked:
    draw, groups, confidence, units, bought = (
        np.concatenate([getattr(each, name) for each in (_NOTHING, *looks)]) for name in _ARRAYS
    )
    return Looked(draw, groups, confidence, units, bought, sum(each.texts for each in looks), report)


_ARRAYS = ("draw", "groups", "confidence", "units", "bought")


def _night(looks: Sequence[Looked]) -> Looked:
    """What all partitions hold, in the order of the draw, which is random."""
    whole = _joined(looks, TaskReport())
    order = np.argsort(whole.draw, kind="stable")
    return replace(whole, **{name: getattr(whole, name)[order] for name in _ARRAYS})


# Buy the sample.


class Sampled(NamedTuple):
    """What a partition's part of the sample came to."""

    draw: np.ndarray
    label: np.ndarray  # the place of the paid scorer's in `Sentiment`, -1 where it gave none
    deferred: int  # texts that could not be bought this time
    bills: Mapping[str, int]  # content key -> units that were bought
    report: TaskReport


def buy_sample(told: tuple[Recipe, np.ndarray], _: int, sent: Iterator[Sent]) -> Sampled:
    """Buy those of a partition's texts whose draws are the sample's, as any text is bought; nothing is written."""
    recipe, drawn = told
    watch = Stopwatch()
    report = TaskReport(seconds=watch.seconds)
    draw, label = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
    deferred = 0
    bills: dict[str, int] = {}
    with services(recipe, watch) as opened:
        for distinct in _distinct(sent):
            keys = list(map(bytes.fromhex, distinct["content_key"].to_pylist()))
            marks = cascade.marks(keys, recipe.drawn_for, recipe.key)
            draws = cascade.draws(marks)
            places = np.flatnonzero(np.isin(draws, drawn))
            marking = cascade.MarkingCache(opened.cache, {keys[place]: marks[place] for place in places})
            part = distinct.take(pa.array(places))
            rows = score_prepared(part, recipe, opened._replace(cache=marking), watch)
            draw.append(draws[places])
            label.append(pc.fill_null(cascade.labels(rows), -1).to_numpy().astype(np.int64))
            deferred += pc.sum(pc.equal(rows["status"], str(Status.DEFERRED))).as_py() or 0
            paid = rows.filter(pc.greater(rows["billed_units"], 0))
            bills |= dict(zip(paid["content_key"].to_pylist(), paid["billed_units"].to_pylist(), strict=True))
        opened.report_usage(report)
    return Sampled(np.concatenate(draw), np.concatenate(label), deferred, bills, report)


def _bills(sampled: Sequence[Sampled]) -> dict[str, int]:
    return {key: units for each in sampled for key, units in each.bills.items()}


def _rule(night: Looked, size: int, sampled: Sequence[Sampled], asked: float) -> Rule | None:
    """What the sample says, and says so."""
    if waiting := sum(each.deferred for each in sampled):
        say(f"cascade: {waiting:,} of {size:,} texts of the sample could not be bought: nothing keeps a local label")
        return None
    labels = dict(pair for each in sampled for pair in zip(each.draw.tolist(), each.label.tolist(), strict=True))
    paid = np.array([labels.get(draw, -1) for draw in night.draw[:size].tolist()], np.int64)
    agrees = np.where(paid < 0, -1, paid == night.groups[:size] % len(Sentiment))
    rule = learn(night.groups, night.confidence, agrees, asked, len(languages()) * len(Sentiment))
    if size == len(night.draw):
        say(f"cascade: all {size:,} texts are bought, for a sample has {LEAST_SAMPLE:,} at least")
    elif rule is None:
        say(f"cascade: by a sample of {size:,} texts no confidence reaches an agreement of {asked:g}: all is bought")
    else:
        for line in _told_by_group(night, agrees, rule):
            say(f"cascade: {line}")
    return rule


def _told_by_group(night: Looked, agrees: np.ndarray, rule: Rule) -> Iterator[str]:
    """A line for each language and label of which texts keep their label."""
    kept = keeps(rule.least, night.groups, night.confidence)
    unseen = np.arange(len(kept)) >= len(agrees)
    _, verified = parts(agrees)
    for group in np.unique(night.groups[kept & unseen]).tolist():
        language, label = cascade.group_name(group, languages())
        count = int((kept & unseen & (night.groups == group)).sum())
        seen = verified[kept[verified] & (night.groups[verified] == group)]
        least, most = agreement_bounds(len(seen), int(agrees[seen].sum()), count)
        yield (
            f"{language} {label} from {rule.least[group]:.2f} on: {count:,} texts keep it, and of {len(seen):,} "
            f"verified {int(agrees[seen].sum()):,} agree ({least:.1%} to {most:.1%})"
        )


def _saved(night: Looked, size: int, rule: Rule | None) -> int:
    if rule is None:
        return 0
    return int(night.units[size:][keeps(rule.least, night.groups[size:], night.confidence[size:])].sum())


# Score and write.


class _Told(NamedTuple):
    recipe: Recipe
    least: np.ndarray | None  # see `Rule`; None: all is bought
    bills: Mapping[str, int]  # of the sample


def write_partition(told: _Told, partition: int, sent: Iterator[Sent]) -> TaskReport:
    """Score what came to a partition and write it, as `exchange.write_partition` does."""
    bills = dict(told.bills)
    with _free(told.recipe) as free:

        def by_cascade(prepared: pa.RecordBatch, recipe: Recipe, opened: Services, watch: Stopwatch) -> pa.RecordBatch:
            if told.least is None:
                return cascade.with_bills(score_prepared(prepared, recipe, opened, watch), bills)
            with watch.stage("score"):
                rows = _by_free(prepared, free, recipe, watch)
                keep = _keep(rows, told.least, opened, recipe)
                kept = _filed(rows.filter(keep), prepared.filter(keep), recipe)
            bought = score_prepared(prepared.filter(pc.invert(keep)), recipe, opened, watch)
            return cascade.merged(keep, kept, cascade.with_bills(bought, bills))

        return exchange.write_partition(told.recipe, partition, sent, by_cascade)


def _keep(rows: pa.RecordBatch, least: np.ndarray, opened: Services, recipe: Recipe) -> pa.BooleanArray:
    """Which rows keep the free scorer's label: where it is to be trusted, and nobody has bought the text."""
    judged = cascade.judged(rows, languages())
    kept = judged.groups >= 0
    kept[kept] = keeps(least, judged.groups[kept], judged.confidence[kept])
    keys = {key: bytes.fromhex(key) for key in rows["content_key"].filter(pa.array(kept)).unique().to_pylist()}
    try:
        known = opened.cache.get(list(keys.values())) if keys else {}
    except CacheError:
        if not recipe.defer_without_cache:
            raise
        known = {}  # these need nothing that is bought
    free = pa.array([key for key, raw in keys.items() if raw not in known], pa.string())
    return pc.and_(pa.array(kept), pc.is_in(rows["content_key"], free))


def _filed(rows: pa.RecordBatch, prepared: pa.RecordBatch, recipe: Recipe) -> pa.RecordBatch:
    """Rows that the free scorer has scored under the content keys of that scorer."""
    keys = fingerprint_of(FREE, recipe).keys_of(prepared["certificate"], prepared["language"])
    return rows.set_column(SCORES.get_field_index("content_key"), SCORES.field("content_key"), keys)


# What all three share.


def _distinct(sent: Iterator[Sent]) -> Iterator[pa.RecordBatch]:
    """What came to a partition, as schemas.PREPARED, one row for each text."""
    seen: set[str] = set()
    for _dates, prepared in together(sent, TaskReport(), Stopwatch()):  # what they report is added where it is written
        encoded = prepared["content_key"].dictionary_encode()
        keys = encoded.dictionary.to_pylist()
        first = first_rows(pc.fill_null(encoded.indices, -1).to_numpy(), len(keys))
        new = [row for row, key in zip(first.tolist(), keys, strict=True) if key not in seen]
        seen.update(keys)
        if new:
            yield prepared.take(pa.array(new))


@contextmanager
def _free(recipe: Recipe) -> Iterator[Scorer]:
    with closing(open_scorer(FREE, recipe.calls, None)) as free:
        yield free


def _by_free(prepared: pa.RecordBatch, free: Scorer, recipe: Recipe, watch: Stopwatch) -> pa.RecordBatch:
    """What the free scorer says, as schemas.SCORES, under the content keys as they are."""
    with watch.stage("scorer"):
        return score_batch(prepared, free, cascade.NoCache(), recipe.fingerprint, recipe.stamp)
