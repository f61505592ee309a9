import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.drops import plan_splits
from jobs.readers import lines
from tests.jobs.readers.drop import BASE, accepted, line, listed, read, read_splits, rejected, written

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
    "invalid utf-8": (b'{"document_id":"x","text":"caf\xe9"}\n', "INVALID_UTF8", "x"),
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
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 3 << 20)
    padding = (3 << 20) - len(line("a", text="t", padding=""))
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
)
def test_any_splits_give_the_rows_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, content: list[tuple[bytes, bytes]], last_newline: bool, target: int
) -> None:
    data = b"".join(text + end for text, end in content)
    if not last_newline:
        data = data.removesuffix(b"\n")
    path = written(tmp_path_factory.mktemp("drop") / "drop.jsonl", data or b"\n")
    splits = plan_splits([listed(path)], target)
    assert [split.start for split in splits] == [0, *[split.end for split in splits[:-1]]]
    assert splits[-1].end == len(data or b"\n")
    whole = read(path)
    assert read_splits(splits) == whole
    expected: list[Any] = [number for number, text in enumerate((data or b"\n").split(b"\n"), 1) if text.strip()]
    assert [row["source_row"] for row in whole] == expected


@settings(max_examples=60, deadline=None)
@given(content=st.lists(any_line, min_size=1, max_size=8))
def test_a_line_gives_the_same_row_alone_and_among_others(
    tmp_path_factory: pytest.TempPathFactory, content: list[bytes]
) -> None:
    root = tmp_path_factory.mktemp("drop")
    together = read(written(root / "drop.jsonl", b"\n".join(content) + b"\n"))
    alone = [
        row | {"source_row": number}
        for number, text in enumerate(content, 1)
        for row in read(written(root / "drop.jsonl", text + b"\n"))
    ]
    assert together == alone
