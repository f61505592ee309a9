"""Takes personal data out of texts, and says where it was.

Most texts hold none, so three sieves stand one in the other: a cheap RE2 over the whole column; RE2's set of all
detectors over each row it flags; and one detector's own pattern, with its validator, over all the rows together where
the set says it matches, for most of what a search costs is the call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import re2

from transforms.pii.detectors import DETECTORS
from transforms.pii.policy import Policy
from transforms.pii.validators import Span, Validator
from transforms.schemas import PII
from transforms.sentiment.protocols import RedactedText
from transforms.text import FOLDABLE, fold, normalise, origins

_ROUNDS = 8  # honest texts need one or two
_WALL = b"\n]\n"  # between texts that are searched together: no pattern matches a bracket, no word goes on over a line
_TYPES = pa.array([detector.type for detector in DETECTORS])
_NAMES = pa.array([detector.name for detector in DETECTORS])
_CONFIDENCES = pa.array([detector.confidence for detector in DETECTORS], pa.float32())
_LEVELS = np.unique([detector.confidence for detector in DETECTORS], return_inverse=True)[
    1
]  # confidences as 0, 1, 2...
_LOW = (1 << 32) - 1  # of a row and a position in one number, the position


class Finds(NamedTuple):
    """Finds in some texts, in order: each in the text of a number, from character `start` to before `end`, by the
    detector at a place in the table."""

    rows: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    places: np.ndarray

    def bounds(self, count: int) -> np.ndarray:
        """Where in the finds each of `count` texts begins, and where the last one ends."""
        return np.searchsorted(self.rows, np.arange(count + 1))


_NONE = Finds(*np.empty((4, 0), np.int64))


class Detectors(NamedTuple):
    """A policy's detectors: all as one RE2 set, and each one's place in the table, pattern, the group that is
    the find, and validator."""

    together: Any
    rows: list[tuple[int, Any, int, Validator | None]]


class RedactedTexts:
    """A column of texts that went through `redact`, the only one to make it; null where the text was."""

    __slots__ = ("array",)

    def __init__(self, array: pa.StringArray) -> None:
        self.array = array

    def normalised(self) -> RedactedTexts:
        """The same texts as the content key and the scorer see them."""
        return RedactedTexts(normalise(self.array))

    def take(self, rows: np.ndarray) -> RedactedTexts:
        """The texts of some rows, by their numbers."""
        return RedactedTexts(self.array.take(pa.array(rows)))

    def texts(self) -> list[RedactedText | None]:
        """The texts one by one."""
        return cast(list[RedactedText | None], _list(self.array))


@dataclass(frozen=True)
class Redaction:
    """Redacted texts and, row by row, what was found in the original ones (null where the text is null)."""

    texts: RedactedTexts
    pii: pa.ListArray


def redact(texts: pa.StringArray, policy: Policy) -> Redaction:
    """Replace every find by its placeholder. What is returned holds nothing that `find` would find.

    Taking one find out can lay open another (`a@example.com212-555-0187`), so what changed is looked at again until
    nothing is left; a text made to go on and on is replaced as a whole.
    """
    placeholders = [policy.placeholder(detector.type) for detector in DETECTORS]
    finds = _scan(texts, policy)
    changed = np.unique(finds.rows)
    redacted = _replace(texts, texts, changed, finds, placeholders)
    for _ in range(_ROUNDS):
        more = _scan(redacted.take(pa.array(changed)), policy)
        if not len(more.rows):
            break
        more = more._replace(rows=changed[more.rows])
        finds = _merge([finds, _back(more, finds, placeholders)])
        changed = np.unique(more.rows)
        redacted = _replace(texts, redacted, changed, finds, placeholders)
    else:
        finds = _merge([finds, _whole(texts, changed, finds)])
        redacted = _replace(texts, redacted, changed, finds, placeholders)
    return Redaction(RedactedTexts(redacted), _pii(texts, finds))


def find(texts: pa.StringArray, policy: Policy) -> pa.ListArray:
    """The finds of each text, as lists of `transforms.schemas.PII`; the texts stay as they are."""
    return _pii(texts, _scan(texts, policy))


def _list(texts: pa.StringArray) -> list[Any]:
    """What `to_pylist` gives, in a fifth of its time."""
    values: list[Any] = texts.to_numpy(zero_copy_only=False).tolist()
    return values


def _pii(texts: pa.StringArray, finds: Finds) -> pa.ListArray:
    """One list per row: the finds of its text, null where it is null."""
    places = pa.array(finds.places)
    values = pa.StructArray.from_arrays(
        [
            _TYPES.take(places),
            finds.starts.astype(np.int32),
            finds.ends.astype(np.int32),
            _NAMES.take(places),
            _CONFIDENCES.take(places),
        ],
        fields=list(PII),
    )
    return pa.ListArray.from_arrays(finds.bounds(len(texts)).astype(np.int32), values, mask=texts.is_null())


@cache
def prefilter(policy: Policy) -> str:
    """An RE2 pattern found in every text that may hold a find, folded or not."""
    return "|".join(dict.fromkeys([*(detector.trigger for _, detector in policy.detectors), FOLDABLE]))


@cache
def _compiled(policy: Policy) -> Detectors:
    """The policy's detectors, ready to run."""
    together = re2.Set.SearchSet()
    for _, detector in policy.detectors:
        together.Add(detector.expression)
    together.Compile()
    patterns = [re2.compile(row.expression) for _, row in policy.detectors]
    return Detectors(
        together,
        [
            (place, pattern, pattern.groups, row.validator)
            for (place, row), pattern in zip(policy.detectors, patterns, strict=True)
        ],
    )


def _scan(column: pa.StringArray, policy: Policy) -> Finds:
    """The finds of each text; those that overlap are one, as wide as all and named by the best."""
    detectors = _compiled(policy)
    flagged = np.flatnonzero(pc.fill_null(pc.match_substring_regex(column, prefilter(policy)), False))
    texts = _list(column.take(pa.array(flagged)))
    folded = [fold(text) for text in texts]
    # RE2's \b takes an underscore for a letter: _212-555-0187_
    data = [text.replace("_", "~").encode() for text in folded]
    matching: list[list[int]] = [[] for _ in detectors.rows]
    for number, each in enumerate(data):
        for detector in detectors.together.Match(each) or ():
            matching[detector].append(number)
    lengths = np.array([len(each) for each in data], np.int64) + len(_WALL)
    found = [_NONE]
    for numbers, (place, *how) in zip(matching, detectors.rows, strict=True):
        if numbers:
            spans = _spans(_WALL.join([data[number] for number in numbers]), *how)
            starts, ends = np.fromiter(chain.from_iterable(spans), np.int64, 2 * len(spans)).reshape(-1, 2).T
            rows = np.array(numbers)
            begins = np.cumsum(lengths[rows]) - lengths[rows]
            which = np.searchsorted(begins, starts, "right") - 1
            found.append(Finds(rows[which], starts - begins[which], ends - begins[which], np.full_like(which, place)))
    merged = _merge(found)
    bounds = merged.bounds(len(texts)).tolist()
    for number, text in enumerate(texts):
        if not text.isascii() and bounds[number] < bounds[number + 1]:
            its = slice(bounds[number], bounds[number + 1])
            origin = origins(text, folded[number])
            merged.starts[its] = origin[merged.starts[its]]
            merged.ends[its] = origin[merged.ends[its] - 1] + 1
    return merged._replace(rows=flagged[merged.rows])


def _spans(data: bytes, pattern: Any, group: int, validator: Validator | None) -> list[Span]:
    """One detector's valid matches, in bytes. Where one is refused or cut short, the search goes on inside it."""
    if not validator:
        return [match.span(group) for match in pattern.finditer(data)]
    spans: list[Span] = []
    position: int | None = 0
    while position is not None:
        matches, position = pattern.finditer(data, position), None
        for match in matches:
            span = match.span(group)
            kept = validator(data, *span)
            if kept:
                spans.append(kept)
            if kept != span:
                position = kept[1] if kept else match.start() + 1
                break
    return spans


def _merge(several: Sequence[Finds]) -> Finds:
    """Make overlapping finds one: the union of their spans, so that nothing is left over, with the best one's name."""
    finds = Finds(*map(np.concatenate, zip(*several, strict=True)))
    begins, ends = (finds.rows << 32) + finds.starts, (finds.rows << 32) + finds.ends
    order = np.argsort(begins, kind="stable")
    begins, reach = begins[order], np.maximum.accumulate(ends[order])
    first = np.flatnonzero(np.append(-1, reach[:-1])[: len(order)] <= begins)
    best = np.maximum.reduceat(_ranks(finds)[order], first) if len(first) else first
    reach = reach[np.append(first[1:], len(order))[: len(first)] - 1]
    return Finds(begins[first] >> 32, begins[first] & _LOW, reach & _LOW, _places(best))


def _ranks(finds: Finds) -> np.ndarray:
    """How good each find is, as one number: by confidence, then length, then place in the table."""
    ranks: np.ndarray = (_LEVELS[finds.places] << 48) + ((finds.ends - finds.starts) << 8) + (255 - finds.places)
    return ranks


def _places(ranks: np.ndarray) -> np.ndarray:
    return 255 - (ranks & 255)


def _whole(texts: pa.StringArray, rows: np.ndarray, finds: Finds) -> Finds:
    """A find as wide as the text for each of some rows, by the best detector that found something in it."""
    lengths = pc.utf8_length(texts.take(pa.array(rows))).to_numpy().astype(np.int64)
    bounds, ranks = finds.bounds(len(texts)), _ranks(finds)
    best = [ranks[first:last].max() for first, last in zip(bounds[rows], bounds[rows + 1], strict=True)]
    return Finds(rows, np.zeros_like(rows), lengths, _places(np.array(best)))


def _replace(
    texts: pa.StringArray, redacted: pa.StringArray, rows: np.ndarray, finds: Finds, placeholders: Sequence[str]
) -> pa.StringArray:
    """The redacted texts with some rows made anew: every find's placeholder in its place in the text."""
    bounds = finds.bounds(len(texts))
    cuts = list(zip(finds.starts.tolist(), finds.ends.tolist(), finds.places.tolist(), strict=True))
    replaced = []
    for text, first, last in zip(
        _list(texts.take(pa.array(rows))), bounds[rows].tolist(), bounds[rows + 1].tolist(), strict=True
    ):
        parts: list[str] = []
        position = 0
        for start, end, place in cuts[first:last]:
            parts += text[position:start], placeholders[place]
            position = end
        parts.append(text[position:])
        replaced.append("".join(parts))
    mask = np.zeros(len(texts), bool)
    mask[rows] = True
    return pc.replace_with_mask(redacted, mask, pa.array(replaced, pa.string()))


def _back(more: Finds, finds: Finds, placeholders: Sequence[str]) -> Finds:
    """Finds of redacted texts, placed where they stand in the texts that `finds` were taken out of.

    No pattern matches a bracket, so a find lies wholly between two placeholders.
    """
    longer = np.array([len(each) for each in placeholders])[finds.places] - (finds.ends - finds.starts)
    grown = np.append(0, np.cumsum(longer))  # by so many characters from the first text to before a find
    first = np.searchsorted(finds.rows, more.rows)
    starts = finds.starts + grown[:-1] - grown[np.searchsorted(finds.rows, finds.rows)]
    passed = np.searchsorted((finds.rows << 32) + starts, (more.rows << 32) + more.starts)
    shift = grown[passed] - grown[first]
    return Finds(more.rows, more.starts - shift, more.ends - shift, more.places)
