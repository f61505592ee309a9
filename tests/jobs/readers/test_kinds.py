"""Drops as people have them: what a folder of each kind gives, with its dates and without an option but `--map`."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from backports import zstd

from jobs.drops import find_drop, plan_splits, recognised
from tests.jobs.readers.drop import read_splits, written
from tests.jobs.readers.test_archives import tarred, zipped
from tests.jobs.readers.test_conversations import VTT, lens, slack
from tests.jobs.readers.test_letters import P, docx, pdf, shown
from tests.jobs.readers.test_mail import message
from transforms.decoding import decode

DS, RUN_DATE = "2026-11-20", "2026-11-22"
TEXTS = ["Lovely, für mich.", "It came late; twice.", 'He said "no".']
ROWS = [{"document_id": str(number), "source": "mail", "text": text} for number, text in enumerate(TEXTS)]
TICKETS = [{"id": 1000 + number, "comment": {"body": text}} for number, text in enumerate(TEXTS)]
TICKET_MAP = {"document_id": "id", "text": "comment.body"}
MAIL = message("Süß <b>ist</b> es.".encode(), b"text/html; charset=utf-8")
PAGE = "<html><head><style>p{}</style><script>x()</script></head><body><p>It came late &amp; broken.</p></body></html>"
ODS = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0">'
    '<office:body><office:spreadsheet><table:table table:name="s">{}</table:table></office:spreadsheet></office:body>'
    "</office:document-content>"
)


def lines(rows: list[Any], end: bytes = b"\n", **how: Any) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False, **how).encode() + end for row in rows)


def table(charset: str = "utf-8", header: tuple[str, ...] = tuple(ROWS[0]), **how: Any) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, **how).writerows(filter(None, [header, *(list(row.values()) for row in ROWS)]))
    return buffer.getvalue().encode(charset)


def workbook() -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([list(ROWS[0]), *(list(row.values()) for row in ROWS)]):
            sheet.write_row(number, 0, row)
    return made.getvalue()


def ods() -> bytes:
    """A spreadsheet as LibreOffice writes it, by hand: no library here writes one."""
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = [list(ROWS[0]), *(list(row.values()) for row in ROWS)]
    body = "".join(f"<table:table-row>{''.join(map(cell.format, row))}</table:table-row>" for row in rows)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", ODS.format(body))
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return made.getvalue()


def parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return bytes(sink.getvalue())


# kind -> files, `--map`
KINDS: dict[str, tuple[dict[str, bytes], Mapping[str, str]]] = {
    "an array of tickets": ({"a.json": json.dumps(TICKETS).encode()}, TICKET_MAP),
    "an array, indented": ({"a.json": json.dumps(TICKETS, indent=2).encode()}, TICKET_MAP),
    "nested JSON Lines": ({"a.jsonl": lines(TICKETS)}, TICKET_MAP),
    "commas at line ends": ({"a.jsonl": lines(ROWS, b",\n")}, {}),
    "indented objects": ({"a.json": lines(ROWS, indent=2)}, {}),
    "JSON Lines in Latin-1": ({"a.jsonl": lines(ROWS).decode().encode("latin-1")}, {}),
    "semicolons": ({"a.csv": table(delimiter=";")}, {}),
    "CSV in Latin-1": ({"a.csv": table("latin-1")}, {}),
    "CSV in UTF-16": ({"a.csv": table("utf-16")}, {}),
    "tabs in a .csv": ({"a.csv": table(delimiter="\t")}, {}),
    "other names in the header": ({"a.csv": table(header=("Document ID", "Source", "Text"))}, {}),
    "no header": ({"a.csv": table(header=())}, {"document_id": "1", "text": "3"}),
    "Excel": ({"a.xlsx": workbook()}, {}),
    "OpenDocument": ({"a.ods": ods()}, {}),
    "tweets": (
        {"tw.jsonl": lines([{"id_str": "17", "text": "It…", "full_text": text} for text in TEXTS])},
        {"document_id": "id_str", "text": "full_text"},
    ),
    "Reddit's dumps": (
        {"RC.jsonl.zst": zstd.compress(lines([{"id": f"c{n}", "body": text} for n, text in enumerate(TEXTS)]))},
        {"document_id": "id", "text": "body"},
    ),
    "text in a struct": (
        {"a.parquet": parquet([{"document_id": row["document_id"], "t": {"body": row["text"]}} for row in ROWS])},
        {"text": "t.body"},
    ),
    "ids that are floats": (
        {"a.parquet": parquet([{"document_id": float(row["document_id"]), "text": row["text"]} for row in ROWS])},
        {},
    ),
    "a zip of texts": ({"a.zip": zipped({f"{n}.txt": text.encode() for n, text in enumerate(TEXTS)})}, {}),
    "a tar.gz of texts": ({"a.tar.gz": tarred({f"{n}.txt": t.encode() for n, t in enumerate(TEXTS)}, "w:gz")}, {}),
}
# files -> the text of each document, decoded as a night decodes it
LETTERS: dict[str, tuple[bytes, list[str]]] = {
    "a.docx": (docx(P.format("It came late.")), ["It came late.\n"]),
    "a.pdf": (pdf(shown("It came late.")), ["It came late."]),
    "a.rtf": (rb"{\rtf1\ansi It came late.}", ["It came late."]),
    "a.html": (PAGE.encode(), ["It came late & broken."]),
    "a.eml": (MAIL, ["The café\nSüß ist es."]),
    "a.mbox": (b"".join(b"From a@example.com Fri Nov 20 10:00:00 2026\n" + MAIL + b"\n\n" for _ in "12"),
               ["The café\nSüß ist es."] * 2),
    "call.vtt": (VTT.encode(), ["This is terrible. Again.\nFine."]),
    "c_analysis.json": (lens(("customer", "Late."), ("agent", "Sorry.")), ["Late."]),
}  # fmt: skip


def found(root: Path, mapping: Mapping[str, str]) -> list[dict[str, Any]]:
    """A drop's rows, each with the date of its file."""
    listing = find_drop(str(root), RUN_DATE, file_format=None, date_pattern=None)
    files = recognised(listing.files)
    return [row | {"ds": file.ds} for file in files for row in read_splits(plan_splits([file], 1 << 40), dict(mapping))]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_its_documents(kind: str, tmp_path: Path) -> None:
    files, mapping = KINDS[kind]
    for name, content in files.items():
        written(tmp_path / f"ds={DS}" / name, content)
    rows = found(tmp_path, mapping)
    assert [(row["ds"], row["error_code"], row["text"]) for row in rows] == [(DS, None, text) for text in TEXTS]
    assert all(row["document_id"] for row in rows)
    if kind == "ids that are floats":
        assert [row["document_id"] for row in rows] == ["0", "1", "2"]


@pytest.mark.parametrize("name", LETTERS)
def test_letters_mails_and_calls_give_what_a_person_reads(name: str, tmp_path: Path) -> None:
    content, texts = LETTERS[name]
    written(tmp_path / f"ds={DS}" / name, content)
    rows = found(tmp_path, {})
    assert [row["error_code"] for row in rows] == [None] * len(texts)
    assert decode(pa.array([row["text"] for row in rows])).to_pylist() == texts


def test_a_slack_export_is_of_the_dates_of_its_files(tmp_path: Path) -> None:
    for name in ("channels.json", "users.json"):
        written(tmp_path / name, b"[]")
    written(tmp_path / "general" / "2026-11-20.json", slack({}, {"client_msg_id": "n"}))
    assert [(row["ds"], row["source"], row["document_id"]) for row in found(tmp_path, {})] == [
        ("2026-11-20", "general", "m"),
        ("2026-11-20", "general", "n"),
    ]


def test_folders_of_hive_and_firehose_have_their_dates(tmp_path: Path) -> None:
    written(tmp_path / "year=2026" / "month=11" / "day=18" / "a.jsonl", lines(ROWS[:1]))
    written(tmp_path / "source=chat" / "2026" / "11" / "19" / "05" / "stream-1", lines(TICKETS[:2], b""))
    mapping = {"text": "comment.body", "document_id": "id"}
    rows = found(tmp_path / "source=chat", mapping)
    assert [(row["ds"], row["source"], row["text"]) for row in rows] == [
        ("2026-11-19", "chat", text) for text in TEXTS[:2]
    ]
    assert [row["ds"] for row in found(tmp_path / "year=2026", {})] == ["2026-11-18"]
