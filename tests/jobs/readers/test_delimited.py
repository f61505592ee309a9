import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.drops import plan_splits
from jobs.drops.dialect import Dialect
from jobs.readers import delimited
from jobs.readers.delimited import read_delimited
from jobs.readers.lines import split_lines
from tests.jobs.readers.drop import Row, accepted, listed, read, read_splits, rejected, written
from transforms.documents import COLUMNS

HEADER = b"document_id,text,language,source,created_at,subject_id\n"
GOOD = [b"a,plain,en,mail,2026-11-22,s1\n", b'b,"two\nlines, ""quoted""",,,,\n', "c,Grüße\r\n".encode()]

# Name -> (the bad record, its reason, the id that is still known).
BAD_RECORDS: dict[str, tuple[bytes, str, str | None]] = {
    "an unclosed quote": (b'x,"oops,en\n', "MALFORMED_CSV", None),
    "text after a quote": (b'x,"oops" again,en\n', "MALFORMED_CSV", None),
    "too many fields": (b"x,oops,en,mail,,,more\n", "MALFORMED_CSV", None),
    "a carriage return alone": (b"x,oops\ry,z\n", "MALFORMED_CSV", None),
    "no id": (b",oops\n", "ID_MISSING", None),
    "no text": (b"x\n", "TEXT_MISSING", "x"),
    "an empty text": (b"x,,en\n", "TEXT_BLANK", "x"),
    "a blank text": ("x,\u3000 ,en\n".encode(), "TEXT_BLANK", "x"),
    "a text over 1 MB": (b"x," + b"a" * 1_048_577 + b"\n", "TEXT_TOO_LARGE", "x"),
    "nul": (b"x,a\0b\n", "NUL_CHARACTER", "x"),
    "invalid utf-8": (b"x,caf\xe9\n", "INVALID_UTF8", "x"),
    "an encoded surrogate": (b"x,\xed\xa0\xbd\n", "INVALID_UTF8", "x"),
    "a line over the limit": (b"x," + b"a" * (17 << 20) + b"\n", "LINE_TOO_LONG", None),
    "a quoted line over the limit": (b'x,"' + b"a" * (17 << 20) + b'"\n', "LINE_TOO_LONG", None),
}


@pytest.mark.parametrize("name", BAD_RECORDS)
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_bad_record_is_one_row_and_changes_no_other(tmp_path: Path, name: str, place: int) -> None:
    bad, reason, document_id = BAD_RECORDS[name]
    path = tmp_path / "drop.csv"
    alone = read(written(path, HEADER + b"".join(GOOD)))
    assert [row["source_row"] for row in alone] == [2, 3, 5]
    assert alone[1]["text"] == 'two\nlines, "quoted"'
    rows = read(written(path, HEADER + b"".join([*GOOD[:place], bad, *GOOD[place:]])))
    assert rejected(rows) == [([2, 3, 5, 6][place], reason, document_id)]
    assert accepted(rows) == accepted(alone)
    assert [row["source_row"] for row in rows] == sorted(row["source_row"] for row in rows)


def test_an_unclosed_quote_costs_its_own_line_however_long_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "MAX_RECORD_CHARACTERS", 5000)
    after = b"".join(b"%d,plain\n" % number for number in range(3000))
    rows = read(written(tmp_path / "drop.csv", HEADER + b'x,"oops\n' + after + b'y,"oops\n'))
    assert rejected(rows) == [(2, "MALFORMED_CSV", None), (3003, "MALFORMED_CSV", None)]
    assert [row["document_id"] for row in rows[1:-1]] == [str(number) for number in range(3000)]
    assert [row["source_row"] for row in rows] == list(range(2, 3004))


def test_a_line_too_long_within_an_open_quote_ends_the_record(tmp_path: Path) -> None:
    content = HEADER + b'x,"oops\n' + GOOD[0] + b"a" * (17 << 20) + b"\n" + GOOD[2]
    rows = read(written(tmp_path / "drop.csv", content))
    assert rejected(rows) == [(2, "MALFORMED_CSV", None), (4, "LINE_TOO_LONG", None)]
    assert [row["document_id"] for row in rows] == [None, "a", None, "c"]


def test_a_bad_byte_in_a_column_that_is_not_read_changes_nothing(tmp_path: Path) -> None:
    rows = read(written(tmp_path / "drop.csv", b"document_id,other,text\na,\xff,plain\n"))
    assert [(row["text"], row["error_code"]) for row in rows] == [("plain", None)]


@pytest.mark.parametrize("ending", ["tsv", "TSV"])
def test_tabs_a_byte_order_mark_blank_lines_and_a_mapping(tmp_path: Path, ending: str) -> None:
    content = b'\xef\xbb\xbf"ticket"\t body \tother\r\n\r\na\tone, two\tx\r\n\r\nb\t"three\tfour"\r\n'
    rows = read(written(tmp_path / f"drop.{ending}", content), {"document_id": "ticket", "text": "body"})
    assert [(row["document_id"], row["text"], row["source_row"], row["error_code"]) for row in rows] == [
        ("a", "one, two", 3, None),
        ("b", "three\tfour", 5, None),
    ]


def test_a_header_alone_holds_no_documents(tmp_path: Path) -> None:
    assert not read(written(tmp_path / "drop.csv", HEADER))


@pytest.mark.parametrize("header", [b'document_id,"text\n', b'document_id,"text" \n'])
def test_without_a_header_every_record_is_rejected(tmp_path: Path, header: bytes) -> None:
    rows = read(written(tmp_path / "drop.csv", header + b"a,plain\nb,plain\n"))
    assert rejected(rows) == [(number, "MALFORMED_CSV", None) for number in (1, 2, 3)]


def test_a_header_that_names_a_column_twice_rejects_every_record(tmp_path: Path) -> None:
    rows = read(written(tmp_path / "drop.csv", b"document_id,text,text\na,one,two\n"))
    assert rejected(rows) == [(2, "DUPLICATE_KEY", None)]


def test_columns_that_are_not_there(tmp_path: Path) -> None:
    rows = read(written(tmp_path / "drop.csv", b"document_id,body\na,plain\n"))
    assert rejected(rows) == [(2, "TEXT_MISSING", "a")]


def test_batches_are_no_longer_than_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path / "drop.csv", HEADER + GOOD[0] * 25)
    assert len(read_splits(plan_splits([listed(path)], 1), batch_rows=10)) == 25


field = st.text(st.sampled_from('ab,"\n é😀'), max_size=8)


@settings(max_examples=100, deadline=None)
@given(records=st.lists(st.tuples(field, field), max_size=8), end=st.sampled_from(["\n", "\r\n"]))
def test_what_was_written_as_csv_is_read(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[str, str]], end: Any
) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator=end)
    writer.writerow(["source", "text"])
    starts = []
    for record in records:
        if any(record):  # a record of empty fields alone is a blank line
            starts.append(buffer.getvalue().count("\n") + 1)
        writer.writerow(record)
    rows = read(
        written(tmp_path_factory.mktemp("drop") / "drop.csv", buffer.getvalue().encode()), {"document_id": "source"}
    )
    assert [row["source_row"] for row in rows] == starts
    for row, (document_id, text) in zip(rows, filter(any, records), strict=True):
        assert row["document_id"] == (document_id if document_id.strip() else None)
        assert row["error_code"] or row["text"] == text


@settings(max_examples=200, deadline=None)
@given(
    records=st.lists(st.tuples(field, field), max_size=8),
    end=st.sampled_from(["\n", "\r\n"]),
    size=st.integers(1, 20),
    cut=st.integers(0, 200),
)
def test_what_was_cut_is_told_and_what_came_before_is_read(
    records: list[tuple[str, str]], end: Any, size: int, cut: int
) -> None:
    def rows_of(content: bytes) -> list[Row]:
        blocks = iter([content[start : start + size] for start in range(0, len(content), size)])
        found = read_delimited(split_lines(blocks, 1), "/a.csv", {ours: ours for ours in COLUMNS}, 4096, Dialect())
        return [row for batch in found for row in batch.to_pylist()]

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator=end)
    writer.writerow(["document_id", "text"])
    ends = [len(buffer.getvalue().encode())]
    for record in records:
        writer.writerow(record)
        ends.append(len(buffer.getvalue().encode()))
    content = buffer.getvalue().encode()
    cut = min(ends[0] + cut, len(content))
    before = sum(any(record) for record, place in zip(records, ends[1:], strict=True) if place <= cut)
    rest = content[max(place for place in ends if place <= cut) : cut]

    rows = rows_of(content[:cut])

    assert rows[:before] == rows_of(content)[:before]
    assert len({row["source_row"] for row in rows}) == len(rows)
    # Of a record that is cut within quotes its line is rejected, and each below it is one of its own.
    left = [line for line in rest.replace(b"\r", b"\n").split(b"\n") if line.strip(b',"')]
    assert bool(left) <= len(rows) - before <= max(len(rest.split(b"\n")), 1)


ROWS = ["document_id,text", "a,Lovely Müller", 'b,"Late, sadly"', "c,Größe"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("charset", ["utf-8", "cp1252", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_how_a_file_is_written_is_told_by_the_file(tmp_path: Path, delimiter: str, charset: str, end: str) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator=end).writerows(csv.reader(ROWS))
    rows = read(written(tmp_path / "drop.csv", buffer.getvalue().encode(charset)))
    assert [(row["document_id"], row["text"]) for row in rows] == [
        ("a", "Lovely Müller"),
        ("b", "Late, sadly"),
        ("c", "Größe"),
    ]


def test_the_first_line_may_say_what_parts_fields(tmp_path: Path) -> None:
    rows = read(written(tmp_path / "drop.csv", b"sep=;\r\nText;Document ID\r\nOne, two, three;a\r\n"))
    assert [(row["document_id"], row["text"], row["source_row"]) for row in rows] == [("a", "One, two, three", 3)]


def test_backslashes_before_quotes_and_apostrophes_for_quotes(tmp_path: Path) -> None:
    rows = read(written(tmp_path / "a.csv", b'document_id,text\na,"so \\"good\\", yes"\nb,"C:\\"\nc,"oops\\"\n'))
    assert [(row["document_id"], row["text"]) for row in accepted(rows)] == [
        ("a", 'so "good", yes'),
        ("b", "C:\\"),
        ("c", "oops\\"),
    ]
    quoted = b"document_id,text\n'a','one, two'\n'b','three'\n"
    assert [row["text"] for row in read(written(tmp_path / "b.csv", quoted))] == ["one, two", "three"]


def test_without_a_header_columns_have_numbers(tmp_path: Path) -> None:
    path = written(tmp_path / "drop.csv", b"1,Ana,Lovely it was.\n2,Kim,Late it was.\n,,\n")
    assert [code for _, code, _ in rejected(read(path))] == ["ID_MISSING", "ID_MISSING"]
    rows = read(path, {"document_id": "1", "text": "3"})
    assert [(row["document_id"], row["text"]) for row in rows] == [("1", "Lovely it was."), ("2", "Late it was.")]


def test_a_delimiter_stands_in_the_header(tmp_path: Path) -> None:
    content = b"document_id;text\na;fine\nb;late again\nc;Late, again\nd;Lovely, yes\n"
    rows = read(written(tmp_path / "a.csv", content))
    assert [(row["document_id"], row["text"]) for row in rows][2:] == [("c", "Late, again"), ("d", "Lovely, yes")]


@pytest.mark.parametrize("null", ["NULL", "\\N", "NaN", "None", "N/A"])
def test_what_programs_write_for_nothing_is_nothing(null: str, tmp_path: Path) -> None:
    records = [f"a,{null},,,", f"{null},fine,,,", f"c,fine,{null},{null},{null}"]
    content = "\n".join(["document_id,text,created_at,source,subject_id", *records])
    rows = read(written(tmp_path / "a.csv", content.encode()))
    answered = null in ("None", "N/A")  # as a text, for people are asked whether there is anything else
    assert [row["error_code"] for row in rows] == [None if answered else "TEXT_MISSING", "ID_MISSING", None]
    assert [rows[2][name] for name in ("created_at", "source", "subject_id")] == [None] * 3
