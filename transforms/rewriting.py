"""A text with some of its parts written otherwise, and the way back to where a part of it came from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple


class Change(NamedTuple):
    """From character `start` to before `end` of a text, `new` stands in its place."""

    start: int
    end: int
    new: str


class Rewriting(NamedTuple):
    """A text as it reads after some changes, which are kept, each with where what is new begins and ends in it."""

    text: str
    changes: list[Change]
    begins: list[int]
    reaches: list[int]

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where a span of the new text came from; what was changed counts whole, however little of it the span has."""
        first = bisect_right(self.begins, start) - 1
        if first >= 0:
            start = self.changes[first].start if start < self.reaches[first] else self._shifted(first, start)
        last = bisect_right(self.begins, end - 1) - 1
        if last >= 0:
            end = self.changes[last].end if end <= self.reaches[last] else self._shifted(last, end)
        return start, end

    def _shifted(self, number: int, place: int) -> int:
        """Where a place after a change, and before the next, stood."""
        return self.changes[number].end + place - self.reaches[number]


def rewrite(text: str, changes: Iterable[Change]) -> Rewriting:
    """Make changes, which are in order and do not overlap."""
    made: list[Change] = []
    parts: list[str] = []
    begins: list[int] = []
    reaches: list[int] = []
    position = length = 0
    for change in changes:
        parts += text[position : change.start], change.new
        begins.append(length + change.start - position)
        length = begins[-1] + len(change.new)
        reaches.append(length)
        position = change.end
        made.append(change)
    parts.append(text[position:])
    return Rewriting("".join(parts), made, begins, reaches)
