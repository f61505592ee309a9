"""The files of a drop: the date, format and compression of each."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pyarrow as pa

from jobs.drops.compression import Broken, Compression, expand, sniff
from jobs.drops.dates import compile_date_pattern, date_of, day
from jobs.drops.looks import look, look_at_json
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


_FORMATS = {
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".json": Format.JSONL,
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
_SLACK_MARKS = ("channels.json", "users.json")
_SLACK_LISTS = frozenset(
    (*_SLACK_MARKS, "groups.json", "dms.json", "mpims.json", "integration_logs.json", "org_users.json", "canvases.json")
)
_HEAD = 4096  # bytes looked at to tell what a file is
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
    date_pattern: directories that name a date, such as %Y/%m/%d; `ds=YYYY-MM-DD` comes first. The nearest to the file
        wins, in the whole absolute path.
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
        reason = passed_over(entry)
        if reason is None:
            entries.append(entry)
        else:
            skipped.append((entry.uri, reason))
    lists = slack_lists([entry.name for entry in entries])
    skipped += ((entry.uri, "a list of a Slack export") for entry in entries if entry.name in lists)
    entries = [entry for entry in entries if entry.name not in lists]

    def drop_file(entry: Entry) -> DropFile:
        dated, found = date_of(entry.uri, pattern)
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


def slack_lists(names: Sequence[str]) -> set[str]:
    """Of the names of files, those that a Slack export has beside its channels: they hold no messages."""
    folders = [{name.rpartition("/")[0] for name in names if name.rpartition("/")[2] == each} for each in _SLACK_MARKS]
    exports = set.intersection(*folders)
    return {name for name in names if name.rpartition("/")[0] in exports and name.rpartition("/")[2] in _SLACK_LISTS}


def passed_over(entry: Entry) -> str | None:
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
    if extension in _SHORT:
        stem, extension = os.path.splitext(stem + _SHORT[extension])  # noqa: PTH122
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
    form, compression = recognise(file.uri.rpartition("/")[2], head, file.format)
    return replace(
        file,
        format=form,
        compression=compression,
        error_code=Reason.UNKNOWN_FORMAT if form is Format.UNKNOWN else None,
    )


def recognise(base: str, head: bytes, told: Format) -> tuple[Format, Compression]:
    """What a file is by its name and its first bytes; UNKNOWN where it cannot be read. What it is told to be, it is."""
    named, compression = _named(base)
    magic = sniff(head)
    # Bytes that are not compressed under a compressed name: plain text is taken as it is, the rest is damage.
    if magic is not Compression.NONE or _is_text(head):
        compression = magic
    form = named if told is Format.UNKNOWN else told
    if form is Format.JSONL and told is Format.UNKNOWN and base.lower().removesuffix(".gz").endswith(".json"):
        form = look_at_json(_expanded(head, compression)) or form
    if form is Format.UNKNOWN or (form is Format.TEXT and told is Format.UNKNOWN):
        form = _content(head, compression, form)
    unreadable = form in _UNCOMPRESSED and compression is not Compression.NONE
    return (Format.UNKNOWN if unreadable else form), compression


def _content(head: bytes, compression: Compression, named: Format) -> Format:
    """What the first bytes of a file are; a text by its name is only taken for what it looks like beyond doubt."""
    head = _expanded(head, compression)
    if not head:
        return named
    if seen := look(head):
        return seen
    if named is not Format.UNKNOWN:
        return named
    if head.startswith(b"PAR1"):
        return Format.PARQUET
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return Format.JSONL
    return Format.TEXT if _is_text(head) else Format.UNKNOWN


def _expanded(head: bytes, compression: Compression) -> bytes:
    """The first bytes of a file as they were before they were compressed; none where they cannot be told."""
    if compression is Compression.NONE:
        return head
    try:
        return next(expand(io.BytesIO(head), compression), b"")[:_HEAD]
    except Broken:
        return b""


def _is_text(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The last character may be cut.
        return error.start >= len(head) - 3 and error.reason == "unexpected end of data" and b"\0" not in head
    return b"\0" not in head
