"""Looks for personal data in texts, with everything a policy has: the table, own patterns, the tagger.

One automaton (RE2's set) of all triggers goes over each text and says which detectors are worth a search; each of
those goes over all its texts at once, for most of what a search costs is the call. An automaton of the detectors
themselves would say more, but with 200 of them it has too many states to be kept. The tagger goes over all texts, too.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import re2

from transforms.pii import tagger
from transforms.pii.allowing import allowed, things, without
from transforms.pii.context import WALL, Table, naming, said_to_be, table
from transforms.pii.detectors import DETECTORS, Detector
from transforms.pii.finds import NO_FINDS, Finds, merge
from transforms.pii.generalise import GENERALS
from transforms.pii.policy import TYPES, Policy, Replacement
from transforms.pii.replacements import Held
from transforms.pii.surrogates import SURROGATES
from transforms.pii.triggers import triggers
from transforms.pii.validators import Span, Validator
from transforms.pii.views import REMARKABLE, View, between_holders, remarkable, views
from transforms.text import matching
from transforms.vectorised import SLICE

_ANYWHERE = re2._re2.RE2.Anchor.UNANCHORED
_DIGIT = re.compile(rb"[0-9]")
_SET_MEMORY = 64 << 20  # of each automaton of triggers, in bytes; too little, and matching crawls


class Searched(NamedTuple):
    """One detector ready to run; `group` of its pattern is the find."""

    place: int
    pattern: Any
    match: Any  # of re2's own object: the wrapper's matches would cost as much as the search
    group: int
    validator: Validator | None
    announced: bool
    unless: str
    confidence: float


class Detectors(NamedTuple):
    """A policy's detectors: the sets of all triggers, which of these each row of the table needs, and its own rows."""

    sets: list[tuple[Any, int]]  # and how many triggers are in each
    needed: np.ndarray  # for each group of rows the numbers of its triggers, counted through all sets; -1 is none
    rows: list[list[Searched]]  # those that need the same triggers
    own: list[Searched]
    held: Held


@cache
def _compiled(policy: Policy) -> Detectors:
    """The policy's detectors, ready to run."""
    kinds = [(row.trigger, *triggers(row.essence)) for _, row in policy.detectors]
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
        rows.setdefault(its, []).append(_searched(place, row))
    return Detectors(
        sets,
        np.array(list(rows), np.int64).reshape(len(rows), len(kinds[0]) if kinds else 0),
        list(rows.values()),
        [_searched(place, row) for place, row in policy.patterns],
        held(policy),
    )


@cache
def held(policy: Policy) -> Held:
    """The placeholders that count in texts under a policy."""
    types = TYPES | {row.type for row in policy.custom}

    def those(kind: Replacement) -> frozenset[str]:
        return frozenset(each for each in types if policy.replacement(each) is kind)

    shown = frozenset((each, kind) for kind in (*GENERALS, Replacement.SHIFT) for each in those(kind))
    return Held(types, those(Replacement.LAST4), shown, those(Replacement.SURROGATE) & SURROGATES.keys())


def _searched(place: int, row: Detector) -> Searched:
    pattern = _pattern(row.expression)
    return Searched(
        place,
        pattern,
        pattern._regexp.Match,
        pattern.groups,
        row.validator,
        bool(row.context),
        row.unless,
        row.confidence,
    )


@cache
def _pattern(expression: str) -> Any:
    """Once for all policies: to compile 200 of them takes half a second, and names have a policy of their own."""
    return re2.compile(expression)


class Seen(NamedTuple):
    """What was seen of some texts: by this they can be searched again once placeholders stand in place of the finds."""

    numbers: np.ndarray  # of the texts that are not null, in their column; below, a text's place in these stands for it
    finds: Finds  # in bytes
    plain: np.ndarray  # which texts can be searched so
    matched: list[tuple[Searched, np.ndarray]]  # the texts that a detector matched in, whether that counts or not
    looks: list[tagger.Look]


def scan(column: pa.StringArray, policy: Policy) -> tuple[Finds, Seen]:
    """The finds of each text, in characters; those that overlap are one, as wide as all and named by the best."""
    detectors = _compiled(policy)
    numbers = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    texts = column.take(pa.array(numbers))
    data: list[bytes] = texts.cast(pa.binary()).to_numpy(zero_copy_only=False).tolist()
    beyond_ascii = _beyond_ascii(texts)
    owners = list(range(len(data)))  # of what is searched, the text that it is a view of
    seen: dict[int, View] = {}  # for what is no text itself, by its place in what is searched
    worth = pc.or_(pa.array(beyond_ascii), matching(texts, REMARKABLE)).to_numpy(zero_copy_only=False)
    worth = worth | bool(detectors.held.surrogates)  # which may stand anywhere
    for number in np.flatnonzero(worth).tolist():
        text = data[number].decode()
        if remarkable(text) or detectors.held.surrogates:
            first, *others = views(text, detectors.held)
            data[number], seen[number] = first.text.encode(), first
            seen.update(enumerate(others, len(data)))
            data += (view.text.encode() for view in others)
            owners += [number] * len(others)
    together = _together(data)
    named = _named(together)
    matched = [*_matched(together, named, detectors)]
    found = [*(finds for _, finds, _ in matched), *_of_policy(data, detectors)]
    looks: list[tagger.Look] = []
    if policy.tags:
        tags, looks = tagger.look(data)
        found.append(without(_of_tagger(tags, policy), data, things()))
    merged = _merged(found, data, policy)
    plain = _plain(merged, together, [*seen, *named]) & (not detectors.own)
    finds = _in_characters(merged, data, beyond_ascii, seen)
    finds = finds._replace(rows=numbers[np.array(owners, np.int64)[finds.rows]])
    finds = finds if len(data) == len(numbers) else merge([finds])
    return finds, Seen(numbers, merged, plain, [(each, its) for each, _, its in matched], looks)


def scan_again(column: pa.StringArray, rows: np.ndarray, seen: Seen, policy: Policy) -> Finds:
    """What `scan` finds in texts in which HOLDERs stand in place of its own finds: those of some rows of its column.

    A text that was searched in but one way, and has white space or a plain sign on both sides of each find, is
    not searched whole again. No detector takes a HOLDER but as the first sign before a word, and a HOLDER beside such a
    sign makes no edge of a word that was none; so where a detector matches now, it matched before, if not as a find. Of
    the tagger's words, those beside a HOLDER read anew.
    """
    places = np.searchsorted(seen.numbers, rows)
    again = seen.plain[places]
    others = NO_FINDS
    if not again.all():
        finds, _ = scan(column.filter(pa.array(~again)), policy)
        others = finds._replace(rows=np.flatnonzero(~again)[finds.rows])
    its = places[again]
    if not len(its):
        return others
    texts = column.filter(pa.array(again))
    data: list[bytes] = texts.cast(pa.binary()).to_numpy(zero_copy_only=False).tolist()
    now = np.full(len(seen.plain), -1)  # the place in these texts of each that was searched
    now[its] = np.arange(len(its))
    found = [*_matched_again(data, now, seen.matched)]
    if policy.tags:
        tags = tagger.look_again(seen.looks, its, *seen.finds.where(now[seen.finds.rows] >= 0)[:3])
        tags = tags._replace(rows=now[tags.rows])
        found.append(without(_of_tagger(tags, policy), data, things()))
    finds = _in_characters(_merged(found, data, policy), data, _beyond_ascii(texts), {})
    return merge([others, finds._replace(rows=np.flatnonzero(again)[finds.rows])])


def _beyond_ascii(texts: pa.StringArray) -> np.ndarray:
    unlike: np.ndarray = pc.not_equal(pc.binary_length(texts), pc.utf8_length(texts)).to_numpy(zero_copy_only=False)
    return unlike


def _merged(found: Sequence[Finds], data: Sequence[bytes], policy: Policy) -> Finds:
    """All finds of some texts, less what the policy allows."""
    if found and (allow := allowed(policy)):
        found = [without(Finds(*map(np.concatenate, zip(*found, strict=True))), data, allow)]
    return merge([NO_FINDS, *found])


_EDGES = np.isin(np.arange(256), list(b' \n.,;:!?"()'))  # no apostrophe: of "don't" a find may be but a half


def _plain(finds: Finds, together: _Joined, others: Sequence[int]) -> np.ndarray:
    """Which texts are no longer than a slice, and can be told from what stands beside each find; not so `others`."""
    bytes_ = np.frombuffer(together.data, np.uint8)
    begins = together.begins[finds.rows]
    plain = together.lengths <= SLICE
    plain[finds.rows[~(_EDGES[bytes_[begins + finds.starts - 1]] & _EDGES[bytes_[begins + finds.ends]])]] = False
    plain[others] = False
    return plain


def _in_characters(finds: Finds, data: Sequence[bytes], beyond_ascii: np.ndarray, seen: Mapping[int, View]) -> Finds:
    """Finds in bytes of what was searched, in characters of the texts."""
    unlike = np.zeros(len(data), bool)
    unlike[: len(beyond_ascii)] = beyond_ascii
    unlike[list(seen)] = True
    which = np.flatnonzero(unlike[finds.rows])
    if not len(which):
        return finds
    rows, its = np.unique(finds.rows[which], return_inverse=True)
    joined = [data[row] for row in rows.tolist()]
    lengths = np.fromiter(map(len, joined), np.int64, len(joined))
    begins = (np.cumsum(lengths) - lengths)[its]
    # Of each byte, the number of the character that it is part of.
    characters = np.cumsum((np.frombuffer(b"".join(joined), np.uint8) & 0xC0) != 0x80)
    base = characters[begins]
    finds = finds._replace(starts=finds.starts.copy(), ends=finds.ends.copy())
    finds.starts[which] = characters[begins + finds.starts[which]] - base
    finds.ends[which] = characters[begins + finds.ends[which] - 1] - base + 1
    for place, row in zip(which.tolist(), finds.rows[which].tolist(), strict=True):
        if row in seen:
            finds.starts[place], finds.ends[place] = seen[row].origin(int(finds.starts[place]), int(finds.ends[place]))
    return finds


def _together(data: Sequence[bytes]) -> _Joined:
    # RE2's \b takes an underscore for a letter: _212-555-0187_
    parted = [each.replace(b"_", b"~") for each in data]
    return _Joined(parted, np.arange(len(parted)), np.fromiter(map(len, parted), np.int64, len(parted)))


def _matched(
    together: _Joined, named: Mapping[int, Sequence[int]], detectors: Detectors
) -> Iterator[tuple[Searched, Finds, np.ndarray]]:
    """Each detector that something triggers, its finds, and the texts that it matched in."""
    tables = {number: found for number, starts in named.items() if (found := table(together.texts[number], starts))}
    parted = [*together.texts, *(each.data for each in tables.values())]
    lengths = np.append(together.lengths, [len(each.data) for each in tables.values()]).astype(np.int64)
    triggered = _triggered(parted, detectors.sets)
    worth = triggered[detectors.needed].all(axis=1)
    for group in np.flatnonzero(worth.any(axis=1)).tolist():
        numbers = np.flatnonzero(worth[group])
        texts = _Joined([parted[number] for number in numbers.tolist()], numbers, lengths[numbers])
        for searched in detectors.rows[group]:
            finds, matched = _search(texts, searched)
            if len(matched):
                yield searched, _out_of_tables(finds, tables, len(together.texts)), matched


def _matched_again(
    data: Sequence[bytes], now: np.ndarray, matched: Sequence[tuple[Searched, np.ndarray]]
) -> Iterator[Finds]:
    """The finds of those detectors that matched before, where they did; `now` is where each text is among these."""
    together = _together(data)
    for searched, numbers in matched:
        rows = now[numbers[numbers < len(now)]]  # beyond are tables
        rows = rows[rows >= 0]
        if len(rows):
            texts = [together.texts[row] for row in rows.tolist()]
            yield _search(_Joined(texts, rows, together.lengths[rows]), searched)[0]


def _named(together: _Joined) -> dict[int, list[int]]:
    """Where lines begin in some texts that may name the columns of a table: with a digit below."""
    rows = np.array([number for number, text in enumerate(together.texts) if b"\n" in text], np.int64)
    lined = _Joined([together.texts[row] for row in rows.tolist()], rows, together.lengths[rows])
    named: dict[int, list[int]] = {}
    for start, end in naming(lined.data):
        which, text, begin = lined.at(start)
        if _DIGIT.search(text, end - begin):
            named.setdefault(int(rows[which]), []).append(start - begin)
    return named


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


def _of_policy(data: Sequence[bytes], detectors: Detectors) -> Iterator[Finds]:
    """Finds of the policy's own patterns, which may match anything: each text by itself, between its placeholders."""
    found: list[tuple[int, int, int, int, float]] = []
    for number, each in enumerate(data) if detectors.own else ():
        for start, end in between_holders(each):
            for searched in detectors.own:
                spans = (match.span(searched.group) for match in searched.pattern.finditer(each, start, end))
                found += ((number, *span, searched.place, searched.confidence) for span in spans if span[0] < span[1])
    if found:
        numbers, starts, ends, places, confidences = map(np.array, zip(*found, strict=True))
        yield Finds(numbers, starts, ends, places, confidences)


class _Joined:
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


def _search(texts: _Joined, searched: Searched) -> tuple[Finds, np.ndarray]:
    """One detector's finds, in bytes of each text, and the texts that it matched in, whether that counts or not."""
    spans, refused = _spans(texts, searched)
    matched = np.zeros(len(texts.numbers), bool)
    matched[refused] = True
    if not spans:
        return NO_FINDS, texts.numbers[matched]
    starts, ends = np.fromiter(chain.from_iterable(spans), np.int64, 2 * len(spans)).reshape(-1, 2).T
    which = np.searchsorted(texts.begins, starts, "right") - 1
    matched[which] = True
    begins = texts.begins[which]
    ends = np.minimum(ends - begins, texts.lengths[which])  # a pattern that ends with white space goes into the wall
    places = np.full_like(which, searched.place)
    finds = Finds(texts.numbers[which], starts - begins, ends, places, np.full(len(which), searched.confidence))
    return finds, texts.numbers[matched]


def _spans(texts: _Joined, searched: Searched) -> tuple[list[Span], list[int]]:
    """One detector's valid matches, in bytes of all texts together, and the texts of those that are refused. What
    judges a match sees its text alone.

    Where a match is refused or cut short, the search goes on inside it: of what is announced, from the value on, for no
    nearer word would announce another.
    """
    data, size = texts.data, len(texts.data)
    match, group, validator, unless = searched.match, searched.group, searched.validator, searched.unless
    spans: list[Span] = []
    refused: list[int] = []
    position = 0
    while True:
        found = match(_ANYWHERE, data, position, size)
        first, position = found[0]
        if first < 0:
            return spans, refused
        start, end = found[group]
        if validator or unless:
            number, text, begin = texts.at(start)
            span = start - begin, min(end - begin, len(text))
            kept = validator(text, *span) if validator else span
            if kept and unless and said_to_be(unless, text, kept[0]):
                kept = None
            if not kept:
                refused.append(number)
                position = start if searched.announced else first + 1
                continue
            if kept != span:
                position = begin + kept[1]
            start, end = begin + kept[0], begin + kept[1]
        spans.append((start, end))


def _of_tagger(tags: tagger.Tags, policy: Policy) -> Finds:
    first = len(DETECTORS) + len(policy.custom)
    least = np.array([policy.least_confidence(pii_type) for pii_type in tagger.TYPES])
    wanted = np.array(policy.wanted[first : first + len(tagger.TYPES)])
    kept = wanted[tags.types] & (tags.confidences >= least[tags.types])
    return Finds(tags.rows, tags.starts, tags.ends, tags.types + first, tags.confidences.astype(np.float64)).where(kept)
