"""What a file of a drop is: its format and compression, by its name and its first bytes."""

from __future__ import annotations

import io
import os
from collections.abc import Callable

import pyarrow as pa

from jobs.drops.compression import Broken, Compression, Source, expand, sniff
from jobs.drops.looks import look, look_at_json
from jobs.drops.shape import is_json, shape_of
from jobs.formats import Format

HEAD_BYTES = 64 << 10  # looked at to tell what a file is
_MOST_HEAD = 4 << 20  # where its first line is longer
_FORMATS = {
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".json": Format.JSONL,  # or JSON, which the content tells
    ".js": Format.JSONL,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".txt": Format.TEXT,
    ".text": Format.TEXT,
    ".md": Format.TEXT,
    ".eml": Format.MAIL,
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
# What is not read through a decompressor: its parts are looked up.
_UNCOMPRESSED = frozenset({Format.PARQUET, Format.ZIP})


def named(base: str) -> tuple[Format, Compression]:
    """What a file's name says that it is."""
    stem, extension = os.path.splitext(base.lower())  # noqa: PTH122
    if extension in _SHORT:
        stem, extension = os.path.splitext(stem + _SHORT[extension])  # noqa: PTH122
    compression = _COMPRESSIONS.get(extension, Compression.NONE)
    if compression is not Compression.NONE:
        extension = os.path.splitext(stem)[1]  # noqa: PTH122
    return _FORMATS.get(extension, Format.UNKNOWN), compression


def recognise(
    base: str, head: bytes, told: Format, more: Callable[[Compression, int], bytes] | None = None
) -> tuple[Format, Compression]:
    """What a file is by its name and its first bytes; UNKNOWN where it cannot be read. What it is told to be, it is.

    head: its first `HEAD_BYTES`. more: gives so many of the bytes that a compression expands to, where there are more.
    """
    by_name, compression = named(base)
    magic = sniff(head)
    # Bytes that are not compressed under a compressed name: plain text is taken as it is, the rest is damage.
    if magic is not Compression.NONE or _is_text(head):
        compression = magic
    beginning = head if compression is Compression.NONE else expanded(io.BytesIO(head), compression, HEAD_BYTES)
    form = by_name if told is Format.UNKNOWN else told
    if form is Format.UNKNOWN or (form is Format.TEXT and told is Format.UNKNOWN):
        form = _content(beginning, form)
    if form is Format.JSONL and told is Format.UNKNOWN:
        seen = look_at_json(beginning) if "json" in base.lower().split(".") else None
        form = seen or _shape(beginning, compression, more)
    unreadable = form in _UNCOMPRESSED and compression is not Compression.NONE
    return (Format.UNKNOWN if unreadable else form), compression


def _shape(head: bytes, compression: Compression, more: Callable[[Compression, int], bytes] | None) -> Format:
    """JSONL, or JSON of another shape; more of the file is read where its first line is long."""
    try:
        if compression is not Compression.NONE and more:
            head = more(compression, HEAD_BYTES)
        shape = shape_of(head, whole=len(head) < HEAD_BYTES)
        if shape is None and more:
            head = more(compression, _MOST_HEAD)
            shape = shape_of(head, whole=len(head) < _MOST_HEAD)
    except (OSError, pa.ArrowException):
        return Format.JSONL  # whose reader will say so
    return shape or Format.JSON  # lines that long are read as well as values


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


def _content(head: bytes, by_name: Format) -> Format:
    """What the first bytes of a file are; a text by its name is only taken for what it looks like beyond doubt."""
    if seen := look(head):
        return seen
    if by_name is not Format.UNKNOWN or not head:
        return by_name
    if head.startswith(b"PAR1"):
        return Format.PARQUET
    if is_json(head):
        return Format.JSONL
    return Format.TEXT if _is_text(head) else Format.UNKNOWN


def _is_text(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The last character may be cut.
        return error.start >= len(head) - 3 and error.reason == "unexpected end of data" and b"\0" not in head
    return b"\0" not in head
