"""The files of a drop: the date, format and compression of each."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pyarrow as pa

from jobs.drops.charset import charset_of, decoded
from jobs.drops.compression import Broken, Compression, expand, sniff
from jobs.drops.dates import compile_date_pattern, date_of, day
from jobs.drops.dialect import Dialect, dialect_of
from jobs.drops.shape import is_json, shape_of
from jobs.drops.walk import Entry, Fence, open_without_links, walk
from jobs.formats import Format
from jobs.storage import Stored, storage_of
from transforms.documents import Reason
from transforms.errors import UsageError


@dataclass(frozen=True)
class DropFile:
    """One input file and its identity in the manifest."""

    uri: str  # absolute: /a/b.jsonl, s3://bucket/key, …
    size: int  # bytes
    stamp: str  # modification time: what tells a changed file from the one taken before
    ds: str  # YYYY-MM-DD
    format: Format
    compression: Compression
    error_code: str | None = None  # set where the file is rejected as a whole
    name: str = ""  # the path below the drop's root: unique in the drop, the document_id of a plain text file
    target: str = ""  # the path without links, as it was when the file was listed, where that is another
    called: str | None = None  # what stands for the URI wherever that may not be shown
    keyed: str | None = None  # a keyed hash of the URI: the ledger's name of a file that is called otherwise
    content: bytes | None = field(default=None, repr=False)  # all of it, where it was read ahead
    dated: bool = True  # whether the path names the date
    charset: str | None = None  # Python's name of it, where it is told and is not UTF-8
    dialect: Dialect | None = None  # of CSV
    source: str | None = None  # of documents that name none: what the path says, as `source=mail/`

    def open(self) -> pa.NativeFile:
        """The file that was listed, to be read. Raises OSError, also where a link now stands in its way."""
        if self.content is not None:
            return pa.BufferReader(self.content)
        if "://" in self.uri:
            return storage_of(self.uri).open(self.uri, Stored(self.uri, self.size, self.stamp))
        return open_without_links(self.target or self.uri)

    @property
    def source_file(self) -> str:
        """What the file is called in `scores`."""
        return self.uri if self.called is None else self.called

    @property
    def identity(self) -> str:
        """What the ledger knows the file by."""
        return self.uri if self.keyed is None else self.keyed


@dataclass(frozen=True)
class Listing:
    """A drop's files by URI, and what was passed over: (path or URI, reason)."""

    files: list[DropFile]
    skipped: list[tuple[str, str]]


_MAGIC = {b"PAR1": Format.PARQUET, b"ARROW1": Format.FEATHER, b"ORC": Format.ORC, b"Obj\x01": Format.AVRO}
_TABLES = {Format.PARQUET, Format.FEATHER, Format.ORC, Format.AVRO, Format.SHEET}  # compressed within, if at all
_TEXTS = {Format.JSONL, Format.JSON, Format.CSV, Format.TEXT}
_TSV = re.compile(r"\.tsv(\.\w+)?\Z", re.IGNORECASE)
_SOURCE = re.compile(r"(?<=/)source=([^/]+)(?=/)")
_FORMATS = {
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".json": Format.JSONL,  # or JSON, which the content tells
    ".js": Format.JSONL,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
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
    ".eml": Format.TEXT,
}
_COMPRESSIONS = {
    ".gz": Compression.GZIP,
    ".bz2": Compression.BZ2,
    ".xz": Compression.XZ,
    ".zst": Compression.ZSTD,
}
_HEAD = 64 << 10  # bytes looked at to tell what a file is
_MOST_HEAD = 4 << 20  # where its first line is longer
_THREADS = 16  # files looked at at once


def find_drop(
    drops: str,
    run_date: str,
    *,
    file_format: Format | None,
    date_pattern: str | None,
    follow_links: Sequence[str] = (),
    lake: str | None = None,
) -> Listing:
    """Everything under a root (a directory, or one file), on this machine or in a store, and no file looked at.

    What each file is shows when it is `recognised`: of a store with a year of nights in it, tonight's alone.

    run_date: YYYY-MM-DD, the date of files whose path names none.
    file_format: what every file is; None to tell by name, then by content.
    date_pattern: directories that name a date, such as %d-%m-%Y, where they do not as `date_of` knows by itself.
    follow_links: folders that links in the drop may lead into, beside the drop's own.
    lake: a folder that no link may lead into.

    Raises DropError where the root is not there or cannot be listed, UsageError for a bad run_date or date_pattern.
    """
    if day(run_date) is None:
        raise UsageError(f"--ds {run_date!r} is not a date: give YYYY-MM-DD")
    pattern = None if date_pattern is None else compile_date_pattern(date_pattern)
    skipped: list[tuple[str, str]] = []
    entries: list[Entry] = []
    for entry in walk(drops, skipped, Fence.around(follow_links, lake)):
        reason = _passed_over(entry)
        if reason is None:
            entries.append(entry)
        else:
            skipped.append((entry.uri, reason))

    def drop_file(entry: Entry) -> DropFile:
        dated, found = date_of(entry.uri, pattern)
        named = _SOURCE.findall(entry.uri)
        return DropFile(
            entry.uri,
            entry.size,
            entry.stamp,
            found.isoformat() if found else run_date,
            file_format or Format.UNKNOWN,
            Compression.NONE,
            Reason.BAD_DATE if dated and not found else entry.error_code,
            entry.name,
            entry.target,
            dated=dated,
            source=named[-1] if named else None,
        )

    return Listing(sorted(map(drop_file, entries), key=lambda file: file.uri), sorted(skipped))


def list_drop(drops: str, run_date: str, *, file_format: Format | None, date_pattern: str | None) -> Listing:
    """Everything under a root, and every file recognised. See `find_drop`."""
    found = find_drop(drops, run_date, file_format=file_format, date_pattern=date_pattern)
    return replace(found, files=recognised(found.files))


def recognised(files: Sequence[DropFile]) -> list[DropFile]:
    """The files with format and compression of each, by its name and its first bytes; several looked at at once."""
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(lambda file: file if file.error_code else _recognised(file), files))


def _passed_over(entry: Entry) -> str | None:
    """Why a file holds no documents, or None where it may."""
    base = entry.name.rpartition("/")[2]
    if entry.size < 0:
        return "not a regular file"
    if base.endswith(".crc"):
        return "a checksum"
    if base.startswith(("_", ".")) and _named(base)[0] is Format.UNKNOWN:
        return "a marker or hidden file"
    if entry.size == 0 and entry.error_code is None:
        return "empty"
    return None


def _named(base: str) -> tuple[Format, Compression]:
    """What a file's name says that it is."""
    stem, extension = os.path.splitext(base.lower())  # noqa: PTH122
    compression = _COMPRESSIONS.get(extension, Compression.NONE)
    if compression is not Compression.NONE:
        extension = os.path.splitext(stem)[1]  # noqa: PTH122
    return _FORMATS.get(extension, Format.UNKNOWN), compression


def _recognised(file: DropFile) -> DropFile:
    """The file with its format and compression. The content's magic bytes stand above the name's ending."""
    try:
        with file.open() as stream:
            head = stream.read(_HEAD)
    except (OSError, pa.ArrowException):
        return replace(file, error_code=Reason.FILE_UNREADABLE)
    named, compression = _named(file.uri.rpartition("/")[2])
    if named is Format.SHEET and _is_text(head):
        named = Format.CSV  # as programs call what they export
    magic = sniff(head)
    # Bytes that are not compressed under a compressed name: plain text is taken as it is, the rest is damage.
    if magic is not Compression.NONE or _is_text(head):
        compression = magic
    form = named if file.format is Format.UNKNOWN else file.format
    if form is Format.UNKNOWN:
        form = _content(head, compression)
    if form is Format.JSONL and file.format is Format.UNKNOWN:
        form = _shape(file, compression, head)
    charset, dialect = None, None
    if form in _TEXTS:
        sample = head if compression is Compression.NONE else _beginning(file, compression, _HEAD)
        charset = charset_of(sample)
        if form is Format.CSV:
            text = decoded(sample, charset)
            dialect = dialect_of(text, "\t" if _TSV.search(file.uri) else ",")
    unreadable = form is Format.UNKNOWN or (form in _TABLES and compression is not Compression.NONE)
    error_code = Reason.UNKNOWN_FORMAT if unreadable else None
    return replace(file, format=form, compression=compression, error_code=error_code, charset=charset, dialect=dialect)


def _shape(file: DropFile, compression: Compression, head: bytes) -> Format:
    """JSONL, or JSON of another shape; more of the file is read where its first line is long."""
    try:
        if compression is not Compression.NONE:
            head = _beginning(file, compression, _HEAD)
        whole = len(head) < _HEAD
        shape = shape_of(decoded(head, charset_of(head)).encode("utf-8", "surrogateescape"), whole=whole)
        if shape is None:
            head = _beginning(file, compression, _MOST_HEAD)
            shape = shape_of(head, whole=len(head) < _MOST_HEAD)
    except (OSError, pa.ArrowException):
        return Format.JSONL  # whose reader will say so
    return shape or Format.JSON  # lines that long are read as well as values


def _beginning(file: DropFile, compression: Compression, size: int) -> bytes:
    """The first bytes of what a file holds, as far as they can be had. Raises OSError."""
    with file.open() as stream:
        if compression is Compression.NONE:
            return bytes(stream.read(size))
        parts: list[bytes] = []
        try:
            for block in expand(stream, compression):
                parts.append(block)
                if sum(map(len, parts)) >= size:
                    break
        except Broken:
            pass  # the reader will say so
    return b"".join(parts)[:size]


def _content(head: bytes, compression: Compression) -> Format:
    """What the first bytes of a file are."""
    if compression is not Compression.NONE:
        try:
            head = next(expand(io.BytesIO(head), compression), b"")[:_HEAD]
        except Broken:
            return Format.UNKNOWN
    for magic, form in _MAGIC.items():
        if head.startswith(magic):
            return form
    if is_json(head):
        return Format.JSONL
    return Format.TEXT if _is_text(head) else Format.UNKNOWN


def _is_text(head: bytes) -> bool:
    if charset_of(head) is not None:
        return True
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The last character may be cut.
        return error.start >= len(head) - 3 and error.reason == "unexpected end of data" and b"\0" not in head
    return b"\0" not in head
