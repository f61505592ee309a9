"""Look up, score what is missing, write through: what is bought, what is kept, and what each row says of it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from transforms.documents import documents
from transforms.pii.policy import DEFAULT_POLICY, Policy, Replacement
from transforms.pii.redactor import redact
from transforms.schemas import SCORES, Status, conform
from transforms.scoring import Prepared, Stamp, distinct_texts, leave_out, reject, score_batch
from transforms.sentiment.protocols import Failure, RedactedText, Scores, Usage
from transforms.text import content_keys, subject_keys

STAMP = Stamp("RUN", datetime(2026, 11, 22, tzinfo=UTC))
HAPPY = Scores(0.75, 0.125, 0.125, 0.0)


class CountingScorer:
    """Bills a unit a byte, remembers what it was sent, and fails texts that say so."""

    name = "counting"
    version = "1"
    languages = frozenset({"en", "es"})
    max_bytes = 20

    def __init__(self) -> None:
        self.usage = Usage()
        self.sent: list[tuple[str, str]] = []

    def units(self, text: RedactedText) -> int:
        return len(text.encode())

    def score(self, texts: Sequence[RedactedText], language: str) -> list[Scores | Failure]:
        self.sent += [(text, language) for text in texts]
        return [Failure("BROKEN") if "broken" in text else HAPPY for text in texts]


class DictCache(dict[bytes, Scores]):
    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, Scores]:  # type: ignore[override] # the protocol's get
        return {key: self[key] for key in keys if key in self}

    def put(self, scores: Mapping[bytes, Scores]) -> None:
        self.update(scores)


def prepared(rows: list[dict[str, Any]], default: str = "en", policy: Policy = DEFAULT_POLICY) -> Prepared:
    base = {"document_id": "d", "text": "fine", "language": "en", "subject_id": "s"}
    values = {name: [(base | row)[name] for row in rows] for name in base}
    batch = documents(values, range(1, len(rows) + 1), "/drop/a.jsonl")
    distinct = distinct_texts(batch, default)
    redaction = redact(distinct.texts, policy)
    batch, distinct = leave_out(batch, distinct, redaction.dropped)
    texts = redaction.texts.normalised()
    keys = content_keys(
        texts.array, distinct.languages, scorer="counting", scorer_version="1", policy=policy.id, key=b"key"
    )
    return Prepared(batch, subject_keys(batch["subject_id"], b"key"), distinct, redaction, texts, keys)


def scored(rows: list[dict[str, Any]], cache: DictCache | None = None) -> tuple[list[dict[str, Any]], CountingScorer]:
    scorer = CountingScorer()
    batch = score_batch(prepared(rows), scorer, cache if cache is not None else DictCache(), STAMP)
    conform(batch, SCORES)
    return batch.to_pylist(), scorer


def test_a_text_is_bought_once_and_the_first_row_of_it_holds_the_bill() -> None:
    rows, scorer = scored([{"text": "fine"}, {"text": "other"}, {"text": " fine\n"}, {"text": "fine"}])

    assert sorted(scorer.sent) == [("fine", "en"), ("other", "en")]
    assert [row["billed_units"] for row in rows] == [4, 5, 0, 0]
    assert [row["cache_hit"] for row in rows] == [False, False, True, True]
    assert {row["sentiment"] for row in rows} == {"POSITIVE"}
    assert [rows[0][f"score_{name}"] for name in ("positive", "negative", "neutral", "mixed")] == list(HAPPY)


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


def test_a_long_text_is_scored_in_pieces_and_fails_with_one_of_them() -> None:
    long = "It is good. " * 4
    rows, scorer = scored([{"text": long}, {"text": "It is broken. " + long}])

    assert all(len(text.encode()) <= CountingScorer.max_bytes for text, _ in scorer.sent)
    assert "".join(text for text, _ in scorer.sent).startswith(long.strip())
    assert rows[0]["chunks"] == 4
    assert rows[0]["billed_units"] == len(long.strip())
    assert [rows[0][f"score_{name}"] for name in ("positive", "negative", "neutral", "mixed")] == pytest.approx(HAPPY)
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
    batch = score_batch(prepared([]), CountingScorer(), DictCache(), STAMP)
    assert batch.num_rows == 0


def test_rejecting_keeps_identity_and_bill_and_nothing_of_the_text() -> None:
    batch = score_batch(prepared([{"text": "ask kim@example.com"}, {}]), CountingScorer(), DictCache(), STAMP)

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
    ready = prepared([{"text": text} for text in texts], policy=drops)
    scorer = CountingScorer()

    rows = score_batch(ready, scorer, DictCache(), STAMP).to_pylist()

    assert scorer.sent == [("two", "en")]
    assert [(row["status"], row["error_code"]) for row in rows] == [
        ("REJECTED", "DROPPED_BY_POLICY"),
        ("SCORED", None),
        ("REJECTED", "TEXT_MISSING"),
        ("REJECTED", "DROPPED_BY_POLICY"),
    ]
    assert ready.documents["text"].to_pylist() == [None, "two", None, None]
    assert [(row["redacted_text"], row["pii"], row["billed_units"]) for row in rows] == [
        (None, None, 0),
        ("two", [], 3),
        (None, None, 0),
        (None, None, 0),
    ]
