"""Look up, score what is missing, write through: redacted documents in, rows of `scores` out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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


@dataclass(frozen=True)
class _Outcome:
    """How one distinct text ended. `bought` is what it cost in units where the scorer was asked, None where not."""

    result: Scores | Failure
    bought: int | None = None


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

    texts = prepared.texts.texts()
    pieces = [split_utf8(text, scorer.max_bytes) for text in (texts[row] for row in first.tolist()) if text is not None]
    outcomes = _outcomes(
        [bytes.fromhex(key) for key in keys.dictionary.to_pylist()],
        pieces,
        prepared.languages.take(pa.array(first)).to_pylist(),
        scorer,
        cache,
    )
    return _rows(prepared, scorer, stamp, _Distinct(outcomes, [len(parts) for parts in pieces], first, index))


def _outcomes(
    keys: Sequence[bytes],
    texts: Sequence[Sequence[RedactedText]],
    languages: Sequence[str],
    scorer: Scorer,
    cache: ScoreCache,
) -> list[_Outcome]:
    """How each distinct text ends, `texts` being given in pieces."""
    outcomes = {key: _Outcome(scores) for key, scores in cache.get(keys).items()}
    missing: dict[str, list[int]] = {}
    for i, (key, language) in enumerate(zip(keys, languages, strict=True)):
        if key in outcomes:
            continue
        if language in scorer.languages:
            missing.setdefault(language, []).append(i)
        else:
            outcomes[key] = _Outcome(Failure(UNSUPPORTED_LANGUAGE))
    for language, wanted in missing.items():
        bought = _buy([texts[i] for i in wanted], language, scorer)
        new = dict(zip((keys[i] for i in wanted), bought, strict=True))
        cache.put({key: outcome.result for key, outcome in new.items() if isinstance(outcome.result, Scores)})
        outcomes |= new
    return [outcomes[key] for key in keys]


def _buy(texts: Sequence[Sequence[RedactedText]], language: str, scorer: Scorer) -> list[_Outcome]:
    """Score texts of one language, given in pieces."""
    answers = iter(scorer.score([piece for pieces in texts for piece in pieces], language))
    outcomes = []
    for pieces in texts:
        answered = [next(answers) for _ in pieces]
        failure = next((answer for answer in answered if isinstance(answer, Failure)), None)
        scores = [answer for answer in answered if isinstance(answer, Scores)]
        result = failure or join(list(zip(scores, (len(piece.encode()) for piece in pieces), strict=True)))
        outcomes.append(_Outcome(result, bought=sum(scorer.units(piece) for piece in pieces)))
    return outcomes


@dataclass(frozen=True)
class _Distinct:
    """A batch's distinct texts, and which row has which."""

    outcomes: Sequence[_Outcome]
    chunks: Sequence[int]
    first: np.ndarray  # distinct text -> its first row
    index: np.ndarray  # row -> distinct text, -1 where the row has none


def _rows(prepared: Prepared, scorer: Scorer, stamp: Stamp, distinct: _Distinct) -> pa.RecordBatch:
    documents = prepared.documents
    count = documents.num_rows
    accepted = pc.is_valid(prepared.content_keys)
    indices = pa.array(distinct.index, mask=distinct.index < 0)
    results = [outcome.result for outcome in distinct.outcomes]

    scores = np.array([r if isinstance(r, Scores) else _NO_SCORES for r in results], dtype=np.float64).reshape(-1, 4)
    failed = np.isnan(scores[:, 0])
    codes = pa.array([r.code if isinstance(r, Failure) else None for r in results], pa.string()).take(indices)
    largest = pa.array(np.argmax(scores, axis=1), mask=failed).take(indices)
    is_scored = pc.is_valid(largest)

    # The row whose text was bought is the first one of it.
    units = np.zeros(count, dtype=np.int64)
    paid = np.zeros(count, dtype=bool)
    for outcome, row in zip(distinct.outcomes, distinct.first.tolist(), strict=True):
        if outcome.bought is not None:
            paid[row] = True
            units[row] = outcome.bought

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
        "chunks": _where(is_scored, pa.array(distinct.chunks, pa.int32()).take(indices)),
        "billed_units": pa.array(units),
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
