"""CSV, and TSV: a header, then one record a document; fields may be quoted and hold newlines."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Mapping

import pyarrow as pa

from jobs.drops.compression import Broken
from jobs.readers.lines import MAX_LINE_BYTES, Lines, Rejected
from transforms.documents import Reason, documents

# The longest record of several lines, in characters. An unclosed quote is given up on after as much.
MAX_RECORD_CHARACTERS = 4 << 20

_BATCH_CHARACTERS = 4 << 20


def read_delimited(
    items: Iterator[Lines | Rejected], source_file: str, columns: Mapping[str, str], batch_rows: int, delimiter: str
) -> Iterator[pa.RecordBatch]:
    """Documents of a CSV file with a header; `source_row` is the line that a record begins in.

    Missing fields at the end of a record are null. A record that breaks the rules of quoting, or has more fields than
    the header, is MALFORMED_CSV, and reading goes on at the line after the one it began in: an unclosed quote costs
    its own line. Without a header that can be read, every record has more fields than it.
    """
    # The limit is the process's own: it is only ever raised, as lowering it could break another reader.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_BYTES))
    header: list[str] | None = None
    rows: list[int] = []
    records: list[list[str]] = []
    reasons: list[Reason | None] = []
    characters = 0
    for row, fields, reason in _records(items, delimiter):
        if header is None:
            header = [name.strip() for name in fields]
            repeated = any(header.count(theirs) > 1 for theirs in columns.values())
            if reason is None:
                continue
        elif reason is None and len(fields) > len(header):
            fields, reason = [], Reason.MALFORMED_CSV
        elif reason is None and repeated:
            fields, reason = [], Reason.DUPLICATE_KEY
        rows.append(row)
        records.append(fields)
        reasons.append(reason)
        characters += sum(map(len, fields))
        if len(rows) >= batch_rows or characters >= _BATCH_CHARACTERS:
            yield _batch(header, columns, rows, records, reasons, source_file)
            rows, records, reasons, characters = [], [], [], 0
    if header is not None and rows:
        yield _batch(header, columns, rows, records, reasons, source_file)


def _batch(
    header: list[str],
    columns: Mapping[str, str],
    rows: list[int],
    records: list[list[str]],
    reasons: list[Reason | None],
    source_file: str,
) -> pa.RecordBatch:
    places = {ours: header.index(theirs) for ours, theirs in columns.items() if theirs in header}
    values = {
        ours: [fields[place] if place < len(fields) else None for fields in records] for ours, place in places.items()
    }
    # The only lone surrogates are those that stand for a bad byte.
    return documents(values, rows, source_file, reasons, surrogates=Reason.INVALID_UTF8)


def _records(items: Iterator[Lines | Rejected], delimiter: str) -> Iterator[tuple[int, list[str], Reason | None]]:
    """Each record with the line it began in, or what is wrong with it; blank lines are none."""
    feed = _Feed(items)
    reader = csv.reader(feed, strict=True, delimiter=delimiter)
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
            yield row, [], Reason.MALFORMED_CSV
            feed.again()


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

    def again(self) -> None:
        """Go back to the line after the one that the record began with."""
        self._waiting.extendleft(reversed(self._record[1:]))
        self.row -= len(self._record) - 1
