"""Streams of bytes as they were before they were compressed, a bounded block at a time."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, Protocol

import pyarrow as pa
from backports import zstd

from transforms.documents import Reason

# A stream, or the documents of a file, is a bomb when it has expanded beyond both. Repetitive JSON Lines stay far below
# the ratio until they are large, and ordinary large files below it for good; gzip itself cannot pass 1,032.
MAX_EXPANDED_BYTES = 256 << 20
MAX_EXPANSION = 200
# What a document counts beside its values: the row that it becomes, however short it is.
DOCUMENT_BYTES = 512

BLOCK_BYTES = 8 << 20  # the most that one step yields
_PIECE_BYTES = 256 << 10  # compressed bytes read at a time
# A header may ask for a window of 2 GiB, as `zstd --long=31` does; of it is touched what the stream expands to.
_ZSTD = {int(zstd.DecompressionParameter.window_log_max): 31}
_XZ_MEMORY = 128 << 20  # twice what `xz -9` asks for; a header may ask for 4 GiB


class Compression(StrEnum):
    """How the bytes of a file are compressed."""

    NONE = "none"
    GZIP = "gzip"
    BZ2 = "bz2"
    XZ = "xz"
    ZSTD = "zstd"


class Broken(Exception):
    """A stream ends here before its end. The argument is why."""

    def __init__(self, reason: Reason):
        super().__init__(reason)
        self.reason = reason


class Expansion:
    """What so many bytes of a file have become so far, held to both limits."""

    def __init__(self, stored: int = 0):
        self.stored = stored
        self.expanded = 0

    @property
    def passed(self) -> bool:
        """Whether both limits are."""
        return self.expanded > MAX_EXPANDED_BYTES and self.expanded > MAX_EXPANSION * self.stored

    def add(self, size: int) -> None:
        """They have become so many bytes more. Raises Broken, DECOMPRESSION_BOMB, where that is too much."""
        self.expanded += size
        if self.passed:
            raise Broken(Reason.DECOMPRESSION_BOMB)


class Source(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        ...


class _Gzip:
    """zlib's decompressor with the interface that those of bz2, lzma and zstd share."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)  # 31: a gzip header and its checksum

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data


_DECOMPRESSORS: dict[Compression, Callable[[], Any]] = {
    Compression.GZIP: _Gzip,
    Compression.BZ2: bz2.BZ2Decompressor,
    Compression.XZ: lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY),
    Compression.ZSTD: lambda: zstd.ZstdDecompressor(options=_ZSTD),
}

_ERRORS = (zlib.error, lzma.LZMAError, zstd.ZstdError, OSError, EOFError, ValueError, MemoryError)


def sniff(head: bytes) -> Compression:
    """The compression that the first bytes of a file show."""
    if head.startswith(b"\x1f\x8b\x08"):
        return Compression.GZIP
    if head.startswith(b"BZh") and head[4:10] in (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"):
        return Compression.BZ2
    if head.startswith(b"\xfd7zXZ\0"):
        return Compression.XZ
    # A zstd frame, or one to be skipped before it.
    if head.startswith(b"\x28\xb5\x2f\xfd") or (head[1:4] == b"\x2a\x4d\x18" and head[:1] in b"PQRSTUVWXYZ[\\]^_"):
        return Compression.ZSTD
    return Compression.NONE


def expand(source: Source, compression: Compression) -> Iterator[bytes]:
    """The bytes of a stream in blocks of at most BLOCK_BYTES; several compressed streams in a row count as one.

    Raises Broken, after everything before it was yielded: CORRUPT_COMPRESSION where the stream is damaged or cut off,
    DECOMPRESSION_BOMB where it passes what `Expansion` allows, FILE_UNREADABLE where storage fails.
    """
    if compression is Compression.NONE:
        while block := _read(source, BLOCK_BYTES):
            yield block
        return
    start = _DECOMPRESSORS[compression]
    inner = start()
    expansion = Expansion()
    while True:
        data = b""
        ended = False
        if inner.eof:
            # Streams may be followed by zeros (tar pads with them), then by another stream.
            data = inner.unused_data.lstrip(b"\0")
            while not data:
                piece = _read(source, _PIECE_BYTES)
                if not piece:
                    return
                expansion.stored += len(piece)
                data = piece.lstrip(b"\0")
            inner = start()
        elif inner.needs_input:
            data = _read(source, _PIECE_BYTES)
            expansion.stored += len(data)
            ended = not data
        try:
            block = inner.decompress(data, BLOCK_BYTES)
        except _ERRORS:
            raise Broken(Reason.CORRUPT_COMPRESSION) from None
        if block:
            yield block
            expansion.add(len(block))
        elif ended and not inner.eof:
            raise Broken(Reason.CORRUPT_COMPRESSION)


def _read(source: Source, size: int) -> bytes:
    try:
        return source.read(size)
    except (OSError, pa.ArrowException):
        raise Broken(Reason.FILE_UNREADABLE) from None
