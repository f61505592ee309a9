"""JSON Lines: one object a line, blank lines passed over."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from jobs.readers.lines import Lines, Rejected
from transforms.documents import Reason, documents, rejection

# An integer beyond 64 bits, which orjson reads as a float, may still be one of these.
_INTEGERS = ("document_id", "subject_id")

Record = dict[str, Any]


def read_json_lines(
    items: Iterator[Lines | Rejected], source_file: str, columns: Mapping[str, str], batch_rows: int
) -> Iterator[pa.RecordBatch]:
    """Documents of JSON Lines. columns: our column -> theirs, for all of COLUMNS."""
    suspicion = _Suspicion(columns)
    for item in items:
        if isinstance(item, Rejected):
            yield rejection(source_file, *item)
            continue
        found = item.data.split(b"\n")
        for start in range(0, len(found), batch_rows):
            part = found[start : start + batch_rows]
            data = item.data if len(part) == len(found) else b"\n".join(part)
            batch = _batch(part, data, item.first + start, source_file, columns, suspicion)
            if batch is not None:
                yield batch


def _batch(
    found: list[bytes], data: bytes, first: int, source_file: str, columns: Mapping[str, str], suspicion: _Suspicion
) -> pa.RecordBatch | None:
    rows: list[int] | np.ndarray = np.arange(first, first + len(found))
    reasons: list[str | None] | None = None
    try:
        records: list[Record] = [orjson.loads(line) for line in found]
        plain = set(map(type, records)) == {dict}
    except orjson.JSONDecodeError:
        plain = False
    if plain:
        values = {ours: _column(records, theirs) for ours, theirs in columns.items()}
        plain = not suspicion.of_block(data, records, values)
    if not plain:
        numbered = [(row, line) for row, line in enumerate(found, first) if line.strip()]
        if not numbered:
            return None
        rows = [row for row, _ in numbered]
        pairs = [_record(line, suspicion) for _, line in numbered]
        records = [record for record, _ in pairs]
        values = {ours: _column(records, theirs) for ours, theirs in columns.items()}
        reasons = [reason for _, reason in pairs]
    return documents(values, rows, source_file, reasons)


class _Suspicion:
    """Finds, cheaply, the lines that orjson may have read otherwise than exactly: it keeps the last of equal keys."""

    def __init__(self, columns: Mapping[str, str]):
        self.columns = columns
        self.names = frozenset(columns.values())
        # A key as it stands in JSON: as it is, with what is not ASCII escaped, with slashes escaped.
        self._spellings = {
            name: {plain.encode("utf-8", "replace"), json.dumps(name).encode(), plain.replace("/", "\\/").encode()}
            for name in self.names
            for plain in [json.dumps(name, ensure_ascii=False)]
        }
        # The same key, spelled with an escaped letter.
        codes = {format(ord(letter), "04x") for name in self.names for letter in name if letter.isascii()}
        self._escaped = re.compile(rb"\\u(?:" + "|".join(sorted(codes)).encode() + rb")", re.IGNORECASE)

    def of_block(self, data: bytes, records: list[Record], values: Mapping[str, list[Any]]) -> bool:
        """Whether a line of the block needs the exact look. `values` are the columns of `records`."""
        if any(float in set(map(type, values[ours])) for ours in _INTEGERS):
            return True
        # A key ends in `":`, and so may other things; equal totals leave no room for a key that orjson dropped.
        if _colons(data) == sum(map(len, records)):
            return False
        # A record with a key holds its spelling at least once: the same thought, key by key.
        return self._escaped.search(data) is not None or any(
            sum(data.count(spelling) for spelling in self._spellings[theirs]) != len(records) - values[ours].count(None)
            for ours, theirs in self.columns.items()
        )

    def of_line(self, line: bytes, record: Record) -> bool:
        """Whether this line needs the exact look."""
        return (
            any(sum(line.count(spelling) for spelling in found) > 1 for found in self._spellings.values())
            or self._escaped.search(line) is not None
            or any(type(record.get(self.columns[ours])) is float for ours in _INTEGERS)
        )


def _colons(data: bytes) -> int | None:
    """How often `":` stands in the block; None where white space may stand between the two."""
    codes = np.frombuffer(data, np.uint8)
    places = np.flatnonzero(codes == ord(":"))
    places = places[places >= 2]
    before = codes[places - 1]
    spaced = places[before <= ord(" ")]
    if np.isin(codes[spaced - 2], np.frombuffer(b'" \t\r\n', np.uint8)).any():
        return None
    return int(np.count_nonzero(before == ord('"')))


def _column(records: list[Record], name: str) -> list[Any]:
    try:
        return list(map(itemgetter(name), records))
    except KeyError:
        return [record.get(name) for record in records]


def _record(line: bytes, suspicion: _Suspicion) -> tuple[Record, Reason | None]:
    """One line as a record, and what is wrong with it."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return _exact(line, suspicion.names)
    if not isinstance(record, dict):
        return {}, Reason.NOT_AN_OBJECT
    return _exact(line, suspicion.names) if suspicion.of_line(line, record) else (record, None)


def _exact(line: bytes, names: frozenset[str]) -> tuple[Record, Reason | None]:
    """One line as Python's own parser reads it: lone surrogates, NaN and long integers pass, and no key is dropped."""
    text = line.decode("utf-8", "surrogateescape")
    reason: Reason | None = None
    try:
        line.decode()
    except UnicodeDecodeError:
        reason = Reason.INVALID_UTF8
    repeated: set[str] = set()

    def collect(pairs: list[tuple[str, Any]]) -> Record:
        record = dict(pairs)
        repeated.clear()  # the outermost object comes last
        if len(record) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            repeated.update(name for name in names if counts[name] > 1)
        return record

    try:
        record = json.loads(text, object_pairs_hook=collect)
    except (ValueError, RecursionError):
        return {}, reason or (Reason.NUL_CHARACTER if b"\0" in line else Reason.MALFORMED_JSON)
    if not isinstance(record, dict):
        return {}, reason or Reason.NOT_AN_OBJECT
    for name in repeated:
        del record[name]
    return record, reason or (Reason.DUPLICATE_KEY if repeated else None)
