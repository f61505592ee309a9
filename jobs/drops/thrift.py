"""Thrift's compact protocol, in which Parquet describes itself: structs as dicts, by the numbers of their fields.

https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md

pyarrow ends the process, with no exception, where it is asked for a row group or column that is described wrongly.
"""

from __future__ import annotations

from typing import Any

from jobs.drops.compression import Broken
from transforms.documents import Reason

_DEEPEST = 12  # structs and lists within each other
MOST_LISTED = 100_000  # in one list: row groups, columns

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12


class Cut(Exception):
    """The bytes end within a value."""


class Thrift:
    """Reads structs one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.place = 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """The struct here. Raises Cut, and Broken, CORRUPT_FILE, where it is none."""
        if depth > _DEEPEST:
            raise Broken(Reason.CORRUPT_FILE)
        fields: dict[int, Any] = {}
        field = 0
        while head := self._byte():
            step = head >> 4
            field = field + step if step else self._integer()
            kind = head & 15
            fields[field] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if 4 <= kind <= 6:  # 16, 32 and 64 bits
            return self._integer()
        if kind == _BINARY:
            return self._bytes(self._varint())
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind in (_LIST, _SET):
            return self._list(depth + 1)
        if kind in (_BYTE, _TRUE, _FALSE):  # the latter two in lists alone
            return self._byte()
        if kind == _DOUBLE:
            return self._bytes(8)
        raise Broken(Reason.CORRUPT_FILE)  # Parquet has no maps

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        length = head >> 4 if head >> 4 < 15 else self._varint()
        if depth > _DEEPEST or length > MOST_LISTED:
            raise Broken(Reason.CORRUPT_FILE)
        return [self._value(head & 15, depth) for _ in range(length)]

    def _bytes(self, length: int) -> bytes:
        start = self.place
        if start + length > len(self._data):
            raise Cut
        self.place = start + length
        return self._data[start : self.place]

    def _integer(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)

    def _varint(self) -> int:
        number = shift = 0
        while shift < 64:
            byte = self._byte()
            number |= (byte & 127) << shift
            if byte < 128:
                return number
            shift += 7
        raise Broken(Reason.CORRUPT_FILE)

    def _byte(self) -> int:
        if self.place >= len(self._data):
            raise Cut
        self.place += 1
        return self._data[self.place - 1]
