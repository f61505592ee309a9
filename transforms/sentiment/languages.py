"""Ask a paid service for the language of documents that name none: each distinct text once, and never of what is known.

Such documents come prepared without a language, under a content key that covers none; the cache keeps the answer there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.errors import CacheError
from transforms.pii.redacted import RedactedText, RedactedTexts, redacted_texts
from transforms.schemas import PREPARED, SCORES, Status
from transforms.sentiment.buying import CACHE_UNAVAILABLE, Buyer
from transforms.sentiment.protocols import Cached, Deferred, Failure, LanguageDetector, ScoreCache
from transforms.sentiment.scoring import first_rows
from transforms.text import Fingerprint, split_utf8

# A code, "" where none can be told, or why it could not be asked for.
Language: TypeAlias = str | Failure | Deferred


@dataclass(frozen=True)
class Named:
    """A batch whose languages are known as far as they can be, and how it came to that."""

    prepared: pa.RecordBatch
    codes: pa.StringArray  # why a row's language could not be asked for, null where it could
    deferred: np.ndarray  # rows for which that ends this time
    units: np.ndarray  # what was bought for each row


def ask_languages(
    prepared: pa.RecordBatch,
    detector: LanguageDetector,
    cache: ScoreCache,
    fingerprint: Fingerprint,
    *,
    defer_without_cache: bool,
) -> Named:
    """Find the languages of a batch of schemas.PREPARED: known ones in the cache, the others bought and kept.

    Raises ScorerError, and CacheError unless `defer_without_cache`: then what could not be looked up is DEFERRED.
    """
    found = unnamed(prepared)
    try:
        known = known_languages(found, cache)
    except CacheError:
        if not defer_without_cache:
            raise
        return name(prepared, found, dict.fromkeys(found.keys, Deferred(CACHE_UNAVAILABLE)), fingerprint, {})
    missing = [place for place, key in enumerate(found.keys) if key not in known]
    texts = found.shown(missing, detector.max_bytes)
    buyer = Buyer(detector, cache, lambda cached: cached.language, defer_without_cache=defer_without_cache)
    buyer.buy(
        {found.keys[place]: text for place, text in zip(missing, texts, strict=True)},
        detector.detect,
        lambda language: Cached(None, language, detector.version),
    )
    return name(prepared, found, known | buyer.answers, fingerprint, buyer.units)


@dataclass(frozen=True)
class Unnamed:
    """The distinct texts of a batch whose language nobody names."""

    of_row: np.ndarray  # row of the batch -> its place, -1 where the language is known or there is no text
    keys: list[bytes]
    texts: RedactedTexts
    certificates: pa.BinaryArray

    def shown(self, places: Sequence[int], max_bytes: int) -> list[RedactedText]:
        """What the service is shown of some: as much of the beginning as it takes."""
        texts = self.texts.take(np.array(places, np.int64)).texts()
        return [split_utf8(text, max_bytes)[0] for text in texts if text is not None]


def unnamed(prepared: pa.RecordBatch) -> Unnamed:
    """The texts of a batch of schemas.PREPARED whose language is not known."""
    keys = pc.if_else(prepared["language"].is_null(), prepared["content_key"], pa.scalar(None, pa.string()))
    encoded = keys.dictionary_encode()
    of_row = pc.fill_null(encoded.indices, -1).to_numpy()
    first = first_rows(of_row, len(encoded.dictionary))
    texts, certificates = redacted_texts(prepared).take(first), prepared["certificate"].take(pa.array(first))
    return Unnamed(of_row, [bytes.fromhex(key) for key in encoded.dictionary.to_pylist()], texts, certificates)


def known_languages(found: Unnamed, cache: ScoreCache) -> dict[bytes, Language]:
    """What the cache knows, by content key. Raises CacheError."""
    entries = cache.get(found.keys) if found.keys else {}
    return {key: cached.language for key, cached in entries.items()}


def name(
    prepared: pa.RecordBatch,
    found: Unnamed,
    known: Mapping[bytes, Language],
    fingerprint: Fingerprint,
    units: Mapping[bytes, int],
) -> Named:
    """Enter languages, by the content keys of their texts, and content keys that cover them; `units` were bought."""
    answers = [known.get(key) for key in found.keys]
    languages = pa.array([(answer or None) if isinstance(answer, str) else None for answer in answers], pa.string())
    codes = pa.array([a.code if isinstance(a, (Failure, Deferred)) else None for a in answers], pa.string())
    deferred = np.array([isinstance(answer, Deferred) for answer in answers] or [False])
    keys = fingerprint.keys_of(found.certificates, languages)
    places = pa.array(found.of_row, mask=found.of_row < 0)
    columns = {
        "language": pc.coalesce(prepared["language"], languages.take(places)),
        "content_key": pc.coalesce(keys.take(places), prepared["content_key"]),
    }
    arrays = [columns[column] if column in columns else prepared[column] for column in PREPARED.names]
    bought = np.zeros(prepared.num_rows, np.int64)
    bought[first_rows(found.of_row, len(found.keys))] = [units.get(key, 0) for key in found.keys]
    return Named(
        pa.RecordBatch.from_arrays(arrays, schema=PREPARED),
        codes.take(places),
        (found.of_row >= 0) & deferred[found.of_row],
        bought,
    )


def with_languages_bought(rows: pa.RecordBatch, named: Named) -> pa.RecordBatch:
    """Rows of schemas.SCORES, in the order of the batch, with what asking for their languages came to and cost."""
    failed = named.codes.is_valid()
    status = pc.if_else(pa.array(named.deferred), str(Status.DEFERRED), str(Status.FAILED))
    columns = {
        "status": pc.if_else(failed, status, rows["status"]),
        "error_code": pc.if_else(failed, named.codes, rows["error_code"]),
        "billed_units": pc.add(rows["billed_units"], pa.array(named.units)),
        # A row that paid for its language has paid, also where its score was known.
        "cache_hit": pc.and_(rows["cache_hit"], pa.array(named.units == 0)),
    }
    arrays = [columns[column] if column in columns else rows[column] for column in SCORES.names]
    return pa.RecordBatch.from_arrays(arrays, schema=SCORES)
