"""Languages that are asked for: each text's once, kept, and what each row says of it."""

from typing import Any

import pyarrow as pa
import pytest

from tests.transforms.sentiment.fakes import CountingScorer, DictCache, FirstWordDetector, fingerprint, prepared
from tests.transforms.sentiment.test_scoring import STAMP
from transforms.errors import CacheError
from transforms.schemas import PREPARED, SCORES, conform
from transforms.sentiment.languages import Named, ask_languages, known_languages, unnamed, with_languages_bought
from transforms.sentiment.protocols import Cached
from transforms.sentiment.scoring import score_batch


def batch(*texts: str | None, language: str | None = None) -> pa.RecordBatch:
    return prepared([{"text": text, "language": language} for text in texts], default=None)


def asked(
    rows: pa.RecordBatch, cache: DictCache | None = None, *, defer: bool = False
) -> tuple[Named, FirstWordDetector]:
    detector = FirstWordDetector()
    named = ask_languages(
        rows, detector, cache if cache is not None else DictCache(), fingerprint(), defer_without_cache=defer
    )
    conform(named.prepared, PREPARED)
    return named, detector


def scored(named: Named) -> list[dict[str, Any]]:
    """What becomes of the batch's rows."""
    rows = with_languages_bought(
        score_batch(named.prepared, CountingScorer(), DictCache(), fingerprint(), STAMP), named
    )
    conform(rows, SCORES)
    values: list[dict[str, Any]] = rows.to_pylist()
    return values


def test_each_text_is_asked_for_once_and_named_ones_are_not() -> None:
    rows = pa.Table.from_batches(
        [batch("en one", " en  one", None, "es two", "en one"), batch("es three", language="en")]
    ).combine_chunks()

    named, detector = asked(rows.to_batches()[0])

    assert detector.sent == ["en one", "es two"]
    assert named.prepared["language"].to_pylist() == ["en", "en", None, "es", "en", "en"]
    assert named.units.tolist() == [1, 0, 0, 1, 0, 0]
    assert named.codes.null_count == 6


def test_a_row_that_pays_for_its_language_alone_is_no_cache_hit() -> None:
    """Its text was scored before, named; until 2026-11-28 the audit refused the night that held such a row."""
    scores = DictCache()
    score_batch(batch("en one", language="en"), CountingScorer(), scores, fingerprint(), STAMP)
    named, _ = asked(batch("en  one", "en one"))

    rows = with_languages_bought(score_batch(named.prepared, CountingScorer(), scores, fingerprint(), STAMP), named)

    assert rows["billed_units"].to_pylist() == [1, 0]
    assert rows["cache_hit"].to_pylist() == [False, True]


def test_it_then_has_the_key_of_a_text_whose_language_is_named() -> None:
    named, _ = asked(batch("en  one"))

    assert named.prepared["content_key"].equals(batch("en one", language="en")["content_key"])
    assert not named.prepared["content_key"].equals(batch("en  one")["content_key"])


def test_of_a_long_text_the_beginning_is_shown() -> None:
    _, detector = asked(batch("es uno. dos. tres. cuatro."))

    assert detector.sent == ["es uno. "]


def test_what_is_known_is_not_asked_for_again() -> None:
    cache = DictCache()
    first, _ = asked(batch("en one", "what is it"), cache)

    again, detector = asked(batch("en one", "what is it", "es two"), cache)

    assert set(cache.values()) == {Cached(None, "en", "1"), Cached(None, "", "1"), Cached(None, "es", "1")}
    assert known_languages(unnamed(batch("en one", "new")), cache) == {
        bytes.fromhex(batch("en one")["content_key"][0].as_py()): "en"
    }
    assert detector.sent == ["es two"]
    assert first.prepared["language"].to_pylist() == ["en", None]
    assert again.prepared["language"].to_pylist() == ["en", None, "es"]
    assert again.units.tolist() == [0, 0, 1]


def test_what_asking_came_to_and_cost_stands_in_the_rows() -> None:
    named, _ = asked(batch("en one", "fail", "wait", "what is it", "en one", None))

    rows = scored(named)

    assert [(row["status"], row["error_code"], row["billed_units"]) for row in rows] == [
        ("SCORED", None, len("en one") + 1),
        ("FAILED", "BROKEN", 0),
        ("DEFERRED", "BUDGET_SPENT", 0),
        ("FAILED", "UNSUPPORTED_LANGUAGE", 1),
        ("SCORED", None, 0),
        ("REJECTED", "TEXT_MISSING", 0),
    ]
    assert [row["language_source"] for row in rows] == ["detected"] * 5 + [None]
    last, _ = asked(batch("en one", None, "wait"))
    assert last.deferred.tolist() == [False, False, True]


def test_a_batch_without_such_texts() -> None:
    for rows in (batch(), batch(None), batch("one", language="en")):
        named, detector = asked(rows)
        assert detector.sent == []
        assert named.prepared.equals(rows)
        assert named.units.tolist() == [0] * rows.num_rows
        assert named.deferred.tolist() == [False] * rows.num_rows


def test_without_a_cache_nothing_is_asked() -> None:
    cache = DictCache()
    cache.looks_left = 0

    named, detector = asked(batch("en one", None), cache, defer=True)

    assert detector.sent == []
    assert [(row["status"], row["error_code"]) for row in scored(named)] == [
        ("DEFERRED", "CACHE_UNAVAILABLE"),
        ("REJECTED", "TEXT_MISSING"),
    ]
    with pytest.raises(CacheError):
        asked(batch("en one"), cache)


def test_a_cache_that_breaks_ends_the_asking() -> None:
    cache = DictCache()
    cache.writes_left = 1

    named, detector = asked(batch("en one", "en two", "en three"), cache, defer=True)

    assert detector.sent == ["en one", "en two"]
    assert named.prepared["language"].to_pylist() == ["en", "en", None]
    assert named.codes.to_pylist() == [None, None, "CACHE_UNAVAILABLE"]
    cache.writes_left = 0
    with pytest.raises(CacheError):
        asked(batch("en four"), cache)
