"""Look up, score what is missing, write through: redacted documents in, rows of `scores` out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.pii.redactor import RedactedTexts, Redaction
from transforms.schemas import SCORES, Sentiment, Status
from transforms.sentiment.chunks import join
from transforms.sentiment.protocols import Failure, RedactedText, ScoreCache, Scorer, Scores
from transforms.text import split_utf8

UNSUPPORTED_LANGUAGE = "UNSUPPORTED_LANGUAGE"


@dataclass(frozen=True)
class Prepared:
    """One batch before scoring; every array has the batch's length, in the documents' order."""

    documents: pa.RecordBatch  # schemas.DOCUMENTS
    languages: pa.Array
    redaction: Redaction
    texts: RedactedTexts  # the redacted texts, normalised: what is fingerprinted and what the scorer sees
    content_keys: pa.Array  # 64 hexadecimal characters, null where there is no text
    subject_keys: pa.Array


@dataclass(frozen=True)
class Stamp:
    """What every row of a run says of it."""

    run_id: str
    scored_at: datetime


def languages_of(documents: pa.RecordBatch, default: str) -> pa.Array:
    """Each document's language: as given, or the default where none is."""
    return pc.fill_null(documents["language"], default)


def score_batch(prepared: Prepared, scorer: Scorer, cache: ScoreCache, stamp: Stamp) -> pa.RecordBatch:
    """Score a batch: distinct texts once, those in the cache not at all.

    Returns schemas.SCORES, one row per document in the same order. `billed_units` stands on the first row of a text
    that was bought; `cache_hit` is true where the cache or another row of the batch paid.
    Raises ScorerError where the scorer cannot work, LakeError where the cache cannot.
    """
    keys = prepared.content_keys.dictionary_encode()
    index = keys.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    first = np.full(len(keys.dictionary), -1)
    with_text = np.flatnonzero(index >= 0)[::-1]
    first[index[with_text]] = with_text  # the last write stands: the first row of each text

    distinct = _Distinct(
        keys=[bytes.fromhex(key) for key in keys.dictionary.to_pylist()],
        pieces=_pieces(prepared.texts.take(first), scorer.max_bytes),
        languages=prepared.languages.take(pa.array(first)).to_pylist(),
        first=first,
        index=index,
    )
    results, units = _results(distinct, scorer, cache)
    return _rows(prepared, scorer, stamp, distinct, results, units)


@dataclass(frozen=True)
class _Distinct:
    """A batch's distinct texts, and which row has which."""

    keys: list[bytes]
    pieces: list[list[RedactedText]]  # a text no longer than the scorer takes is one piece
    languages: list[str]
    first: np.ndarray  # distinct text -> its first row
    index: np.ndarray  # row -> distinct text, -1 where the row has none


def _pieces(texts: RedactedTexts, max_bytes: int) -> list[list[RedactedText]]:
    long = pc.greater(pc.binary_length(texts.array), max_bytes).to_pylist()
    return [
        split_utf8(text, max_bytes) if is_long else [text]
        for text, is_long in zip(texts.texts(), long, strict=True)
        if text is not None
    ]


def _results(distinct: _Distinct, scorer: Scorer, cache: ScoreCache) -> tuple[list[Scores | Failure], dict[int, int]]:
    """How each distinct text ends, and what those that were bought cost in units."""
    known = cache.get(distinct.keys)
    results: list[Scores | Failure | None] = [known.get(key) for key in distinct.keys]
    missing: dict[str, list[int]] = {}
    for i, result in enumerate(results):
        if result is None:
            missing.setdefault(distinct.languages[i], []).append(i)
    units: dict[int, int] = {}
    for language, wanted in missing.items():
        if language not in scorer.languages:
            bought: list[Scores | Failure] = [Failure(UNSUPPORTED_LANGUAGE)] * len(wanted)
        else:
            pieces = [distinct.pieces[i] for i in wanted]
            bought = _buy(pieces, language, scorer)
            new = zip((distinct.keys[i] for i in wanted), bought, strict=True)
            cache.put({key: scores for key, scores in new if isinstance(scores, Scores)})
            units |= {i: sum(map(scorer.units, parts)) for i, parts in zip(wanted, pieces, strict=True)}
        for i, result in zip(wanted, bought, strict=True):
            results[i] = result
    return cast(list[Scores | Failure], results), units


def _buy(texts: Sequence[Sequence[RedactedText]], language: str, scorer: Scorer) -> list[Scores | Failure]:
    """Score texts of one language, given in pieces: a text fails as its first failing piece does."""
    answers = iter(scorer.score([piece for pieces in texts for piece in pieces], language))
    results = []
    for pieces in texts:
        answered = [next(answers) for _ in pieces]
        if len(answered) == 1:
            results.append(answered[0])
            continue
        failure = next((answer for answer in answered if isinstance(answer, Failure)), None)
        scores = [answer for answer in answered if isinstance(answer, Scores)]
        results.append(failure or join(scores, [len(piece.encode()) for piece in pieces]))
    return results


def _rows(
    prepared: Prepared,
    scorer: Scorer,
    stamp: Stamp,
    distinct: _Distinct,
    results: Sequence[Scores | Failure],
    units: Mapping[int, int],
) -> pa.RecordBatch:
    documents = prepared.documents
    count = documents.num_rows
    accepted = pc.is_valid(prepared.content_keys)
    indices = pa.array(distinct.index, mask=distinct.index < 0)

    scores = np.array([r if isinstance(r, Scores) else _NO_SCORES for r in results], dtype=np.float64).reshape(-1, 4)
    failed = np.isnan(scores[:, 0])
    codes = pa.array([r.code if isinstance(r, Failure) else None for r in results], pa.string()).take(indices)
    largest = pa.array(np.argmax(scores, axis=1), mask=failed).take(indices)
    is_scored = pc.is_valid(largest)
    chunks = pa.array([len(pieces) for pieces in distinct.pieces], pa.int32())

    # The row whose text was bought is the first one of it.
    paying = distinct.first[list(units)]
    billed = np.zeros(count, dtype=np.int64)
    billed[paying] = list(units.values())
    paid = np.zeros(count, dtype=bool)
    paid[paying] = True

    columns = {
        "document_id": documents["document_id"],
        "source": documents["source"],
        "created_at": documents["created_at"],
        "language": _where(accepted, prepared.languages),
        "language_source": _where(accepted, pc.if_else(pc.is_valid(documents["language"]), "given", "default")),
        "status": pc.if_else(is_scored, Status.SCORED, pc.if_else(accepted, Status.FAILED, Status.REJECTED)),
        "error_code": pc.coalesce(documents["error_code"], codes),
        "sentiment": pa.array(list(Sentiment), pa.string()).take(largest),
        "redacted_text": prepared.redaction.texts.array,
        "pii": prepared.redaction.pii,
        "content_key": prepared.content_keys,
        "subject_key": prepared.subject_keys,
        "scorer": _where(accepted, pa.scalar(scorer.name)),
        "scorer_version": _where(accepted, pa.scalar(scorer.version)),
        "cache_hit": pc.and_(is_scored, pa.array(~paid)),
        "chunks": _where(is_scored, chunks.take(indices)),
        "billed_units": pa.array(billed),
        "source_file": documents["source_file"],
        "source_row": documents["source_row"],
        "scored_at": _where(is_scored, pa.scalar(stamp.scored_at, SCORES.field("scored_at").type)),
        "run_id": pa.repeat(stamp.run_id, count),
    }
    for number, name in enumerate(("positive", "negative", "neutral", "mixed")):
        columns[f"score_{name}"] = pa.array(scores[:, number], mask=failed).take(indices)
    return pa.RecordBatch.from_arrays([columns[name] for name in SCORES.names], schema=SCORES)


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
