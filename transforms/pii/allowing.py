"""What a policy allows: it stays in a text, whatever finds it; what a find has beside it still goes."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import re2

from transforms.pii import eponyms
from transforms.pii.context import WALL
from transforms.pii.detectors.detector import LETTERS, SPACE
from transforms.pii.finds import Finds
from transforms.pii.folding import comparable
from transforms.pii.policy import Policy
from transforms.pii.things import PATTERN
from transforms.pii.validators import Span
from transforms.pii.views import between_holders

_CODE = re.compile(rb"[0-9@.]")
# What a value may not be joined to, for `a@example.com` is not allowed within `joe.a@example.com`, nor `Joe` within
# `joe@example.com`; words may have a hyphen beside them.
_WORD = re.compile(f"[0-9{LETTERS}][._~@+/]*\\Z"), re.compile(f"[._~@+/]*[0-9{LETTERS}]")
_NUMBER = re.compile(f"[0-9{LETTERS}][-._~@+/]*\\Z"), re.compile(f"[-._~@+/]*[0-9{LETTERS}]")
_NEAR = 12  # bytes beside a value by which this is told


class Allowed(NamedTuple):
    """A policy's allow list, ready to run."""

    values: frozenset[str]
    words: Any  # a pattern of all values
    patterns: list[Any]
    joint: Any = None  # matches in texts together wherever a pattern does in one of them, and over no wall

    def rows(self, rows: list[int], data: Sequence[bytes]) -> list[int]:
        """Those of some texts that may have something that stays."""
        if self.joint is None or len(rows) < 2:
            return rows
        texts = [data[row] for row in rows]
        ends = np.cumsum([len(text) + len(WALL) for text in texts])
        joined = WALL.join([*texts, b""])
        starts = [match.start() for match in self.joint.finditer(joined)]
        return [rows[which] for which in np.unique(np.searchsorted(ends, starts, "right")).tolist()]

    def stretches(self, data: bytes) -> list[Span]:
        """What stays of a text, in bytes of it and in order, overlapping ones as one."""
        found = [*self._values(data), *self._matches(data)]
        joined: list[Span] = []
        for start, end in sorted(found):
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined

    def _values(self, data: bytes) -> Iterator[Span]:
        position = 0
        while self.words and (match := self.words.search(data, position)):
            position = match.start() + 1  # the next may begin within this one
            if _stands_alone(data, *match.span()):
                yield match.span()

    def _matches(self, data: bytes) -> Iterator[Span]:
        patterns = [pattern for pattern in self.patterns if pattern.search(data)]
        if not patterns:
            return
        for start, end in between_holders(data):
            for pattern in patterns:
                yield from (match.span(pattern.groups) for match in pattern.finditer(data, start, end))


def _stands_alone(data: bytes, start: int, end: int) -> bool:
    """Whether a value is a whole word or number where it stands."""
    before = data[max(0, start - _NEAR) : start].decode(errors="ignore")
    after = data[end : end + _NEAR].decode(errors="ignore")
    beside = _NUMBER if _CODE.search(data, start, end) else _WORD
    return not (beside[0].search(before) or beside[1].match(after))


@cache
def allowed(policy: Policy) -> Allowed | None:
    """A policy's allow list; None where it has none."""
    own = (*policy.allow_patterns, *([eponyms.PATTERN] if policy.keep_eponyms else []))
    if not policy.allow and not own:
        return None
    words = "|".join(f"{SPACE}+".join(map(re2.escape, value.split())) for value in sorted(policy.allow, key=len)[::-1])
    patterns = [re2.compile(f"(?m:{each})") for each in own]
    joint = patterns[0] if own == (eponyms.PATTERN,) and not words else None
    return Allowed(policy.allow, re2.compile(f"(?i:{words})") if words else None, patterns, joint)


@cache
def things() -> Allowed:
    """What is called like a person or a place and is none."""
    return Allowed(frozenset(), None, [re2.compile(PATTERN)], re2.compile(f"(?m:{PATTERN})"))


def without(finds: Finds, data: Sequence[bytes], allow: Allowed) -> Finds:
    """Finds in bytes of some texts, less what is allowed; what is left of one goes where it holds a letter or digit."""
    if not len(finds.rows):
        return finds
    rows = allow.rows(np.unique(finds.rows).tolist(), data)
    stretches = {row: found for row in rows if (found := allow.stretches(data[row]))}
    if not stretches and not allow.values:
        return finds
    concerned = np.ones(len(finds.rows), bool) if allow.values else np.isin(finds.rows, list(stretches))
    kept: list[tuple[int, int, int]] = []  # of a find, by its number
    its = zip(np.flatnonzero(concerned).tolist(), *(each[concerned].tolist() for each in finds[:3]), strict=True)
    for number, row, start, end in its:
        if allow.values and comparable(data[row][start:end].decode()) in allow.values:
            continue
        kept += ((number, *part) for part in _left(data[row], start, end, stretches.get(row, ())))
    others = np.flatnonzero(~concerned)
    numbers, starts, ends = np.array(kept, np.int64).reshape(-1, 3).T
    numbers = np.append(others, numbers)
    order = np.argsort(numbers, kind="stable")
    starts, ends = np.append(finds.starts[others], starts)[order], np.append(finds.ends[others], ends)[order]
    return finds.where(numbers[order])._replace(starts=starts, ends=ends)


def parts(text: str, start: int, end: int, allow: Allowed) -> Iterator[Span]:
    """The same of one find, in characters."""
    data = text.encode()
    span = len(text[:start].encode()), len(text[:end].encode())
    if comparable(text[start:end]) not in allow.values:
        for first, last in _left(data, *span, allow.stretches(data)):
            yield len(data[:first].decode()), len(data[:last].decode())


def _left(data: bytes, start: int, end: int, stretches: Sequence[Span]) -> Iterator[Span]:
    """What a find has outside of some stretches, in words and without the space around them."""
    first = bisect_right(stretches, start, key=lambda stretch: stretch[1])
    last = bisect_left(stretches, end, first, key=lambda stretch: stretch[0])
    edges = [start, *chain.from_iterable(stretches[first:last]), end]
    if len(edges) == 2:
        yield start, end
        return
    for begin, until in zip(edges[::2], edges[1::2], strict=True):
        part = data[begin:until] if begin < until else b""
        if any(map(str.isalnum, part.decode())):
            yield begin + len(part) - len(part.lstrip()), until - len(part) + len(part.rstrip())
