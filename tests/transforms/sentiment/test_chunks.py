"""Long texts: chunks with keys of their own, and how a text ends whose chunks ended so."""

import pyarrow as pa
import pytest

from tests.transforms.sentiment.fakes import fingerprint
from transforms.pii.redacted import RedactedText
from transforms.sentiment.chunks import Item, chunk_items, join, joined
from transforms.sentiment.protocols import Deferred, Failure, Outcome, Scores

GOOD, BAD = Scores(1, 0, 0, 0), Scores(0, 1, 0, 0)


def texts(*values: str) -> list[RedactedText]:
    return [RedactedText(value) for value in values]


def test_a_chunk_is_a_text_of_its_own() -> None:
    items = chunk_items(texts("One. ", "Two.", "One. "), "en", fingerprint())

    assert [(item.text, item.language) for item in items] == [("One. ", "en"), ("Two.", "en"), ("One. ", "en")]
    assert items[0].key == items[2].key != items[1].key
    (short,) = fingerprint().keys(pa.array(["Two."]), pa.array(["en"])).to_pylist()
    assert items[1].key == bytes.fromhex(short)
    assert chunk_items(texts("Two."), "es", fingerprint())[0].key != items[1].key


def test_chunks_are_joined_by_their_bytes() -> None:
    assert join([GOOD, BAD], [300, 100]) == Scores(0.75, 0.25, 0, 0)

    items = [Item(b"1", RedactedText("é" * 3), "en"), Item(b"2", RedactedText("ab"), "en")]
    assert joined(items, {b"1": GOOD, b"2": BAD}) == Scores(0.75, 0.25, 0, 0)


@pytest.mark.parametrize(
    ("ended", "whole"),
    [
        ([GOOD], GOOD),
        ([GOOD, Deferred("LATE"), Failure("BROKEN"), Failure("OTHER")], Failure("BROKEN")),
        ([GOOD, Deferred("LATE"), Deferred("LATER")], Deferred("LATE")),
    ],
)
def test_a_text_fails_with_its_first_chunk_that_does_and_else_waits(ended: list[Outcome], whole: Outcome) -> None:
    items = [Item(bytes([place]), RedactedText("x"), "en") for place in range(len(ended))]

    assert joined(items, {bytes([place]): outcome for place, outcome in enumerate(ended)}) == whole


def test_a_chunk_that_never_ended_is_no_score() -> None:
    with pytest.raises(KeyError):
        joined([Item(b"1", RedactedText("x"), "en")], {})
