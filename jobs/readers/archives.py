"""Archives: zip and tar. Each member is read as a file of the drop would be, in memory that does not grow with it.

Nothing is ever written to a path that an archive names. What an archive expands to, with the archives in it, is held to
what its own bytes may expand to (`Expansion`); what cannot be opened is one rejection, named.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import pyarrow as pa

from jobs.drops import DropFile, Split
from jobs.drops.compression import BLOCK_BYTES, Broken, Compression, Expansion, Source
from jobs.drops.files import passed_over, slack_lists
from jobs.drops.members import member_name
from jobs.drops.recognition import HEAD_BYTES, expanded, recognise
from jobs.drops.walk import Entry, hidden_directory
from jobs.formats import ARCHIVES, STREAMED, Format
from jobs.readers.whole import read_whole
from transforms.documents import Reason, rejection

# The largest member of a format that is not read as a stream.
MAX_MEMBER_BYTES = 64 << 20
MAX_MEMBERS = 100_000
_MAX_DEPTH = 3  # archives in archives
_DIRECTORY_BYTES = 32 << 20  # of a zip, which is held in memory
_HEADER_BYTES = 4 << 20  # of what tar has before a member, held in memory
_MORE_BYTES = 4 << 20  # of a member, where its head does not tell what it is: a block of bzip2, a long line
_ENCRYPTED, _AES = 0x1, 99
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)  # LZMA's header may ask for any memory
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x06"
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError)

# What reads a member: a split that is a whole file, and how deep it lies.
ReadMember = Callable[[Split, int], Iterator[pa.RecordBatch]]


@dataclass(frozen=True)
class Member(DropFile):
    """A file in an archive, read once from its start."""

    stream: Source | None = field(default=None, repr=False, compare=False)  # where it is not held in memory


class _Counted:
    """A member's bytes, counted against what the archive may expand to; `head` was read of it before."""

    def __init__(self, stream: Source, head: bytes, expansion: Expansion) -> None:
        self._stream, self._head, self._expansion = stream, head, expansion

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes. Raises Broken."""
        if self._head:
            data, self._head = self._head[:size], self._head[size:]
            return data
        return _read(self._stream, size, self._expansion)


def _read(stream: Source, size: int, expansion: Expansion) -> bytes:
    try:
        data = stream.read(size)
    except _BROKEN:
        raise Broken(Reason.CORRUPT_COMPRESSION) from None
    expansion.add(len(data))
    return data


def read_zip(
    source: pa.NativeFile, archive: DropFile, expansion: Expansion, depth: int, read: ReadMember
) -> Iterator[pa.RecordBatch]:
    """The documents of every member of a zip file, in its order."""
    try:
        if _directory_bytes(source, archive.size) > _DIRECTORY_BYTES:
            yield rejection(archive.source_file, 0, Reason.TOO_COMPLEX)
            return
        opened = zipfile.ZipFile(source)
    except (*_BROKEN, OSError):
        yield rejection(archive.source_file, 0, Reason.CORRUPT_FILE)
        return
    with opened:
        members = [info for info in opened.infolist() if not info.is_dir()]
        if len(members) > MAX_MEMBERS:
            yield rejection(archive.source_file, 0, Reason.TOO_COMPLEX)
            return
        lists = slack_lists([info.filename for info in members])
        for info in members:
            if info.filename in lists:
                continue
            member = _member(archive, info.filename, info.file_size)
            if _passed_over(info.filename, info.file_size):
                continue
            if expansion.passed:  # the others are named all the same
                yield rejection(member.source_file, 0, Reason.DECOMPRESSION_BOMB)
            elif info.flag_bits & _ENCRYPTED or info.compress_type == _AES:
                yield rejection(member.source_file, 0, Reason.ENCRYPTED)
            elif info.compress_type not in _METHODS:
                yield rejection(member.source_file, 0, Reason.UNKNOWN_FORMAT)
            else:
                try:
                    stream = opened.open(info)
                except (*_BROKEN, OSError):
                    yield rejection(member.source_file, 0, Reason.CORRUPT_FILE)
                    continue
                with stream:
                    yield from _documents(member, stream, expansion, depth, read)


def _directory_bytes(source: pa.NativeFile, size: int) -> int:
    """How large a zip file says that its directory is, by the record at its end; 0 where there is none."""
    start = max(size - (1 << 16) - 128, 0)
    tail = source.read_at(size - start, start)
    place, place_64 = tail.rfind(_END), tail.rfind(_END_64)
    if place_64 >= 0:
        return int.from_bytes(tail[place_64 + 40 : place_64 + 48], "little")
    return int.from_bytes(tail[place + 12 : place + 16], "little") if place >= 0 else 0


class _Blocks:
    """Blocks of bytes as a stream, of which so many may be read at once as are allowed."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._block, self._place = blocks, b"", 0
        self.allowed: int | None = None
        self.last = b""

    def read(self, size: int) -> bytes:
        parts = []
        while size > 0:
            if self._place == len(self._block):
                self._block, self._place = next(self._blocks, b""), 0
                if not self._block:
                    break
            part = self._block[self._place : self._place + size]
            self._place += len(part)
            size -= len(part)
            parts.append(part)
        data = b"".join(parts)
        self.last = (
            (self.last + data)[-tarfile.BLOCKSIZE :] if len(data) < tarfile.BLOCKSIZE else data[-tarfile.BLOCKSIZE :]
        )
        if self.allowed is not None:
            self.allowed -= len(data)
            if self.allowed < 0:
                raise Broken(Reason.TOO_COMPLEX)
        return data


def read_tar(
    blocks: Iterator[bytes], archive: DropFile, expansion: Expansion, depth: int, read: ReadMember
) -> Iterator[pa.RecordBatch]:
    """The documents of every member of a tar file, in its order. Where it breaks, one rejection stands for the rest."""
    stream = _Blocks(blocks)
    count = 0
    try:
        stream.allowed = _HEADER_BYTES
        with tarfile.open(fileobj=stream, mode="r|") as opened:  # type: ignore[call-overload]  # it is only read
            while True:
                stream.allowed = _HEADER_BYTES
                info = opened.next()
                opened.members = []  # else all are kept
                if info is None:
                    break
                count += 1
                if count > MAX_MEMBERS or info.issparse():
                    raise Broken(Reason.TOO_COMPLEX)
                stream.allowed = None
                if not info.isreg():
                    continue
                member = _member(archive, info.name, info.size)
                content = opened.extractfile(info)
                if content is None:
                    continue
                told = False  # that the archive breaks off in this member
                if not _passed_over(info.name, info.size):
                    for batch in _documents(member, content, expansion, depth, read):
                        told = batch["error_code"][-1].is_valid
                        yield batch
                try:
                    while _read(content, BLOCK_BYTES, expansion):
                        pass
                except Broken:
                    if told:
                        return
                    raise
            if stream.last.strip(b"\0"):  # a block of zeros is its end
                raise Broken(Reason.CORRUPT_FILE)
    except Broken as broken:
        yield rejection(archive.source_file, 0, broken.reason)
    except (*_BROKEN, OSError):
        yield rejection(archive.source_file, 0, Reason.CORRUPT_FILE)


def _member(archive: DropFile, name: str, size: int) -> Member:
    name = name.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
    return Member(
        uri=member_name(archive.uri, name),
        size=size,
        stamp=archive.stamp,
        ds=archive.ds,
        format=Format.UNKNOWN,
        compression=Compression.NONE,
        name=member_name(archive.name or archive.uri.rpartition("/")[2], name),
        called=None if archive.called is None else member_name(archive.called, name),
    )


def _passed_over(name: str, size: int) -> bool:
    """Whether a member holds no documents, as a file of a drop would not: empty, hidden, or made by a Macintosh."""
    return (
        name.rpartition("/")[2].startswith("._")
        or hidden_directory(name) is not None
        or passed_over(Entry(name, name, size, "")) is not None
    )


def _documents(
    member: Member, stream: Source, expansion: Expansion, depth: int, read: ReadMember
) -> Iterator[pa.RecordBatch]:
    """One member's documents, or why there are none. What is left of the stream is left to the caller."""
    name = member.source_file
    try:
        head = _read(stream, HEAD_BYTES, expansion)

        def more(compression: Compression, size: int) -> bytes:
            nonlocal head
            head += _read(stream, _MORE_BYTES, expansion)
            return expanded(io.BytesIO(head), compression, size)

        found = recognise(member.uri.rpartition("/")[2], head, Format.UNKNOWN, more)
        form = found.format
        if form is Format.UNKNOWN:
            yield rejection(name, 0, Reason.UNKNOWN_FORMAT)
            return
        if form in ARCHIVES and depth >= _MAX_DEPTH:
            yield rejection(name, 0, Reason.TOO_COMPLEX)
            return
        counted = _Counted(stream, head, expansion)
        known = replace(member, **found._asdict())
        if form in STREAMED:
            known = replace(known, stream=counted)
        else:
            content = read_whole(iter(partial(counted.read, BLOCK_BYTES), b""), MAX_MEMBER_BYTES)
            if isinstance(content, Reason):
                yield rejection(name, 0, content)
                return
            known = replace(known, content=content, size=len(content))
        yield from read(Split(known, 0, known.size, 0), depth + 1)
    except Broken as broken:
        yield rejection(name, 0, broken.reason)
