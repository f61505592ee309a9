from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from transforms.documents import UNREAD, Reason, documents, notes, rejection
from transforms.schemas import DOCUMENTS, conform

BASE = {
    "document_id": "d",
    "text": "The parcel came late.",
    "language": "en",
    "source": "mail",
    "role": "customer",
    "created_at": "2026-11-22T10:00:00Z",
    "subject_id": "s",
}


def validated(*records: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    """Rows of records that have the base document's fields unless they say otherwise."""
    values = {name: [(BASE | record)[name] for record in records] for name in BASE}
    batch = documents(values, range(1, len(records) + 1), "/drop.jsonl", **options)
    conform(batch, DOCUMENTS)
    batch.validate(full=True)
    return list(batch.to_pylist())


def test_a_good_document_comes_out_as_it_is() -> None:
    assert validated({}) == [
        BASE
        | {
            "left_out": 0,
            "created_at": datetime(2026, 11, 22, 10, tzinfo=UTC),
            "source_file": "/drop.jsonl",
            "source_row": 1,
            "error_code": None,
        }
    ]


def test_no_records_and_no_columns() -> None:
    assert documents({}, [], "f").num_rows == 0
    assert documents({}, [1, 2], "f").column("error_code").to_pylist() == ["ID_MISSING"] * 2


def test_a_rejected_row_keeps_what_is_safe() -> None:
    [row] = validated({"text": 5})
    assert row == BASE | {
        "text": None,
        "subject_id": None,
        "left_out": None,
        "created_at": datetime(2026, 11, 22, 10, tzinfo=UTC),
        "source_file": "/drop.jsonl",
        "source_row": 1,
        "error_code": "TEXT_NOT_STRING",
    }


def test_what_the_reader_holds_against_a_record_comes_first() -> None:
    rows = validated({"document_id": None}, {}, {"text": ""}, reasons=["DUPLICATE_KEY", None, None])
    assert [row["error_code"] for row in rows] == ["DUPLICATE_KEY", None, "TEXT_BLANK"]


def test_a_rejection_of_a_whole_file() -> None:
    [row] = rejection("/drop.jsonl", 0, Reason.BAD_DATE).to_pylist()
    known = {"source_file": "/drop.jsonl", "source_row": 0, "error_code": "BAD_DATE"}
    assert row == dict.fromkeys(DOCUMENTS.names) | known


def test_every_reason_is_its_own_name() -> None:
    assert all(reason.name == reason.value for reason in Reason)


@pytest.mark.parametrize("name", ["language", "source", "subject_id"])
def test_labels_are_strings_or_integers(name: str) -> None:
    values = ["x", " x ", 7, "", "  ", None, 1.5, True, ["x"], "\ud800"]
    rows = validated(*[{name: value} for value in values])
    assert [row[name] for row in rows] == ["x", "x", "7", *[None] * 7]
    assert not any(row["error_code"] for row in rows)


def test_a_role_is_what_a_label_is_known_to_be() -> None:
    values = ["Customer", " AGENT 2 ", "Support Engineer", "Kim Novak", "", None, 7, True, ["agent"], "\ud800"]
    rows = validated(*[{"role": value} for value in values])
    assert [row["role"] for row in rows] == ["customer", "agent", "agent", *[None] * 7]
    assert not any(row["error_code"] for row in rows)


def test_what_was_left_out_is_of_documents_alone() -> None:
    rows = validated({}, {"text": " "}, {}, left_out=[3, 4, 0])
    assert [row["left_out"] for row in rows] == [3, None, 0]


def test_a_slice_of_an_array_is_like_its_values() -> None:
    values = {
        name: pa.array(["before", value, value, None], pa.string())[1:]
        for name, value in BASE.items()
        if name != "text"
    }
    values["text"] = pa.array(["before", "", "Grüße", "late"])[1:]
    batch = documents(values, [1, 2, 3], "f")
    batch.validate(full=True)
    assert batch.equals(documents({name: array.to_pylist() for name, array in values.items()}, [1, 2, 3], "f"))
    assert batch["error_code"].to_pylist() == ["TEXT_BLANK", None, "ID_MISSING"]
    assert not any(column.offset for column in batch.columns[:8])


def test_languages_are_lower_case() -> None:
    assert [row["language"] for row in validated({"language": "EN"}, {"language": "zh-TW"})] == ["en", "zh-tw"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("20261122T101112Z", datetime(2026, 11, 22, 10, 11, 12, tzinfo=UTC)),
        ("2026-11-22T10:00", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        (" 2026-11-22T10:00:00Z ", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("2026-11-22T10:00:00.123456789Z", datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC)),
        ("2026-11-22 10:00:00+0530", datetime(2026, 11, 22, 4, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("2026-11-22T24:00:00Z", None),
        ("2026-02-30T00:00:00Z", None),
        ("22.11.2026", datetime(2026, 11, 22, tzinfo=UTC)),
        ("5.1.2026 9:30", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("11.22.2026", None),
        ("22/11/2026", None),
        (1_763_000_000, datetime(2025, 11, 13, 2, 13, 20, tzinfo=UTC)),
        (1_763_000_000.5, datetime(2025, 11, 13, 2, 13, 20, 500_000, tzinfo=UTC)),
        ("1763000000123", datetime(2025, 11, 13, 2, 13, 20, 123_000, tzinfo=UTC)),
        (1_763_000_000_123_456, datetime(2025, 11, 13, 2, 13, 20, 123_456, tzinfo=UTC)),
        ("1763000000123456789", datetime(2025, 11, 13, 2, 13, 20, 123_456, tzinfo=UTC)),
        ("5.1.2026 9:30:01", datetime(2026, 1, 5, 9, 30, 1, tzinfo=UTC)),
        ("2026-11-22 10:00:00.5 UTC", datetime(2026, 11, 22, 10, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-11-22 10:00:00 +0530 UTC", datetime(2026, 11, 22, 4, 30, tzinfo=UTC)),
        ("2026/11/2 9:05:00 PM GMT+1", datetime(2026, 11, 2, 20, 5, tzinfo=UTC)),
        ("2026/1/5", datetime(2026, 1, 5, tzinfo=UTC)),
        ("2026/13/5", None),
        ("22 Nov 2026 12:05 AM", datetime(2026, 11, 22, 0, 5, tzinfo=UTC)),
        ("Nov 22, 2026, 8:00\u202fPM", datetime(2026, 11, 22, 20, tzinfo=UTC)),
        (17, None),
        (10**30, None),
        ("Sun, 22 Nov 2026 10:00:00 +0100", datetime(2026, 11, 22, 9, tzinfo=UTC)),
        ("Sun Nov 22 10:00:00 +0000 2026", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("Mon, 99 Nov 2026 10:00:00 GMT", None),
        ("Nov " * 1000, None),
        ("", None),
        ({}, None),
        (None, None),
    ],
)
def test_moments(value: object, expected: datetime | None) -> None:
    rows = validated({"created_at": value}, {})
    assert [row["created_at"] for row in rows] == [expected, datetime(2026, 11, 22, 10, tzinfo=UTC)]
    assert [row["error_code"] for row in rows] == [None, None]


def test_what_stands_for_a_text_that_is_gone_is_none() -> None:
    rows = validated({"text": "[deleted]"}, {"text": "[removed]"}, {"text": "[deleted] was what they wrote"})
    assert [row["error_code"] for row in rows] == ["TEXT_BLANK", "TEXT_BLANK", None]


def test_moments_that_cannot_be_read_are_counted() -> None:
    values = ["no", None, "", "2026-11-22", 17]
    batch = documents({"document_id": list("abcde"), "text": ["t"] * 5, "created_at": values}, range(5), "f")
    assert notes(batch) == {UNREAD: 2}
    assert notes(batch.replace_schema_metadata()) == {}


zones = st.sampled_from(
    [None, UTC, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=23, minutes=59))]
)


@given(
    st.lists(
        st.one_of(st.datetimes(timezones=zones).map(str), st.datetimes().map(datetime.isoformat), st.text(max_size=9)),
        max_size=3,
    )
)
@example(["2026-11-22T10:00:00Z", "2026-11-22T10:00:00.5+23:59"])
@example(["2026-11-22T25:00:00Z"])
@example(["0000-11-22T10:00:00Z"])
def test_a_moment_is_the_same_alone_and_among_others(values: list[str]) -> None:
    """The vectorised way equals the way value by value, which a value that is no ISO 8601 forces."""
    together = [row["created_at"] for row in validated(*[{"created_at": value} for value in values])]
    one_by_one = [validated({"created_at": value}, {"created_at": "no"})[0]["created_at"] for value in values]
    assert together == one_by_one


anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.lists(st.none(), max_size=1), st.text(max_size=5),
    st.sampled_from(["\0", "\u200b", "\ud800", "\x1c", "\u202e"]),
)  # fmt: skip
record = st.fixed_dictionaries({}, optional=dict.fromkeys(BASE, anything))


@given(st.lists(record, max_size=6))
def test_a_record_is_the_same_alone_and_among_others(records: list[dict[str, Any]]) -> None:
    together = validated(*records)
    alone = [validated(record)[0] | {"source_row": number} for number, record in enumerate(records, 1)]
    assert together == alone
    for row in together:
        assert (row["text"] is None) == (row["error_code"] is not None)
        assert row["error_code"] is None or row["subject_id"] is None


@given(st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=4)), max_size=5))
def test_an_arrow_column_is_read_as_its_values_are(values: list[str | None]) -> None:
    column = pa.array([None, *values, None], pa.large_string()).slice(1, len(values))
    rows = range(len(values))
    assert documents({"document_id": column, "text": column, "source": column}, rows, "f") == documents(
        {"document_id": values, "text": values, "source": values}, rows, "f"
    )
