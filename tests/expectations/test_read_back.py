from __future__ import annotations

import io
import itertools
import pickle
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.profile import NOT_A_NAME, profile_rows
from expectations.profile import merge as merge_profiles
from expectations.read_back import SAID_REJECTIONS, Place, ReadBack, merge, read_back
from tests.expectations.changes import CARRIED, CHANGES, DS, RUN_ID
from transforms.errors import LakeError
from transforms.id_hashes import id_hashes
from transforms.pii.policy import DEFAULT_POLICY

Rows = Callable[..., pa.RecordBatch]
REJECTED = {"status": "REJECTED"}
UNREADABLE = {"status": "REJECTED", "error_code": "FILE_UNREADABLE", "source_row": 0}


def content(rows: pa.RecordBatch | pa.Table, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(rows), file, **options)
    return file.getvalue()


def told(file: bytes) -> ReadBack:
    return read_back(pa.BufferReader(file), "part.parquet", DS, DEFAULT_POLICY, RUN_ID)


def fields(found: ReadBack) -> dict[str, Any]:
    return vars(found) | {"ids": found.ids.tolist()}


PLACES = st.fixed_dictionaries(
    {},
    optional={
        "document_id": st.sampled_from(["d-1", "d-2", "", None]),
        "error_code": st.sampled_from(["FILE_UNREADABLE", "TEXT_BLANK", "no code", None]),
        "source_file": st.sampled_from(["a.jsonl", "b.jsonl", None]),
        "source_row": st.sampled_from([0, 1, 10, None]),
    },
)
ROWS = st.lists(st.builds(dict.__or__, CHANGES, PLACES), max_size=8)


@settings(deadline=None)
@given(changes=ROWS, dictionaries=st.booleans(), group=st.integers(1, 9))
def test_a_file_is_told_as_row_by_row(
    rows: Rows, changes: list[dict[str, Any]], dictionaries: bool, group: int
) -> None:
    batch = rows(*changes)
    found = told(content(batch, use_dictionary=dictionaries, row_group_size=group))
    listed = batch.to_pylist()
    own = [row for row in listed if row["run_id"] == RUN_ID]
    held = [row["document_id"] for row in listed if row["status"] not in {"REJECTED", None}]
    assert found.profile == merge_profiles([profile_rows(batch, DS, DEFAULT_POLICY, RUN_ID)])
    assert found.rows == len(changes)
    assert found.ids.tolist() == id_hashes(pa.array(held, pa.string())).tolist()
    assert found.rejected == sorted(
        (row["source_file"] or "", row["source_row"] or 0, shown(row["error_code"]))
        for row in own
        if row["status"] == "REJECTED"
    )
    unreadable = {row["source_file"] for row in own if row["error_code"] == "FILE_UNREADABLE"}
    assert found.unreadable == unreadable - {None}
    deferred = Counter(row["source_file"] for row in listed if row["status"] == "DEFERRED" and row["source_file"])
    assert found.deferred == deferred


def shown(code: str | None) -> str:
    return code if code in {"FILE_UNREADABLE", "TEXT_BLANK"} else NOT_A_NAME


@settings(deadline=None)
@given(changes=ROWS, cuts=st.lists(st.integers(0, 8), max_size=3))
def test_merged_files_are_told_as_one(rows: Rows, changes: list[dict[str, Any]], cuts: list[int]) -> None:
    batch = rows(*changes)
    edges = [0, *sorted(min(cut, len(changes)) for cut in cuts), len(changes)]
    parts = [told(content(batch.slice(start, end - start))) for start, end in itertools.pairwise(edges)]
    whole = told(content(batch))
    assert fields(merge(parts)) == fields(whole)
    backwards = merge(reversed(parts))
    assert fields(backwards) | {"ids": None} == fields(whole) | {"ids": None}
    assert np.sort(backwards.ids).tolist() == np.sort(whole.ids).tolist()


def test_a_file_is_read_in_parts(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = rows(*[{"document_id": f"d-{i}", "cache_hit": i % 2 == 0} for i in range(10)], REJECTED, UNREADABLE)
    whole = told(content(batch))
    monkeypatch.setattr("expectations.read_back._BATCH_ROWS", 3)
    assert fields(told(content(batch, row_group_size=4))) == fields(whole)


class Counting(io.BytesIO):
    """A file that counts what is read of it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self.taken += len(found)
        return found


def test_one_reading_of_the_columns_that_are_asked_for(rows: Rows) -> None:
    # The texts would be most of the file twice: what is not asked for, and what is read once.
    batch = rows(*[{"subject_key": f"{i:01000}", "document_id": f"{i:01000}"} for i in range(500)])
    file = Counting(content(batch, compression="none", use_dictionary=False))
    read_back(pa.PythonFile(file, "r"), "part.parquet", DS, DEFAULT_POLICY, RUN_ID)
    assert 500_000 < file.taken < 850_000 < 1_000_000 < len(file.getvalue())


def test_the_first_rejections_are_told(rows: Rows) -> None:
    places = [{"source_file": f"{name}.jsonl", "source_row": row} for row in range(30, 0, -1) for name in "ba"]
    batch = rows(*(REJECTED | place for place in places), {}, REJECTED | {"run_id": CARRIED, "source_row": 0})
    first = [Place("a.jsonl", row, "TEXT_BLANK") for row in range(1, SAID_REJECTIONS + 1)]
    found = told(content(batch))
    assert found.rejected == first
    assert found.profile.count("status", RUN_ID)["REJECTED"] == 60
    later = told(content(rows(REJECTED | {"source_file": "a", "source_row": 7})))
    assert merge([found, later]).rejected == [Place("a", 7, "TEXT_BLANK"), *first[:-1]]


def test_what_is_no_reason_is_not_told(rows: Rows) -> None:
    found = told(content(rows(REJECTED | {"error_code": "my name is Ann"}, REJECTED | {"error_code": "ANN"})))
    assert [place.error_code for place in found.rejected] == [NOT_A_NAME] * 2


def test_files_that_could_not_be_read_are_those_of_this_run(rows: Rows) -> None:
    carried = UNREADABLE | {"run_id": CARRIED, "source_file": "earlier.jsonl"}
    batch = rows(UNREADABLE | {"source_file": "lost.jsonl"}, carried, REJECTED, UNREADABLE)
    assert told(content(batch)).unreadable == {"lost.jsonl", "ds=2026-11-22/a.jsonl"}


def test_deferred_documents_are_those_of_any_run(rows: Rows) -> None:
    later = {"status": "DEFERRED"}
    batch = rows(later, later | {"source_file": "b"}, {}, later | {"run_id": CARRIED}, REJECTED)
    assert told(content(batch)).deferred == {"ds=2026-11-22/a.jsonl": 2, "b": 1}


def test_a_repeated_id_is_seen_and_a_rejected_one_is_not(rows: Rows) -> None:
    again = REJECTED | {"document_id": "d-1", "error_code": "DUPLICATE_ID"}
    assert len(told(content(rows({}, again))).ids) == 1
    first, second = told(content(rows({}, {}))).ids
    assert first == second


def test_what_is_told_survives_pickling_and_is_small(rows: Rows) -> None:
    found = told(content(rows(*[{"document_id": f"d-{i}"} for i in range(1_000)], REJECTED, UNREADABLE)))
    pickled = pickle.dumps(found)
    assert fields(pickle.loads(pickled)) == fields(found)
    assert len(pickled) < 8 * 1_000 + 20_000


def test_no_files_are_told_as_an_empty_one(rows: Rows) -> None:
    assert fields(merge([])) == fields(told(content(rows())))
    assert merge([]).rows == 0
    assert merge([]).ids.dtype == np.uint64


def test_another_schema_is_a_finding(rows: Rows) -> None:
    table = pa.table(rows({})).drop_columns(["pii"])
    table = table.set_column(table.column_names.index("chunks"), "chunks", table["chunks"].cast(pa.int64()))
    found = told(content(table))
    assert (found.rows, len(found.ids)) == (0, 0)
    [differences] = found.profile.schema_differences
    assert "pii: missing" in differences
    assert "chunks: int64 where int32 is declared" in differences
    assert merge([found, found, told(content(rows({})))]).profile.schema_differences == (differences,)


DAMAGED = [b"", b"PAR1 no longer PAR1"]


@pytest.mark.parametrize("damaged", DAMAGED)
def test_a_damaged_file_is_said(damaged: bytes) -> None:
    with pytest.raises(LakeError, match=r"part\.parquet cannot be read back"):
        told(damaged)


def test_damage_in_the_middle_is_said(rows: Rows) -> None:
    whole = content(rows(*[{"document_id": f"d-{i}"} for i in range(100)]), compression="zstd")
    magic = bytes.fromhex("28b52ffd")  # of zstd's frames
    assert magic in whole
    with pytest.raises(LakeError, match=r"part\.parquet cannot be read back"):
        told(whole.replace(magic, bytes(4)))
