import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.id_hashes import id_hashes


def murmur(text: str) -> int:
    """MurmurHash64A with seed 0 as MurmurHash2.cpp has it, of the first 1,024 bytes and the length."""
    data, all_bits, m = text.encode(), 2**64 - 1, 0xC6A4A7935BD1E995
    found, data = len(data) * m & all_bits, data[:1024]
    whole = len(data) // 8 * 8
    for start in range(0, whole, 8):
        k = int.from_bytes(data[start : start + 8], "little") * m & all_bits
        k ^= k >> 47
        found = (found ^ (k * m & all_bits)) * m & all_bits
    if whole < len(data):
        found = (found ^ int.from_bytes(data[whole:], "little")) * m & all_bits
    found ^= found >> 47
    found = found * m & all_bits
    return found ^ found >> 47


ids = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
sized = st.sampled_from([0, 1, 7, 8, 9, 15, 16, 17, 1023, 1024, 1025, 3000]).map("é".__mul__)
STRINGS = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.none(), ids, sized, st.sampled_from(["a", "b"])), max_size=12),
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from(STRINGS),
)
def test_ids_are_hashed_as_one_by_one(values: list[str | None], before: int, after: int, kind: pa.DataType) -> None:
    column = pa.array(["x"] * before + values + ["y"] * after, pa.string()).cast(kind).slice(before, len(values))
    found = id_hashes(column)
    assert found.dtype == np.uint64
    assert found.tolist() == [murmur(value) for value in values if value is not None]


@given(st.lists(st.one_of(ids, sized), max_size=12))
def test_hashes_are_equal_where_the_ids_are(values: list[str]) -> None:
    hashes = id_hashes(pa.array(values + values, pa.string())).tolist()
    assert hashes == hashes[: len(values)] * 2
    assert len(set(hashes)) == len(set(values))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("a", 0x071717D2D36B6B11),
        ("d1", 0x6E2FC2734DA9C689),
        ("01JDB2Q8M4Z6T1X9W3V5K7R0HE", 0xF8FBA5B79A35278C),
    ],
)
def test_hashes_never_change(text: str, expected: int) -> None:
    """Processes and machines compare theirs."""
    assert id_hashes(pa.array([text])).tolist() == [expected]


@pytest.mark.parametrize("name", ["d{}", "{:036d}", "customer-{}-2026-11-22", "{}" + "x" * 50])
def test_a_million_similar_ids_have_a_million_hashes(name: str) -> None:
    count = 1_000_000 if name == "d{}" else 100_000
    assert len(np.unique(id_hashes(pa.array([name.format(i) for i in range(count)])))) == count


def test_of_a_huge_id_the_beginning_and_the_length_count() -> None:
    start = "x" * 1024
    values = [
        start + "a" * 1_000_000,
        start + "b" * 1_000_000,
        start + "a" * 999_999,
        "y" + start[1:] + "a" * 1_000_000,
    ]
    first, other_end, shorter, other_start = id_hashes(pa.array(values)).tolist()
    assert first == other_end
    assert len({first, shorter, other_start}) == 3


def test_no_ids_have_no_hashes() -> None:
    for kind in STRINGS:
        assert id_hashes(pa.array([], kind)).tolist() == []
        assert id_hashes(pa.nulls(3, kind)).tolist() == []
    assert id_hashes(pa.array(["", ""])).tolist() == [0, 0]
