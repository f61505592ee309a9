"""What the pages of a Parquet column come to when they are expanded, told by their headers before any is.

The footer's sizes are claims that nothing checks; a page's header is what the decoder goes by:
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow as pa

from jobs.drops.compression import Broken
from jobs.drops.footer import Chunk
from jobs.drops.thrift import Cut, Thrift
from transforms.documents import Reason

_HEAD_BYTES = 512  # of a page's header, read at once: more than most have
_LONGEST_HEADER = 1 << 20  # with the least and the greatest value of its page

# Types of pages, and their fields: number of values, encoding.
_DICTIONARY_PAGE = 2
_FIELDS = {0: (5, 1, 2), 2: (7, 1, 2), 3: (8, 1, 4)}  # type -> the header's field, and in it the two
_DICTIONARY_ENCODINGS = (2, 8)
_DELTA_ENCODINGS = (5, 6, 7)
_DELTA_BYTE_ARRAY = 7  # a value may repeat the one before, whatever its length
_BYTES_A_DELTA = 8  # decoders hold the lengths of a page's values all at once


class Pages(NamedTuple):
    """A column's pages in one row group, in bytes as they are when expanded."""

    held: int  # the dictionary, and the largest page
    dictionary: int
    entries: int  # of the dictionary
    looked_up: bool  # whether values are taken from it
    densest: int  # bytes of a value, at most where pages are even
    values: int


def measure(source: pa.NativeFile, chunk: Chunk) -> Pages:
    """Read the headers of a column's pages. Raises Broken, CORRUPT_FILE, where they are none."""
    held = dictionary = entries = densest = total = 0
    looked_up = False
    for kind, size, values, encoding in _headers(source, chunk):
        if kind == _DICTIONARY_PAGE:
            dictionary, entries = max(dictionary, size), values
            continue
        total += values
        looked_up |= encoding in _DICTIONARY_ENCODINGS
        held = max(held, size + (values * _BYTES_A_DELTA if encoding in _DELTA_ENCODINGS else 0))
        densest = max(densest, size if encoding == _DELTA_BYTE_ARRAY else size // max(values, 1) + 1)
    return Pages(held + dictionary, dictionary, entries, looked_up, densest, total)


def _headers(source: pa.NativeFile, chunk: Chunk) -> Iterator[tuple[int, int, int, int]]:
    """Of each page its type, its bytes when expanded, how many values it has and their encoding."""
    place, end = chunk.start, chunk.start + chunk.size
    if not 0 < place <= end <= source.size():
        raise Broken(Reason.CORRUPT_FILE)
    while place < end:
        header, length = _header(source, place)
        kind, size, stored = (_number(header, field) for field in (1, 2, 3))
        if kind in _FIELDS:  # others, such as an index, are passed over by decoders
            about, values, encoding = _FIELDS[kind]
            own = header.get(about)
            if not isinstance(own, dict):
                raise Broken(Reason.CORRUPT_FILE)
            yield kind, size, _number(own, values), _number(own, encoding)
        place += length + stored


def _number(fields: dict[int, Any], field: int) -> int:
    number = fields.get(field)
    if not isinstance(number, int) or number < 0:
        raise Broken(Reason.CORRUPT_FILE)
    return number


def _header(source: pa.NativeFile, place: int) -> tuple[dict[int, Any], int]:
    """The page's header at a place, and its length."""
    size = _HEAD_BYTES
    while size <= _LONGEST_HEADER:
        data = source.read_at(size, place)
        thrift = Thrift(data)
        try:
            return thrift.struct(), thrift.place
        except Cut:
            if len(data) < size:
                break
            size *= 8
    raise Broken(Reason.CORRUPT_FILE)
