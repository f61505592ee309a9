import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.drops import compression, plan_splits
from jobs.readers import columnar
from tests.jobs.readers.drop import Row, listed, read, read_splits, rejected, written


def table(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    pq.write_table(pa.table(columns), path, **options)
    return path


def rows_of(path: Path, ids: Any, texts: Any, **columns: Any) -> list[Row]:
    return read(table(path / "drop.parquet", {"document_id": ids, "text": texts, **columns}))


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.binary(),
        pa.large_binary(),
        pa.dictionary(pa.int32(), pa.string()),
    ],
)
def test_text_of_any_string_type(tmp_path: Path, kind: pa.DataType) -> None:
    rows = rows_of(
        tmp_path, pa.array(["a", "b", "c"], pa.string()).cast(kind), pa.array(["plain", None, " "]).cast(kind)
    )
    assert [(row["document_id"], row["text"]) for row in rows] == [("a", "plain"), ("b", None), ("c", None)]
    assert rejected(rows) == [(2, "TEXT_MISSING", "b"), (3, "TEXT_BLANK", "c")]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (pa.array([1, -2, None], pa.int8()), ["1", "-2", None]),
        (pa.array([2**64 - 1, 2, None], pa.uint64()), ["18446744073709551615", "2", None]),
        (pa.array([Decimal(10) ** 30, Decimal(2), None], pa.decimal128(38, 0)), ["1" + "0" * 30, "2", None]),
        (pa.array([["a"], ["b"], None]), None),
        (pa.array([1.0, -2.0, None]), ["1", "-2", None]),
        (pa.array([1.5, 2.0**60, None]), None),
        (pa.array([date(2026, 11, 22), date(1, 1, 1), None]), ["2026-11-22", "0001-01-01", None]),
        (pa.array([True, False, None]), None),
        (pa.array([None, None, None], pa.null()), [None, None, None]),
    ],
)
def test_ids_of_other_types(tmp_path: Path, ids: pa.Array, expected: list[str | None] | None) -> None:
    rows = rows_of(tmp_path, ids, ["x", "y", "z"])
    assert [row["document_id"] for row in rows] == (expected or [None] * 3)
    wrong = "ID_NOT_STRING" if expected is None else "ID_MISSING" if expected[0] is None else None
    assert [row["error_code"] for row in rows] == [wrong, wrong, "ID_MISSING"]


@pytest.mark.parametrize("texts", [[1, None], [1.5, None], [True, None], [["a"], None], [{"a": 1}, None]])
def test_texts_of_other_types(tmp_path: Path, texts: list[Any]) -> None:
    rows = rows_of(tmp_path, ["a", "b"], texts)
    assert rejected(rows) == [(1, "TEXT_NOT_STRING", "a"), (2, "TEXT_MISSING", "b")]


def test_columns_that_are_not_there(tmp_path: Path) -> None:
    assert rejected(read(table(tmp_path / "a.parquet", {"document_id": ["a"], "body": ["x"]}))) == [
        (1, "TEXT_MISSING", "a")
    ]
    assert rejected(read(table(tmp_path / "b.parquet", {"id": ["a"], "body": ["x"]}))) == [(1, "ID_MISSING", None)]


@pytest.mark.parametrize("kind", [pa.string(), pa.binary()])
def test_invalid_utf8_and_nul_are_one_row_each(tmp_path: Path, kind: pa.DataType) -> None:
    data = pa.array([b"plain", b"caf\xe9", "Grüße".encode(), b"\xed\xa0\xbd", b"a\0b", None], pa.binary())
    texts = pa.Array.from_buffers(kind, len(data), data.buffers())  # a string column may hold any bytes
    rows = rows_of(tmp_path, list("abcdef"), texts)
    assert [row["text"] for row in rows] == ["plain", None, "Grüße", None, None, None]
    assert rejected(rows) == [
        (2, "INVALID_UTF8", "b"),
        (4, "INVALID_UTF8", "d"),
        (5, "NUL_CHARACTER", "e"),
        (6, "TEXT_MISSING", "f"),
    ]


@pytest.mark.parametrize(
    "moments",
    [
        pa.array([datetime(2026, 11, 22, 10, tzinfo=UTC), None], pa.timestamp(unit, zone))
        for unit in ("s", "ms", "us", "ns")
        for zone in ("UTC", "America/New_York", None)
    ]
    + [pa.array(["2026-11-22T11:00:00+01:00", "soon"])],
)
def test_moments_of_any_unit_and_zone(tmp_path: Path, moments: pa.Array) -> None:
    rows = rows_of(tmp_path, ["a", "b"], ["x", "y"], created_at=moments)
    assert [row["created_at"] for row in rows] == [datetime(2026, 11, 22, 10, tzinfo=UTC), None]


@pytest.mark.parametrize(
    "days", [pa.array([date(2026, 11, 22)], pa.date32()), pa.array([date(2026, 11, 22)], pa.date64())]
)
def test_days(tmp_path: Path, days: pa.Array) -> None:
    [row] = rows_of(tmp_path, ["a"], ["x"], created_at=days)
    assert row["created_at"] == datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize("other", [pa.array([17]), pa.array([1.5]), pa.array([2**62], pa.timestamp("us"))])
def test_moments_that_are_none(tmp_path: Path, other: pa.Array) -> None:
    [row] = rows_of(tmp_path, ["a"], ["x"], created_at=other)
    assert row["created_at"] is None
    assert row["error_code"] is None


def many(path: Path) -> Path:
    columns = {
        "document_id": list(range(100)),
        "other": ["x"] * 100,
        "text": [f"text {number}" for number in range(100)],
    }
    return table(path / "drop.parquet", columns, row_group_size=10, compression="none", write_page_checksum=True)


@pytest.mark.parametrize("target", [1, 400, 10**9])
@pytest.mark.parametrize("batch_rows", [3, 4096])
def test_any_splits_give_the_rows_of_the_whole(tmp_path: Path, target: int, batch_rows: int) -> None:
    splits = plan_splits([listed(many(tmp_path))], target)
    rows = read_splits(splits, batch_rows=batch_rows)
    assert [(row["document_id"], row["source_row"]) for row in rows] == [(str(n), n + 1) for n in range(100)]
    assert (len(splits) == 1) == (target == 10**9)


def test_damage_costs_what_cannot_be_read_and_is_told_of(tmp_path: Path) -> None:
    path = many(tmp_path)
    content = path.read_bytes()
    rows = read(written(path, content.replace(b"text 42", b"text 4x")))
    assert rejected(rows) == [(41, "CORRUPT_FILE", None)]
    assert [row["source_row"] for row in rows] == [*range(1, 41), 41, *range(51, 101)]


@pytest.mark.parametrize("size", [1, 300, -1])
def test_a_file_cut_off_is_one_rejection(tmp_path: Path, size: int) -> None:
    path = many(tmp_path)
    written(path, path.read_bytes()[:size])
    assert rejected(read(path)) == [(0, "CORRUPT_FILE", None)]
    assert rejected(read(path, target=1)) == [(0, "CORRUPT_FILE", None)]


def test_a_row_group_that_expands_beyond_measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columnar, "MAX_PAGE_BYTES", 1 << 20)
    columns = {"document_id": ["a", "b"], "text": ["a" * (1 << 22), "plain"]}
    path = table(tmp_path / "drop.parquet", columns, row_group_size=1, compression="zstd")
    rows = read(path)
    assert rejected(rows) == [(1, "DECOMPRESSION_BOMB", None)]
    assert rows[1]["text"] == "plain"


def bomb(path: Path, text: str, rows: int, **options: Any) -> Path:
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([text]))
    return table(path / "drop.parquet", {"document_id": list(range(rows)), "text": texts}, **options)


@pytest.mark.parametrize("store_schema", [True, False])
def test_one_long_text_many_times_is_a_bomb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store_schema: bool
) -> None:
    monkeypatch.setattr(compression, "MAX_EXPANDED_BYTES", 40 << 20)
    rows = read(bomb(tmp_path, "word " * 20_000, 1000, store_schema=store_schema))
    [(row, reason, _)] = rejected(rows)
    assert reason == "DECOMPRESSION_BOMB"
    assert row == len(rows)  # what came before is read
    assert 20 << 20 < sum(len(row["text"] or "") for row in rows) < 40 << 20


def test_boilerplate_many_times_is_none(tmp_path: Path) -> None:
    rows = read(bomb(tmp_path, "Please read our terms. " * 100, 10_000))
    assert len(rows) == 10_000
    assert not rejected(rows)


def test_texts_that_repeat_the_one_before_are_read_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compression, "MAX_EXPANDED_BYTES", 1 << 20)
    columns = {"document_id": list(range(100)), "text": [f"{'a' * 100_000}{number}" for number in range(100)]}
    encoding = {"document_id": "PLAIN", "text": "DELTA_BYTE_ARRAY"}
    path = table(tmp_path / "drop.parquet", columns, use_dictionary=False, column_encoding=encoding, compression="zstd")
    monkeypatch.setattr(columnar, "_BATCH_BYTES", 400_000)
    assert rejected(read(path)) == [(10, "DECOMPRESSION_BOMB", None)]


def test_damage_anywhere_costs_the_file_and_nothing_else(tmp_path: Path) -> None:
    """In a process of its own: pyarrow ends it where a description of a column is wrong in certain ways."""
    script = f"""
import random
from pathlib import Path
from tests.jobs.readers.drop import read
content = Path({str(many(tmp_path))!r}).read_bytes()
chance = random.Random(7)
for _ in range(400):
    data = bytearray(content)
    for _ in range(chance.choice([1, 2, 8])):
        data[-1 - chance.randrange(min(len(data), 2500))] ^= 1 << chance.randrange(8)
    path = Path({str(tmp_path)!r}, "damaged.parquet")
    path.write_bytes(data)
    rows = read(path)
    assert len({{row["source_row"] for row in rows}}) == len(rows) > 0
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_compressed_parquet_file_is_told_of(tmp_path: Path) -> None:
    import gzip

    path = written(tmp_path / "drop.parquet.gz", gzip.compress(many(tmp_path).read_bytes()))
    assert rejected(read(path)) == [(0, "UNKNOWN_FORMAT", None)]
