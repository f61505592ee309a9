"""Look up, score what is missing, write through: redacted documents in, rows of `scores` out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.documents import Reason
from transforms.pii.redactor import RedactedTexts, Redaction
from transforms.schemas import SCORES, Sentiment, Status
from transforms.sentiment.chunks import join
from transforms.sentiment.protocols import Failure, RedactedText, ScoreCache, Scorer, Scores
from transforms.text import split_utf8

UNSUPPORTED_LANGUAGE = "UNSUPPORTED_LANGUAGE"


@dataclass(frozen=True)
class Distinct:
    """A batch's distinct pairs of text and language, so that every stage works on each but once."""

    texts: pa.StringArray
    languages: pa.StringArray
    index: np.ndarray  # row of the batch -> its pair, -1 where it has no text


@dataclass(frozen=True)
class Prepared:
    """One batch before scoring."""

    documents: pa.RecordBatch  # schemas.DOCUMENTS
    subject_keys: pa.StringArray  # one per document
    distinct: Distinct
    # One per distinct pair:
    redaction: Redaction
    texts: RedactedTexts  # the redacted texts, normalised: what is fingerprinted and what the scorer sees
    content_keys: pa.StringArray


@dataclass(frozen=True)
class Stamp:
    """What every row of a run says of it."""

    run_id: str
    scored_at: datetime


def distinct_texts(documents: pa.RecordBatch, default_language: str) -> Distinct:
    """The distinct pairs of text and language in a batch; a document that names no language has the default one."""
    texts = documents["text"].dictionary_encode()
    languages = pc.fill_null(documents["language"], default_language).dictionary_encode()
    several = max(len(languages.dictionary), 1)
    pairs = pc.add(pc.multiply(texts.indices.cast(pa.int64()), several), languages.indices.cast(pa.int64()))
    encoded = pairs.dictionary_encode()  # null where the text is
    numbers = encoded.dictionary.to_numpy()
    return Distinct(
        texts.dictionary.take(pa.array(numbers // several)),
        languages.dictionary.take(pa.array(numbers % several)),
        _index(encoded),
    )


def leave_out(documents: pa.RecordBatch, distinct: Distinct, dropped: np.ndarray) -> tuple[pa.RecordBatch, Distinct]:
    """Make rejections of the documents whose text is one of some numbers of the distinct ones: its text goes."""
    if not len(dropped):
        return documents, distinct
    out = np.isin(distinct.index, dropped)
    mask = pa.array(out)
    columns = {
        "text": pc.replace_with_mask(documents["text"], mask, pa.scalar(None, pa.string())),
        "error_code": pc.replace_with_mask(documents["error_code"], mask, pa.scalar(str(Reason.DROPPED_BY_POLICY))),
    }
    arrays = [columns.get(name, documents[name]) for name in documents.schema.names]
    left = pa.RecordBatch.from_arrays(arrays, schema=documents.schema)
    return left, replace(distinct, index=np.where(out, -1, distinct.index))


def score_batch(prepared: Prepared, scorer: Scorer, cache: ScoreCache, stamp: Stamp) -> pa.RecordBatch:
    """Score a batch: distinct texts once, those in the cache not at all.

    Returns schemas.SCORES, one row per document in the same order. `billed_units` stands on the first row of a text
    that was bought; `cache_hit` is true where the cache or another row of the batch paid.
    Raises ScorerError where the scorer cannot work, LakeError where the cache cannot.
    """
    encoded = prepared.content_keys.dictionary_encode()  # texts that differ in white space alone share a key
    of_pair = _index(encoded)
    first = _first(of_pair, len(encoded.dictionary))
    texts = prepared.texts.take(first)
    long = pc.greater(pc.binary_length(texts.array), scorer.max_bytes).to_numpy(zero_copy_only=False)
    wanted = _Wanted(
        keys=[bytes.fromhex(key) for key in encoded.dictionary.to_pylist()],
        texts=[text for text in texts.texts() if text is not None],
        languages=prepared.distinct.languages.take(pa.array(first)),
        long=set(np.flatnonzero(long).tolist()),
    )
    results, units = _results(wanted, scorer, cache)
    pair = prepared.distinct.index
    of_row = np.where(pair < 0, -1, np.append(of_pair, -1)[pair])
    return _rows(prepared, scorer, stamp, _Answers(wanted, results, units, of_row))


def _index(encoded: pa.DictionaryArray) -> np.ndarray:
    """The number of each row's value, -1 where it has none."""
    index: np.ndarray = pc.fill_null(encoded.indices, -1).to_numpy()
    return index


def _first(index: np.ndarray, count: int) -> np.ndarray:
    """The first row of each of `count` values."""
    first = np.full(count, -1)
    rows = np.flatnonzero(index >= 0)[::-1]
    first[index[rows]] = rows  # of writes to the same place the last one stands
    return first


@dataclass(frozen=True)
class _Wanted:
    """What a batch wants scored: one each per content key."""

    keys: list[bytes]
    texts: list[RedactedText]
    languages: pa.StringArray
    long: set[int]  # the places of texts that are longer than the scorer takes

    def pieces(self, place: int, max_bytes: int) -> list[RedactedText]:
        """A text as the scorer takes it."""
        text = self.texts[place]
        return split_utf8(text, max_bytes) if place in self.long else [text]


@dataclass(frozen=True)
class _Answers:
    """How it ended."""

    wanted: _Wanted
    results: list[Scores | Failure]
    units: dict[int, int]  # what those that were bought cost
    of_row: np.ndarray  # row of the batch -> its place in the lists, -1 where it has no text


def _results(wanted: _Wanted, scorer: Scorer, cache: ScoreCache) -> tuple[list[Scores | Failure], dict[int, int]]:
    """How each text ends, and what those that were bought cost in units."""
    known = cache.get(wanted.keys)
    results: list[Scores | Failure | None] = list(map(known.get, wanted.keys))
    units: dict[int, int] = {}
    encoded = wanted.languages.dictionary_encode()
    for code, language in enumerate(encoded.dictionary.to_pylist()):
        places = np.flatnonzero(encoded.indices.to_numpy() == code).tolist()
        missing = [place for place in places if results[place] is None]
        if not missing:
            continue  # a cache is not opened for writing where there is nothing to keep
        if language in scorer.languages:
            bought = _buy(wanted, missing, language, scorer, units)
            new = zip(missing, bought, strict=True)
            cache.put({wanted.keys[place]: scores for place, scores in new if isinstance(scores, Scores)})
        else:
            bought = [Failure(UNSUPPORTED_LANGUAGE)] * len(missing)
        for place, result in zip(missing, bought, strict=True):
            results[place] = result
    return cast(list[Scores | Failure], results), units


def _buy(
    wanted: _Wanted, places: Sequence[int], language: str, scorer: Scorer, units: dict[int, int]
) -> list[Scores | Failure]:
    """Score texts of one language and enter what each costs: a text fails as its first failing piece does."""
    texts = [wanted.pieces(place, scorer.max_bytes) for place in places]
    answers = iter(scorer.score([piece for pieces in texts for piece in pieces], language))
    units |= {place: sum(map(scorer.units, pieces)) for place, pieces in zip(places, texts, strict=True)}
    return [next(answers) if len(pieces) == 1 else _joined(pieces, [next(answers) for _ in pieces]) for pieces in texts]


def _joined(pieces: Sequence[RedactedText], answers: Sequence[Scores | Failure]) -> Scores | Failure:
    for answer in answers:
        if isinstance(answer, Failure):
            return answer
    return join(cast(Sequence[Scores], answers), [len(piece.encode()) for piece in pieces])


def _rows(prepared: Prepared, scorer: Scorer, stamp: Stamp, answers: _Answers) -> pa.RecordBatch:
    """The answers spread over the batch's rows."""
    documents = prepared.documents
    count = documents.num_rows
    pair = prepared.distinct.index
    accepted = pa.array(pair >= 0)
    of_pair = pa.array(pair, mask=pair < 0)
    of_row = pa.array(answers.of_row, mask=answers.of_row < 0)

    results = answers.results
    scores = np.array([r if isinstance(r, Scores) else _NO_SCORES for r in results], dtype=np.float64).reshape(-1, 4)
    failed = np.isnan(scores[:, 0])
    codes = np.full(len(results), None)
    for place in np.flatnonzero(failed).tolist():
        codes[place] = results[place].code
    largest = pa.array(np.argmax(scores, axis=1), mask=failed).take(of_row)
    is_scored = pc.is_valid(largest)
    chunks = np.ones(len(results), np.int32)
    for place in answers.wanted.long:
        chunks[place] = len(answers.wanted.pieces(place, scorer.max_bytes))

    # The row whose text was bought is the first one of it.
    paying = _first(answers.of_row, len(results))[list(answers.units)]
    billed = np.zeros(count, dtype=np.int64)
    billed[paying] = list(answers.units.values())
    paid = np.zeros(count, dtype=bool)
    paid[paying] = True

    columns = {
        "document_id": documents["document_id"],
        "source": documents["source"],
        "created_at": documents["created_at"],
        "language": prepared.distinct.languages.take(of_pair),
        "language_source": _where(accepted, pc.if_else(pc.is_valid(documents["language"]), "given", "default")),
        "status": pc.if_else(is_scored, Status.SCORED, pc.if_else(accepted, Status.FAILED, Status.REJECTED)),
        "error_code": pc.coalesce(documents["error_code"], pa.array(codes, pa.string()).take(of_row)),
        "sentiment": pa.array(list(Sentiment), pa.string()).take(largest),
        "redacted_text": prepared.redaction.texts.array.take(of_pair),
        "pii": prepared.redaction.pii.take(of_pair),
        "content_key": prepared.content_keys.take(of_pair),
        "subject_key": prepared.subject_keys,
        "scorer": _where(accepted, pa.scalar(scorer.name)),
        "scorer_version": _where(accepted, pa.scalar(scorer.version)),
        "cache_hit": pc.and_(is_scored, pa.array(~paid)),
        "chunks": _where(is_scored, pa.array(chunks).take(of_row)),
        "billed_units": pa.array(billed),
        "source_file": documents["source_file"],
        "source_row": documents["source_row"],
        "scored_at": _where(is_scored, pa.scalar(stamp.scored_at, SCORES.field("scored_at").type)),
        "run_id": pa.repeat(stamp.run_id, count),
    }
    for number, name in enumerate(("positive", "negative", "neutral", "mixed")):
        columns[f"score_{name}"] = pa.array(scores[:, number], mask=failed).take(of_row)
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
