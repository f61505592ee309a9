"""Redacted text: what the scorer reads of a prepared batch, and that it stays what it is."""

import numpy as np
import pyarrow as pa
import pytest

from transforms.errors import SchemaError
from transforms.pii.policy import DEFAULT_POLICY
from transforms.pii.redacted import RedactedTexts, redacted_texts
from transforms.pii.redactor import redact
from transforms.schemas import PREPARED


def batch(texts: list[tuple[str | None, str | None]]) -> pa.RecordBatch:
    """Prepared rows of these redacted and scored texts."""
    return pa.RecordBatch.from_pylist([{"redacted_text": text, "scored_text": read} for text, read in texts], PREPARED)


def test_the_scorer_reads_the_redacted_text_but_where_it_has_one_of_its_own() -> None:
    read = redacted_texts(batch([("a  b", "a b"), ("plain", None), (None, None), (" ", "")]))

    assert read.texts() == ["a b", "plain", None, ""]


def test_what_is_not_prepared_was_not_redacted() -> None:
    with pytest.raises(SchemaError, match="scored_text: missing"):
        redacted_texts(batch([("plain", None)]).drop_columns("scored_text"))


def test_redacted_texts_stay_redacted_texts() -> None:
    texts = redact(pa.array([" a  joe@example.com \n", None, "e\u0301"]), DEFAULT_POLICY).texts

    normalised = texts.normalised()
    taken = normalised.take(np.array([2, 0, 0]))

    assert isinstance(normalised, RedactedTexts)
    assert isinstance(taken, RedactedTexts)
    assert normalised.texts() == ["a [EMAIL]", None, "\u00e9"]
    assert taken.texts() == ["\u00e9", "a [EMAIL]", "a [EMAIL]"]
    assert normalised.take(np.array([], np.int64)).texts() == []
