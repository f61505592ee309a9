"""What a file of a drop is: its format and compression, by its name and its first bytes."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from typing import NamedTuple

from jobs.drops.charset import charset_of, decoded
from jobs.drops.compression import Broken, Compression, Source, expand, sniff
from jobs.drops.dialect import DELIMITERS, Dialect, dialect_of
from jobs.drops.looks import look, look_at_json
from jobs.drops.names import names_both
from jobs.drops.shape import is_json, shape_of
from jobs.formats import TEXTS, Format

HEAD_BYTES = 64 << 10  # looked at to tell what a file is
_MOST_HEAD = 4 << 20  # where its first line is longer
_FORMATS = {
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".json": Format.JSONL,  # or JSON, which the content tells
    ".js": Format.JSONL,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".tab": Format.CSV,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".feather": Format.FEATHER,
    ".arrow": Format.FEATHER,
    ".orc": Format.ORC,
    ".avro": Format.AVRO,
    ".xlsx": Format.SHEET,
    ".xlsm": Format.SHEET,
    ".xlsb": Format.SHEET,
    ".xls": Format.SHEET,
    ".ods": Format.SHEET,
    ".txt": Format.TEXT,
    ".text": Format.TEXT,
    ".md": Format.TEXT,
    ".eml": Format.MAIL,
    ".emlx": Format.MAIL,
    ".mbox": Format.MBOX,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
    ".rtf": Format.RTF,
    ".docx": Format.DOCX,
    ".odt": Format.ODT,
    ".pdf": Format.PDF,
    ".vtt": Format.CAPTIONS,
    ".srt": Format.CAPTIONS,
    ".zip": Format.ZIP,
    ".tar": Format.TAR,
}
_COMPRESSIONS = {
    ".gz": Compression.GZIP,
    ".bz2": Compression.BZ2,
    ".xz": Compression.XZ,
    ".zst": Compression.ZSTD,
}
# Endings that stand for two.
_SHORT = {".tgz": ".tar.gz", ".tbz": ".tar.bz2", ".tbz2": ".tar.bz2", ".txz": ".tar.xz", ".tzst": ".tar.zst"}
_MAGIC = {b"PAR1": Format.PARQUET, b"ARROW1": Format.FEATHER, b"ORC": Format.ORC, b"Obj\x01": Format.AVRO}
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml[\s?]")
_TAG = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[A-Za-z_]")
_RECORDS = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*"[^"\\\n]{1,80}"\s*:')  # no person begins so
_OUR_COLUMNS = {"text": "text", "document_id": "document_id"}
# What is not read through a decompressor: its parts are looked up, and compressed within, if at all.
_UNCOMPRESSED = frozenset({Format.PARQUET, Format.FEATHER, Format.ORC, Format.AVRO, Format.SHEET, Format.ZIP})


def named(base: str) -> tuple[Format, Compression]:
    """What a file's name says that it is."""
    stem, extension = os.path.splitext(base.lower())  # noqa: PTH122
    if extension in _SHORT:
        stem, extension = os.path.splitext(stem + _SHORT[extension])  # noqa: PTH122
    compression = _COMPRESSIONS.get(extension, Compression.NONE)
    if compression is not Compression.NONE:
        extension = os.path.splitext(stem)[1]  # noqa: PTH122
    return _FORMATS.get(extension, Format.UNKNOWN), compression


class Recognised(NamedTuple):
    """What a file is; the fields are those of `DropFile`."""

    format: Format
    compression: Compression
    charset: str | None = None
    dialect: Dialect | None = None


def recognise(
    base: str, head: bytes, told: Format, more: Callable[[Compression, int], bytes] | None = None
) -> Recognised:
    """What a file is by its name and its first bytes; UNKNOWN where it cannot be read. What it is told to be, it is.

    head: its first `HEAD_BYTES`. more: gives so many of the bytes that a compression expands to, as far as they can be
    had.
    """
    by_name, compression = named(base)
    charset = charset_of(head)
    is_text = _is_text(head, charset)
    if by_name is Format.SHEET and is_text and _is_table(head, charset):
        by_name = Format.CSV  # as programs call what they export
    magic = sniff(head)
    # Bytes that are not compressed under a compressed name: plain text is taken as it is, the rest is damage.
    if magic is not Compression.NONE or is_text:
        compression = magic
    beginning = head
    if compression is not Compression.NONE:
        beginning = expanded(io.BytesIO(head), compression, HEAD_BYTES)
        if more and len(beginning) < HEAD_BYTES <= len(head):  # of bzip2, a block may be longer than a head
            beginning = more(compression, HEAD_BYTES)
        charset = charset_of(beginning)
    form = by_name if told is Format.UNKNOWN else told
    if form is Format.UNKNOWN or (form is Format.TEXT and told is Format.UNKNOWN):
        form = _content(beginning, form, charset)
        if form is Format.TEXT and _TAG.match(beginning) and "xml" in base.lower().split("."):
            form = Format.UNKNOWN  # of its tags nobody knows which hold texts
    if form is Format.JSONL and told is Format.UNKNOWN:
        seen = look_at_json(beginning) if "json" in base.lower().split(".") else None
        form = seen or _shape(beginning, compression, charset, more)
    if form in _UNCOMPRESSED and compression is not Compression.NONE:
        return Recognised(Format.UNKNOWN, compression)
    if form not in TEXTS:
        return Recognised(form, compression)
    by_default = "," if {"tsv", "tab"}.isdisjoint(base.lower().split(".")) else "\t"
    dialect = dialect_of(decoded(beginning, charset), by_default) if form is Format.CSV else None
    return Recognised(form, compression, charset, dialect)


def _shape(
    head: bytes, compression: Compression, charset: str | None, more: Callable[[Compression, int], bytes] | None
) -> Format:
    """JSONL, or JSON of another shape; more of the file is read where its first line is long."""

    def shape(head: bytes, size: int) -> Format | None:
        return shape_of(decoded(head, charset).encode("utf-8", "surrogateescape"), whole=len(head) < size)

    told = shape(head, HEAD_BYTES)
    if told is None and more:
        told = shape(more(compression, _MOST_HEAD), _MOST_HEAD)
    return told or Format.JSON  # lines that long are read as well as values


def expanded(stream: Source, compression: Compression, size: int) -> bytes:
    """The first bytes of what a stream expands to, as far as they can be had."""
    parts: list[bytes] = []
    held = 0
    try:
        for block in expand(stream, compression):
            parts.append(block)
            held += len(block)
            if held >= size:
                break
    except Broken:
        pass  # the reader will say so
    return b"".join(parts)[:size]


def _content(head: bytes, by_name: Format, charset: str | None) -> Format:
    """What the first bytes of a file are; a text by its name is only taken for what it looks like beyond doubt."""
    if seen := look(head):
        return seen
    if by_name in (Format.TEXT, Format.UNKNOWN) and _names_our_columns(_first_line(head, charset)):
        return Format.CSV  # Excel calls its text in Unicode so
    if by_name is Format.TEXT and _RECORDS.match(head):
        return Format.JSONL
    if by_name is not Format.UNKNOWN or not head:
        return by_name
    if _XML.match(head):
        return Format.UNKNOWN  # of its tags nobody knows which hold texts
    for magic, form in _MAGIC.items():
        if head.startswith(magic):
            return form
    if is_json(head):
        return Format.JSONL
    return Format.TEXT if _is_text(head, charset) else Format.UNKNOWN


def _first_line(head: bytes, charset: str | None) -> str:
    return decoded(head, charset).lstrip("\ufeff").lstrip().partition("\n")[0]


def _is_table(head: bytes, charset: str | None) -> bool:
    """Whether a text under a workbook's name is CSV, and no page or sentence."""
    line = _first_line(head, charset)
    return not line.startswith("<") and any(delimiter in line for delimiter in DELIMITERS)


def _names_our_columns(line: str) -> bool:
    """Whether a line is the header of a table that has our columns."""
    if "text" not in line.casefold():
        return False
    return any(names_both(line.split(delimiter), _OUR_COLUMNS) for delimiter in DELIMITERS)


def _is_text(head: bytes, charset: str | None) -> bool:
    if charset is not None:
        return True
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The last character may be cut.
        return error.start >= len(head) - 3 and error.reason == "unexpected end of data" and b"\0" not in head
    return b"\0" not in head
