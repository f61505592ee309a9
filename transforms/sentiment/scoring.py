"""Look up, buy what is missing, assemble: prepared documents in, rows of `scores` out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.errors import CacheError
from transforms.pii.redacted import RedactedText, RedactedTexts, redacted_texts
from transforms.schemas import SCORES, Sentiment, Status
from transforms.sentiment.buying import CACHE_UNAVAILABLE, Buyer
from transforms.sentiment.chunks import Item, chunk_items, joined
from transforms.sentiment.protocols import Cached, Deferred, Failure, Outcome, ScoreCache, Scorer, Scores
from transforms.text import Fingerprint, split_utf8

UNSUPPORTED_LANGUAGE = "UNSUPPORTED_LANGUAGE"


@dataclass(frozen=True)
class Stamp:
    """What every row of a run says of it."""

    run_id: str
    scored_at: datetime


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
        found = look_up(asked, cache, fingerprint)
        missing = to_buy(found.needed, cache)
    except CacheError:
        if not defer_without_cache:
            raise
        return _rows(prepared, scorer, stamp, asked, [Deferred(CACHE_UNAVAILABLE)] * len(asked.keys), {})
    outcomes, bills = _buy(asked, found, missing, scorer, cache, defer_without_cache=defer_without_cache)
    return _rows(prepared, scorer, stamp, asked, outcomes, bills)


# Look up.


@dataclass(frozen=True)
class Wanted:
    """What a batch wants scored: one place for each content key."""

    of_row: np.ndarray  # row of the batch -> its place, -1 where it has no text
    keys: list[bytes]
    texts: RedactedTexts
    languages: list[str | None]
    chunks: dict[int, list[RedactedText]]  # the places of texts too long for the scorer -> what they are cut to
    supported: list[bool]  # whether the scorer knows the language

    def sent(self, places: Sequence[int]) -> list[list[RedactedText]]:
        """What a scorer is sent of each of some places: its text, or the chunks of it."""
        texts = self.texts.take(np.array(places, np.int64)).texts()
        whole = ([] if text is None else [text] for text in texts)
        return [self.chunks.get(place, sent) for place, sent in zip(places, whole, strict=True)]


def wanted(prepared: pa.RecordBatch, scorer: Scorer) -> Wanted:
    """The distinct texts of a batch of schemas.PREPARED. Texts that differ in white space alone are one."""
    encoded = prepared["content_key"].dictionary_encode()
    of_row = pc.fill_null(encoded.indices, -1).to_numpy()
    first = first_rows(of_row, len(encoded.dictionary))
    texts = redacted_texts(prepared).take(first)
    languages = prepared["language"].take(pa.array(first)).to_pylist()
    long = np.flatnonzero(pc.binary_length(texts.array).to_numpy() > scorer.max_bytes)
    cut = [split_utf8(text, scorer.max_bytes) for text in texts.take(long).texts() if text is not None]
    return Wanted(
        of_row=of_row,
        keys=[bytes.fromhex(key) for key in encoded.dictionary.to_pylist()],
        texts=texts,
        languages=languages,
        chunks=dict(zip(long.tolist(), cut, strict=True)),
        supported=[language in scorer.languages for language in languages],
    )


def first_rows(index: np.ndarray, count: int) -> np.ndarray:
    """The first row of each of `count` values."""
    first = np.full(count, -1)
    rows = np.flatnonzero(index >= 0)[::-1]
    first[index[rows]] = rows  # of writes to the same place the last one stands
    return first


@dataclass(frozen=True)
class LookedUp:
    """What is known of what a batch wants, and what it takes to score the rest, as far as the scorer can."""

    known: dict[bytes, Scores]  # by content key
    needed: dict[int, list[Item]]  # place -> its text, or the chunks of it


def look_up(asked: Wanted, cache: ScoreCache, fingerprint: Fingerprint) -> LookedUp:
    """Look up the texts of a batch. Raises CacheError."""
    known = _known(asked.keys, cache)
    missing = [place for place, key in enumerate(asked.keys) if asked.supported[place] and key not in known]
    needed = {}
    for place, sent in zip(missing, asked.sent(missing), strict=True):
        language = asked.languages[place]
        if not sent or language is None:
            raise ValueError("only accepted texts of a known language are scored")
        if place in asked.chunks:
            needed[place] = chunk_items(sent, language, fingerprint)
        else:
            needed[place] = [Item(asked.keys[place], sent[0], language)]
    return LookedUp(known, needed)


@dataclass(frozen=True)
class ToBuy:
    """What has to be bought."""

    texts: dict[str, dict[bytes, RedactedText]]  # language -> content key -> text: each once
    known: dict[bytes, Scores]  # chunks of long texts that were bought before


def to_buy(needed: Mapping[int, Sequence[Item]], cache: ScoreCache) -> ToBuy:
    """What of the items of texts has to be bought; plan and bill both come from it. Raises CacheError.

    Texts that are one item were looked up already, chunks are here.
    """
    chunks = [item.key for items in needed.values() if len(items) > 1 for item in items]
    known = _known(chunks, cache) if chunks else {}
    texts: dict[str, dict[bytes, RedactedText]] = {}
    for items in needed.values():
        for item in items:
            if item.key not in known:
                texts.setdefault(item.language, {})[item.key] = item.text
    return ToBuy(texts, known)


def _known(keys: Sequence[bytes], cache: ScoreCache) -> dict[bytes, Scores]:
    return {key: cached.scores for key, cached in cache.get(keys).items() if cached.scores is not None}


# Buy.


def _buy(
    asked: Wanted, found: LookedUp, missing: ToBuy, scorer: Scorer, cache: ScoreCache, *, defer_without_cache: bool
) -> tuple[list[Outcome], dict[int, int]]:
    """Buy what is missing, and keep it: how each text ends, and the units that were bought for some, by place."""
    buyer = Buyer(scorer, cache, lambda cached: cached.scores, defer_without_cache=defer_without_cache)
    for language, texts in missing.texts.items():
        entry = partial(Cached, language=language, scorer_version=scorer.version)
        buyer.buy(texts, partial(scorer.score, language=language), entry)
    answers = missing.known | buyer.answers
    ended = {place: joined(items, answers) for place, items in found.needed.items()}
    whole = {place: ended[place] for place in asked.chunks if place in ended}
    buyer.keep(
        {
            asked.keys[place]: Cached(outcome, found.needed[place][0].language, scorer.version)
            for place, outcome in whole.items()
            if isinstance(outcome, Scores)
        }
    )
    outcomes = [
        ended[place] if place in ended else found.known.get(key, Failure(UNSUPPORTED_LANGUAGE))
        for place, key in enumerate(asked.keys)
    ]
    return outcomes, _bills(found.needed, buyer.units)


def _bills(needed: Mapping[int, Sequence[Item]], units: Mapping[bytes, int]) -> dict[int, int]:
    """Units that were bought for a place; a chunk is on the bill of the first place that needs it."""
    bills = {}
    billed: set[bytes] = set()
    for place, items in needed.items():
        new = {item.key for item in items if item.key in units} - billed
        if new:
            billed |= new
            bills[place] = sum(units[key] for key in new)
    return bills


# Assemble.


def _rows(
    prepared: pa.RecordBatch,
    scorer: Scorer,
    stamp: Stamp,
    asked: Wanted,
    outcomes: Sequence[Outcome],
    units: Mapping[int, int],
) -> pa.RecordBatch:
    """The answers, by place, spread over the batch's rows. `units` are what was bought for a place."""
    count = prepared.num_rows
    accepted = pa.array(asked.of_row >= 0)
    of_row = pa.array(asked.of_row, mask=asked.of_row < 0)

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
    chunks[list(asked.chunks)] = [len(texts) for texts in asked.chunks.values()]
    otherwise = pc.if_else(pa.array(deferred).take(of_row), str(Status.DEFERRED), str(Status.FAILED))

    # The row whose text was bought is the first one of it.
    paying = first_rows(asked.of_row, len(outcomes))[list(units)]
    billed = np.zeros(count, dtype=np.int64)
    billed[paying] = list(units.values())
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
    kept = {"document_id", "source", "role", "created_at", "billed_units", "source_file", "source_row", "run_id"}
    replaced = {"status": pa.scalar(Status.REJECTED), "error_code": pa.scalar(code), "cache_hit": pa.scalar(False)}
    columns = [
        batch[field.name]
        if field.name in kept
        else pc.if_else(rejected, replaced.get(field.name, pa.scalar(None)).cast(field.type), batch[field.name])
        for field in SCORES
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCORES)
