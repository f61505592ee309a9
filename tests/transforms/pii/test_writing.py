"""Texts written anew all at once read as each written by itself."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from transforms.pii.finds import NO_FINDS, Finds
from transforms.pii.writing import write

TEXTS = ["Ann called", None, "", "été chez Zoë, \U0001d7cf café", "nothing here", "Bob"]


def finds(*spans: tuple[int, int, int]) -> Finds:
    rows, starts, ends = np.array(spans, np.int64).T
    return Finds(rows, starts, ends, np.zeros_like(rows), np.ones(len(rows)))


@pytest.mark.parametrize("texts", [TEXTS, [text and text.encode("ascii", "ignore").decode() for text in TEXTS]])
def test_what_is_made_stands_for_each_find_and_all_else_stays(texts: list[str | None]) -> None:
    spans = [(0, 0, 3), (3, 0, 2), (3, 8, 11), (5, 0, 3)]
    made = ["[NAME]", "", "é", "\0"]
    expected = list(texts)
    for (row, start, end), new in reversed(list(zip(spans, made, strict=True))):
        text = expected[row] or ""
        expected[row] = text[:start] + new + text[end:]
    written = write(pa.array(texts, pa.string()), finds(*spans), [each.encode() for each in made])
    written.validate(full=True)
    assert written.to_pylist() == expected


def test_part_of_a_column_is_written_like_a_column_of_its_own() -> None:
    column = pa.array(["left out", *TEXTS, "left out"], pa.string()).slice(1, len(TEXTS))
    assert write(column, finds((5, 1, 2)), [b"-"]).to_pylist() == [*TEXTS[:5], "B-b"]


def test_without_finds_texts_are_as_they_were() -> None:
    assert write(pa.array(TEXTS, pa.string()), NO_FINDS, []).to_pylist() == TEXTS
