"""Takes personal data out of texts, and says where it was.

Most texts hold none, so three sieves stand one in the other: a cheap RE2 over the whole column; RE2's set of all
detectors over each row it flags; and one detector's own pattern, with its validator, over all the rows together where
the set says it matches, for most of what a search costs is the call.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import re2

from transforms.pii.detectors import DETECTORS
from transforms.pii.policy import Policy
from transforms.pii.validators import Validator
from transforms.schemas import PII
from transforms.sentiment.protocols import RedactedText
from transforms.text import FOLDABLE, fold, normalise, origins

_ROUNDS = 8  # honest texts need one or two
_WALL = b"\n]\n"  # between texts that are searched together: no pattern matches a bracket, no word goes on over a line
_TYPES = pa.array([detector.type for detector in DETECTORS])
_NAMES = pa.array([detector.name for detector in DETECTORS])
_CONFIDENCES = pa.array([detector.confidence for detector in DETECTORS], pa.float32())


# From character `start` to before `end`, by the detector at a place in the table. A bare tuple: this is the hot path.
Find = tuple[int, int, int]


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
        return cast(list[RedactedText | None], self.array.to_pylist())


@dataclass(frozen=True)
class Redaction:
    """Redacted texts and, row by row, what was found in the original ones (null where the text is null)."""

    texts: RedactedTexts
    pii: pa.ListArray


def redact(texts: pa.StringArray, policy: Policy) -> Redaction:
    """Replace every find by its placeholder. What is returned holds nothing that `find` would find."""
    flagged, rows, which = _suspects(texts, policy)
    replaced, finds = _redact(rows, policy)
    redacted = pa.array(replaced, pa.string()).take(which)
    return Redaction(RedactedTexts(pc.replace_with_mask(texts, flagged, redacted)), _pii(texts, flagged, which, finds))


def find(texts: pa.StringArray, policy: Policy) -> pa.ListArray:
    """The finds of each text, as lists of `transforms.schemas.PII`; the texts stay as they are."""
    flagged, rows, which = _suspects(texts, policy)
    return _pii(texts, flagged, which, _scan(rows, policy))


def _suspects(texts: pa.StringArray, policy: Policy) -> tuple[pa.BooleanArray, list[str], pa.IntegerArray]:
    """Which rows may hold a find, their distinct texts, and for each such row the number of its text."""
    flagged = pc.fill_null(pc.match_substring_regex(texts, prefilter(policy)), False)
    encoded = texts.filter(flagged).dictionary_encode()
    return flagged, encoded.dictionary.to_pylist(), encoded.indices


def _pii(
    texts: pa.StringArray, flagged: pa.BooleanArray, which: pa.IntegerArray, finds: Sequence[Sequence[Find]]
) -> pa.ListArray:
    """One list per row: the finds of its text, an empty list where it was not flagged, null where it is null."""
    starts, ends, places = np.array([find for each in finds for find in each], np.int32).reshape(-1, 3).T
    values = pa.StructArray.from_arrays(
        [
            _TYPES.take(pa.array(places)),
            starts,
            ends,
            _NAMES.take(pa.array(places)),
            _CONFIDENCES.take(pa.array(places)),
        ],
        fields=list(PII),
    )
    # The distinct texts' lists, then an empty one.
    offsets = [0, *accumulate(map(len, finds)), len(starts)]
    lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)
    rows = np.full(len(texts), len(finds))
    rows[flagged.to_numpy(zero_copy_only=False)] = which.to_numpy()
    return lists.take(pa.array(rows, mask=texts.is_null().to_numpy(zero_copy_only=False)))


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


def _scan(texts: Sequence[str], policy: Policy) -> list[list[Find]]:
    """The finds of each text in order; those that overlap are one, as wide as all and named by the best."""
    detectors = _compiled(policy)
    folded = [fold(text) for text in texts]
    # RE2's \b takes an underscore for a letter: _212-555-0187_
    data = [text.replace("_", "~").encode() for text in folded]
    matching: dict[int, list[int]] = {}
    for number, each in enumerate(data):
        for detector in detectors.together.Match(each) or ():
            matching.setdefault(detector, []).append(number)
    found: dict[int, list[Find]] = {}
    for detector, numbers in matching.items():
        starts = list(accumulate((len(data[number]) + len(_WALL) for number in numbers), initial=0))
        for start, end, place in _finds(_WALL.join(data[number] for number in numbers), *detectors.rows[detector]):
            which = bisect_right(starts, start) - 1
            found.setdefault(numbers[which], []).append((start - starts[which], end - starts[which], place))
    results: list[list[Find]] = [[] for _ in texts]
    for number, finds in found.items():
        results[number] = _merge(finds)
        if not texts[number].isascii():
            origin = origins(texts[number], folded[number])
            results[number] = [(int(origin[s]), int(origin[e - 1]) + 1, place) for s, e, place in results[number]]
    return results


def _finds(data: bytes, place: int, pattern: Any, group: int, validator: Validator | None) -> list[Find]:
    """One detector's valid matches, in bytes. Where one is refused or cut short, the search goes on inside it."""
    finds: list[Find] = []
    position: int | None = 0
    while position is not None:
        matches, position = pattern.finditer(data, position), None
        for match in matches:
            span = match.span(group)
            kept = validator(data, *span) if validator else span
            if kept:
                finds.append((*kept, place))
            if kept != span:
                position = kept[1] if kept else match.start() + 1
                break
    return finds


def _merge(finds: list[Find]) -> list[Find]:
    """Make overlapping finds one: the union of their spans, so that nothing is left over, with the best one's name."""
    merged: list[Find] = []
    covered = 0
    for find in sorted(finds):
        start, end, _ = find
        if start >= covered:
            best = find
            merged.append(find)
            covered = end
        else:
            best = max(best, find, key=_rank)
            covered = max(covered, end)
            merged[-1] = (merged[-1][0], covered, best[2])
    return merged


def _rank(find: Find) -> tuple[float, int, int]:
    """Which of two overlapping finds is the better: by confidence, then length, then place in the table."""
    start, end, place = find
    return DETECTORS[place].confidence, end - start, -place


def _redact(texts: Sequence[str], policy: Policy) -> tuple[list[str], list[list[Find]]]:
    """The redacted texts and their finds. Taking one find out can lay open another (`a@example.com212-555-0187`), so
    what changed is looked at again until nothing is left; a text made to go on and on is replaced as a whole."""
    redacted = list(texts)
    finds: list[list[Find]] = [[] for _ in texts]
    open_ = list(range(len(texts)))
    for _ in range(_ROUNDS + 1):
        more = _scan([redacted[number] for number in open_], policy)
        open_ = [number for number, each in zip(open_, more, strict=True) if each]
        for number, each in zip(open_, filter(None, more), strict=True):
            finds[number] = _merge(finds[number] + _back(each, finds[number], policy))
            redacted[number] = _replace(texts[number], finds[number], policy)
    for number in open_:
        finds[number] = [(0, len(texts[number]), max(finds[number], key=_rank)[2])]
        redacted[number] = _replace(texts[number], finds[number], policy)
    return redacted, finds


def _replace(text: str, finds: list[Find], policy: Policy) -> str:
    """The text with every find's placeholder in its place."""
    parts: list[str] = []
    position = 0
    for start, end, place in finds:
        parts += text[position:start], policy.placeholder(DETECTORS[place].type)
        position = end
    parts.append(text[position:])
    return "".join(parts)


def _back(more: list[Find], finds: list[Find], policy: Policy) -> list[Find]:
    """Finds of a redacted text, placed where they stand in the text that `finds` were taken out of.

    No pattern matches a bracket, so a find lies wholly between two placeholders.
    """
    placed = []
    longer = 0  # how much longer the redacted text is up to here
    passed = 0
    for start, end, place in more:
        while passed < len(finds) and finds[passed][0] + longer < start:
            before = finds[passed]
            longer += len(policy.placeholder(DETECTORS[before[2]].type)) - (before[1] - before[0])
            passed += 1
        placed.append((start - longer, end - longer, place))
    return placed
