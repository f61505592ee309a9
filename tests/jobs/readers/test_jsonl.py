import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jobs.drops import Split, plan_splits, splits
from jobs.formats import Format, Telling
from jobs.readers import jsonl, lines
from tests.jobs.readers.drop import BASE, Row, accepted, line, listed, read, read_splits, rejected, written
from transforms.documents import COLUMNS
from transforms.schemas import DOCUMENTS, conform

DEEP = b'{"document_id":"x","text":"t","more":' + b"[" * 5000 + b"]" * 5000 + b"}\n"

# Name -> (the bad line, its reason, the id that is still known).
BAD_LINES: dict[str, tuple[bytes, str, str | None]] = {
    "not json": (b"call 212-555-0187\n", "MALFORMED_JSON", None),
    "cut short": (b'{"document_id":"x","text":"unfin\n', "MALFORMED_JSON", None),
    "two objects": (line("x").strip() + line("y"), "MALFORMED_JSON", None),
    "5,000 deep": (DEEP, "MALFORMED_JSON", None),
    "an integer of 5,000 digits": (b'{"document_id":' + b"1" * 5000 + b',"text":NaN}\n', "MALFORMED_JSON", None),
    "an array": (b'["text"]\n', "NOT_AN_OBJECT", None),
    "a string": (b'"text"\n', "NOT_AN_OBJECT", None),
    "null": (b"null\n", "NOT_AN_OBJECT", None),
    "invalid utf-8": (b'{"document_id":"x","text":"\x81\x8d\x9d"}\n', "INVALID_UTF8", "x"),
    "invalid utf-8 in the id": (b'{"document_id":"\xff","text":"t"}\n', "INVALID_UTF8", None),
    "invalid utf-8 that is no json": (b"\xff\xfe\n", "INVALID_UTF8", None),
    "nul escaped": (b'{"document_id":"x","text":"a\\u0000b"}\n', "NUL_CHARACTER", "x"),
    "nul raw": (b'{"document_id":"x","text":"a\0b"}\n', "NUL_CHARACTER", None),
    "nul in the id": (b'{"document_id":"x\\u0000","text":"t"}\n', "NUL_CHARACTER", None),
    "a lone surrogate": (b'{"document_id":"x","text":"\\ud83d"}\n', "LONE_SURROGATE", "x"),
    "a lone surrogate in the id": (b'{"document_id":"\\udc00","text":"t"}\n', "LONE_SURROGATE", None),
    "text twice": (b'{"document_id":"x","text":"a","text":"b"}\n', "DUPLICATE_KEY", "x"),
    "text twice, spaced": (b'{"document_id" :"x","text" :"a","text"\t:"b"}\n', "DUPLICATE_KEY", "x"),
    "text twice, another key spaced": (b'{"document_id" :"x","text":"a","text":"b"}\n', "DUPLICATE_KEY", "x"),
    "text twice, escaped": (b'{"document_id":"x","text":"a","t\\u0065xt":"b"}\n', "DUPLICATE_KEY", "x"),
    "text twice, null last": (b'{"document_id":"x","text":"a","text":null}\n', "DUPLICATE_KEY", "x"),
    "id twice": (b'{"document_id":"x","document_id":"y","text":"a"}\n', "DUPLICATE_KEY", None),
    "no id": (b'{"text":"t"}\n', "ID_MISSING", None),
    "a null id": (line("x", document_id=None), "ID_MISSING", None),
    "a blank id": (line(" \u200b"), "ID_MISSING", None),
    "a list for an id": (line("x", document_id=["x"]), "ID_NOT_STRING", None),
    "a float for an id": (line("x", document_id=1.5), "ID_NOT_STRING", None),
    "a truth value for an id": (line("x", document_id=True), "ID_NOT_STRING", None),
    "no text": (b'{"document_id":"x"}\n', "TEXT_MISSING", "x"),
    "a null text": (line("x", text=None), "TEXT_MISSING", "x"),
    "a number for a text": (line("x", text=5), "TEXT_NOT_STRING", "x"),
    "an object for a text": (line("x", text={"body": "t"}), "TEXT_NOT_STRING", "x"),
    "false for a text": (line("x", text=False), "TEXT_NOT_STRING", "x"),
    "an empty text": (line("x", text=""), "TEXT_BLANK", "x"),
    "a blank text": (line("x", text=" \t\u00a0\u3000\u200b\ufeff\u2028"), "TEXT_BLANK", "x"),
    "a text over 1 MB": (line("x", text="é" * 524_289), "TEXT_TOO_LARGE", "x"),
    "a line over the limit": (line("x", text="a" * (17 << 20)), "LINE_TOO_LONG", None),
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_bad_line_is_one_row_and_changes_no_other(tmp_path: Path, name: str) -> None:
    bad, reason, document_id = BAD_LINES[name]
    good = [line("a"), line("b", text="Grüße 😀", source=7), line("c", language="FR")]
    path = tmp_path / "drop.jsonl"
    alone = read(written(path, b"".join(good)))
    rows = read(written(path, good[0] + bad + good[1] + good[2]))
    assert rejected(rows) == [(2, reason, document_id)]
    assert accepted(rows) == accepted(alone)
    assert [row["source_row"] for row in rows] == [1, 2, 3, 4]
    assert {row["source_file"] for row in rows} == {str(path)}
    # A known id keeps what is safe of its document.
    kept = rows[1]
    if b'"source"' in bad and document_id:
        assert (kept["source"], kept["created_at"]) == (alone[0]["source"], alone[0]["created_at"])


# Lines that look suspicious and are documents.
@pytest.mark.parametrize(
    ("fields", "column", "expected"),
    [
        (b'"text":"t","other":NaN', "text", "t"),
        (b'"text":"t","other":"\\ud83d"', "text", "t"),
        (b'"text":"t","other":"x","other":"y"', "text", "t"),
        (b'"text":"t","nested":{"text":1,"text":2}', "text", "t"),
        (b'"text":"\\"text\\":1, \\"text\\" : 2"', "text", '"text":1, "text" : 2'),
        (b'"text":"a key: \\u0074"', "text", "a key: t"),
        (b'"text":"\\ud83d\\ude00"', "text", "😀"),
        (b'"text":"\xe2\x80\xaethgir\xe2\x80\xac"', "text", "\u202ethgir\u202c"),
        (b'"text":"t","subject_id":123456789012345678901234567890', "subject_id", "123456789012345678901234567890"),
        (b'"text":"t","other":' + b"[" * 500 + b"]" * 500, "text", "t"),
        (b'"text":"\\"a\\":","other":' + b"[" * 500 + b"]" * 500, "text", '"a":'),
    ],
)
def test_an_odd_line_is_a_document(tmp_path: Path, fields: bytes, column: str, expected: str) -> None:
    rows = read(written(tmp_path / "drop.jsonl", line("a") + b'{"document_id":"x",' + fields + b"}\n"))
    assert not rejected(rows)
    assert rows[1][column] == expected


def test_integers_are_ids_in_decimal(tmp_path: Path) -> None:
    content = b'{"document_id":-7,"text":"t"}\n{"document_id":18446744073709551617,"text":"t"}\n'
    rows = read(written(tmp_path / "drop.jsonl", content))
    assert [row["document_id"] for row in rows] == ["-7", "18446744073709551617"]


def test_blank_lines_ends_of_lines_and_a_byte_order_mark(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + line("a").replace(b"\n", b"\r\n") + b"\r\n \t\n" + line("b") + b"\n" + line("c").strip()
    rows = read(written(tmp_path / "drop.jsonl", content))
    assert not rejected(rows)
    assert [(row["document_id"], row["source_row"]) for row in rows] == [("a", 1), ("b", 4), ("c", 6)]
    assert not read(written(tmp_path / "blank.jsonl", b"\n \n\r\n"))


def test_columns_go_by_the_names_of_the_mapping(tmp_path: Path) -> None:
    content = json.dumps({"ticket": 5, "the body/text": "t", "text": 3, "Größe": "XL"}, ensure_ascii=True).encode()
    mapping = {"document_id": "ticket", "text": "the body/text", "source": "Größe"}
    [row] = read(written(tmp_path / "drop.jsonl", content), mapping)
    assert (row["document_id"], row["text"], row["source"]) == ("5", "t", "XL")
    twice = content[:-1] + b',"the body\\/text":"u"}'
    assert rejected(read(written(tmp_path / "drop.jsonl", twice), mapping)) == [(1, "DUPLICATE_KEY", "5")]


def test_the_largest_text_is_a_document(tmp_path: Path) -> None:
    [row] = read(written(tmp_path / "drop.jsonl", line("a", text="é" * 524_288)))
    assert len(row["text"]) == 524_288


def test_a_line_at_the_limit_is_read_and_the_lines_after_a_longer_one_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 12 << 20)
    padding = (12 << 20) - len(line("a", text="t", padding=""))
    exact = line("a", text="t", padding="x" * (padding + 1))  # the limit is without the newline
    longer = line("b", text="t", padding="x" * (padding + 2))
    rows = read(written(tmp_path / "drop.jsonl", exact + longer + line("c") + longer.strip()))
    assert [(row["source_row"], row["error_code"]) for row in rows] == [
        (1, None),
        (2, "LINE_TOO_LONG"),
        (3, None),
        (4, "LINE_TOO_LONG"),
    ]


def test_batches_are_no_longer_than_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path / "drop.jsonl", b"".join(line(str(number)) for number in range(25)))
    rows = read_splits(plan_splits([listed(path)], 1 << 40), batch_rows=10)
    assert [row["source_row"] for row in rows] == list(range(1, 26))


def read_with(data: bytes, mapping: Mapping[str, str], *, by_arrow: bool) -> list[dict[str, Any]]:
    """The rows of these lines, with Arrow's reader or without it."""
    columns = {name: mapping.get(name, name) for name in COLUMNS}
    without = mock.patch.object(jsonl, "by_arrow", return_value=None)
    with nullcontext() if by_arrow else without:
        batches = list(jsonl.read_json_lines(lines.split_lines(iter([data]), 1), "/drop.jsonl", columns, 3, Telling()))
    for batch in batches:
        conform(batch, DOCUMENTS)
        batch.validate(full=True)
    return [row for batch in batches for row in batch.to_pylist()]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"subject_id": 7, "document_id": 12},
        {"other": "Information", "more": [1, -2.5e3, {"text": [], "a": None}], "text": 'a[b] {c} \u2028 \\ " 😀'},
        {"text": "[" * 400 + "x" * 5000},
    ],
)
def test_plain_lines_are_readby_arrow_and_alike(more: dict[str, Any]) -> None:
    data = b"".join([line("a", **more), line("b", **more, language=None), b'{"text":"t"}\n', line("c", **more)])
    expected = read_with(data, {"source": "text"}, by_arrow=False)
    with mock.patch.object(jsonl, "_records", side_effect=AssertionError):
        assert read_with(data, {"source": "text"}, by_arrow=True) == expected


# Where Arrow is known to read otherwise than the exact parsers.
@pytest.mark.parametrize(
    "odd",
    [
        b'{"o":\n{"o":1}}{}',
        b'{"o":{}\n,"p":1}{}',
        b"\n{}{}",
        b"{}{}",
        b"{}\n\n{}",
        b" {}",
        b'{"o":"\xff"}',
        b'{"\xed\xa0\x80":1}',
        b'{"o":Inf}',
        b'{"o":[-Inf ,1]}',
        b'{"o":-NaN}',
        b'{"o":-Infinity}',
        b'{"o":' + b"1" * 5000 + b"}",
        b'{"o":' + b"[" * 2000 + b"]" * 2000 + b"}",
        b'{"o":' + b'{"":' * 2000 + b"0" + b"}" * 2000 + b"}",
        b"\xef\xbb\xbf\xef\xbb\xbf{}",
        b"{}\0",
    ],
)
def test_odd_lines_are_read_exactly(odd: bytes) -> None:
    for data in (odd, odd + b"\n" + line("b"), line("a") + odd + b"\n" + line("b")):
        assert read_with(data, {}, by_arrow=True) == read_with(data, {}, by_arrow=False)


TOKENS = r"""
null true 5 -7 -0 01 1.0 1e999 9223372036854775808 18446744073709551616 NaN -NaN Inf Infinity [] {} [[{}],[]] 2,3
{"text":1,"text":2} "" "\ud83d" "\udc00" "\ud83d\ude00" "\u0000" "\n" "\/" "a\":" "\x" "EN" "2026-11-22" "Inf,"
"""
# "\xff" stands for that byte.
a_value = st.sampled_from(TOKENS.split()) | st.sampled_from(['" EN"', '"\t"', '"\x7f"', '"\xff"', '"\xed\xa0\x80"'])
a_plain_value = st.text(st.characters(exclude_categories=["Cs"]), max_size=6).map(
    lambda text: json.dumps(text, ensure_ascii=False).encode().decode("latin-1")
)
a_key = st.sampled_from(COLUMNS)
another_key = st.sampled_from(["o", "p", "", "t\\u0065xt", "text\\u0000", "\\ud83d", "\xff"])
# Mostly what Arrow reads: our columns as strings, and anything beside them.
a_field = st.one_of(
    *[st.tuples(a_key, a_plain_value)] * 8,
    *[st.tuples(st.just("o"), a_value)] * 3,
    st.tuples(another_key, a_plain_value),
    st.tuples(a_key, a_value),
)
an_object = st.tuples(
    st.lists(a_field, max_size=4, unique_by=lambda field: field[0]) | st.lists(a_field, max_size=3),
    st.sampled_from([":"] * 4 + [" : "]),
).map(lambda parts: "{" + ",".join(f'"{key}"{parts[1]}{value}' for key, value in parts[0]) + "}")
some_lines = st.lists(
    st.tuples(an_object, st.sampled_from(["\n"] * 30 + ["\r\n", "", " \n", "\n\n", ",\n"])).map("".join),
    min_size=1,
    max_size=5,
).map(lambda parts: "".join(parts).encode("latin-1"))
odd_bytes = [b"", b"{", b"}", b"[", b'"', b"\n", b"\0", b"\xe9", b"\\", b",", b" ", b"1"]


@settings(max_examples=300, deadline=None)
@given(
    data=some_lines,
    integers=st.booleans(),
    place=st.integers(0, 200),
    instead=st.sampled_from([*[None] * 12, *odd_bytes]),
)
def test_arrow_reads_as_the_exact_parsers_do(data: bytes, integers: bool, place: int, instead: bytes | None) -> None:
    if integers:
        data = b'{"document_id":1,"text":5,"created_at":6,"source":7}\n' + data
    if instead is not None:
        data = data[:place] + instead + data[place + 1 :]
    mapping = {"subject_id": "text"}
    assert read_with(data, mapping, by_arrow=True) == read_with(data, mapping, by_arrow=False)


any_document = st.fixed_dictionaries(
    {
        "text": st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
        "document_id": st.text("ab1é", max_size=3),
    }
).map(lambda fields: json.dumps(BASE | fields, ensure_ascii=False).encode())
odd_line = st.sampled_from(
    [b"", b" ", b"\t", b"{", b"[]", b'{"document_id":"\xff"}', b'{"text":"a","text":"b"}', b"\xe2\x82"]
)
any_line = any_document | odd_line


@settings(max_examples=150, deadline=None)
@given(
    content=st.lists(st.tuples(any_line, st.sampled_from([b"\n", b"\r\n"])), max_size=12),
    last_newline=st.booleans(),
    target=st.integers(1, 400),
    block=st.integers(1, 500),
)
def test_any_splits_give_the_rows_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory,
    content: list[tuple[bytes, bytes]],
    last_newline: bool,
    target: int,
    block: int,
) -> None:
    data = b"".join(text + end for text, end in content)
    if not last_newline:
        data = data.removesuffix(b"\n")
    path = written(tmp_path_factory.mktemp("drop") / "drop.jsonl", data or b"\n")
    file = replace(listed(path), format=Format.JSONL)  # what begins with an array, or is one, is told for another
    with mock.patch.object(splits, "_COUNT_BLOCK", block):
        parts = plan_splits([file], target)
    assert [part.start for part in parts] == [0, *[part.end for part in parts[:-1]]]
    assert parts[-1].end == len(data or b"\n")
    whole = read_splits(plan_splits([file], 1 << 40))
    assert read_splits(parts) == whole
    expected: list[Any] = [number for number, text in enumerate((data or b"\n").split(b"\n"), 1) if text.strip()]
    assert [row["source_row"] for row in whole] == expected


@pytest.mark.parametrize("late", [0, 3000])
def test_the_charset_is_that_of_the_whole_however_it_is_split(tmp_path: Path, late: int) -> None:
    plain, umlaut = line("a"), json.dumps(BASE | {"text": "für Müller"}, ensure_ascii=False).encode("cp1252") + b"\n"
    path = written(tmp_path / "drop.jsonl", plain * late + umlaut + plain * 2000 + umlaut)
    for target in (1 << 40, 100_000, 3000, 10):
        rows = read(path, target=target)
        assert [row["text"] for row in rows if row["text"] != BASE["text"]] == ["für Müller"] * 2


@settings(max_examples=60, deadline=None)
@given(content=st.lists(any_line, min_size=1, max_size=8))
def test_a_line_gives_the_same_row_alone_and_among_others(
    tmp_path_factory: pytest.TempPathFactory, content: list[bytes]
) -> None:
    root = tmp_path_factory.mktemp("drop")
    path = root / "drop.jsonl"

    def rows(data: bytes) -> list[Row]:
        file = listed(written(path, data))
        assume(file.charset is None)  # which most of a file's bytes tell
        return read_splits([Split(replace(file, format=Format.JSONL), 0, len(data), 0)])

    together = rows(b"\n".join(content) + b"\n")
    alone = [row | {"source_row": number} for number, text in enumerate(content, 1) for row in rows(text + b"\n")]
    assert together == alone
