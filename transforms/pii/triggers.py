"""What every text holds that a pattern matches: smaller patterns, derived from it.

A trigger is a run of the pattern's own parts that no match can do without, the rarest there is in ordinary text: one of
words, one of digits. Of `(?:passport|passeport)[^0-9]{1,20}([0-9]{6})` they are `pass` and six digits. Triggers of all
patterns make two small automata, where the patterns themselves, with all that may stand between their parts, do not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from functools import cache
from re import _constants as sre  # type: ignore[attr-defined] # the standard library's parser, without stubs
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

_COMMON = -5.0  # what stands at one place in 150 or more is in nearly every text, so it tells nothing
_RARE = -14.0  # rarer than e^-14, one place in a million, is rare enough: shorter counts then
_LONGEST = 16  # parts of a trigger
_MOST_BRANCHES = 400
_CASES = 6  # letters that may stand at a place and are told apart
# How often characters stand in ordinary text. A digit is seldom and seldom alone: one tells little of the next.
_OFTEN = {" ": 0.17, **dict.fromkeys("etaoinshrdl", 0.055), **dict.fromkeys("cumwfgypbv", 0.016)}
_OFTEN |= {**dict.fromkeys("kjxqz", 0.003), **dict.fromkeys("ETAOINSHRDLCUMWFGYPBVKJXQZ", 0.002), ".": 0.01}
_SELDOM = 0.0005
_TELLING = "@.:/#=$%&+<>{}|^"  # signs that are kept; others only part
_GAP = "[^0-9A-Za-z]"


class _Part(NamedTuple):
    """A piece of a pattern, written for RE2."""

    text: str
    chance: float  # logarithm of how often it stands at a place of a text
    joins: bool  # whether it is all of the piece, so that what stands beside it in the pattern stands beside it
    gap: bool = False  # whether the piece is but what parts words and numbers


_NOTHING = _Part("", 0.0, False)  # where a run of parts ends


@cache
def triggers(pattern: str) -> tuple[str, str]:
    """Two RE2 patterns, of words and of digits, that are found in every text that `pattern` is found in; "" where there
    is none. The pattern is in RE2's and Python's common syntax."""
    parsed = parser.parse(pattern)
    words = _best(_Reader(digits=False).parts(parsed, False))
    return words.text if words.chance < _COMMON else "", _best(_Reader(digits=True).parts(parsed, False)).text


def _best(parts: Iterable[_Part]) -> _Part:
    """The rarest run of parts that join; of those that are rare enough, the shortest."""
    runs: list[list[_Part]] = [[]]
    for part in parts:
        if part.joins:
            runs[-1].append(part)
        else:
            runs += [[part], []]
    best = _NOTHING
    for run in runs:
        for first in range(len(run)):
            if run[first].chance == 0:
                continue
            chance, text = 0.0, ""
            for part in run[first : first + _LONGEST]:
                chance, text = chance + part.chance, text + part.text
                if part.chance and (max(chance, _RARE), len(text)) < (max(best.chance, _RARE), len(best.text)):
                    best = _Part(text, chance, False)
    return best


class _Reader:
    """Reads a parsed pattern for its digits, or for its words."""

    def __init__(self, *, digits: bool) -> None:
        self._digits = digits

    def parts(self, nodes: Any, ignore_case: bool) -> Iterator[_Part]:
        """The pieces of a sequence, in order."""
        for kind, value in nodes:
            if kind is sre.LITERAL:
                yield _class(((kind, value),), ignore_case, self._digits)
            elif kind is sre.IN:
                yield _class(tuple(value), ignore_case, self._digits)
            elif kind is sre.SUBPATTERN:
                _, added, removed, inner = value
                yield from self.parts(
                    inner, (ignore_case or bool(added & re.IGNORECASE)) and not removed & re.IGNORECASE
                )
            elif kind is sre.BRANCH:
                yield self._branch(value[1], ignore_case)
            elif kind in (sre.MAX_REPEAT, sre.MIN_REPEAT):
                least, most, inner = value
                yield from self._repeat(least, most, inner, ignore_case)
            elif kind is not sre.AT or value is not sre.AT_BOUNDARY:
                yield _NOTHING

    def _branch(self, branches: Any, ignore_case: bool) -> _Part:
        """One of several: whole where each is short, or else the rarest of each."""
        alternatives = [list(self.parts(branch, ignore_case)) for branch in branches]
        whole = all(part.joins for parts in alternatives for part in parts)
        if all(_parts_only(parts) for parts in alternatives):
            return _gap(0 if [] in alternatives else 1, self._digits)
        if whole and sum(map(len, alternatives)) <= _MOST_BRANCHES and max(map(len, alternatives)) <= _LONGEST:
            chance = _either([sum(part.chance for part in parts) for parts in alternatives])
            text = "|".join("".join(part.text for part in parts) for parts in alternatives)
            return _Part(f"(?:{text})", chance, True)
        rarest = [_best(parts) for parts in alternatives]
        if any(not part.text for part in rarest):
            return _NOTHING
        text = "|".join(dict.fromkeys(part.text for part in rarest))
        return _Part(f"(?:{text})", _either([part.chance for part in rarest]), False)

    def _repeat(self, least: int, most: Any, inner: Any, ignore_case: bool) -> Iterator[_Part]:
        """As often as it must be; what parts words and numbers may go on, or be left out."""
        parts = list(self.parts(inner, ignore_case))
        if parts and _parts_only(parts):
            yield _gap(least, self._digits)
            return
        for _ in range(min(least, _LONGEST)):
            yield from parts
        if most != least:
            yield _NOTHING
            for _ in range(min(least, _LONGEST)):
                yield from parts


@cache
def _class(items: tuple[Any, ...], ignore_case: bool, digits: bool) -> _Part:
    """One character, as the parser reads it: few letters as they are, digits and what parts them by their kind."""
    codes: set[int] = set()
    for kind, value in items:
        if kind is sre.LITERAL:
            codes.add(value)
        elif kind is sre.RANGE and value[1] < 128:
            codes.update(range(value[0], value[1] + 1))
        else:
            return _NOTHING
    if ignore_case:
        codes |= {ord(case) for code in codes for case in _cases(chr(code))}
    signs = "".join(map(chr, sorted(codes)))
    if signs.isascii() and signs.isdigit():
        return _Part("[0-9]", math.log(0.3), True) if digits else _NOTHING
    if not any(map(str.isalnum, signs)) and not (len(signs) == 1 and signs in _TELLING):
        return _gap(1, digits)
    if len(signs) <= _CASES and (signs.isalpha() != digits or signs in _TELLING):
        often = sum(_OFTEN.get(sign, _SELDOM) for sign in signs)
        return _Part("[" + "".join(rf"\x{{{ord(sign):x}}}" for sign in signs) + "]", math.log(often), True)
    return _NOTHING


def _gap(least: int, digits: bool) -> _Part:
    """What parts numbers, as wide as it may be; words are told by one of them."""
    return _Part(_GAP + ("+" if least else "*"), 0.0, True, True) if digits else _Part("", 0.0, False, True)


def _parts_only(parts: Iterable[_Part]) -> bool:
    """Whether it is all of what stands between words and numbers."""
    return all(part.gap for part in parts)


def _cases(sign: str) -> Iterator[str]:
    return (case for case in (sign, sign.lower(), sign.upper()) if len(case) == 1)


def _either(chances: list[float]) -> float:
    return min(math.log(sum(map(math.exp, chances))), 0.0)
