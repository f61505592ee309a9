"""Look up, score what is missing, write through: what is bought, what is kept, and what each row says of it."""

from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pyarrow as pa
import pytest

from tests.transforms.sentiment.fakes import HAPPY, CountingScorer, DictCache, fingerprint, prepared
from transforms.errors import CacheError
from transforms.pii.policy import Policy, Replacement
from transforms.schemas import SCORES, Status, conform
from transforms.sentiment.scoring import Stamp, look_up, reject, score_batch, to_buy, wanted

STAMP = Stamp("RUN", datetime(2026, 11, 22, tzinfo=UTC))
SHARES = ("score_positive", "score_negative", "score_neutral", "score_mixed")


def scored(
    rows: list[dict[str, Any]], cache: DictCache | None = None, *, defer: bool = False
) -> tuple[list[dict[str, Any]], CountingScorer]:
    scorer = CountingScorer()
    cache = cache if cache is not None else DictCache()
    batch = score_batch(prepared(rows), scorer, cache, fingerprint(), STAMP, defer_without_cache=defer)
    conform(batch, SCORES)
    return batch.to_pylist(), scorer


def test_a_text_is_bought_once_and_the_first_row_of_it_holds_the_bill() -> None:
    rows, scorer = scored([{"text": "fine"}, {"text": "other"}, {"text": " fine\n"}, {"text": "fine"}])

    assert sorted(scorer.sent) == [("fine", "en"), ("other", "en")]
    assert [row["billed_units"] for row in rows] == [4, 5, 0, 0]
    assert [row["cache_hit"] for row in rows] == [False, False, True, True]
    assert {row["sentiment"] for row in rows} == {"POSITIVE"}
    assert [rows[0][name] for name in SHARES] == list(HAPPY)


def test_what_was_bought_is_kept_and_not_bought_again() -> None:
    cache = DictCache()
    scored([{"text": "fine"}], cache)

    rows, scorer = scored([{"text": "fine"}, {"text": "new"}], cache)

    assert scorer.sent == [("new", "en")]
    assert [(row["cache_hit"], row["billed_units"]) for row in rows] == [(True, 0), (False, 3)]


def test_the_scorer_sees_redacted_text_alone() -> None:
    rows, scorer = scored([{"text": "ask kim@example.com"}])

    assert scorer.sent == [("ask [EMAIL]", "en")]
    assert rows[0]["redacted_text"] == "ask [EMAIL]"


def test_languages_do_not_share_scores_and_are_sent_apart() -> None:
    rows, scorer = scored([{"language": "en"}, {"language": "es"}, {"language": None}])

    assert sorted(scorer.sent) == [("fine", "en"), ("fine", "es")]
    assert [row["language_source"] for row in rows] == ["given", "given", "default"]
    assert [row["cache_hit"] for row in rows] == [False, False, True]


def test_a_language_the_scorer_has_not_fails_and_is_not_sent() -> None:
    rows, scorer = scored([{"language": "de"}])

    assert scorer.sent == []
    (row,) = rows
    assert (row["status"], row["error_code"], row["language"]) == ("FAILED", "UNSUPPORTED_LANGUAGE", "de")
    assert (row["sentiment"], row["score_positive"], row["chunks"], row["scored_at"]) == (None,) * 4


def test_a_failure_is_a_code_and_is_not_kept() -> None:
    cache = DictCache()
    rows, _ = scored([{"text": "broken"}, {"text": "fine"}], cache)

    assert [(row["status"], row["error_code"]) for row in rows] == [("FAILED", "BROKEN"), ("SCORED", None)]
    assert len(cache) == 1


def test_a_long_text_is_scored_in_chunks_and_fails_with_one_of_them() -> None:
    long = "It is good. " * 4
    rows, scorer = scored([{"text": long}, {"text": "It is broken. " + long}])

    assert all(len(text.encode()) <= CountingScorer.max_bytes for text, _ in scorer.sent)
    # Its chunks are "It is good. " three times and "It is good.": the first is bought once.
    assert rows[0]["chunks"] == 4
    assert rows[0]["billed_units"] == len("It is good. It is good.")
    assert [rows[0][name] for name in SHARES] == pytest.approx(HAPPY)
    assert (rows[1]["status"], rows[1]["error_code"], rows[1]["chunks"]) == ("FAILED", "BROKEN", None)


def test_a_rejected_document_stays_one() -> None:
    rows, scorer = scored([{"text": None}, {"document_id": None}])

    assert scorer.sent == []
    assert [(row["status"], row["error_code"]) for row in rows] == [
        ("REJECTED", "TEXT_MISSING"),
        ("REJECTED", "ID_MISSING"),
    ]
    for row in rows:
        assert (row["language"], row["content_key"], row["redacted_text"], row["scorer"]) == (None,) * 4


def test_an_empty_batch() -> None:
    batch = score_batch(prepared([]), CountingScorer(), DictCache(), fingerprint(), STAMP)
    assert batch.num_rows == 0


def test_rejecting_keeps_identity_and_bill_and_nothing_of_the_text() -> None:
    two = prepared([{"text": "ask kim@example.com"}, {}])
    batch = score_batch(two, CountingScorer(), DictCache(), fingerprint(), STAMP)

    rejected = reject(batch, pa.array([True, False]), "DUPLICATE_ID")

    conform(rejected, SCORES)
    first, second = rejected.to_pylist()
    kept = {name: value for name, value in first.items() if value is not None}
    assert kept == {
        "document_id": "d",
        "status": Status.REJECTED,
        "error_code": "DUPLICATE_ID",
        "cache_hit": False,
        "billed_units": len("ask [EMAIL]"),
        "source_file": "/drop/a.jsonl",
        "source_row": 1,
        "run_id": "RUN",
    }
    assert second == batch.to_pylist()[1]


def test_documents_that_a_policy_leaves_out_are_rejections_without_their_text() -> None:
    drops = Policy("1", replacements=(("EMAIL", Replacement.DROP),))
    texts = ["a@example.com", "two", None, "a@example.com"]
    left = prepared([{"text": text} for text in texts], policy=drops)
    scorer = CountingScorer()

    rows = score_batch(left, scorer, DictCache(), fingerprint(drops), STAMP).to_pylist()

    assert scorer.sent == [("two", "en")]
    assert [(row["status"], row["error_code"]) for row in rows] == [
        ("REJECTED", "DROPPED_BY_POLICY"),
        ("SCORED", None),
        ("REJECTED", "TEXT_MISSING"),
        ("REJECTED", "DROPPED_BY_POLICY"),
    ]
    assert left["redacted_text"].to_pylist() == [None, "two", None, None]
    assert [(row["redacted_text"], row["pii"], row["billed_units"]) for row in rows] == [
        (None, None, 0),
        ("two", [], 3),
        (None, None, 0),
        (None, None, 0),
    ]


def test_a_text_of_many_equal_chunks_pays_for_one_of_them() -> None:
    rows, scorer = scored([{"text": "It is so good here. " * 50}, {"text": "It is so good here. " * 30}])

    assert [text for text, _ in scorer.sent] == ["It is so good here. ", "It is so good here."]
    assert [row["chunks"] for row in rows] == [50, 30]
    assert [row["billed_units"] for row in rows] == [39, 0]
    assert [row["cache_hit"] for row in rows] == [False, True]


def test_chunks_that_were_bought_before_a_crash_are_not_bought_again() -> None:
    cache = DictCache()
    long = "It is very good. It was quite bad. "
    scored([{"text": "It is very good."}], cache)
    scorer = CountingScorer()
    answers = scorer.score
    monday = prepared([{"text": long}])
    scorer.score = lambda texts, language: islice(answers(texts, language), 1)  # type: ignore[method-assign] # dies then
    with pytest.raises(KeyError):
        score_batch(monday, scorer, cache, fingerprint(), STAMP)

    _, again = scored([{"text": long}], cache)

    assert [text for text, _ in again.sent] == ["It was quite bad."]


def test_what_a_scorer_defers_waits_and_is_not_kept() -> None:
    scorer, cache = CountingScorer(), DictCache()
    scorer.stop("BUDGET_SPENT")

    (row,) = score_batch(prepared([{}]), scorer, cache, fingerprint(), STAMP).to_pylist()

    assert (row["status"], row["error_code"], row["sentiment"], row["billed_units"]) == (
        "DEFERRED",
        "BUDGET_SPENT",
        None,
        0,
    )
    assert (row["redacted_text"], row["chunks"], row["scored_at"]) == ("fine", None, None)
    assert cache == {}


def test_without_a_cache_nothing_is_bought() -> None:
    cache = DictCache()
    cache.looks_left = 0

    with pytest.raises(CacheError):
        scored([{}], cache)
    rows, scorer = scored([{}, {"text": None}], cache, defer=True)

    assert scorer.sent == []
    assert [(row["status"], row["error_code"]) for row in rows] == [
        ("DEFERRED", "CACHE_UNAVAILABLE"),
        ("REJECTED", "TEXT_MISSING"),
    ]


def test_a_cache_that_breaks_ends_the_buying_and_what_was_bought_is_published() -> None:
    texts = [{"text": text} for text in ("one", "two", "three")]
    cache = DictCache()
    cache.writes_left = 1

    rows, scorer = scored(texts, cache, defer=True)

    assert [text for text, _ in scorer.sent] == ["one", "two"]
    assert [row["status"] for row in rows] == ["SCORED", "SCORED", "DEFERRED"]
    cache.writes_left = 0
    with pytest.raises(CacheError):
        scored([{"text": "four"}], cache)


def test_a_cache_that_breaks_while_chunks_are_looked_up_defers_all() -> None:
    cache = DictCache()
    cache.looks_left = 1

    rows, scorer = scored([{"text": "It is good. " * 4}, {}], cache, defer=True)

    assert scorer.sent == []
    assert {(row["status"], row["error_code"]) for row in rows} == {("DEFERRED", "CACHE_UNAVAILABLE")}


def test_a_text_that_another_is_buying_is_looked_up_and_else_bought() -> None:
    scorer, cache = CountingScorer(), DictCache()
    scorer.claimed = {"theirs", "given up"}
    batch = prepared([{"text": "theirs"}, {"text": "given up"}, {"text": "ours"}])
    answers = scorer.score

    def score(texts: Any, language: str) -> Any:
        yield from answers(texts, language)
        cache.update(theirs)  # the other is done

    theirs = DictCache()
    score_batch(prepared([{"text": "theirs"}]), CountingScorer(), theirs, fingerprint(), STAMP)
    scorer.score = score  # type: ignore[method-assign] # another buys meanwhile

    rows = score_batch(batch, scorer, cache, fingerprint(), STAMP).to_pylist()

    assert [text for text, _ in scorer.sent] == ["ours", "given up"]
    assert [(row["status"], row["billed_units"], row["cache_hit"]) for row in rows] == [
        ("SCORED", 0, True),
        ("SCORED", 8, False),
        ("SCORED", 4, False),
    ]


def test_a_long_text_is_kept_as_a_whole_and_as_its_chunks() -> None:
    cache = DictCache()
    long = "It is very good. It was quite bad. "
    scored([{"text": long}], cache)

    whole = wanted(prepared([{"text": long}]), CountingScorer())
    ends = wanted(prepared([{"text": "It was quite bad."}]), CountingScorer())

    assert len(cache) == 3
    assert {*whole.keys, *ends.keys} <= cache.keys()


def test_what_is_to_be_bought_is_each_text_and_chunk_once_by_language() -> None:
    cache = DictCache()
    scored([{"text": "known"}, {"text": "It is very good."}], cache)
    long, other = "It was quite bad. It is very good.", "It was quite bad. Really so."
    rows: list[dict[str, str | None]] = [
        {"text": "known"},
        {"text": long},
        {"text": f"  {other}"},
        {"text": "It was quite bad."},
        {"text": "new", "language": "es"},
        {"text": "new", "language": "de"},
        {"text": None},
        {"text": other},
    ]
    asked = wanted(prepared(rows), CountingScorer())

    found = look_up(asked, cache, fingerprint())
    missing = to_buy(found.needed, cache)

    assert asked.of_row.tolist() == [0, 1, 2, 3, 4, 5, -1, 2]
    assert asked.supported == [True, True, True, True, True, False]
    chunks = {1: ["It was quite bad. ", "It is very good."], 2: ["It was quite bad. ", "Really so."]}
    assert asked.chunks == chunks
    assert asked.sent([3, 1]) == [["It was quite bad."], chunks[1]]
    assert list(found.known) == [asked.keys[0]]
    needed = {place: [item.text for item in items] for place, items in found.needed.items()}
    assert needed == chunks | {3: ["It was quite bad."], 4: ["new"]}
    # Its white space is a chunk's own: "It was quite bad." is another text.
    assert {language: list(texts.values()) for language, texts in missing.texts.items()} == {
        "en": ["It was quite bad. ", "Really so.", "It was quite bad."],
        "es": ["new"],
    }
    assert list(missing.known) == [found.needed[1][1].key]
