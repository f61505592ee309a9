"""CSV, and TSV: a header, then one record a document; fields may be quoted and hold newlines."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa

from jobs.drops.compression import Broken
from jobs.drops.dialect import Dialect, nulls_of
from jobs.drops.names import HEADER_WITHIN, by_number, header_of, names_both, places_of
from jobs.readers.lines import MAX_LINE_BYTES, Lines, Rejected
from transforms.documents import Reason, documents

# The longest record of several lines, in characters. An unclosed quote is given up on after as much.
MAX_RECORD_CHARACTERS = 4 << 20

_BATCH_CHARACTERS = 4 << 20
# What tells that a header goes on below it: Qualtrics' third row, whose second repeats the questions, SurveyMonkey's
# second row, and the line that SQL Server and psql draw.
_GOES_ON = re.compile(r'\{"ImportId":.*|Open-Ended Response|[-=+ ]*-{3,}[-=+ ]*')

Record: TypeAlias = tuple[int, list[str], Reason | None]  # its line, its fields, what is wrong with it


def read_delimited(
    items: Iterator[Lines | Rejected], source_file: str, columns: Mapping[str, str], batch_rows: int, dialect: Dialect
) -> Iterator[pa.RecordBatch]:
    """Documents of a CSV file with a header; `source_row` is the line that a record begins in.

    Missing fields at the end of a record are null, and so is what stands for none; empty ones beyond the header's are
    left out. A record that breaks the rules of quoting, or has more fields than the header, is MALFORMED_CSV, and
    reading goes on at the line after the one it began in: an unclosed quote costs its own line. Without a header that
    can be read, every record has more fields than it. See `with_header`.
    """
    # The limit is the process's own: it is only ever raised, as lowering it could break another reader.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_BYTES))
    found = with_header(read_records(items, dialect), columns)
    header = found.names
    places, repeated = places_of(header, columns)
    rows: list[int] = []
    records: list[list[str]] = []
    reasons: list[Reason | None] = []
    characters = 0
    for row, fields, reason in found.records:
        if reason is None and any(fields[len(header) :]):
            fields, reason = [], Reason.MALFORMED_CSV
        elif reason is None and repeated:
            fields, reason = [], Reason.DUPLICATE_KEY
        rows.append(row)
        records.append(fields)
        reasons.append(reason)
        characters += sum(map(len, fields))
        if len(rows) >= batch_rows or characters >= _BATCH_CHARACTERS:
            yield _batch(places, rows, records, reasons, source_file)
            rows, records, reasons, characters = [], [], [], 0
    if rows:
        yield _batch(places, rows, records, reasons, source_file)


class Table(NamedTuple):
    """What a CSV file holds: its columns' names, numbers where it has none, and its records."""

    names: list[str]
    records: Iterator[Record]
    header: bool


def with_header(records: Iterator[Record], columns: Mapping[str, str]) -> Table:
    """The records below the header. Titles of a report above it are left, and so is what of it stands below it.

    A record of empty fields alone is left out. Where there is no header the names are the first record, or numbers
    where columns are meant by these.
    """
    filled = (record for record in records if record[2] is not None or len(record[1]) < 2 or any(record[1]))
    first: list[Record] = []
    names: list[list[str]] = []
    for record in filled:
        first.append(record)
        names.append([name.strip() for name in record[1]])
        if record[2] is not None or names_both(names[-1], columns) or len(first) == HEADER_WITHIN:
            break
    if not first or first[0][2] is not None:
        return Table([], chain(first, filled), header=False)
    if by_number(columns, names[0]):
        return Table([str(number) for number in range(1, len(names[0]) + 1)], chain(first, filled), header=False)
    place = header_of([name for name, record in zip(names, first, strict=True) if record[2] is None], columns)
    if place is None:
        return Table(names[0], chain(first, filled), header=False)
    below = chain(first[place + 1 :], filled)
    next_two = list(islice(below, 2))
    told = [any(map(_GOES_ON.fullmatch, record[1])) for record in next_two]
    kept = next_two[told.index(True) + 1 :] if True in told else next_two
    return Table(names[place], chain(kept, below), header=True)


def _batch(
    places: Mapping[str, int],
    rows: list[int],
    records: list[list[str]],
    reasons: list[Reason | None],
    source_file: str,
) -> pa.RecordBatch:
    values: dict[str, list[str | None]] = {}
    for ours, place in places.items():
        nulls = nulls_of(ours)
        values[ours] = [None if place >= len(fields) or fields[place] in nulls else fields[place] for fields in records]
    # The only lone surrogates are those that stand for a bad byte.
    return documents(values, rows, source_file, reasons, surrogates=Reason.INVALID_UTF8)


def read_records(items: Iterator[Lines | Rejected], dialect: Dialect) -> Iterator[Record]:
    """Each record with the line it began in, or what is wrong with it; blank lines are none."""
    feed = _Feed(items)
    how: dict[str, Any] = {"strict": True, "delimiter": dialect.delimiter, "quotechar": dialect.quote}
    reader = csv.reader(feed, **how)
    if dialect.told and feed.ready():
        next(feed)
    while True:
        feed.begin()
        if not feed.ready():
            if feed.rejected is None:
                return
            yield feed.row, [], feed.rejected
            feed.rejected = None
            continue
        row = feed.row
        try:
            if fields := next(reader):
                yield row, fields, None
        except Broken as broken:
            yield row, [], broken.reason
            return
        except (csv.Error, _Unending):
            escaped = _escaped(feed, how)
            if escaped is None:
                yield row, [], Reason.MALFORMED_CSV
                feed.again()
            else:
                yield row, escaped, None


def _escaped(feed: _Feed, how: dict[str, Any]) -> list[str] | None:
    """The record that cannot be read, with backslashes taken for what stands before a quote, as databases write it."""
    if not feed.has_backslash():
        return None
    feed.rewind()
    feed.begin()
    try:
        return next(csv.reader(feed, escapechar="\\", **how))
    except (csv.Error, _Unending, Broken, StopIteration):
        return None


class _Unending(Exception):
    """A record goes on for longer than a record may, or into what cannot be read."""


class _Feed:
    """Lines as csv.reader takes them; those of a record stay at hand until it is known to be whole."""

    def __init__(self, items: Iterator[Lines | Rejected]):
        self._items = items
        self._waiting: deque[str] = deque()
        self._record: list[str] = []
        self._characters = 0
        self.row = 0  # the number of the line that comes next
        self.rejected: Reason | None = None  # why there is no line after those that wait

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if not self.ready():
            if self.rejected is None:
                raise StopIteration
            if self.rejected is Reason.LINE_TOO_LONG:
                raise _Unending
            raise Broken(self.rejected)
        line = self._waiting.popleft()
        self._record.append(line)
        self.row += 1
        self._characters += len(line)
        if self._characters > MAX_RECORD_CHARACTERS and len(self._record) > 1:
            raise _Unending
        return line

    def ready(self) -> bool:
        """Whether a line waits, after taking more from the stream where none does."""
        if not self._waiting and self.rejected is None and (item := next(self._items, None)):
            if isinstance(item, Rejected):
                self.row, self.rejected = item
            else:
                # A bad byte becomes a lone surrogate, which no good UTF-8 holds, and is found again in its value.
                text = item.data.decode("utf-8", "surrogateescape")
                self._waiting.extend(line + "\n" for line in text.split("\n"))
                self.row = item.first
        return bool(self._waiting)

    def begin(self) -> None:
        """A record begins with the next line; the one before is forgotten."""
        self._record.clear()
        self._characters = 0

    def has_backslash(self) -> bool:
        """Whether one stands in the record."""
        return any("\\" in line for line in self._record)

    def rewind(self) -> None:
        """Go back to the line that the record began with."""
        self._waiting.extendleft(reversed(self._record))
        self.row -= len(self._record)

    def again(self) -> None:
        """Go back to the line after the one that the record began with."""
        self._waiting.extendleft(reversed(self._record[1:]))
        self.row -= len(self._record) - 1
