from __future__ import annotations

import itertools
import pickle
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.profile import NAMES, NOT_A_NAME, PRESENT, SIGNS, Profile, merge, profile_rows
from tests.expectations.changes import CARRIED, CHANGES, DS, RUN_ID
from transforms.pii.detectors import DETECTORS
from transforms.pii.policy import DEFAULT_POLICY, Columns, Treatment

Rows = Callable[..., pa.RecordBatch]


def profiled(batch: pa.RecordBatch) -> Profile:
    return merge([profile_rows(batch, DS, DEFAULT_POLICY, RUN_ID)])


def test_a_summary_can_be_read_from_a_profile(rows: Rows) -> None:
    profile = profiled(
        rows(
            {},
            {"sentiment": "MIXED", "cache_hit": True, "billed_units": 0, "pii": []},
            {"status": "REJECTED"},
            {"status": "FAILED", "language": "sw"},
            {"run_id": CARRIED, "billed_units": 5},
        )
    )
    run_id = RUN_ID
    assert profile.documents() == 5
    assert profile.documents(run_id) == 4
    assert profile.documents("01JE0000000000000000000000") == 0
    assert profile.count("run_id") == {run_id: 4, CARRIED: 1}
    assert profile.count("ds") == {DS: 5}
    assert profile.count("status") == {"SCORED": 3, "FAILED": 1, "REJECTED": 1}
    assert profile.count("status", CARRIED) == {"SCORED": 1}
    assert profile.count("sentiment", run_id) == {"MIXED": 1, "POSITIVE": 1}
    assert profile.count("error_code") == {"TEXT_BLANK": 1, "UNSUPPORTED_LANGUAGE": 1}
    assert profile.count("language") == {"en": 3, "sw": 1}
    assert profile.count("cache_hit")[True] == 1
    assert profile.pii() == {"EMAIL": 3}
    assert profile.pii(CARRIED) == {"EMAIL": 1}
    assert profile.billed_units() == 8
    assert profile.billed_units(run_id) == 3


@pytest.mark.parametrize(
    ("column", "lost"),
    [("score_negative", 0.0), ("billed_units", -2), ("chunks", 0)],
)
def test_extremes_are_those_of_all_rows(rows: Rows, column: str, lost: float) -> None:
    before = profiled(rows({})).extremes[column].to_pylist()
    assert profiled(rows({}, {column: lost}, {})).extremes[column].to_pylist() == [lost, before[1]]


def test_a_nan_cannot_hide(rows: Rows) -> None:
    extremes = profiled(rows({}, {"score_mixed": float("nan")})).extremes
    assert extremes["score_mixed"].to_pylist() == [0.1, float("inf")]
    assert extremes["score_sum"].to_pylist()[1] == float("inf")


def test_what_is_no_name_is_not_shown(rows: Rows) -> None:
    text = "my name is Ann"
    changes = ({"language": text}, {"status": text}, {"error_code": text}, {"language": "en-GB"}, {"scorer": "local\n"})
    profile = profiled(rows(*changes))
    assert profile.count("language") == {"en": 3, NOT_A_NAME: 1, "en-GB": 1}
    assert profile.count("status")[NOT_A_NAME] == 1
    assert profile.count("error_code") == {NOT_A_NAME: 1}
    assert profile.count("scorer") == {"local": 4, NOT_A_NAME: 1}


def test_every_detector_has_a_name(rows: Rows) -> None:
    finds = [{"type": each.type, "start": 0, "end": 1, "detector": each.name, "confidence": 0.5} for each in DETECTORS]
    profile = profiled(rows({"pii": finds}))
    assert set(profile.pii()) == {each.type for each in DETECTORS}
    assert set(profile.finds["detector"].to_pylist()) == {each.name for each in DETECTORS}


def test_a_profile_survives_pickling(rows: Rows) -> None:
    profile = profiled(rows({}, {"status": "REJECTED"}))
    assert pickle.loads(pickle.dumps(profile)) == profile


@settings(deadline=None)
@given(changes=st.lists(CHANGES, max_size=8), cuts=st.lists(st.integers(0, 8), max_size=3))
def test_merged_parts_are_the_whole(rows: Rows, changes: list[dict[str, Any]], cuts: list[int]) -> None:
    batch = rows(*changes)
    edges = [0, *sorted(min(cut, len(changes)) for cut in cuts), len(changes)]
    parts = [batch.slice(start, end - start) for start, end in itertools.pairwise(edges)]
    whole = profiled(batch)
    assert merge(profiled(part) for part in reversed(parts)) == whole
    assert whole.documents() == len(changes)


def sign(number: int | None) -> int | None:
    return number and (1 if number > 0 else -1)


@settings(deadline=None)
@given(changes=st.lists(CHANGES, max_size=8))
def test_combinations_are_counted_as_one_by_one(rows: Rows, changes: list[dict[str, Any]]) -> None:
    documents: Counter[tuple[Any, ...]] = Counter()
    units: Counter[tuple[Any, ...]] = Counter()
    batch = rows(*changes)
    for row in batch.to_pylist():
        names = [NOT_A_NAME if " " in str(row[name]) else row[name] for name in NAMES]
        key = (*names, *(None if row[name] is None else True for name in PRESENT), *(sign(row[name]) for name in SIGNS))
        documents[key] += 1
        units[key] += row["billed_units"] or 0
    counted: Counter[tuple[Any, ...]] = Counter()
    billed: Counter[tuple[Any, ...]] = Counter()
    for row in profiled(batch).combinations.to_pylist():
        key = tuple(row[name] for name in (*NAMES, *PRESENT, *SIGNS))
        counted[key] += row["rows"]
        billed[key] += row["units"]
    assert (counted, billed) == (documents, units)


def test_many_values_in_many_columns_are_kept_apart(rows: Rows) -> None:
    # 255 values, or none, in each of seven columns, and more columns with two: no number of 64 bits tells them all.
    several = [name for name in NAMES if name not in {"run_id", "cache_hit"}]
    many = [dict.fromkeys(several, f"{chr(97 + i // 16)}{chr(97 + i % 16)}") for i in range(255)]
    profile = profiled(rows(*(each | {"run_id": run_id} for each in many for run_id in ("first", "second"))))
    assert profile.combinations.num_rows == 510
    assert profile.count("run_id") == {"first": 255, "second": 255}


def test_no_parts_are_an_empty_table(rows: Rows) -> None:
    assert merge([]) == profiled(rows())
    assert merge([]).documents() == 0
    assert merge([]).count("status") == {}
    assert merge([]).billed_units() == 0


def test_rows_of_other_runs_are_searched_and_not_judged(rows: Rows) -> None:
    left = {"redacted_text": "write to joe@example.com"}
    assert profiled(rows(left)).combinations["pii_left"].to_pylist() == [True]
    # Theirs was another policy, and they met it.
    carried = profiled(rows({}, left | {"run_id": CARRIED}, {"status": "REJECTED"}, left | {"run_id": CARRIED}))
    assert carried.count("pii_left") == {False: 3}
    assert carried.count("pii_carried") == {True: 2, False: 1}
    # Whose a row is that does not say so is not known: it is taken for one of this run.
    unknown = profiled(rows(left | {"run_id": None}))
    assert (unknown.count("pii_left"), unknown.count("pii_carried")) == ({True: 1}, {False: 1})


def test_what_stands_beside_a_text_is_searched_as_the_policy_has_it(rows: Rows) -> None:
    left = {"document_id": "ann.lee@example.com"}
    assert profiled(rows(left)).count("pii_beside") == {True: 1}
    assert profiled(rows({}, left | {"run_id": CARRIED})).count("pii_beside") == {False: 2}
    assert profiled(rows(left | {"run_id": None})).count("pii_beside") == {True: 1}
    kept = replace(DEFAULT_POLICY, columns=Columns(document_id=Treatment.KEEP))
    assert profile_rows(rows(left), DS, kept, RUN_ID).count("pii_beside") == {False: 1}
