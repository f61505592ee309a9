"""JSON Lines: one object a line, blank lines passed over."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.json as pj
import re2

from jobs.formats import Telling
from jobs.readers.comments import comments_of, holds_turns, label_within, told, turned_documents
from jobs.readers.lines import Lines, Rejected
from jobs.readers.records import ELEMENT, Steps, is_nested, steps_of, value_at
from transforms.documents import Reason, documents, rejection

# An integer beyond 64 bits, which orjson reads as a float, may still be one of these.
_INTEGERS = ("document_id", "subject_id")

# What Arrow takes for numbers and Python does not. Apart, for RE2 seeks their first letters quickly.
_ARROW_NUMBERS = (re2.compile(rb"Inf[\s,\]}]"), re2.compile(b"-NaN"))
_LONG_INTEGER = re.compile(rb"\d{4000}")  # Python refuses one of more than 4,300 digits
_DEPTH = 500  # of nesting: every parser goes deeper

Record = dict[str, Any]
_REPEATED = object()  # the value of a key that stands twice in an object


class _Exact(NamedTuple):
    """A line as it was read exactly."""

    record: Record
    reason: Reason | None  # what is wrong with it


def read_json_lines(
    items: Iterator[Lines | Rejected],
    source_file: str,
    columns: Mapping[str, str],
    batch_rows: int,
    telling: Telling,
) -> Iterator[pa.RecordBatch]:
    """Documents of JSON Lines. columns: our column -> theirs, for all of COLUMNS."""
    nested = {theirs: steps_of(theirs) for theirs in columns.values() if is_nested(theirs)}
    keys = _Keys({*columns.values(), *(step for steps in nested.values() for step in steps if step != ELEMENT)})
    turns_at = nested.get(columns["text"], ())
    label = label_within(turns_at, nested.get(columns["role"], ())) if holds_turns(turns_at) else ()
    for item in items:
        if isinstance(item, Rejected):
            yield rejection(source_file, *item)
            continue
        arrays = None if nested else by_arrow(item.data, columns)
        if arrays is not None:
            numbers = np.arange(item.first, item.first + len(arrays["text"]))
            for start in range(0, len(numbers), batch_rows):
                part = slice(start, start + batch_rows)
                yield documents({ours: array[part] for ours, array in arrays.items()}, numbers[part], source_file)
            continue
        split = item.data.split(b"\n")
        for start in range(0, len(split), batch_rows):
            lines = split[start : start + batch_rows]
            rows, records, reasons = _records(lines, item.first + start, columns, keys)
            if len(rows):
                values = {ours: _column(records, theirs, nested.get(theirs)) for ours, theirs in columns.items()}
                if nested:
                    reasons = _without_repeated(values, reasons)
                if holds_turns(turns_at):
                    turns = [comments_of(record, columns["text"], turns_at, label) for record in records]
                    found = told(turns, values, telling)
                    yield from turned_documents(values, rows, source_file, reasons, found, batch_rows)
                else:
                    yield documents(values, rows, source_file, reasons)


def by_arrow(data: bytes, columns: Mapping[str, str]) -> dict[str, pa.Array] | None:
    """Our columns of plain lines, read without an object for each line; None where that may differ from `_records`.

    Arrow refuses what does not have the type seen in the first line, and an object that names one of the columns twice.
    """
    lines = _plain_lines(data)
    if not lines:
        return None
    try:
        first = orjson.loads(BytesIO(data).readline())
        types = {theirs: pa.int64() if type(first.get(theirs)) is int else pa.string() for theirs in columns.values()}
        [batch] = pj.read_json(
            pa.BufferReader(data),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(data) + 1),
            parse_options=pj.ParseOptions(explicit_schema=pa.schema(types), unexpected_field_behavior="ignore"),
        ).to_batches()
    except (pa.ArrowException, ValueError):
        return None
    # Several objects in one line would be more than lines.
    return {ours: batch[theirs] for ours, theirs in columns.items()} if len(batch) == lines else None


def _plain_lines(data: bytes) -> int:
    """How many lines these are; 0 where they may hold what Arrow takes and the exact parsers do not, or not so.

    Which is: objects over several lines, bytes that are not UTF-8, any depth, integers of any length, `Inf` and `-NaN`.
    """
    codes = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(codes == ord("\n"))
    whole = (  # no newline is inside an object, for there no `{` follows a `}`
        data.startswith(b"{")
        and data.endswith(b"}")
        and (codes[ends - 1] == ord("}")).all()
        and (codes[ends + 1] == ord("{")).all()
    )
    if not whole or any(number.search(data) for number in _ARROW_NUMBERS):
        return 0
    bounds = [-1, *ends.tolist(), len(data)]
    for place in np.flatnonzero(np.diff(bounds) > 2 * _DEPTH).tolist():  # a shorter line is not nested deeper
        line = data[bounds[place] + 1 : bounds[place + 1]]
        if line.count(b"[") + line.count(b"{") > _DEPTH or _LONG_INTEGER.search(line):
            return 0
    try:
        extent = pa.py_buffer(np.array([0, len(data)], np.int32))
        pa.StringArray.from_buffers(1, extent, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:  # not UTF-8
        return 0
    return len(ends) + 1


def _records(
    found: list[bytes], first: int, columns: Mapping[str, str], keys: _Keys
) -> tuple[Sequence[int] | np.ndarray, list[Record], list[Reason | None] | None]:
    """Lines as records: the number of each, the record, and what is wrong with it (None where nothing is with any).

    orjson reads them all; the few that it refuses, or may have read otherwise than exactly, are read again.
    """
    rows: Sequence[int] | np.ndarray = np.arange(first, first + len(found))
    exact: dict[int, _Exact] = {}
    try:
        records: list[Any] = [orjson.loads(line) for line in found]
    except orjson.JSONDecodeError:
        rows = [row for row, line in enumerate(found, first) if line.strip()]
        found = [line for line in found if line.strip()]
        records, exact = _one_by_one(found, keys.names)
    kinds = set(map(type, records))
    if str in kinds:  # JSON that was written once more, as a string
        for place, record in enumerate(records):
            if type(record) is str and record.startswith("{"):
                found[place] = record.encode()
                [records[place]], odd = _one_by_one([found[place]], keys.names)
                if odd:
                    exact[place] = odd[0]
    if not kinds <= {dict}:
        exact |= _leave_objects(records)
    for place in _doubtful(found, records, exact, columns, keys):
        exact[place] = _exact(found[place], keys.names)
    if not exact:
        return rows, records, None
    reasons: list[Reason | None] = [None] * len(found)
    for place, (record, reason) in exact.items():
        records[place], reasons[place] = record, reason
    return rows, records, reasons


def _one_by_one(found: list[bytes], names: frozenset[str]) -> tuple[list[Any], dict[int, _Exact]]:
    """What orjson makes of each line, and by their places those that it refuses, read exactly: {} stands for these."""
    records: list[Any] = []
    exact = {}
    for place, line in enumerate(found):
        try:
            records.append(orjson.loads(line))
        except orjson.JSONDecodeError:
            records.append({})
            exact[place] = _exact(line, names)
    return records, exact


def _leave_objects(records: list[Any]) -> dict[int, _Exact]:
    """Put {} for what is no object; those by their places."""
    others = [place for place, record in enumerate(records) if type(record) is not dict]
    for place in others:
        records[place] = {}
    return {place: _Exact({}, Reason.NOT_AN_OBJECT) for place in others}


def _doubtful(
    found: list[bytes], records: list[Record], exact: Collection[int], columns: Mapping[str, str], keys: _Keys
) -> set[int]:
    """The places of lines that orjson may have read otherwise than exactly, of those not read exactly yet."""
    places = [place for place in range(len(found)) if place not in exact] if exact else range(len(found))
    doubtful = set(keys.dropped(found, records, places))
    for ours in _INTEGERS:
        theirs = columns[ours]
        values = _column(records, theirs, steps_of(theirs) if is_nested(theirs) else None)
        if float in set(map(type, values)):
            doubtful.update(place for place, value in enumerate(values) if type(value) is float)
    return doubtful


def _without_repeated(values: dict[str, list[Any]], reasons: list[Reason | None] | None) -> list[Reason | None] | None:
    """The reasons, with those of records in which a key on the way to a column stands twice; such values are null."""
    for column in values.values():
        for place, value in enumerate(column):
            if value is _REPEATED or (isinstance(value, list) and _REPEATED in value):
                reasons = reasons or [None] * len(column)
                reasons[place] = reasons[place] or Reason.DUPLICATE_KEY
                column[place] = None
    return reasons


class _Keys:
    """The keys that are read. orjson keeps the last of equal ones; this tells, cheaply, where it dropped none."""

    def __init__(self, names: Iterable[str]):
        self.names = frozenset(names)
        # A key as it stands in JSON: as it is, with what is not ASCII escaped, with slashes escaped.
        self._spellings = [
            {plain.encode("utf-8", "replace"), json.dumps(name).encode(), plain.replace("/", "\\/").encode()}
            for name in self.names
            for plain in [json.dumps(name, ensure_ascii=False)]
        ]
        # The same key, spelled with an escaped letter.
        codes = {format(ord(letter), "04x") for name in self.names for letter in name if letter.isascii()}
        self._escaped = re.compile(rb"\\u(?:" + "|".join(sorted(codes)).encode() + rb")", re.IGNORECASE)

    def dropped(self, found: list[bytes], records: list[Record], places: Sequence[int]) -> Iterator[int]:
        """The places of the lines of which orjson may have dropped a key, found by halving."""
        if self._may_be_dropped([found[place] for place in places], [records[place] for place in places]):
            if len(places) == 1:
                yield places[0]
            else:
                middle = len(places) // 2
                yield from self.dropped(found, records, places[:middle])
                yield from self.dropped(found, records, places[middle:])

    def _may_be_dropped(self, found: list[bytes], records: list[Record]) -> bool:
        """Whether one of the lines may hold one of the keys more often than the record that orjson made of it."""
        data = b"\n".join(found)
        # A key ends in `":`, and so may other things; equal totals leave no room for a key that was dropped.
        if _colons(data) == sum(map(len, records)):
            return False
        if self._escaped.search(data):
            return True
        try:
            again = orjson.dumps(records)
        except orjson.JSONEncodeError:  # nested deeper than it writes, though not deeper than it reads
            return True
        return any(
            sum(data.count(spelling) for spelling in spellings) != sum(again.count(spelling) for spelling in spellings)
            for spellings in self._spellings
        )


def _colons(data: bytes) -> int | None:
    """How often `":` stands in the lines; None where white space may stand between the two."""
    codes = np.frombuffer(data, np.uint8)
    places = np.flatnonzero(codes == ord(":"))
    places = places[places >= 2]
    before = codes[places - 1]
    spaced = places[before <= ord(" ")]
    if np.isin(codes[spaced - 2], np.frombuffer(b'" \t\r\n', np.uint8)).any():
        return None
    return int(np.count_nonzero(before == ord('"')))


def _column(records: list[Record], name: str, steps: Steps | None = None) -> list[Any]:
    if steps is not None:
        return [value_at(record, name, steps) for record in records]
    try:
        return list(map(itemgetter(name), records))
    except KeyError:
        return [record.get(name) for record in records]


def _exact(line: bytes, names: frozenset[str]) -> _Exact:
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
            record.update(dict.fromkeys(repeated, _REPEATED))
        return record

    try:
        record = json.loads(text, object_pairs_hook=collect)
    except (ValueError, RecursionError):
        return _Exact({}, reason or (Reason.NUL_CHARACTER if b"\0" in line else Reason.MALFORMED_JSON))
    if not isinstance(record, dict):
        return _Exact({}, reason or Reason.NOT_AN_OBJECT)
    for name in repeated:
        del record[name]
    return _Exact(record, reason or (Reason.DUPLICATE_KEY if repeated else None))
