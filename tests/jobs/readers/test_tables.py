"""Excel, OpenDocument, Avro, ORC and Feather: rows are documents, and what is hostile ends with its process."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet
import pytest

from jobs.drops import Split
from jobs.formats import Telling
from jobs.readers import apart, read_split
from jobs.readers.tables import TABLES
from tests.jobs.readers.drop import listed, read, rejected, written
from transforms.documents import COLUMNS as OURS
from transforms.documents import UNREAD, notes

WRITERS: dict[str, Any] = {
    "feather": pyarrow.feather.write_feather,
    "orc": pyarrow.orc.write_table,
    "parquet": pyarrow.parquet.write_table,
}
RECORDS: list[dict[str, Any]] = [
    {"document_id": "a", "ticket": {"body": "Lovely."}, "turns": [{"said": "One,"}, {"said": "two."}]},
    {"document_id": "b", "ticket": None, "turns": []},
]
AVRO = fastavro.parse_schema(
    {
        "type": "record",
        "name": "r",
        "fields": [
            {"name": "document_id", "type": "string"},
            {
                "name": "ticket",
                "type": ["null", {"type": "record", "name": "t", "fields": [{"name": "body", "type": "string"}]}],
            },
            {
                "name": "turns",
                "type": {
                    "type": "array",
                    "items": {"type": "record", "name": "u", "fields": [{"name": "said", "type": "string"}]},
                },
            },
        ],
    }
)


def avro(path: Path, schema: Any = AVRO, records: list[dict[str, Any]] = RECORDS) -> Path:
    buffer = io.BytesIO()
    fastavro.writer(buffer, schema, records)
    return written(path, buffer.getvalue())


def feather(path: Path) -> Path:
    pyarrow.feather.write_feather(pa.Table.from_pylist(RECORDS), str(path))
    return path


def orc(path: Path) -> Path:
    pyarrow.orc.write_table(pa.Table.from_pylist(RECORDS), str(path))
    return path


def documents(path: Path, columns: dict[str, str]) -> list[dict[str, Any]]:
    """What the child does, done here."""
    file = listed(path)
    told = {ours: columns.get(ours, ours) for ours in OURS}
    with file.open() as source:
        return [row for batch in TABLES[file.format](source, "f", told, 100, Telling()) for row in batch.to_pylist()]


@pytest.mark.parametrize("write", [avro, feather, orc])
def test_columns_lie_at_any_depth(write: Any, tmp_path: Path) -> None:
    path = write(tmp_path / f"t.{write.__name__}")
    for theirs, texts in (("ticket.body", ["Lovely.", None]), ("turns[].said", ["One,\ntwo.", None])):
        rows = documents(path, {"document_id": "document_id", "text": theirs})
        assert [(row["document_id"], row["text"], row["source_row"]) for row in rows] == [
            ("a", texts[0], 1),
            ("b", texts[1], 2),
        ]


def workbook(path: Path, *sheets: str, rows: str = "") -> Path:
    """An Excel workbook of sheets, each the XML of its rows."""
    names = "".join(f'<sheet name="s{n}" sheetId="{n}" r:id="r{n}"/>' for n in range(1, len(sheets) + 1))
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    related = "".join(
        f'<Relationship Id="r{n}" Type="{kind}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    package = "http://schemas.openxmlformats.org/package/2006"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{package}/content-types"/>')
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships">'
            f'<Relationship Id="r" Type="{kind}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{kind}"><sheets>{names}</sheets></workbook>'
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}/relationships">{related}</Relationships>'
        )
        for n, sheet in enumerate(sheets, 1):
            archive.writestr(
                f"xl/worksheets/sheet{n}.xml", f'<worksheet xmlns="{main}"><sheetData>{sheet}</sheetData></worksheet>'
            )
    return path


def row(number: int, *cells: Any) -> str:
    """The XML of a row."""
    found = "".join(
        f'<c r="{chr(65 + place)}{number}"><v>{cell}</v></c>'
        if isinstance(cell, (int, float))
        else f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
        for place, cell in enumerate(cells)
    )
    return f'<row r="{number}">{found}</row>'


HEADER = row(1, "Document ID", "Text")
COLUMNS = {"document_id": "document_id", "text": "text"}


def test_the_sheets_with_our_columns_are_read(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "t.xlsx",
        row(1, "Notes") + row(2, "none of ours"),
        HEADER + row(2, 7, "Lovely.") + row(1_000_000, 8.5, "Late."),
        row(1, "text", "document_id") + row(2, "Second.", "x"),
    )
    rows = documents(path, COLUMNS)
    assert [(each["document_id"], each["text"], each["error_code"]) for each in rows] == [
        ("7", "Lovely.", None),
        (None, None, "ID_NOT_STRING"),
        ("x", "Second.", None),
    ]


def test_a_sheet_that_names_no_texts_and_no_ids_is_none_of_documents(tmp_path: Path) -> None:
    people = row(1, "Name", "Role", "Language") + row(2, "Kim Novak", "Agent", "en")
    path = workbook(tmp_path / "t.xlsx", people, HEADER + row(2, 7, "Lovely."))
    assert [(each["document_id"], each["text"], each["error_code"]) for each in documents(path, COLUMNS)] == [
        ("7", "Lovely.", None)
    ]


def test_a_workbook_of_empty_rows_and_one_of_far_cells(tmp_path: Path) -> None:
    empty = "".join(f'<row r="{number}"/>' for number in range(3, 200_000))
    [only] = documents(workbook(tmp_path / "empty.xlsx", HEADER + row(2, 1, "Lovely.") + empty), COLUMNS)
    assert only["text"] == "Lovely."
    far = workbook(tmp_path / "far.xlsx", HEADER + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    assert rejected(read(far)) == [(0, "DECOMPRESSION_BOMB", None)]


def test_what_is_no_table_is_one_row(tmp_path: Path) -> None:
    assert rejected(read(written(tmp_path / "t.orc", b"ORC rubbish"))) == [(0, "CORRUPT_FILE", None)]
    assert rejected(read(written(tmp_path / "t.xlsx", b"PK\x03\x04rubbish\0"))) == [(0, "CORRUPT_FILE", None)]
    assert rejected(documents(workbook(tmp_path / "none.xlsx"), COLUMNS)) == [(0, "CORRUPT_FILE", None)]


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "MEMORY_BYTES", 1 << 20)
    assert [code for _, code, _ in rejected(read(feather(tmp_path / "t.feather")))] == ["DECOMPRESSION_BOMB"]


SPOKEN = pa.table({"document_id": list("abc"), "text": ["One", "Two", "Three"], "Role": ["End-User", "AGENT 2", "Kim"]})


def as_xlsx(table: pa.Table, path: Path) -> None:
    rows = [table.column_names, *(list(each.values()) for each in table.to_pylist())]
    workbook(path, "".join(row(number, *cells) for number, cells in enumerate(rows, 1)))


def as_avro(table: pa.Table, path: Path) -> None:
    fields = [{"name": name, "type": "string"} for name in table.column_names]
    avro(path, {"type": "record", "name": "r", "fields": fields}, table.to_pylist())


@pytest.mark.parametrize(
    ("ending", "write"),
    [
        *WRITERS.items(),
        ("csv", pyarrow.csv.write_csv),
        ("xlsx", as_xlsx),
        ("avro", as_avro),
    ],
)
def test_a_column_may_say_who_spoke(tmp_path: Path, ending: str, write: Any) -> None:
    """A row is a document, whoever speaks: nothing of it is left out."""
    path = tmp_path / f"a.{ending}"
    write(SPOKEN, path)
    expected = [("a", "customer", 0), ("b", "agent", 0), ("c", None, 0)]
    assert [(each["document_id"], each["role"], each["left_out"]) for each in read(path)] == expected

    mapped = tmp_path / f"b.{ending}"
    write(SPOKEN.rename_columns(["document_id", "text", "by"]), mapped)
    assert {each["role"] for each in read(mapped)} == {None}
    assert [(each["document_id"], each["role"], 0) for each in read(mapped, {"role": "by"})] == expected


@pytest.mark.parametrize("ending", WRITERS)
def test_what_cannot_be_read_of_a_date_is_counted(tmp_path: Path, ending: str) -> None:
    """By a process of its own, too, whose batches come through a stream."""
    path = tmp_path / f"a.{ending}"
    rows = pa.table({"document_id": ["a", "b"], "text": ["One", "Two"], "created_at": ["no", "2026-11-20T10:00:00Z"]})
    WRITERS[ending](rows, path)
    counted = Counter[str]()
    for batch in read_split(Split(listed(path), 0, listed(path).size, 0), {}):
        counted.update(notes(batch))
    assert counted == {UNREAD: 1}
