"""`check` says what a drop is and shows nobody's data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jobs.drops import Compression, DropFile, Format
from jobs.readers.describe import described
from tests.jobs.commands.running import invoke, refused
from tests.jobs.readers.drop import written

TICKETS = [
    {"id": number, "comment": {"body": f"Kim Novak of 12 Main Street wrote {number}, late."}, "created_at": "no"}
    for number in range(12)
]


def test_columns_advice_and_rejections_are_told_and_no_value(tmp_path: Path) -> None:
    path = written(tmp_path / "2026" / "11" / "20" / "tickets.json", json.dumps({"tickets": TICKETS}).encode())
    said = invoke("check", path).stdout
    assert "tickets.json: JSON\n" in said
    assert "date       2026-11-20, of its path" in said
    assert "column     comment.body (text; in 12 of 12): xxx xxxxx xx 99 xxxx xxx" in said
    assert "documents  12, of which 12 would be rejected" in said
    assert "try --map text=comment.body --map document_id=id" in said
    assert "Novak" not in said
    said = invoke("check", path, "--map", "text=comment.body", "--map", "document_id=id").stdout
    assert "documents  12, of which 0 would be rejected" in said
    assert "12 documents have a created_at that cannot be read" in said
    assert "detected   en 12" in said
    assert "  advice  " not in said


def test_a_file_without_a_header_is_told(tmp_path: Path) -> None:
    said = invoke("check", written(tmp_path / "a.csv", "1;Kim;Lovely it was, für Müller\n".encode("cp1252") * 3)).stdout
    assert "a.csv: CSV with semicolons, Windows-1252\n" in said
    assert "it has no header, 3 columns" in said
    assert "Kim" not in said


def test_what_to_do_about_a_file_that_is_not_read_is_told(tmp_path: Path) -> None:
    written(tmp_path / "Thumbs.db", b"\xd0\xcf\x11\xe0")
    said = invoke("check", written(tmp_path / "a.msg", b"\xd0\xcf\x11\xe0" + bytes(64)).parent).stdout
    assert ": Thumbs.db of Windows\n" in said
    assert "rejected   1: UNKNOWN_FORMAT\n  advice     a mail in Outlook's own format: save it as .eml" in said


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("app.log", "--each-line"),
        ("app.log.gz", "--each-line"),
        ("export", "--each-line"),
        ("tickets.yaml", "JSON Lines"),
        ("a.yml", "JSON Lines"),
        ("a.txt", None),
        ("a.TXT.gz", None),
        ("a.md", None),
    ],
)
def test_a_text_that_may_be_many_documents_is_told_of(tmp_path: Path, name: str, advice: str | None) -> None:
    path = written(tmp_path / name, b"- It came late.\n- It was broken.\n")
    said = invoke("check", path).stdout
    assert ("so as one document" in said or "so one document" in said) == bool(advice)
    assert advice is None or f"{advice} " in said.partition("advice")[2]
    assert "advice" not in invoke("check", path, "--each-line").stdout


@pytest.mark.parametrize("form", Format)
def test_every_format_has_a_name(form: Format) -> None:
    assert described(DropFile("/a", 1, "", "2026-11-20", form, Compression.NONE))


def test_a_mail_is_told(tmp_path: Path) -> None:
    mail = b"From: Kim Novak <kim@example.com>\nSubject: Late\nMessage-ID: <1@example.com>\n\nThe parcel came late.\n"
    said = invoke("check", written(tmp_path / "a.eml", mail)).stdout
    assert "a.eml: a mail\n" in said
    assert "documents  1, of which 0 would be rejected" in said
    assert "Kim" not in said


def test_a_conversation_is_told_as_a_night_would_read_it(tmp_path: Path) -> None:
    turns = [{"body": "It came late.", "role": "customer"}, {"body": "Sorry.", "role": "agent"}] * 2
    tickets = [{"requester_id": 5, "id": "c1", "comments": turns}]
    path = written(tmp_path / "a.json", json.dumps(tickets).encode())
    assert "try --map text=comments[].body --map document_id=id\n" in invoke("check", path).stdout
    told = ("check", path, "--map", "text=comments[].body", "--map", "document_id=id")
    assert "documents  1, of which 0 would be rejected" in invoke(*told).stdout
    assert "documents  2, of which 0 would be rejected" in invoke(*told, "--turns").stdout
    assert "documents  4, of which 0 would be rejected" in invoke(*told, "--turns", "--whole").stdout


def test_a_drop_that_is_not_there() -> None:
    refused(invoke("check", "none"), "none", exit_code=1)


def test_a_language_that_is_no_code_is_not_shown(tmp_path: Path) -> None:
    line = {"document_id": "a", "text": "The parcel came late and it was broken.", "language": "Kim Novak, 123-45-6789"}
    said = invoke("check", written(tmp_path / "a.jsonl", json.dumps(line).encode())).stdout
    assert "detected   en 1" in said
    assert "novak" not in said.lower()
