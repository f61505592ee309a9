"""A stream of JSON values -> its elements, a piece of bytes each, in memory that does not grow with the stream.

Values may be objects one after the other, with or without commas and white space between them, or arrays of them, or
objects that hold such arrays. Cutting them looks at quotes and brackets alone; what a piece holds is for the reader of
lines to say, so that a bad element is a row and not the end of the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import numpy as np

from jobs.drops.compression import Broken
from jobs.readers import lines
from jobs.readers.lines import Lines, Rejected
from jobs.readers.records import ELEMENT, Steps
from transforms.documents import Reason

# Bytes looked at together, where nothing was wrong before; what is wrong costs no more than the least.
_LEAST, _MOST = 1 << 10, 1 << 20
_MOST_FAULTS = 1_000  # of a file: what follows is one row
_TAIL = 1 << 10  # bytes kept of what is passed over: a key may stand before its array
_BETWEEN = b" \t\r\n,;"
_KEY = re.compile(rb'"((?:[^"\\]|\\.)*)"\s*:\s*\Z', re.DOTALL)
# What a script puts before an array, and the byte order mark.
_BEFORE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:(?:(?:var|let|const)\s+)?[A-Za-z_$][\w$.]*(?:\[[^\]]{0,80}\])?\s*=)?")
_BRACKETS = np.zeros(256, np.int8)
_BRACKETS[[ord("{"), ord("[")]] = 1
_BRACKETS[[ord("}"), ord("]")]] = -1
_CLOSES = {ord("{"): ord("}"), ord("["): ord("]")}


def split_elements(blocks: Iterator[bytes], records: Steps) -> Iterator[Lines | Rejected]:
    """The elements at `records` of all values, as lines whose numbers count elements from 1.

    What is no object is an element, too. An element of more than MAX_LINE_BYTES is a rejection, LINE_TOO_LONG; one
    whose quotes or brackets do not end is one, MALFORMED_JSON, and reading goes on where the next one begins, if that
    is told by a line of its own. A stream that ends within a value has one rejection for what is missing.
    """
    elements = _Elements(records)
    try:
        for block in blocks:
            yield from elements.feed(block)
            if elements.given_up:
                return
    except Broken as broken:
        yield Rejected(elements.row, broken.reason)
        return
    yield from elements.end()


class _Elements:
    """Where the cutting stands."""

    def __init__(self, records: Steps):
        self.row = 1  # of the next element
        self.given_up = False
        self._containers = list(_containers(records))  # that an element lies in: the label and bracket of each
        self._base = len(self._containers)
        self._data = b""
        self._scanned = 0  # bytes of it
        self._begun = False  # whether anything but what a script begins with was seen
        self._kept = 0  # where the current element, or what lies between two, begins in the data
        self._depth = 0
        self._open: list[int] = []  # brackets around the element
        self._on = 0  # how many of them are those of `containers`
        self._inside: int | None = None  # the depth that the current element begins at
        self._passing = False  # it is too long to be held
        self._lost = False  # looking for where the next element begins
        self._in_string = self._escaped = False
        self._indent: bytes | None = None  # what stands before an element in its line
        self._found = 0  # elements of the current value
        self._chunk = _MOST
        self._faults = 0
        self._waiting: list[bytes] = []

    def feed(self, block: bytes) -> Iterator[Lines | Rejected]:
        self._data = self._data[self._kept :] + block
        self._scanned -= self._kept
        self._kept = 0
        if not self._begun:
            if len(self._data) < _TAIL and not self._data.strip():
                return
            self._begun = True
            found = _BEFORE.match(self._data)
            self._kept = self._scanned = found.end() if found else 0
        while self._scanned < len(self._data) and not self.given_up:
            if self._lost and not self._find_next():
                break
            yield from self._scan(min(self._scanned + self._chunk, len(self._data)))
            self._chunk = min(self._chunk * 2, _MOST)
        yield from self._flush()
        yield from self._let_go()

    def end(self) -> Iterator[Lines | Rejected]:
        """The stream is over."""
        while self._inside is not None and not self._lost:
            # It may have swallowed others, where a bracket is missing.
            yield self._fault(Reason.MALFORMED_JSON, self._kept + 1)
            while not self.given_up and self._scanned < len(self._data) and (not self._lost or self._find_next()):
                yield from self._scan(min(self._scanned + self._chunk, len(self._data)))
            yield from self._flush()
        if self._lost or self.given_up:
            return
        if self._between():
            # The last of values without brackets may be cut.
            last = self._data.rfind(b",", self._kept) if self._depth else len(self._data)
            self._gap(max(last, self._kept))
            yield from self._flush()
        if self._depth:
            yield Rejected(self.row, Reason.MALFORMED_JSON)

    def _between(self) -> bool:
        return self._inside is None and (self._depth == 0 or (self._depth == self._base == self._on))

    def _let_go(self) -> Iterator[Rejected]:
        """Keep of the data what is still needed."""
        size = len(self._data)
        held = size - self._kept
        if self._lost or self._passing or not (self._inside is not None or self._between()):
            self._kept = max(self._kept, size - _TAIL)
        elif held > lines.MAX_LINE_BYTES:
            if self._inside is not None:
                self._passing = True
                yield self._rejected(Reason.LINE_TOO_LONG)
            elif self._data[self._kept :].strip(_BETWEEN):
                yield self._rejected(Reason.LINE_TOO_LONG)
            self._kept = size - _TAIL

    def _flush(self) -> Iterator[Lines]:
        if self._waiting:
            yield Lines(self.row - len(self._waiting), b"\n".join(self._waiting))
            self._waiting = []

    def _rejected(self, reason: Reason) -> Rejected:
        self.row += 1
        self._found += 1
        return Rejected(self.row - 1, reason)

    def _fault(self, reason: Reason, place: int) -> Rejected:
        """The current element is not whole: look for the next one from a place on."""
        self._lost = True
        self._scanned = place
        self._chunk = _LEAST
        self._faults += 1
        self.given_up = self._faults > _MOST_FAULTS
        return self._rejected(reason)

    def _find_next(self) -> bool:
        """Go to the next line that begins as elements do."""
        if self._indent is not None:
            start = re.compile(rb"\n" + re.escape(self._indent) + rb"\{").search(self._data, self._scanned)
            if start:
                self._scanned = self._kept = start.end() - 1
                self._depth = self._base if self._inside is None else self._inside
                self._inside = None
                del self._open[self._depth :]
                self._on = min(self._on, self._depth)
                self._lost = self._passing = self._in_string = self._escaped = False
                return True
        self._scanned = max(self._scanned, len(self._data) - len(self._indent or b"") - 1)
        return False

    def _scan(self, end: int) -> Iterator[Lines | Rejected]:
        begin = self._scanned
        codes = np.frombuffer(self._data, np.uint8)[begin:end]
        quotes = np.flatnonzero(codes == ord('"'))
        backslashes = np.flatnonzero(codes == ord("\\"))
        escaped = self._escaped
        if len(backslashes) or escaped:
            quotes, escaped = _unescaped(quotes, backslashes, len(codes), escaped=escaped)
        newlines = np.flatnonzero(codes == ord("\n"))
        within = newlines[(np.searchsorted(quotes, newlines) + self._in_string) % 2 == 1]
        broken = int(within[0]) if len(within) else None  # no string of JSON holds a newline
        places = np.flatnonzero(_BRACKETS[codes[:broken]])
        places = places[(np.searchsorted(quotes, places) + self._in_string) % 2 == 0]
        steps = _BRACKETS[codes[places]].astype(np.int64)
        after = self._depth + np.cumsum(steps)
        outer = np.flatnonzero(np.minimum(after, after - steps) <= self._base)
        if self._inside is not None and self._inside < self._base:  # a value of its own: only its end counts
            outer = np.flatnonzero(after <= self._base + 1)
        ats = (places[outer] + begin).tolist()
        depths = (after - steps)[outer]
        pairs = self._pairs(codes, places[outer], depths)
        event = 0
        while event < len(ats):
            if event < len(pairs) and pairs[event] and self._inside is None and self._on == self._base:
                run = pairs[event::2]
                length = len(run) if run.all() else int(run.argmin())
                self._whole(ats[event : event + 2 * length : 2], ats[event + 1 : event + 2 * length : 2])
                event += 2 * length
                continue
            at, depth = ats[event], int(depths[event])
            event += 1
            if self._inside is not None and not self._passing and at - self._kept >= lines.MAX_LINE_BYTES:
                yield from self._flush()
                yield self._rejected(Reason.LINE_TOO_LONG)
                self._passing = True
            fine = self._opened(at, depth) if _BRACKETS[self._data[at]] > 0 else self._closed(at, depth)
            if not fine and self._inside is not None:
                yield from self._flush()
                yield self._fault(Reason.MALFORMED_JSON, self._kept + 1)
                return
            if not fine:
                yield from self._flush()
                yield self._rejected(Reason.MALFORMED_JSON)
                self._depth = depth
                self._restart(at + 1)
                return
        self._depth = int(after[-1]) if len(after) else self._depth
        if broken is not None:
            yield from self._flush()
            if self._passing:
                self._lost = True
                self._scanned = begin + broken
            else:
                yield self._fault(Reason.MALFORMED_JSON, begin + broken)
            return
        self._in_string = bool((len(quotes) + self._in_string) % 2)
        self._escaped = escaped
        self._scanned = end

    def _pairs(self, codes: np.ndarray, places: np.ndarray, depths: np.ndarray) -> np.ndarray:
        """Of each bracket whether an element begins with it, if nothing is open, and ends with the next."""
        brackets = codes[places].astype(np.int16)
        begins = (_BRACKETS[brackets] > 0) & (depths == self._base)
        match = (brackets[1:] - brackets[:-1] == 2) & (depths[1:] == self._base + 1)  # in ASCII, of [] and of {}
        pairs: np.ndarray = begins[:-1] & match
        return pairs

    def _whole(self, starts: list[int], ends: list[int]) -> None:
        """Many elements after each other: what stands between them is looked at once a kind."""
        self._begin(starts[0], self._base)
        data = self._data
        if len(starts) > 1:
            last = starts[-1]
            between = {data[end + 1 : start] for end, start in zip(ends, starts[1:], strict=False)}
            if any(each.strip(_BETWEEN) for each in between):
                for start, end in zip(starts, ends, strict=True):
                    self._opened(start, self._base)
                    self._closed(end, self._base + 1)
                return
            self._kept = ends[-2] + 1
            self._begin(last, self._base)
        pieces = [data[start : end + 1] for start, end in zip(starts, ends, strict=True)]
        if data.find(b"\n", starts[0], ends[-1]) >= 0:
            pieces = [piece.replace(b"\n", b" ") for piece in pieces]
        self._waiting += pieces
        self.row += len(pieces)
        self._found += len(pieces)
        self._inside, self._kept = None, ends[-1] + 1

    def _restart(self, place: int) -> None:
        """Go on after a bracket that should not be there."""
        self._in_string = self._escaped = False
        self._scanned = self._kept = place
        self._chunk = _LEAST
        self._faults += 1
        self.given_up = self._faults > _MOST_FAULTS

    def _opened(self, at: int, depth: int) -> bool:
        if self._inside is not None:
            return True
        bracket = self._data[at]
        on_path = self._on == depth
        if on_path and depth == self._base:
            self._begin(at, depth)
        elif depth < self._base:
            label, wanted = self._containers[depth]
            if depth == 0 and bracket != wanted and bracket == ord("{"):
                self._begin(at, depth)  # a value that is no array is an element by itself
                return True
            if depth == 0:
                self._gap(at)
                self._found = 0
            self._open.append(bracket)
            if on_path and bracket == wanted and (label in (None, ELEMENT) or self._key(at) == label):
                self._on += 1
                self._kept = at + 1
        return True

    def _begin(self, at: int, depth: int) -> None:
        self._gap(at)
        before = self._data[max(self._kept - 1, at - _TAIL, 0) : at].rpartition(b"\n")
        if not before[2].strip(b" \t") or (not before[1] and not before[2].strip(b" \t[")):
            self._indent = before[2].replace(b"[", b"") if before[1] or self._indent is None else self._indent
        self._inside, self._kept = depth, at

    def _closed(self, at: int, depth: int) -> bool:
        depth -= 1  # of what is closed
        if self._inside is not None:
            if depth == self._inside:
                if not self._passing:
                    if _CLOSES[self._data[self._kept]] != self._data[at]:
                        return False
                    piece = self._data[self._kept : at + 1]
                    self._waiting.append(piece.replace(b"\n", b" ") if b"\n" in piece else piece)
                    self.row += 1
                    self._found += 1
                self._inside, self._passing, self._kept = None, False, at + 1
            return True
        if depth >= self._base:
            return True
        if not self._open or _CLOSES[self._open[-1]] != self._data[at]:
            return False
        if self._on == self._base == depth + 1:
            self._gap(at)
        self._open.pop()
        self._on = min(self._on, depth)
        if depth == 0:
            if not self._found and self._base > 1:
                self._waiting.append(b"0")  # a value that holds no such array
                self.row += 1
            self._kept = at + 1
        return True

    def _key(self, at: int) -> str | None:
        found = _KEY.search(self._data[max(0, at - _TAIL) : at])
        try:
            return str(json.loads(b'"' + found[1] + b'"')) if found else None
        except ValueError:
            return None

    def _gap(self, end: int) -> None:
        """What stands between two elements: nothing, or elements that have no brackets."""
        between = self._data[self._kept : end].strip(_BETWEEN)
        if not between:
            return
        try:
            number = len(json.loads(b"[" + between + b"]"))
            found = [b"0"] * number  # what stands for no object
        except (ValueError, RecursionError):
            found = [b"{"]  # what stands for no JSON
        self._waiting += found
        self.row += len(found)
        self._found += len(found)
        self._kept = end


def _containers(records: Steps) -> Iterator[tuple[str | None, int]]:
    """The label and bracket of each value that elements lie in; the outermost has no label."""
    label: str | None = None
    for step in records:
        yield label, ord("[" if step == ELEMENT else "{")
        label = step


def _unescaped(quotes: np.ndarray, backslashes: np.ndarray, length: int, *, escaped: bool) -> tuple[np.ndarray, bool]:
    """The quotes before which there is no odd number of backslashes; whether what follows has one before it.

    escaped: whether the first character has.
    """
    starts = backslashes
    if len(backslashes):
        first = np.concatenate([[True], np.diff(backslashes) != 1])
        starts = backslashes[first]
        lengths = np.diff(np.append(np.flatnonzero(first), len(backslashes)))
        if escaped and starts[0] == 0:
            lengths = lengths.copy()
            lengths[0] += 1
        after = (starts + np.diff(np.append(np.flatnonzero(first), len(backslashes))))[lengths % 2 == 1]
    else:
        after = starts
    if escaped and not (len(starts) and starts[0] == 0):
        after = np.concatenate([[0], after])
    return quotes[~np.isin(quotes, after, assume_unique=True)], bool(len(after) and after[-1] == length)
