"""What people are told to do about a file that gives no documents: which `--map` may do, or how to save it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from jobs.drops import find_drop, plan_splits, recognised
from jobs.readers import read_split
from jobs.readers.apart import look
from jobs.readers.describe import hint, remedy
from tests.jobs.readers.drop import written
from tests.jobs.readers.test_archives import zipped
from tests.jobs.readers.test_exports import LATE, TEXTS, table
from transforms.documents import COLUMNS

# A file -> its reason, and words of the sentence that it gets.
REFUSED: dict[str, tuple[bytes, str, str]] = {
    "a.msg": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "UNKNOWN_FORMAT", ".eml"),
    "a.pst": (b"!BDN" + bytes(512), "UNKNOWN_FORMAT", ".mbox"),
    "a.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "UNKNOWN_FORMAT", ".docx"),
    "a.7z": (b"7z\xbc\xaf\x27\x1c" + bytes(64), "UNKNOWN_FORMAT", ".zip"),
    "a.db": (b"SQLite format 3\0" + bytes(64), "UNKNOWN_FORMAT", "export"),
    "a.jpg": (b"\xff\xd8\xff\xe0" + bytes(64), "UNKNOWN_FORMAT", "picture"),
    "a.wav": (b"RIFF" + bytes(64), "UNKNOWN_FORMAT", "transcribe"),
    "a.xml": (b'<?xml version="1.0"?><r><text>Late.</text></r>', "UNKNOWN_FORMAT", "XML"),
    "no declaration.xml": (b"<r><text>Late.</text></r>", "UNKNOWN_FORMAT", "XML"),
    "a.pptx": (zipped({"[Content_Types].xml": b"<x/>", "ppt/slide1.xml": b"<p/>"}), "UNKNOWN_FORMAT", ".pdf"),
    "a.epub": (zipped({"mimetype": b"application/epub+zip", "a.xhtml": b"<p>Late.</p>"}), "UNKNOWN_FORMAT", ".pdf"),
    "a.pages": (zipped({"Index/Document.iwa": b"\0"}), "UNKNOWN_FORMAT", ".docx"),
    "a.bin": (b"\0\1\2\xff", "UNKNOWN_FORMAT", "--format"),
    "a.zip.gz": (gzip.compress(zipped({"a.txt": b"Late."})), "UNKNOWN_FORMAT", "unpack"),
    "a.xlsx": (b"this was no workbook", "CORRUPT_FILE", "save it again"),
    "page.xls": (b"<html><body><table><tr><td>a, b</td></tr></table></body></html>", "CORRUPT_FILE", "save it again"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_one_row_and_one_sentence(name: str, tmp_path: Path) -> None:
    content, reason, words = REFUSED[name]
    written(tmp_path / name, content)
    [file] = recognised(find_drop(str(tmp_path), "2026-11-20", file_format=None, date_pattern=None).files)
    [split] = plan_splits([file], 1 << 40)
    rows = [row for batch in read_split(split, {}) for row in batch.to_pylist()]
    assert [(row["error_code"], row["source_row"], row["text"]) for row in rows] == [(reason, 0, None)]
    assert words in remedy(file, reason)


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (table("sid,body,From (UTC)", 'IM{0},"{1}",x'), "--map text=body --map document_id=sid"),
        (table("Review Text,Review Link", '"{1}",https://p.example/{0}'), "--map document_id=Review Link"),
        (table("text,label", '"{1}",4'), "add one, of numbers"),
        (
            table("id,body_html,reply,body", '{0},"<p>{1} {1}</p>","We are very, very sorry to hear that.","{1}"'),
            "text=body --",
        ),
        (table("Respondent ID,What could we do better?,", '{0},"{1}",'), "text=What could we do better? --map docu"),
    ],
)
def test_the_map_that_may_do_can_be_typed(content: str, advice: str, tmp_path: Path) -> None:
    written(tmp_path / "a.csv", content.encode())
    [file] = recognised(find_drop(str(tmp_path), "2026-11-20", file_format=None, date_pattern=None).files)
    columns = {ours: ours for ours in COLUMNS}
    told = look(file, columns, None)
    assert told is not None
    assert advice in hint(told, columns)


@pytest.mark.parametrize(
    ("name", "content", "reason", "words"),
    [
        ("a.csv", table("document_id,text", "{0},{1}, and, more"), "MALFORMED_CSV", "in quotes"),
        ("a.csv", table("document_id,text,text", '{0},"{1}","{1}"'), "DUPLICATE_KEY", "rename"),
        ("a.jsonl", "".join(json.dumps([n, text]) + "\n" for n, text in enumerate(TEXTS)), "NOT_AN_OBJECT", "object"),
        ("a.json", "".join(f"{{'document_id': {n}}}\n" for n in "123"), "MALFORMED_JSON", "double quotes"),
    ],
)
def test_what_is_wrong_with_every_row_has_a_sentence(
    name: str, content: str, reason: str, words: str, tmp_path: Path
) -> None:
    written(tmp_path / name, content.encode())
    [file] = recognised(find_drop(str(tmp_path), "2026-11-20", file_format=None, date_pattern=None).files)
    [split] = plan_splits([file], 1 << 40)
    assert {row["error_code"] for batch in read_split(split, {}) for row in batch.to_pylist()} == {reason}
    assert words in remedy(file, reason)


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (
            [{"id": n, "answers": [{"number": 4}, {"text": text}]} for n, text in enumerate(TEXTS)],
            "text=answers[].text",
        ),
        ([{"id": n, "Message": json.dumps({"text": text})} for n, text in enumerate(TEXTS)], "--map text=Message.text"),
        ([{"text": LATE, "segments": [{"id": n, "start": 0.5}]} for n in range(4)], "add one, of numbers"),
        (
            [{"id": n, "a": {"b": {"c": [{"d": [{"e": [{"f": [{"g": text}]}]}]}]}}} for n, text in enumerate(TEXTS)],
            "--map text=a.b.c[].d[].e[].f[].g --map document_id=id",
        ),
    ],
)
def test_the_map_that_may_do_goes_into_what_is_nested(content: list[Any], advice: str, tmp_path: Path) -> None:
    written(tmp_path / "a.json", json.dumps(content).encode())
    [file] = recognised(find_drop(str(tmp_path), "2026-11-20", file_format=None, date_pattern=None).files)
    columns = {ours: ours for ours in COLUMNS}
    told = look(file, columns, None)
    assert told is not None
    assert advice in hint(told, columns)


def test_the_longest_sheet_is_looked_at_where_none_has_our_columns(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        book.add_worksheet("Pivot").write_row(0, 0, ["Row Labels", "Sum"])
        sheet = book.add_worksheet("Raw")
        for row, cells in enumerate([("Ticket", "Kommentar"), *((f"T-{n}", text) for n, text in enumerate(TEXTS))]):
            sheet.write_row(row, 0, cells)
    [file] = recognised(find_drop(str(tmp_path), "2026-11-20", file_format=None, date_pattern=None).files)
    columns = {ours: ours for ours in COLUMNS}
    told = look(file, columns, None)
    assert told is not None
    assert "--map text=Kommentar --map document_id=Ticket" in hint(told, columns)
    rows = [row for batch in read_split(plan_splits([file], 1 << 40)[0], {}) for row in batch.to_pylist()]
    assert [row["error_code"] for row in rows] == ["ID_MISSING"] * len(TEXTS)
