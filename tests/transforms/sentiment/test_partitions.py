"""Partitions: whoever must meet at one worker does."""

import pyarrow as pa
import pytest

from tests.transforms.sentiment.fakes import fingerprint, prepared
from transforms.sentiment.partitions import partition_of, partitions

MANY = 1000


def numbers(batch: pa.RecordBatch, count: int = MANY, *, languages_asked: bool = False) -> list[int]:
    found: list[int] = partitions(batch, 20, fingerprint(), count, languages_asked=languages_asked).tolist()
    return found


def test_a_key_belongs_where_its_first_four_bytes_say() -> None:
    assert partition_of(bytes.fromhex("0000010f") + b"x" * 28, 16) == 15
    assert partition_of(bytes.fromhex("ffffffff") + b"x" * 28, 1) == 0


def test_copies_meet_and_others_spread() -> None:
    batch = prepared([{"text": "one"}, {"text": " one\n"}, {"text": "two"}, {"text": "one", "language": "es"}])

    found = numbers(batch)

    keys = [bytes.fromhex(key) for key in batch["content_key"].to_pylist()]
    assert found == [partition_of(key, MANY) for key in keys]
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_long_texts_that_begin_alike_meet_where_their_first_chunk_belongs() -> None:
    long = "It is very good. It was quite bad."
    batch = prepared([{"text": long}, {"text": "It is very good.  It broke."}, {"text": long[17:] + " " + long}])

    found = numbers(batch)

    (first,) = fingerprint().keys(pa.array(["It is very good. "]), pa.array(["en"])).to_pylist()
    assert found[0] == found[1] == partition_of(bytes.fromhex(first), MANY) != found[2]


@pytest.mark.parametrize("languages_asked", [False, True])
def test_rows_without_a_text_go_round(languages_asked: bool) -> None:
    batch = prepared([{"text": None}] * 4, default=None)

    assert numbers(batch, 3, languages_asked=languages_asked) == [0, 1, 2, 0]
    assert numbers(prepared([]), 3, languages_asked=languages_asked) == []


def test_a_text_whose_language_is_to_be_asked_for_meets_its_copy_whose_language_is_named() -> None:
    batch = prepared([{"text": "one", "language": None}, {"text": "one"}, {"text": "one", "language": "es"}], None)

    assert len(set(numbers(batch, languages_asked=True))) == 1
    assert len(set(numbers(batch))) == 3
