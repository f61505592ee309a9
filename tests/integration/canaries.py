"""Canaries: made-up personal data, distinct for every place that it is put in, and the search for them in any form."""

from __future__ import annotations

import base64
import binascii
import re
import sqlite3
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pyarrow as pa
import pyarrow.parquet as pq
from backports import zstd

_DEPTH = 4  # forms within forms: base64 of gzip of base64 …


class Canaries:
    """Mints canaries, remembers where each was put, and finds them again."""

    def __init__(self) -> None:
        self._places: dict[bytes, str] = {}  # what is searched for, in lower case -> where it was put

    def email(self, place: str) -> str:
        """An address that stands nowhere else; what is searched for is less than all of it."""
        return f"{self._put(f'zqcanary{self._count():03}x', place)}@example.com"

    def phone(self, place: str) -> str:
        """A telephone number that stands nowhere else."""
        return self._put(f"212-555-{100 + self._count():04}", place)

    def ssn(self, place: str) -> str:
        """A social security number that stands nowhere else."""
        return self._put(f"078-05-{1000 + self._count()}", place)

    def word(self, word: str, place: str) -> str:
        """Of personal data that is found as a whole, such as a name, a word that stands nowhere else."""
        return self._put(word, place)

    def secret(self, secret: bytes, place: str) -> bytes:
        """Bytes that stand nowhere else."""
        self._places[secret.lower()] = place
        return secret

    @property
    def places(self) -> set[str]:
        """All places."""
        return {*self._places.values()}

    def found_in(self, data: bytes) -> set[str]:
        """The places whose canaries stand in some bytes, in any form."""
        pattern = re.compile(b"|".join(map(re.escape, self._places)))
        return {self._places[found] for form in forms(data) for found in pattern.findall(form.lower())}

    def found_below(self, *roots: Path) -> dict[str, set[str]]:
        """File -> the places whose canaries stand in its bytes or its name; files without any are left out."""
        found: dict[str, set[str]] = {}
        for root in roots:
            assert root.exists(), f"{root} is not there to be searched"
            for path in (root, *sorted(root.rglob("*"))):
                named = self.found_in(str(path.relative_to(root)).encode(errors="surrogateescape"))
                held = self.found_in(path.read_bytes()) if path.is_file() else set()
                if path.is_file() and (database := _database(path)):
                    held |= self.found_in(database)
                if named | held:
                    found[str(path)] = named | held
        return found

    def _count(self) -> int:
        return len(self._places)

    def _put(self, value: str, place: str) -> str:
        assert value.lower().encode() not in self._places
        self._places[value.lower().encode()] = place
        return value


def forms(data: bytes, depth: int = _DEPTH) -> Iterator[bytes]:
    """Some bytes as they are and decoded: compressed, columnar, written in letters, escaped, in UTF-16."""
    yield data
    if not depth:
        return
    for decoded in _decoded(data):
        if decoded != data:
            yield from forms(decoded, depth - 1)


def _decoded(data: bytes) -> Iterator[bytes]:
    if data.startswith(b"PAR1"):
        yield from _parquet(data)
    for magic, decompress in _COMPRESSED.items():
        at = data.find(magic)
        while at >= 0:
            yield decompress(data[at:])
            at = data.find(magic, at + 1)
    # What comes before may be of the alphabet, too, so a run is read from each place that four letters may begin at.
    for run in re.findall(rb"[A-Za-z0-9+/_-]{16,}", data):
        letters = run.translate(_URL_SAFE)
        for start in range(4):
            whole = len(letters) - (len(letters) - start) % 4
            yield base64.b64decode(letters[start:whole])
            yield _unpadded(letters[start:])
    for run in re.findall(rb"[0-9A-Fa-f]{16,}", data):
        for start in range(2):
            yield binascii.unhexlify(run[start : len(run) - (len(run) - start) % 2])
    if b"%" in data:
        yield unquote_to_bytes(data)
    if b"\\u" in data:
        yield re.sub(rb"\\u([0-9A-Fa-f]{4})", lambda code: chr(int(code[1], 16)).encode(errors="replace"), data)
    if b"&#" in data:
        yield unescape(data.decode("latin-1")).encode(errors="replace")
    if b"\0" in data:
        yield data.replace(b"\0", b"")  # UTF-16, and UTF-32, of what is ASCII


_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def _unpadded(letters: bytes) -> bytes:
    """base64 up to its last, incomplete group."""
    rest = len(letters) % 4
    return base64.b64decode(letters + b"=" * (4 - rest)) if rest > 1 else b""


def _gzip(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(data)
    except zlib.error:
        return _as_far(zlib.decompressobj(wbits=31).decompress, data, zlib.error)


def _zstd(data: bytes) -> bytes:
    try:
        return zstd.ZstdDecompressor().decompress(data)
    except zstd.ZstdError:
        return _as_far(zstd.ZstdDecompressor().decompress, data, zstd.ZstdError)


def _as_far(decompress: Callable[[bytes], bytes], data: bytes, error: type[Exception]) -> bytes:
    """What a damaged stream gives before it breaks off."""
    out = b""
    with suppress(error):
        for at in range(0, len(data), 64):
            out += decompress(data[at : at + 64])
    return out


def _lz4_block(data: bytes) -> bytes:
    """A block of lz4-java, in which Spark moves and keeps data: magic, token, two sizes and a checksum before it."""
    packed, size = (int.from_bytes(data[at : at + 4], "little") for at in (9, 13))
    body = data[21 : 21 + packed]
    if len(body) < packed or not 0 < size <= 1 << 26 or packed == size:
        return body
    try:
        unpacked: bytes = pa.Codec("lz4_raw").decompress(body, size, asbytes=True)
    except (OSError, pa.ArrowInvalid):
        return b""
    return unpacked


_COMPRESSED: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b\x08": _gzip,
    b"\x28\xb5\x2f\xfd": _zstd,
    b"LZ4Block": _lz4_block,
}


def _parquet(data: bytes) -> Iterator[bytes]:
    """All values as text, the statistics, and what the schema and the file say of themselves."""
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        yield f"{file.metadata.metadata} {file.schema_arrow.to_string(show_schema_metadata=True)}".encode()
        for group in range(file.metadata.num_row_groups):
            yield str(file.metadata.row_group(group).to_dict()).encode()
        for row in file.read().to_pylist():
            yield str(row).encode(errors="replace")
    except (pa.ArrowException, OSError):
        return  # one that was not written to its end


def _database(path: Path) -> bytes | None:
    """All tables of a SQLite file, of a copy: to open it would change what lies beside it."""
    if path.read_bytes()[:16] != b"SQLite format 3\0":
        return None
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        for end in ("", "-wal"):
            if (beside := path.with_name(path.name + end)).exists():
                copy.with_name(copy.name + end).write_bytes(beside.read_bytes())
        connection = sqlite3.connect(copy)
        try:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            rows = [row for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')]
        finally:
            connection.close()
    return b"\n".join(_bytes(value) for row in rows for value in row)


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
