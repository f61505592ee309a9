"""Preparing: what a document is scored by, and that its text is normalised once on the whole way to its score."""

import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.transforms.sentiment.fakes import CountingScorer, DictCache, FirstWordDetector, fingerprint
from transforms import text as text_module
from transforms.documents import documents
from transforms.errors import UsageError
from transforms.estimate import Tally, chunk_purchases
from transforms.language import detect
from transforms.pii.policy import DEFAULT_POLICY, Columns, Policy, Replacement, Treatment
from transforms.pii.redacted import redacted_texts
from transforms.preparation import ready, redact_documents, with_detected_languages
from transforms.schemas import PREPARED, conform
from transforms.sentiment.languages import ask_languages
from transforms.sentiment.partitions import partitions
from transforms.sentiment.scoring import Stamp, score_batch
from transforms.text import certify, subject_keys

KEY = fingerprint().key


def batch(*rows: dict[str, Any]) -> pa.RecordBatch:
    """Documents: a good one, with the fields of each row."""
    base = {
        "document_id": "d",
        "text": "fine",
        "language": "en",
        "subject_id": "s",
        "source": "mail",
        "role": "customer",
    }
    values = {name: [(base | row)[name] for row in rows] for name in base}
    return documents(values, range(1, len(rows) + 1), "/drop/a.jsonl")


def prepared(
    *rows: dict[str, Any], default: str | None = "en", policy: Policy = DEFAULT_POLICY, key: bytes = KEY
) -> pa.RecordBatch:
    made = ready(redact_documents(batch(*rows), default, policy, key), fingerprint(policy))
    conform(made, PREPARED)
    return made


def test_a_document_ready_to_be_scored() -> None:
    (row,) = prepared({"text": "Ask  kim@example.com"}).to_pylist()

    (certificate,) = certify(pa.array(["Ask [EMAIL]"]), DEFAULT_POLICY.id, KEY).to_pylist()
    (key,) = fingerprint().keys_of(pa.array([certificate], pa.binary()), pa.array(["en"])).to_pylist()
    (subject,) = subject_keys(pa.array(["s"]), b"key").to_pylist()
    (find,) = row.pop("pii")
    assert (find["type"], find["start"], find["end"]) == ("EMAIL", 5, 20)
    assert row == {
        "document_id": "d",
        "source": "mail",
        "role": "customer",
        "left_out": 0,
        "created_at": None,
        "language": "en",
        "language_source": "given",
        "error_code": None,
        "redacted_text": "Ask [EMAIL]",
        "certificate": certificate,
        "content_key": key,
        "subject_key": subject,
        "source_file": "/drop/a.jsonl",
        "source_row": 1,
    }


def test_the_text_that_is_stored_is_the_one_that_is_scored() -> None:
    texts = ["fine", " fine\n", "caf\u00e9", "cafe\u0301", "fine", None, "a\u00a0b", "a\r\n\r\nb"]

    made = prepared(*({"text": text} for text in texts))

    assert made["redacted_text"].to_pylist() == ["fine", "fine", "caf\u00e9", "caf\u00e9", "fine", None, "a b", "a\nb"]
    assert redacted_texts(made).texts() == made["redacted_text"].to_pylist()
    keys = made["content_key"].to_pylist()
    assert keys[0] == keys[1] == keys[4]
    assert keys[2] == keys[3]
    assert len(set(keys)) == 5


@pytest.mark.parametrize(
    ("default", "languages", "sources"),
    [
        ("es", ["en", "es", "zh-TW", None], ["given", "default", "given", None]),
        (None, ["en", None, "zh-TW", None], ["given", "detected", "given", None]),
    ],
)
def test_where_a_language_comes_from(default: str | None, languages: list[str], sources: list[str]) -> None:
    rows: list[dict[str, Any]] = [
        {"language": "EN-us"},
        {"language": None},
        {"language": "zh_hant"},
        {"text": None, "language": None},
    ]

    made = prepared(*rows, default=default)

    assert made["language"].to_pylist() == languages
    assert made["language_source"].to_pylist() == sources


def test_languages_are_told_by_texts_that_name_none() -> None:
    english, german = "The parcel came late and nobody answered.", "Das Paket kam zu spät, und niemand meldete sich."
    rows: list[dict[str, Any]] = [
        {"text": english, "language": None},
        {"text": german, "language": None},
        {"text": german},
        {"text": None},
    ]
    rows += [{"text": "12345", "language": None}, {"text": english, "language": None}]

    first = redact_documents(batch(*rows), None, DEFAULT_POLICY, KEY)
    made = ready(with_detected_languages(first, {"en"}), fingerprint())

    assert made["language"].to_pylist() == ["en", "de", "en", None, "en", "en"]
    assert made["language_source"].to_pylist() == ["detected", "detected", "given", None, "detected", "detected"]
    keys = made["content_key"].to_pylist()
    assert keys[0] == keys[5]
    assert len(set(keys)) == 5  # the same text in two languages is two
    named = redact_documents(batch({}), None, DEFAULT_POLICY, KEY)
    assert with_detected_languages(named, {"en"}) is named


def test_what_a_policy_leaves_out_is_a_rejection_without_its_text() -> None:
    drops = Policy("1", replacements=(("EMAIL", Replacement.DROP),))
    texts = ["kim@example.com", "two", None, "kim@example.com"]

    made = prepared(*({"text": text} for text in texts), policy=drops)

    assert made["error_code"].to_pylist() == ["DROPPED_BY_POLICY", None, "TEXT_MISSING", "DROPPED_BY_POLICY"]
    assert made["left_out"].to_pylist() == [None, 0, None, None]
    assert made["redacted_text"].to_pylist() == [None, "two", None, None]
    for column in ("language", "language_source", "certificate", "pii", "content_key"):
        assert [made[column][row].as_py() for row in (0, 2, 3)] == [None] * 3
    assert made["subject_key"].is_null().to_pylist() == [False, False, True, False]


def test_dates_move_by_subject_and_equal_texts_are_told_apart_for_it() -> None:
    shifts = Policy("1", replacements=(("DATE_TIME", Replacement.SHIFT),))
    rows: list[dict[str, Any]] = [
        {"subject_id": "a", "text": "from 3 May 1985"},
        {"subject_id": "c", "text": "from 3 May 1985"},
        {"subject_id": None, "text": "from 3 May 1985"},
        {"subject_id": "a", "text": "from 3 May 1985"},
        {"subject_id": "a", "text": "to 5 May 1985"},
        {"subject_id": "a", "text": None},
    ]
    made = redact_documents(batch(*rows), "en", shifts, b"a key of 16 bytes or more")
    texts = [made.redaction.texts.array[each].as_py() if each >= 0 else "" for each in made.distinct.index.tolist()]
    assert texts[0] == texts[3]
    assert len(set(texts[:3])) == 3
    first, second = (date.fromisoformat(text.split(":")[1]) for text in (texts[0], texts[4]))
    assert second - first == timedelta(2)
    assert texts[5] == ""


def test_a_policy_that_needs_a_key() -> None:
    pseudonyms = Policy("1", default=Replacement.PSEUDONYM)

    with pytest.raises(UsageError):
        prepared({"text": "kim@example.com"}, policy=pseudonyms, key=b"")
    (row,) = prepared({"text": "kim@example.com"}, policy=pseudonyms).to_pylist()
    assert row["redacted_text"].startswith("[EMAIL:")


@pytest.mark.parametrize("languages_asked", [False, True])
def test_a_text_is_normalised_once_on_its_way_to_its_score(
    languages_asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prepared, cut for workers, planned, its language asked for, looked up and bought: it is normalised in between."""
    normalise = text_module.normalise
    counts: Counter[str | None] = Counter()

    def counted(texts: pa.Array) -> pa.Array:
        counts.update(texts.to_pylist())
        return normalise(texts)

    for module in list(sys.modules.values()):
        if getattr(module, "normalise", None) is normalise:
            monkeypatch.setattr(module, "normalise", counted)
    texts = [
        "en fine",
        " en  fine ",
        "en cafe\u0301",
        "en It is very good.\nIt was quite bad. ",
        "es otra",
        None,
        "en fine",
    ]
    rows = [{"text": text, "language": None if languages_asked else "en"} for text in texts]
    detector = FirstWordDetector() if languages_asked else None

    made = prepared(*rows, default=None)
    cut = partitions(made, CountingScorer.max_bytes, fingerprint(), 2, languages_asked=languages_asked)
    for number in (0, 1):
        part = made.take(pa.array(np.flatnonzero(cut == number)))
        tally = Tally(CountingScorer(), DictCache(), fingerprint(), detector)
        tally.add(part)
        tally.add_chunks(chunk_purchases(part, CountingScorer(), DictCache(), fingerprint()))
        if detector:
            part = ask_languages(part, detector, DictCache(), fingerprint(), defer_without_cache=False).prepared
        stamp = Stamp("RUN", datetime(2026, 11, 22, tzinfo=UTC))
        scores = score_batch(part, CountingScorer(), DictCache(), fingerprint(), stamp)
        assert scores.num_rows == part.num_rows

    assert counts == dict.fromkeys({text for text in texts if text is not None}, 1)


def test_what_stands_beside_a_text_is_treated_as_the_policy_has_it() -> None:
    beside = {
        "document_id": "ann.lee@example.com",
        "source": "chat with 212-555-0187",
        "language": "ann.lee@example.com",
    }
    row, rejected = prepared(beside, beside | {"text": None}, key=b"k" * 16).to_pylist()

    assert row["document_id"].startswith("[EMAIL:")
    assert (row["source"], row["language"], row["language_source"]) == ("chat with [PHONE]", "en", "default")
    assert (rejected["error_code"], rejected["language"]) == ("TEXT_MISSING", None)
    assert (rejected["document_id"], rejected["source"]) == (row["document_id"], row["source"])

    kept = Columns(*[Treatment.KEEP] * 4)
    (row,) = prepared(beside, policy=replace(DEFAULT_POLICY, columns=kept)).to_pylist()
    assert {name: row[name] for name in beside} == beside
    assert row["language_source"] == "given"


def test_what_is_searched_shown_and_scored_is_the_decoded_text() -> None:
    text = "<p>It came; he%40 wrote:</p> kim%40example.com"
    redacted = redact_documents(batch({"text": text}), "en", DEFAULT_POLICY, KEY)

    assert redacted.redaction.texts.texts() == ["It came; he@ wrote:\n[EMAIL]"]
    [[find]] = redacted.redaction.pii.to_pylist()
    assert "It came; he@ wrote:\nkim@example.com"[find["start"] : find["end"]] == "kim@example.com"


def test_a_page_without_text_is_rejected() -> None:
    page = "<html><style>p{}</style></html>"
    redacted = redact_documents(batch({"text": page}), "en", DEFAULT_POLICY, KEY)

    assert redacted.documents["error_code"].to_pylist() == ["TEXT_BLANK"]
    assert redacted.documents["left_out"].to_pylist() == [None]
    assert redacted.documents["text"].to_pylist() == redacted.documents["subject_id"].to_pylist() == [None]


def test_what_is_too_short_to_tell_is_in_what_most_of_its_batch_are_in() -> None:
    german = "Das Paket ist gestern mit der Post bei uns im Büro angekommen."
    rows: list[dict[str, Any]] = [
        {"text": text, "language": None} for text in (german, german, "ok", "😡", "[NAME]", "好的")
    ]
    rows += [{"text": "thx", "language": "en"}]
    first = redact_documents(batch(*rows), None, DEFAULT_POLICY, KEY)

    languages = ready(with_detected_languages(first, {"en"}), fingerprint())["language"].to_pylist()
    assert languages[:5] == ["de"] * 5
    assert languages[6] == "en"


def test_what_is_undecided_in_latin_letters_is_in_what_most_of_its_batch_are_in() -> None:
    undecided = "ok haha lol 12 ok haha lol 12 ok lol ok haha 99 oh haha ok no lol"
    assert detect(pa.array([undecided])).to_pylist() == [None]
    german = "Das Paket ist gestern mit der Post bei uns im Büro angekommen."
    few = 'HYPERLINK("x")'  # which is found to be Malay
    rows = [{"text": text, "language": None} for text in (german, undecided, few)]
    alone = [{"text": text, "language": None} for text in (undecided, few)]

    def languages(rows: list[dict[str, Any]], known: set[str]) -> list[str | None]:
        first = redact_documents(batch(*rows), None, DEFAULT_POLICY, KEY)
        found: list[str | None] = ready(with_detected_languages(first, known), fingerprint())["language"].to_pylist()
        return found

    assert languages(rows, {"en"}) == ["de", "de", "de"]
    assert languages(rows, {"ms"}) == ["de", "de", "ms"]
    assert languages(alone, {"en"}) == ["en", "ms"]
    assert languages([{"text": "Ω", "language": None}], {"en"}) == [None]
