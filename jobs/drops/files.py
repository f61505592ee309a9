"""The files of a drop: the date, format and compression of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

import pyarrow as pa

from jobs.drops.compression import Compression
from jobs.drops.dates import compile_date_pattern, date_of, day
from jobs.drops.dialect import Dialect
from jobs.drops.recognition import HEAD_BYTES, expanded, named, recognise
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


_SOURCE = re.compile(r"(?<=/)source=([^/]+)(?=/)")
# What a Slack export has beside the folders of its channels.
_SLACK_MARKS = ("channels.json", "users.json")
_SLACK_LISTS = frozenset(
    (*_SLACK_MARKS, "groups.json", "dms.json", "mpims.json", "integration_logs.json", "org_users.json", "canvases.json")
)
# What no person dropped.
_OF_A_SYSTEM = {
    ".ds_store": ".DS_Store of a Macintosh",
    "thumbs.db": "Thumbs.db of Windows",
    "ehthumbs.db": "ehthumbs.db of Windows",
    "desktop.ini": "desktop.ini of Windows",
    "table_of_contents": "the index of a mailbox of Apple's Mail",
}
_UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".filepart")
_CHECKSUMS = (".crc", ".md5", ".sha1", ".sha256", ".sha512")
# As Redshift, DynamoDB and S3 write them beside what they export.
_MANIFEST = re.compile(r"(?:.*[._-])?manifest(?:-files|-summary)?(?:\.json|\.checksum)?", re.IGNORECASE)
_README = re.compile(r"read[-_]?me(?:[-_]?first)?(?:\.(?:txt|md|rst|html?|pdf))?", re.IGNORECASE)
# Of a store's objects that are no longer than a head, so many bytes are kept.
KEPT_BYTES = 64 << 20
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
        reason = passed_over(entry) or _set_aside(entry)
        if reason is None:
            entries.append(entry)
        else:
            skipped.append((entry.uri, reason))
    lists = slack_lists([entry.name for entry in entries])
    skipped += ((entry.uri, "a list of a Slack export") for entry in entries if entry.name in lists)
    entries = [entry for entry in entries if entry.name not in lists]

    def drop_file(entry: Entry) -> DropFile:
        dated, found = date_of(entry.uri, pattern)
        sources = _SOURCE.findall(entry.uri)
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
            source=sources[-1] if sources else None,
        )

    return Listing(sorted(map(drop_file, entries), key=lambda file: file.uri), sorted(skipped))


def list_drop(drops: str, run_date: str, *, file_format: Format | None, date_pattern: str | None) -> Listing:
    """Everything under a root, and every file recognised. See `find_drop`."""
    found = find_drop(drops, run_date, file_format=file_format, date_pattern=date_pattern)
    return replace(found, files=recognised(found.files))


def recognised(files: Sequence[DropFile], room: int = KEPT_BYTES) -> list[DropFile]:
    """The files with format and compression of each, by its name and its first bytes; several looked at at once.

    room: bytes of small objects that are kept, for each is then asked for once.
    """
    known: list[DropFile] = []
    with ThreadPoolExecutor(_THREADS) as pool:
        for file in pool.map(lambda file: file if file.error_code else _recognised(file), files):
            room -= len(file.content or b"")
            known.append(file if room >= 0 else replace(file, content=None))
    return known


def slack_lists(names: Sequence[str]) -> set[str]:
    """Of the names of files, those that a Slack export has beside its channels: they hold no messages."""
    folders = [{name.rpartition("/")[0] for name in names if name.rpartition("/")[2] == each} for each in _SLACK_MARKS]
    exports = set.intersection(*folders)
    return {name for name in names if name.rpartition("/")[0] in exports and name.rpartition("/")[2] in _SLACK_LISTS}


def _set_aside(entry: Entry) -> str | None:
    """Why a file of a drop is left that may hold a text. Of members of an archive nobody is told, so they are read."""
    base = entry.name.rpartition("/")[2]
    if base.lower().endswith(_UNFINISHED):
        return "a download that has not ended"
    if _MANIFEST.fullmatch(base):
        return "a list of an export's files"
    return "a read-me" if _README.fullmatch(base) else None


def passed_over(entry: Entry) -> str | None:
    """Why a file holds no documents, or None where it may."""
    base = entry.name.rpartition("/")[2]
    if entry.size < 0:
        return "not a regular file"
    if told := _OF_A_SYSTEM.get(base.lower()):
        return told
    if base.startswith(("~$", ".~lock.")):
        return "a mark that an office program has the file open"
    if base.endswith(_CHECKSUMS):
        return "a checksum"
    if base.startswith(("_", ".")) and named(base)[0] is Format.UNKNOWN:
        return "a marker or hidden file"
    if entry.size == 0 and entry.error_code is None:
        return "empty"
    return None


def _recognised(file: DropFile) -> DropFile:
    """The file with its format and compression. The content's magic bytes stand above the name's ending."""
    try:
        with file.open() as stream:
            head = bytes(stream.read(HEAD_BYTES))
    except (OSError, pa.ArrowException):
        return replace(file, error_code=Reason.FILE_UNREADABLE)
    found = recognise(file.uri.rpartition("/")[2], head, file.format, partial(_beginning, file))
    return replace(
        file,
        **found._asdict(),
        error_code=Reason.UNKNOWN_FORMAT if found.format is Format.UNKNOWN else None,
        content=head if "://" in file.uri and len(head) == file.size else None,
    )


def _beginning(file: DropFile, compression: Compression, size: int) -> bytes:
    """The first bytes of what a file holds, as far as they can be had: the reader says why they cannot."""
    try:
        with file.open() as stream:
            return bytes(stream.read(size)) if compression is Compression.NONE else expanded(stream, compression, size)
    except (OSError, pa.ArrowException):
        return b""
