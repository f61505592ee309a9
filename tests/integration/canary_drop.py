"""A drop of every format with a canary in every place that personal data may come in by."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from backports import zstd

from tests.conftest import document
from tests.integration.canaries import Canaries
from tests.integration.lakes import DS

COLUMNS = ("document_id", "language", "source", "role", "created_at", "subject_id")
TOO_LARGE = 1_100_000  # bytes of a text


def canary_drop(folder: Path, put: Canaries) -> Path:
    """Its places are named FORMAT.WHERE; those beside the text of a document that is scored are COLUMNS."""
    day = folder / f"ds={DS}"
    day.mkdir(parents=True)
    (day / f"{put.email('name.jsonl')}.jsonl").write_bytes(_json_lines("jsonl", put))
    (day / f"{put.phone('name.gzip')}.jsonl.gz").write_bytes(gzip.compress(_json_lines("gzip", put) + _large(put)))
    (day / "lines.jsonl.zst").write_bytes(zstd.compress(_json_lines("zstd", put)))
    (day / f"{put.ssn('name.csv')}.csv").write_bytes(_csv(put))
    _write_parquet(day / f"{put.email('name.parquet')}.parquet", put)
    kept = day / f"mails of {put.email('name.folder')}"
    kept.mkdir()
    novak = put.word("Novakova", "name.person")
    (kept / f"Kim_{novak}.txt").write_text(f"Lovely kettle! {_text('text', put)}")
    (kept / "nul.txt").write_bytes(b"\0 " + put.email("text.nul").encode())
    _unreadable(day, put)
    return folder


def _text(name: str, put: Canaries) -> str:
    """What is scored, with personal data of several types."""
    return (
        f"I am happy with it. Write to {put.email(f'{name}.text')}, call {put.phone(f'{name}.phone')}. "
        f"My name is Anna {put.word(f'Lind{name}qvist', f'{name}.person')}."
    )


def _row(name: str, put: Canaries, **fields: object) -> dict[str, object]:
    """A document with a canary in every column, and in columns that are not ours."""
    own = {column: put.email(f"{name}.{column}") for column in COLUMNS}
    own["source"] = f"chat with {put.phone(f'{name}.source.phone')} of {own['source']}"
    return document(**own, text=_text(name, put)) | {"unmapped": put.email(f"{name}.unmapped")} | fields


def _json_lines(name: str, put: Canaries) -> bytes:
    keys = {put.email(f"{name}.key"): {put.email(f"{name}.key in key"): 1}}
    rows = [
        _row(name, put),
        document(document_id=f"ssn-{put.ssn(f'{name}.document_id.ssn')}", text=f"Fine. {put.ssn(f'{name}.ssn')}"),
        document(document_id=f"{name}1", text="Good enough.") | keys,
        document(document_id=f"{name}2", text=[put.email(f"{name}.TEXT_NOT_STRING")]),
        document(document_id=f"{name}3", text=None) | {"body": put.email(f"{name}.TEXT_MISSING")},
        document(document_id=[put.email(f"{name}.ID_NOT_STRING")]),
        document(document_id=f"{name}4", text=f"{put.email(f'{name}.NUL_CHARACTER')} \0"),
        document(document_id=f"{name}5", text=f"{put.email(f'{name}.LONE_SURROGATE')} \ud800"),
        document(document_id=put.email(f"{name}.TEXT_BLANK"), text=" "),
        document(document_id=f"{name}1", text=f"The same id {put.email(f'{name}.DUPLICATE_ID')}"),
        document(document_id=f"{name}6", text="Hyvä.", language="fi", source=put.email(f"{name}.UNSUPPORTED_LANGUAGE")),
    ]
    twice = put.email(f"{name}.DUPLICATE_KEY")
    rejected = [
        f'{{"document_id": "7", "text": "cut off by {put.email(f"{name}.MALFORMED_JSON")}'.encode(),
        f'["{put.email(f"{name}.NOT_AN_OBJECT")}"]'.encode(),
        f'{{"document_id": "8", "text": "{twice}", "text": "{twice}"}}'.encode(),
        b'{"document_id": "9", "text": "\xff ' + put.email(f"{name}.INVALID_UTF8").encode() + b'"}',
    ]
    return b"\n".join([*(json.dumps(row).encode() for row in rows), *rejected, b""])


def _large(put: Canaries) -> bytes:
    """A text that is too large, and a line that is; small when they are compressed."""
    text = "word " * (TOO_LARGE // 5) + put.email("gzip.TEXT_TOO_LARGE")
    line = b"[" + b"0," * (9 << 20) + f'"{put.email("gzip.LINE_TOO_LONG")}"]\n'.encode()
    return json.dumps(document(document_id="10", text=text)).encode() + b"\n" + line


def _csv(put: Canaries) -> bytes:
    row = _row("csv", put)
    header = [*row, put.email("csv.header")]
    lines = [
        ",".join(header),
        ",".join(f'"{row[name]}"' for name in row) + ',"7"',
        f'c1,fine,en,"an unclosed quote of {put.email("csv.MALFORMED_CSV")},,',
        f"c2,good,en,mail,,,,,,,{put.email('csv.too many fields')}",
        f"c3,,en,{put.email('csv.TEXT_MISSING')},,,,",
    ]
    return "\n".join([*lines, ""]).encode() + b"c4,\xff " + put.email("csv.INVALID_UTF8").encode() + b",en,mail,,,,\n"


def _write_parquet(path: Path, put: Canaries) -> None:
    row = _row("parquet", put)
    table = pa.Table.from_pylist([row, row | {"document_id": put.ssn("parquet.document_id.ssn"), "text": None}])
    table = table.append_column(put.email("parquet.column name"), pa.array([1, 2]))
    said = {put.email("parquet.metadata key"): put.email("parquet.metadata")}
    pq.write_table(table.replace_schema_metadata(said), path)
    others = pa.table({"document_id": ["n1"], "text": pa.array([[put.email("parquet.TEXT_NOT_STRING")]])})
    pq.write_table(others, path.with_name("other types.parquet"))


def _unreadable(day: Path, put: Canaries) -> None:
    """Files that are passed over, or that nobody can read."""
    (day / f"{put.email('name.unreadable')}.jsonl.gz").write_bytes(
        b"\x1f\x8b\x08 no gzip of " + put.email("unreadable.gzip").encode()
    )
    (day / f"{put.email('name.unreadable parquet')}.parquet").write_bytes(
        b"PAR1 of " + put.email("unreadable.parquet").encode() + b"PAR1"
    )
    (day / f"{put.email('name.skipped')}.crc").write_text(put.email("skipped.checksum"))
    (day / f"{put.email('name.empty')}.jsonl").touch()
    hidden = day / f"_{put.email('name.skipped folder')}"
    hidden.mkdir()
    (hidden / "a.jsonl").write_text(put.email("skipped.folder"))
    (day / f"{put.email('name.link')}.jsonl").symlink_to("/etc/hostname")
    undated = day.parent / f"ds=2026-02-31 {put.email('name.BAD_DATE')}"
    undated.mkdir()
    (undated / "a.jsonl").write_text(json.dumps(document(document_id="u1", text=put.email("BAD_DATE.text"))))
