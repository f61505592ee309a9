"""Searches texts with a policy's patterns: those of the table's detectors, and its own.

One automaton (RE2's set) of all triggers goes over each text and says which detectors are worth a search; each of
those goes over all its texts at once, for most of what a search costs is the call. An automaton of the detectors
themselves would say more, but with 200 of them it has too many states to be kept.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import re2

from transforms.pii.context import WALL, Table, naming, said_to_be, table
from transforms.pii.detectors import Detector
from transforms.pii.finds import NO_FINDS, Finds
from transforms.pii.policy import Policy
from transforms.pii.triggers import triggers
from transforms.pii.validators import Span
from transforms.pii.views import between_holders

_ANYWHERE = re2._re2.RE2.Anchor.UNANCHORED
_DIGIT = re.compile(rb"[0-9]")
_COUNTS = re.compile(r"[\])]\{")  # of more than one sign, as in `[0-9]{11}`
_SET_MEMORY = 64 << 20  # of each automaton of triggers, in bytes; too little, and matching crawls


@dataclass(frozen=True, eq=False)
class Searched:
    """One detector at its place in the policy's list; what it takes to run is made once it is needed."""

    place: int
    row: Detector

    @cached_property
    def pattern(self) -> Any:
        """Its pattern."""
        return _pattern(self.row.expression)

    @cached_property
    def match(self) -> Any:
        """The search of re2's own object: the wrapper's matches would cost as much as the search."""
        return self.pattern._regexp.Match

    @cached_property
    def group(self) -> int:
        """The group of its pattern that is the find."""
        groups: int = self.pattern.groups
        return groups


class Detectors(NamedTuple):
    """A policy's detectors: the sets of all triggers, which of these each row of the table needs, and its own rows."""

    sets: list[tuple[Any, int]]  # and how many triggers are in each
    needed: np.ndarray  # for each group of rows the numbers of its triggers, counted through all sets; -1 is none
    rows: list[list[Searched]]  # those that need the same triggers
    own: list[Searched]


@cache
def detectors_of(policy: Policy) -> Detectors:
    """The policy's detectors, ready to run."""
    kinds = [(*_apart(row.trigger), *triggers(row.essence)) for _, row in policy.detectors]
    numbers: dict[tuple[int, str], int] = {}
    sets: list[tuple[Any, int]] = []
    for kind, patterns in enumerate(zip(*kinds, strict=True)):
        if not any(patterns):
            continue
        options = re2.Options()
        options.max_mem = _SET_MEMORY
        together = re2.Set.SearchSet(options)
        for pattern in dict.fromkeys(filter(None, patterns)):
            together.Add(pattern)
            numbers[kind, pattern] = len(numbers)
        together.Compile()
        sets.append((together, len(numbers) - sum(size for _, size in sets)))
    rows: dict[tuple[int, ...], list[Searched]] = {}
    for (place, row), needed in zip(policy.detectors, kinds, strict=True):
        its = tuple(numbers.get((kind, pattern), -1) for kind, pattern in enumerate(needed))
        rows.setdefault(its, []).append(Searched(place, row))
    return Detectors(
        sets,
        np.array(list(rows), np.int64).reshape(len(rows), len(kinds[0]) if kinds else 0),
        list(rows.values()),
        [Searched(place, row) for place, row in policy.patterns],
    )


def _apart(trigger: str) -> tuple[str, str]:
    """A trigger that counts, or one that does not. A set of both would have a state for each count beside each of what
    else a text had so far, and every new text would be the first to come to some: twice the time of two sets."""
    return (trigger, "") if _COUNTS.search(trigger) else ("", trigger)


@cache
def _pattern(expression: str) -> Any:
    """Once for all policies, for names have a policy of their own."""
    return re2.compile(expression)


class Joined:
    """Texts of some numbers, of so many bytes, as one, for most of what a search costs is the call.

    Walls stand before the first and after the last as well: a text reads the same wherever it stands.
    """

    def __init__(self, texts: Sequence[bytes], numbers: np.ndarray, lengths: np.ndarray) -> None:
        self.data = WALL.join([b"", *texts, b""])
        self.numbers, self.lengths = numbers, lengths
        self.texts = texts

    @cached_property
    def begins(self) -> np.ndarray:
        """Where each text begins in `data`."""
        begins: np.ndarray = np.cumsum(self.lengths + len(WALL)) - self.lengths
        return begins

    @cached_property
    def _begins(self) -> list[int]:
        begins: list[int] = self.begins.tolist()
        return begins

    def at(self, position: int) -> tuple[int, bytes, int]:
        """Which text is at a place of `data`, the text, and where it begins there."""
        which = bisect_right(self._begins, position) - 1
        return which, self.texts[which], self._begins[which]


def together(data: Sequence[bytes]) -> Joined:
    """Texts as they are searched, as one."""
    # RE2's \b takes an underscore for a letter: _212-555-0187_
    parted = [each.replace(b"_", b"~") for each in data]
    return Joined(parted, np.arange(len(parted)), np.fromiter(map(len, parted), np.int64, len(parted)))


def named_lines(together: Joined) -> dict[int, list[int]]:
    """Where lines begin in some texts that may name the columns of a table: with a digit below."""
    rows = np.array([number for number, text in enumerate(together.texts) if b"\n" in text], np.int64)
    lined = Joined([together.texts[row] for row in rows.tolist()], rows, together.lengths[rows])
    named: dict[int, list[int]] = {}
    for start, end in naming(lined.data):
        which, text, begin = lined.at(start)
        if _DIGIT.search(text, end - begin):
            named.setdefault(int(rows[which]), []).append(start - begin)
    return named


def matched(
    together: Joined, named: Mapping[int, Sequence[int]], detectors: Detectors
) -> Iterator[tuple[Searched, Finds, np.ndarray]]:
    """Each detector that matches, its finds, and the texts that it matched in."""
    tables = {number: found for number, starts in named.items() if (found := table(together.texts[number], starts))}
    parted = [*together.texts, *(each.data for each in tables.values())]
    lengths = np.append(together.lengths, [len(each.data) for each in tables.values()]).astype(np.int64)
    triggered = _triggered(parted, detectors.sets)
    worth = triggered[detectors.needed].all(axis=1)
    for group in np.flatnonzero(worth.any(axis=1)).tolist():
        numbers = np.flatnonzero(worth[group])
        texts = Joined([parted[number] for number in numbers.tolist()], numbers, lengths[numbers])
        for searched in detectors.rows[group]:
            finds, matched_in = search(texts, searched)
            if len(matched_in):
                yield searched, _out_of_tables(finds, tables, len(together.texts)), matched_in


def _out_of_tables(finds: Finds, tables: dict[int, Table], texts: int) -> Finds:
    """Finds as of the texts: those in tables, which count on after the texts, where their cells stand."""
    if not tables or not len(finds.rows) or finds.rows[-1] < texts:
        return finds
    kept = np.ones(len(finds.rows), bool)
    for place, (number, found) in enumerate(tables.items(), texts):
        its = slice(*np.searchsorted(finds.rows, [place, place + 1]))
        if its.start < its.stop:
            further, kept[its] = found.in_text(finds.starts[its], finds.ends[its])
            finds.starts[its] += further
            finds.ends[its] += further
            finds.rows[its] = number
    return finds.where(kept)


def _triggered(data: Sequence[bytes], sets: Sequence[tuple[Any, int]]) -> np.ndarray:
    """Which trigger (row, counted through all sets) is in which text (column); the last row is all true."""
    hits = np.zeros((sum(size for _, size in sets) + 1, len(data)), bool)
    hits[-1] = True
    before = 0
    for each, size in sets:
        match = each._set.Match  # of re2's own object, as for detectors
        found = [match(text) for text in data]
        columns = np.repeat(np.arange(len(data)), np.fromiter(map(len, found), np.int64, len(data)))
        hits[before + np.fromiter(chain.from_iterable(found), np.int64, len(columns)), columns] = True
        before += size
    return hits


def search(texts: Joined, searched: Searched) -> tuple[Finds, np.ndarray]:
    """One detector's finds, in bytes of each text, and the texts that it matched in, whether that counts or not."""
    spans, refused = _spans(texts, searched)
    matched_in = np.zeros(len(texts.numbers), bool)
    matched_in[refused] = True
    if not spans:
        return NO_FINDS, texts.numbers[matched_in]
    starts, ends = np.fromiter(chain.from_iterable(spans), np.int64, 2 * len(spans)).reshape(-1, 2).T
    which = np.searchsorted(texts.begins, starts, "right") - 1
    matched_in[which] = True
    begins = texts.begins[which]
    ends = np.minimum(ends - begins, texts.lengths[which])  # a pattern that ends with white space goes into the wall
    places = np.full_like(which, searched.place)
    finds = Finds(texts.numbers[which], starts - begins, ends, places, np.full(len(which), searched.row.confidence))
    return finds, texts.numbers[matched_in]


def _spans(texts: Joined, searched: Searched) -> tuple[list[Span], list[int]]:
    """One detector's valid matches, in bytes of all texts together, and the texts of those that are refused. What
    judges a match sees its text alone.

    Where a match is refused or cut short, the search goes on inside it: of what is announced, from the value on, for no
    nearer word would announce another.
    """
    data, size = texts.data, len(texts.data)
    match, group, row = searched.match, searched.group, searched.row
    spans: list[Span] = []
    refused: list[int] = []
    position = 0
    while True:
        found = match(_ANYWHERE, data, position, size)
        first, position = found[0]
        if first < 0:
            return spans, refused
        start, end = found[group]
        if row.validator or row.unless:
            number, text, begin = texts.at(start)
            span = start - begin, min(end - begin, len(text))
            kept = row.validator(text, *span) if row.validator else span
            if kept and row.unless and said_to_be(row.unless, text, kept[0]):
                kept = None
            if not kept:
                refused.append(number)
                position = start if row.context else first + 1
                continue
            if kept != span:
                position = begin + kept[1]
            start, end = begin + kept[0], begin + kept[1]
        spans.append((start, end))


def of_policy(data: Sequence[bytes], detectors: Detectors) -> Iterator[Finds]:
    """Finds of the policy's own patterns, which may match anything: each text by itself, between its placeholders."""
    found: list[tuple[int, int, int, int, float]] = []
    for number, each in enumerate(data) if detectors.own else ():
        for start, end in between_holders(each):
            for searched in detectors.own:
                spans = (match.span(searched.group) for match in searched.pattern.finditer(each, start, end))
                by = searched.place, searched.row.confidence
                found += ((number, *span, *by) for span in spans if span[0] < span[1])
    if found:
        numbers, starts, ends, places, confidences = map(np.array, zip(*found, strict=True))
        yield Finds(numbers, starts, ends, places, confidences)
