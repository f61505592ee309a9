"""Redacted text: what the scorer reads of a prepared batch, and that it stays what it is."""

import numpy as np
import pyarrow as pa
import pytest

from transforms.errors import SchemaError
from transforms.pii.policy import DEFAULT_POLICY
from transforms.pii.redacted import RedactedTexts, redacted_texts
from transforms.pii.redactor import redact
from transforms.schemas import PREPARED


def test_the_scorer_reads_the_redacted_text() -> None:
    prepared = pa.RecordBatch.from_pylist([{"redacted_text": "plain"}, {"redacted_text": None}], PREPARED)

    assert redacted_texts(prepared).texts() == ["plain", None]


def test_what_is_not_prepared_was_not_redacted() -> None:
    prepared = pa.RecordBatch.from_pylist([{"redacted_text": "plain"}], PREPARED)
    with pytest.raises(SchemaError, match="content_key: missing"):
        redacted_texts(prepared.drop_columns("content_key"))


def test_redacted_texts_stay_redacted_texts_and_are_normalised() -> None:
    texts = redact(pa.array([" a  joe@example.com \n", None, "e\u0301"]), DEFAULT_POLICY).texts

    taken = texts.take(np.array([2, 0, 0]))

    assert isinstance(taken, RedactedTexts)
    assert texts.texts() == ["a [EMAIL]", None, "\u00e9"]
    assert taken.texts() == ["\u00e9", "a [EMAIL]", "a [EMAIL]"]
    assert texts.take(np.array([], np.int64)).texts() == []
