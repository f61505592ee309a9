"""A Parquet file's footer, believed only as far as the file can bear it out."""

from __future__ import annotations

from typing import Any, NamedTuple

import pyarrow as pa

from jobs.drops.compression import Broken
from jobs.drops.thrift import Cut, Thrift
from transforms.documents import Reason

# A footer is read as a whole, and what it lists takes up to 240 times its bytes in memory.
MAX_FOOTER_BYTES = 4 << 20
_MOST_ROWS = 1 << 48  # of a file: row numbers have 64 bits
_TAIL_BYTES = 8  # the footer's length in four bytes, and PAR1


class Chunk(NamedTuple):
    """A column of a row group: where its pages lie."""

    start: int
    size: int


class RowGroup(NamedTuple):
    """Rows that are stored together."""

    rows: int
    claimed: int  # bytes that it says it comes to when it is expanded
    chunks: list[Chunk]

    @property
    def stored(self) -> int:
        """Its bytes in the file."""
        return sum(chunk.size for chunk in self.chunks)


def read_footer(source: pa.NativeFile) -> list[RowGroup]:
    """The row groups of a file. Raises Broken, CORRUPT_FILE, where there is no footer or it says what cannot be."""
    size = source.size()
    tail = source.read_at(_TAIL_BYTES, max(0, size - _TAIL_BYTES))
    length = int.from_bytes(tail[:4], "little")
    if len(tail) < _TAIL_BYTES or length > min(size - _TAIL_BYTES, MAX_FOOTER_BYTES):
        raise Broken(Reason.CORRUPT_FILE)
    try:
        footer = Thrift(source.read_at(length, size - _TAIL_BYTES - length)).struct()
        groups = [_row_group(group) for group in footer[4]]
    except (Cut, KeyError, TypeError, AttributeError):  # what is no struct, or misses a field
        raise Broken(Reason.CORRUPT_FILE) from None
    numbers = [number for group in groups for number in (group.rows, group.claimed, *map(min, group.chunks))]
    # The parts of a file do not overlap: a page that counts many times would expand many times.
    stored, rows = sum(group.stored for group in groups), sum(group.rows for group in groups)
    if min(numbers, default=0) < 0 or stored > size or rows > _MOST_ROWS:
        raise Broken(Reason.CORRUPT_FILE)
    return groups


def _row_group(group: dict[int, Any]) -> RowGroup:
    chunks = [_chunk(column[3]) for column in group[1]]
    return RowGroup(group[3] + 0, group[2] + 0, chunks)


def _chunk(about: dict[int, Any]) -> Chunk:
    start, dictionary = about[9] + 0, about.get(11, 0)
    return Chunk(dictionary if 0 < dictionary < start else start, about[7] + 0)
