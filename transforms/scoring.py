"""Look up, score what is missing, write through: prepared documents in, rows of `scores` out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.errors import CacheError
from transforms.pii.redactor import RedactedTexts, redacted_texts
from transforms.schemas import SCORES, Sentiment, Status
from transforms.sentiment.chunks import join
from transforms.sentiment.protocols import (
    Cached,
    Claimed,
    Deferred,
    Failure,
    Outcome,
    RedactedText,
    ScoreCache,
    Scorer,
    Scores,
)
from transforms.text import Fingerprint, split_utf8

UNSUPPORTED_LANGUAGE = "UNSUPPORTED_LANGUAGE"
CACHE_UNAVAILABLE = "CACHE_UNAVAILABLE"


@dataclass(frozen=True)
class Stamp:
    """What every row of a run says of it."""

    run_id: str
    scored_at: datetime


@dataclass(frozen=True)
class Item:
    """What a scorer is sent as one: a text, or a piece of one that is longer than the scorer takes."""

    key: bytes
    text: RedactedText
    language: str


@dataclass(frozen=True)
class Wanted:
    """What a batch wants scored: one place for each content key."""

    of_row: np.ndarray  # row of the batch -> its place, -1 where it has no text
    keys: list[bytes]
    texts: RedactedTexts  # normalised
    languages: list[str | None]
    pieces: dict[int, int]  # the places of long texts -> how many pieces they have
    supported: list[bool]


@dataclass
class Results:
    """How it ended, by the places of a `Wanted`."""

    outcomes: list[Outcome]
    units: dict[int, int] = field(default_factory=dict)  # what was bought for a place


def wanted(prepared: pa.RecordBatch, scorer: Scorer) -> Wanted:
    """The distinct texts of a batch of schemas.PREPARED. Texts that differ in white space alone are one."""
    encoded = prepared["content_key"].dictionary_encode()
    of_row = pc.fill_null(encoded.indices, -1).to_numpy()
    first = pa.array(first_rows(of_row, len(encoded.dictionary)))
    texts = redacted_texts(prepared).take(first).normalised()
    languages = prepared["language"].take(first).to_pylist()
    lengths = pc.binary_length(texts.array).to_numpy()
    pieces = {
        place: len(split_utf8(texts.array[place].as_py(), scorer.max_bytes))
        for place in np.flatnonzero(lengths > scorer.max_bytes).tolist()
    }
    return Wanted(
        of_row=of_row,
        keys=[bytes.fromhex(key) for key in encoded.dictionary.to_pylist()],
        texts=texts,
        languages=languages,
        pieces=pieces,
        supported=[language in scorer.languages for language in languages],
    )


def items(asked: Wanted, places: Sequence[int], scorer: Scorer, fingerprint: Fingerprint) -> list[list[Item]]:
    """What some places need: for each its text, or the pieces of it, each under a content key of its own.

    A piece that stands in two texts, or twice in one, so has one key, and is bought once.
    """
    texts = asked.texts.take(pa.array(places, pa.int64())).texts()
    needed = []
    for place, text in zip(places, texts, strict=True):
        language = asked.languages[place]
        if text is None or language is None:
            raise ValueError("only accepted texts of a known language are scored")
        if place in asked.pieces:
            needed.append(_pieces(text, language, scorer, fingerprint))
        else:
            needed.append([Item(asked.keys[place], text, language)])
    return needed


def _pieces(text: RedactedText, language: str, scorer: Scorer, fingerprint: Fingerprint) -> list[Item]:
    pieces: list[RedactedText] = split_utf8(text, scorer.max_bytes)
    languages = pa.repeat(language, len(pieces))
    keys = fingerprint.keys(pa.array(pieces, pa.string()), languages).to_pylist()
    return [Item(bytes.fromhex(key), piece, language) for key, piece in zip(keys, pieces, strict=True)]


def score_batch(
    prepared: pa.RecordBatch,
    scorer: Scorer,
    cache: ScoreCache,
    fingerprint: Fingerprint,
    stamp: Stamp,
    *,
    defer_without_cache: bool = False,
) -> pa.RecordBatch:
    """Score a batch of schemas.PREPARED: distinct texts once, those in the cache not at all.

    Returns schemas.SCORES, one row per document in the same order. `billed_units` stands on the first row of a text
    that was bought; `cache_hit` is true where the cache or another row of the batch paid.
    Raises ScorerError where the scorer cannot work, and CacheError where the cache cannot; with `defer_without_cache`
    what could not be looked up is DEFERRED instead, and never bought.
    """
    asked = wanted(prepared, scorer)
    try:
        results = _results(asked, scorer, cache, fingerprint, defer_without_cache=defer_without_cache)
    except CacheError:
        if not defer_without_cache:
            raise
        results = Results([Deferred(CACHE_UNAVAILABLE)] * len(asked.keys))
    return _rows(prepared, scorer, stamp, asked, results)


def known_scores(asked: Wanted, cache: ScoreCache) -> dict[int, Scores]:
    """What the cache has, by place."""
    entries = cache.get(asked.keys)
    found = {place: entries[key].scores for place, key in enumerate(asked.keys) if key in entries}
    return {place: scores for place, scores in found.items() if scores is not None}


def _results(
    asked: Wanted, scorer: Scorer, cache: ScoreCache, fingerprint: Fingerprint, *, defer_without_cache: bool
) -> Results:
    """How each text ends, and what those that were bought cost in units. Raises CacheError before anything is bought,
    and without `defer_without_cache` also later."""
    known = known_scores(asked, cache)
    missing = [place for place in range(len(asked.keys)) if place not in known and asked.supported[place]]
    needed = dict(zip(missing, items(asked, missing, scorer, fingerprint), strict=True))
    bought = _buy(known_pieces(needed, cache), needed, scorer, cache, defer_without_cache=defer_without_cache)
    results = Results([known.get(place, Failure(UNSUPPORTED_LANGUAGE)) for place in range(len(asked.keys))])
    billed: set[bytes] = set()
    whole: dict[bytes, Cached] = {}
    for place, parts in needed.items():
        results.outcomes[place] = outcome = joined(parts, bought.outcomes)
        new = {item.key for item in parts if item.key in bought.units} - billed
        if new:
            billed |= new
            results.units[place] = sum(bought.units[key] for key in new)
        if place in asked.pieces and isinstance(outcome, Scores):
            whole[asked.keys[place]] = Cached(outcome, parts[0].language, scorer.version)
    if whole and bought.cached:
        keep(whole, cache, defer_without_cache=defer_without_cache)
    return results


def keep(entries: Mapping[bytes, Cached], cache: ScoreCache, *, defer_without_cache: bool) -> bool:
    """Keep entries; whether they are kept, where a cache that cannot keep them is no reason to raise CacheError."""
    try:
        cache.put(entries)
    except CacheError:
        if not defer_without_cache:
            raise
        return False
    return True


def known_pieces(needed: Mapping[int, Sequence[Item]], cache: ScoreCache) -> dict[bytes, Outcome]:
    """What the cache has of the pieces of long texts. Texts that are one piece were looked up already."""
    keys = [item.key for parts in needed.values() if len(parts) > 1 for item in parts]
    entries = cache.get(keys) if keys else {}
    return {key: entry.scores for key, entry in entries.items() if entry.scores is not None}


@dataclass
class _Bought:
    outcomes: dict[bytes, Outcome]  # by the key of an item
    units: dict[bytes, int] = field(default_factory=dict)
    cached: bool = True  # whether all of it was kept


def _buy(
    known: dict[bytes, Outcome],
    needed: Mapping[int, Sequence[Item]],
    scorer: Scorer,
    cache: ScoreCache,
    *,
    defer_without_cache: bool,
) -> _Bought:
    """Score the items that are not known, each key once, and keep every answer as it comes."""
    bought = _Bought(known)
    by_language: dict[str, dict[bytes, RedactedText]] = {}
    for parts in needed.values():
        for item in parts:
            if item.key not in known:
                by_language.setdefault(item.language, {})[item.key] = item.text
    for language, texts in by_language.items():
        missing = texts
        while missing:
            claimed = _score(missing, language, scorer, cache, bought, defer_without_cache=defer_without_cache)
            bought.outcomes |= _look_again(list(claimed), cache, defer_without_cache=defer_without_cache)
            missing = {key: text for key, text in claimed.items() if key not in bought.outcomes}
    return bought


def _look_again(keys: Sequence[bytes], cache: ScoreCache, *, defer_without_cache: bool) -> dict[bytes, Outcome]:
    """What of the texts that others were buying is known by now."""
    if not keys:
        return {}
    try:
        entries = cache.get(keys)
    except CacheError:
        if not defer_without_cache:
            raise
        return dict.fromkeys(keys, Deferred(CACHE_UNAVAILABLE))
    return {key: entry.scores for key, entry in entries.items() if entry.scores is not None}


def _score(
    texts: Mapping[bytes, RedactedText],
    language: str,
    scorer: Scorer,
    cache: ScoreCache,
    bought: _Bought,
    *,
    defer_without_cache: bool,
) -> dict[bytes, RedactedText]:
    """Score texts by their keys, and keep every answer as it comes; those that others are buying."""
    keys, sent = list(texts), list(texts.values())
    claimed = {}
    for answers in scorer.score(sent, language):
        fresh: dict[bytes, Cached] = {}
        for place, outcome in answers.items():
            if isinstance(outcome, Claimed):
                claimed[keys[place]] = sent[place]
                continue
            bought.outcomes[keys[place]] = outcome
            if isinstance(outcome, Scores):
                bought.units[keys[place]] = scorer.units(sent[place])
                fresh[keys[place]] = Cached(outcome, language, scorer.version)
        if fresh and bought.cached and not keep(fresh, cache, defer_without_cache=defer_without_cache):
            bought.cached = False
            scorer.stop(CACHE_UNAVAILABLE)
    return claimed


def joined(parts: Sequence[Item], outcomes: Mapping[bytes, Outcome]) -> Outcome:
    """How a text ended whose pieces ended so: it fails with the first that failed, else waits with the first that
    waits, else has the mean of their scores."""
    ended = [outcomes[item.key] for item in parts]
    for kind in (Failure, Deferred):
        for outcome in ended:
            if isinstance(outcome, kind):
                return outcome
    scores = [outcome for outcome in ended if isinstance(outcome, Scores)]
    return scores[0] if len(scores) == 1 else join(scores, [len(item.text.encode()) for item in parts])


def first_rows(index: np.ndarray, count: int) -> np.ndarray:
    """The first row of each of `count` values."""
    first = np.full(count, -1)
    rows = np.flatnonzero(index >= 0)[::-1]
    first[index[rows]] = rows  # of writes to the same place the last one stands
    return first


def _rows(prepared: pa.RecordBatch, scorer: Scorer, stamp: Stamp, asked: Wanted, results: Results) -> pa.RecordBatch:
    """The answers spread over the batch's rows."""
    count = prepared.num_rows
    accepted = pa.array(asked.of_row >= 0)
    of_row = pa.array(asked.of_row, mask=asked.of_row < 0)

    outcomes = results.outcomes
    scores = np.array([o if isinstance(o, Scores) else _NO_SCORES for o in outcomes], dtype=np.float64).reshape(-1, 4)
    unscored = np.isnan(scores[:, 0])
    codes = np.full(len(outcomes), None)
    deferred = np.zeros(len(outcomes), bool)
    for place in np.flatnonzero(unscored).tolist():
        codes[place] = outcomes[place].code
        deferred[place] = isinstance(outcomes[place], Deferred)
    largest = pa.array(np.argmax(scores, axis=1), mask=unscored).take(of_row)
    is_scored = pc.is_valid(largest)
    chunks = np.ones(len(outcomes), np.int32)
    chunks[list(asked.pieces)] = list(asked.pieces.values())
    otherwise = pc.if_else(pa.array(deferred).take(of_row), str(Status.DEFERRED), str(Status.FAILED))

    # The row whose text was bought is the first one of it.
    paying = first_rows(asked.of_row, len(outcomes))[list(results.units)]
    billed = np.zeros(count, dtype=np.int64)
    billed[paying] = list(results.units.values())
    paid = np.zeros(count, dtype=bool)
    paid[paying] = True

    columns = {
        "status": pc.if_else(is_scored, str(Status.SCORED), pc.if_else(accepted, otherwise, str(Status.REJECTED))),
        "error_code": pc.coalesce(prepared["error_code"], pa.array(codes, pa.string()).take(of_row)),
        "sentiment": pa.array(list(Sentiment), pa.string()).take(largest),
        "scorer": _where(accepted, pa.scalar(scorer.name)),
        "scorer_version": _where(accepted, pa.scalar(scorer.version)),
        "cache_hit": pc.and_(is_scored, pa.array(~paid)),
        "chunks": _where(is_scored, pa.array(chunks).take(of_row)),
        "billed_units": pa.array(billed),
        "scored_at": _where(is_scored, pa.scalar(stamp.scored_at, SCORES.field("scored_at").type)),
        "run_id": pa.repeat(stamp.run_id, count),
    }
    for number, name in enumerate(("positive", "negative", "neutral", "mixed")):
        columns[f"score_{name}"] = pa.array(scores[:, number], mask=unscored).take(of_row)
    arrays = [columns[name] if name in columns else prepared[name] for name in SCORES.names]
    return pa.RecordBatch.from_arrays(arrays, schema=SCORES)


_NO_SCORES = (np.nan,) * 4


def _where(condition: pa.Array, values: pa.Array | pa.Scalar) -> pa.Array:
    return pc.if_else(condition, values, pa.scalar(None, values.type))


def reject(batch: pa.RecordBatch, rejected: pa.Array, code: str) -> pa.RecordBatch:
    """Turn rows of `scores` into rejections: identity and bill stay, everything of the text goes.

    `rejected` is a boolean array of the batch's length without nulls.
    """
    kept = {"document_id", "source", "created_at", "billed_units", "source_file", "source_row", "run_id"}
    replaced = {"status": pa.scalar(Status.REJECTED), "error_code": pa.scalar(code), "cache_hit": pa.scalar(False)}
    columns = [
        batch[field.name]
        if field.name in kept
        else pc.if_else(rejected, replaced.get(field.name, pa.scalar(None)).cast(field.type), batch[field.name])
        for field in SCORES
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCORES)
