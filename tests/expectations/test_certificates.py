"""What the audit searches again, and what each of the reasons guards against: each is broken on purpose here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from expectations import certificates
from expectations.profile import merge, profile_rows
from tests.expectations.conftest import Rows
from transforms import preparation
from transforms.documents import documents
from transforms.pii import redactor
from transforms.pii.finds import NO_FINDS
from transforms.pii.policy import DEFAULT_POLICY, Policy
from transforms.pii.redacted import RedactedTexts
from transforms.preparation import ready, redact_documents
from transforms.text import Fingerprint

DS, RUN_ID = "2026-11-22", "01JD0000000000000000000000"
FINGERPRINT = Fingerprint("local", "1", DEFAULT_POLICY.id, b"k" * 32)
TEXTS = ["Write to kim@example.com", "It works very well", "It works very well", "Call 212-555-0187 now"]


@pytest.fixture(autouse=True)
def nothing_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "SAMPLED", 1 << 62)


def prepared(texts: list[str], policy: Policy = DEFAULT_POLICY) -> pa.RecordBatch:
    """The texts as the redactor leaves them, with their content keys."""
    values = {
        "document_id": [str(number) for number in range(len(texts))],
        "text": texts,
        "language": ["en"] * len(texts),
    }
    batch = documents(values, range(1, len(texts) + 1), "/drop/a.jsonl")
    return ready(redact_documents(batch, "en", policy, FINGERPRINT.key), replace(FINGERPRINT, policy=policy.id))


def written(rows: Rows, batch: pa.RecordBatch, *changes: dict[str, str]) -> pa.RecordBatch:
    """Rows of scores of a prepared batch, the first of them changed."""
    each = [{name: row[name] for name in ("redacted_text", "content_key", "language")} for row in batch.to_pylist()]
    return rows(*(row | change for row, change in zip(each, [*changes, *[{}] * len(each)], strict=False)))


def counted(
    rows: pa.RecordBatch, policy: Policy = DEFAULT_POLICY, fingerprint: Fingerprint = FINGERPRINT
) -> tuple[dict[bool, int], dict[bool, int]]:
    """Rows by whether they were searched again, and by whether anything was found."""
    profile = merge([profile_rows(rows, DS, policy, RUN_ID, fingerprint)])
    return profile.count("pii_searched"), profile.count("pii_left")


def test_what_the_redactor_certified_is_not_searched_again(rows: Rows) -> None:
    assert counted(written(rows, prepared(TEXTS))) == ({False: 4}, {False: 4})


def test_without_a_fingerprint_everything_is(rows: Rows) -> None:
    profile = merge([profile_rows(written(rows, prepared(TEXTS)), DS, DEFAULT_POLICY, RUN_ID)])
    assert profile.count("pii_searched") == {True: 4}


def test_a_text_that_is_not_the_one_that_was_certified_is(rows: Rows) -> None:
    """Changed after its last pass: by a later step, by who wrote it, or on the disk."""
    changed = written(
        rows, prepared(TEXTS), {"redacted_text": "Write to kim@example.com"}, {"redacted_text": "It works"}
    )
    assert counted(changed) == ({False: 2, True: 2}, {False: 3, True: 1})


def test_a_step_that_puts_another_text_in_place_of_the_certified_one_is_found(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unredacted(*given: Any, **more: Any) -> redactor.Redaction:
        redaction = redactor.redact(*given, **more)
        return replace(redaction, texts=RedactedTexts(given[0]))

    monkeypatch.setattr(preparation, "redact", unredacted)
    assert counted(written(rows, prepared(TEXTS))) == ({False: 2, True: 2}, {False: 2, True: 2})


def test_what_is_carried_forward_is_certified_where_the_policy_is_the_same(rows: Rows) -> None:
    carried = [{"run_id": "01JC0000000000000000000000"}] * 4
    assert counted(written(rows, prepared(TEXTS), *carried)) == ({False: 4}, {False: 4})

    lax = written(rows, prepared(TEXTS, replace(DEFAULT_POLICY, thresholds=(("PHONE", 0.999),))), *carried)
    profile = merge([profile_rows(lax, DS, DEFAULT_POLICY, RUN_ID, FINGERPRINT)])
    assert profile.count("pii_searched") == {True: 4}
    assert profile.count("pii_carried") == {False: 3, True: 1}


@pytest.mark.parametrize("change", [{"content_key": "ab" * 32}, {"language": "es"}])
def test_a_row_without_a_certificate_is(rows: Rows, change: dict[str, str]) -> None:
    assert counted(written(rows, prepared(TEXTS), change)) == ({False: 3, True: 1}, {False: 4})


@pytest.mark.parametrize(
    "other",
    [replace(FINGERPRINT, policy="another"), replace(FINGERPRINT, key=b"x" * 32), replace(FINGERPRINT, scorer="other")],
)
def test_what_was_certified_under_another_policy_or_key_is(rows: Rows, other: Fingerprint) -> None:
    assert counted(written(rows, prepared(TEXTS)), fingerprint=other) == ({True: 4}, {False: 4})


def test_a_policy_that_finds_more_finds_it_in_what_another_certified(rows: Rows) -> None:
    lax = replace(DEFAULT_POLICY, thresholds=(("PHONE", 0.999),))
    assert counted(written(rows, prepared(TEXTS, lax))) == ({True: 4}, {False: 3, True: 1})


def test_a_sample_shows_a_search_that_was_out_of_order(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker whose detectors find nothing certifies whatever it is given."""
    texts = [f"Write to kim{number}@example.com" for number in range(2000)]
    with monkeypatch.context() as broken:
        broken.setattr(redactor, "scan", lambda *_: (NO_FINDS, None))
        certified = written(rows, prepared(texts))
    assert counted(certified) == ({False: 2000}, {False: 2000})

    monkeypatch.setattr(certificates, "SAMPLED", 64)
    monkeypatch.setattr(np.random, "default_rng", lambda seed=7: np.random.Generator(np.random.PCG64(seed)))
    searched, left = counted(certified)
    assert searched[True] == left[True]
    assert 15 <= left[True] <= 55  # 31 are expected


def test_the_sample_is_another_each_time(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "SAMPLED", 2)
    batch = written(rows, prepared([f"Fine number {number}" for number in range(200)]))
    texts = batch["redacted_text"].dictionary_encode()
    chosen = [certificates.to_search(texts, batch["language"], batch["content_key"], FINGERPRINT) for _ in range(2)]
    assert not chosen[0].equals(chosen[1])
