"""JSON of every shape: its elements are documents, whatever stands between them and wherever it is cut."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.drops import plan_splits
from jobs.drops.shape import shape_of
from jobs.formats import Format
from jobs.readers import elements, lines, read_split
from jobs.readers.elements import split_elements
from jobs.readers.lines import Lines, Rejected
from jobs.readers.records import find_records, records_steps
from tests.jobs.readers.drop import accepted, line, listed, read, rejected, written
from transforms.documents import Reason

COLUMNS = {"document_id": "document_id", "text": "text"}
NAMES = ["a", "b", "c"]
DOCUMENTS = [json.loads(line(name)) for name in NAMES]


def ids(content: bytes, path: Path, mapping: dict[str, str] | None = None) -> list[str]:
    return [row["document_id"] for row in accepted(read(written(path, content), mapping))]


ONE_LINE = [json.dumps(each).encode() for each in DOCUMENTS]
INDENTED = [json.dumps(each, indent=2).encode() for each in DOCUMENTS]
SHAPES = {
    "array": b"[" + b", ".join(ONE_LINE) + b"]",
    "array of a line each": b"[" + b",\n".join(ONE_LINE) + b"]\n",
    "indented array": json.dumps(DOCUMENTS, indent=2).encode(),
    "indented by tabs, CR LF": json.dumps(DOCUMENTS, indent="\t").replace("\n", "\r\n").encode(),
    "run together": b"".join(ONE_LINE),
    "indented objects": b"\n".join(INDENTED),
    "indented, run together": b"".join(INDENTED),
    "comma-ended": b"".join(each + b",\n" for each in ONE_LINE),
    "comma-ended but the last": b",\n".join(ONE_LINE),
    "held": b'{"count": 3, "users": [{"name": "x"}], "tickets": [' + b",".join(ONE_LINE) + b'], "next": null}',
    "held, indented": json.dumps({"meta": {"a": [1, {"b": 2}]}, "data": {"items": DOCUMENTS}}, indent=1).encode(),
    "held in an array": json.dumps([{"tickets": DOCUMENTS}]).encode(),
    "a script": b"window.YTD.tweets.part0 = " + json.dumps(DOCUMENTS, indent=2).encode() + b";\n",
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(DOCUMENTS).encode(),
    "arrays": b"[" + ONE_LINE[0] + b"]\n[" + b",".join(ONE_LINE[1:]) + b"]",
}


@pytest.mark.parametrize("content", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_every_shape_gives_its_records(
    content: bytes, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elements, "_MOST", size)
    rows = read(written(tmp_path / "export.json", content))
    assert [row["document_id"] for row in accepted(rows)] == NAMES
    assert [row["source_row"] for row in rows] == [1, 2, 3]


def test_lines_stay_lines() -> None:
    for content in (
        b"".join(line(name) for name in NAMES),
        b'{"document_id": "cut", "text": "x\n' + line("b"),
        b'{"document_id": "cut", "text": "x"\n' + line("b"),
        b'{"document_id": "cut",\n' + line("b"),
        b"[1, 2]\n" + line("b"),
        b'"a"\n' + line("b"),
        b"nothing\n",
    ):
        assert shape_of(content, whole=True) is Format.JSONL, content


def test_a_record_may_lie_anywhere(tmp_path: Path) -> None:
    content = json.dumps(
        [{"tweet": {"id": 7, "full_text": "Lovely."}}, {"tweet": {"id": 8, "parts": [{"t": "One,"}, {"t": "two."}]}}]
    ).encode()
    rows = read(written(tmp_path / "t.json", content), {"document_id": "tweet.id", "text": "tweet.full_text"})
    assert [(row["document_id"], row["text"]) for row in rows] == [("7", "Lovely."), ("8", None)]
    rows = read(tmp_path / "t.json", {"document_id": "tweet.id", "text": "tweet.parts[].t"})
    assert [(row["text"], row["error_code"]) for row in rows] == [(None, "TEXT_MISSING"), ("One,\ntwo.", None)]


def test_a_key_with_a_dot_comes_before_a_path(tmp_path: Path) -> None:
    content = json.dumps({"id": 1, "a.b": "Whole.", "a": {"b": "Path."}}).encode() + b"\n"
    [row] = read(written(tmp_path / "t.jsonl", content), {"document_id": "id", "text": "a.b"})
    assert row["text"] == "Whole."


def test_a_key_that_stands_twice_on_the_way_is_no_guess(tmp_path: Path) -> None:
    content = b'{"id": 1, "a": {"b": "One.", "b": "Two."}}\n{"id": 2, "a": {"b": "Fine."}}\n'
    rows = read(written(tmp_path / "t.jsonl", content), {"document_id": "id", "text": "a.b"})
    assert [row["error_code"] for row in rows] == ["DUPLICATE_KEY", None]


def test_records_are_where_they_are_said_to_be(tmp_path: Path) -> None:
    content = json.dumps({"a": {"old": [{"document_id": "x", "text": "Old."}], "new": DOCUMENTS}}).encode()
    path = written(tmp_path / "t.json", content)
    assert len(read(path)) == 1
    [split] = plan_splits([listed(path)], 1 << 30)
    [batch] = read_split(split, {}, records="a.new[]")
    assert batch["document_id"].to_pylist() == NAMES
    [nothing] = read_split(split, {}, records="b[]")
    assert nothing["error_code"].to_pylist() == ["NOT_AN_OBJECT"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (SHAPES["array"][:-1], [(4, "MALFORMED_JSON")]),
        (SHAPES["array"][:-9], [(3, "MALFORMED_JSON")]),
        (SHAPES["indented array"][:-9], [(3, "MALFORMED_JSON")]),
        (SHAPES["run together"][:-9], [(3, "MALFORMED_JSON")]),
        (SHAPES["held"][:-12], [(4, "MALFORMED_JSON")]),
        (SHAPES["array"].replace(b'{"document_id": "b"', b'{"document_id" "b"'), [(2, "MALFORMED_JSON")]),
        (
            b"[" + b",".join([*ONE_LINE, b"1", b'"{"', b"null", b"[{}]"]) + b"]",
            [(row, "NOT_AN_OBJECT") for row in range(4, 8)],
        ),
        (SHAPES["array"] + b" and more", [(4, "MALFORMED_JSON")]),
        # A string, or a bracket, that does not end costs its own record where records begin lines of their own.
        (SHAPES["array of a line each"].replace(b'"b"', b'"b'), [(2, "MALFORMED_JSON")]),
        (SHAPES["indented array"].replace(b'"b"', b'"b'), [(2, "MALFORMED_JSON")]),
        (SHAPES["indented array"].replace(b"  },\n  {", b"  ,\n  {", 1), [(1, "MALFORMED_JSON")]),
        (SHAPES["indented objects"].replace(b'"b"', b'"b'), [(2, "MALFORMED_JSON")]),
        (SHAPES["array"].replace(b"}, {", b"}}, {", 1), [(2, "MALFORMED_JSON")]),
    ],
)  # fmt: skip
def test_what_is_broken_is_a_row(content: bytes, expected: list[tuple[int, str]], tmp_path: Path) -> None:
    rows = read(written(tmp_path / "t.json", content))
    assert [(row, reason) for row, reason, _ in rejected(rows)] == expected
    lost = {row for row, _ in expected if row <= len(NAMES)} if b"}}" not in content else set()
    assert [row["document_id"] for row in accepted(rows)] == [
        name for row, name in enumerate(NAMES, 1) if row not in lost
    ]


def test_an_element_is_held_to_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 1000)
    content = b"[" + b", ".join([ONE_LINE[0], line("long", text="x" * 5000).strip(), ONE_LINE[2]]) + b"]"
    blocks = [content[start : start + 100] for start in range(0, len(content), 100)]
    items = list(split_elements(iter(blocks), ("[]",)))
    assert [item for item in items if isinstance(item, Rejected)] == [Rejected(2, Reason.LINE_TOO_LONG)]
    assert [item.first for item in items if isinstance(item, Lines)] == [1, 3]


@pytest.mark.parametrize(
    "content",
    [b"[" * 300_000, b"}" * 300_000, b"[" + b"{" * 300_000, b"[" + b"1," * 100_000 + b"1]", b'["' + b"\\" * 99_999],
)
def test_what_is_hostile_ends(content: bytes, tmp_path: Path) -> None:
    rows = read(written(tmp_path / "t.json", content))
    assert not accepted(rows)
    assert rows


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(['"', "\\", "{", "]", "\n"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(["x", "y", "\\", '"']), VALUES, max_size=3), max_size=6),
    st.sampled_from([None, 1, 2]),
    st.sampled_from(["", "[]", "a[]", "a.b[]", "[].a[]"]),
    st.integers(1, 40),
    st.integers(0, 400),
)
def test_elements_in_are_elements_out(records: list[Any], indent: int | None, path: str, size: int, cut: int) -> None:
    """All of them, and where the stream is cut those before the cut and one rejection."""
    if path:
        value: Any = records
        for step in reversed(path.replace(".", " ").replace("[]", " []").split()[:-1]):
            value = [value] if step == "[]" else {"other": [{"k": 1}], step: value}
        content = json.dumps(value, indent=indent).encode()
    else:
        content = "".join(json.dumps(each, indent=indent) for each in records).encode()
    steps = records_steps(path) if path else ()
    blocks = [content[start : start + size] for start in range(0, len(content), size)]
    items = list(split_elements(iter(blocks), steps))
    if not records and len(steps) > 1:
        return  # nothing was there: one row says so
    assert [json.loads(each) for item in items for each in _lines(item)] == records

    found = content[:cut]
    items = list(split_elements(iter([found]), steps))
    whole = [json.loads(each) for item in items for each in _lines(item) if each not in (b"0", b"{")]
    assert whole == records[: len(whole)]
    told = sum(isinstance(item, Rejected) for item in items)
    told += sum(each in (b"0", b"{") for item in items for each in _lines(item))
    assert told <= 1
    # Between objects that are run together nothing shows that more would have come.
    ends = [] if path else [len("".join(json.dumps(each, indent=indent) for each in records[:n])) for n in range(9)]
    assert told or not found or len(found) == len(content) or len(found) in ends


def _lines(item: Lines | Rejected) -> list[bytes]:
    return item.data.split(b"\n") if isinstance(item, Lines) else []


def test_records_are_found_by_their_columns() -> None:
    sample = json.dumps({"users": [{"id": 1}], "page": {"tickets": [{"id": 2, "comment": {"body": "x"}}]}}).encode()
    assert find_records(sample, {"document_id": "id", "text": "comment.body"}) == ("page", "tickets", "[]")
    assert find_records(sample, {"document_id": "k", "text": "t"}) == ("users", "[]")
    assert find_records(b'{"id": 1, "turns": [{"id": 2}]}', {"document_id": "id", "text": "turns[].t"}) == ()
