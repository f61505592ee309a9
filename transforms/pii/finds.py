"""Finds of many texts as columns: made one where they overlap, and placed back where a text was changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_LOW = (1 << 32) - 1  # of a row and a position in one number, the position


class Finds(NamedTuple):
    """Finds in some texts, in order: each in the text of a number, from character `start` to before `end`, by the
    finder at a place in the policy's list, as sure as its confidence (0 to 1) says."""

    rows: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    places: np.ndarray
    confidences: np.ndarray

    def bounds(self, count: int) -> np.ndarray:
        """Where in the finds each of `count` texts begins, and where the last one ends."""
        return np.searchsorted(self.rows, np.arange(count + 1))

    def texts(self) -> np.ndarray:
        """The numbers of the texts that have finds, in order."""
        return self.rows[np.flatnonzero(np.diff(self.rows, prepend=-1))]

    def where(self, which: np.ndarray) -> Finds:
        """Those of some indices, or where a mask is true."""
        return Finds(*(column[which] for column in self))


_NONE = np.empty(0, np.int64)
NO_FINDS = Finds(_NONE, _NONE, _NONE, _NONE, np.empty(0, np.float64))


def merge(several: Sequence[Finds]) -> Finds:
    """Make overlapping finds one: the union of their spans, so that nothing is left over, with the best one's name.

    The best is the surest, then the longest, then the first of the policy's list.
    """
    several = [finds for finds in several if len(finds.rows)]
    if not several:
        return NO_FINDS
    finds = Finds(*map(np.concatenate, zip(*several, strict=True)))
    begins, ends = (finds.rows << 32) + finds.starts, (finds.rows << 32) + finds.ends
    order = np.argsort(begins, kind="stable")
    begins, reach = begins[order], np.maximum.accumulate(ends[order])
    first = np.flatnonzero(np.append(-1, reach[:-1])[: len(order)] <= begins)
    begun = np.zeros(len(order), np.int64)
    begun[first] = 1
    groups = np.cumsum(begun) - 1
    best = order[_best(finds.where(order), groups)]
    reach = reach[np.append(first[1:], len(order))[: len(first)] - 1]
    return Finds(begins[first] >> 32, begins[first] & _LOW, reach & _LOW, finds.places[best], finds.confidences[best])


def _best(finds: Finds, groups: np.ndarray) -> np.ndarray:
    """The index of each group's best find; groups are numbered 0, 1, 2..."""
    order = np.lexsort((-finds.places, finds.ends - finds.starts, np.round(finds.confidences, 4), groups))
    best: np.ndarray = order[np.flatnonzero(np.diff(groups[order], append=-1))]
    return best


def whole(lengths: np.ndarray, rows: np.ndarray, finds: Finds) -> Finds:
    """A find as wide as the text for each of some rows, of so many characters, named by the best that is in it."""
    within = finds.where(np.isin(finds.rows, rows))
    best = within.where(_best(within, np.searchsorted(rows, within.rows)))
    return best._replace(starts=np.zeros_like(rows), ends=lengths)


def back(more: Finds, finds: Finds, widths: np.ndarray | int) -> Finds:
    """Finds of redacted texts, placed where they stand in the texts that `finds` were taken out of.

    `widths` are the characters of what stands for each of `finds`, or for all. No find reaches into a placeholder, so
    each lies wholly between two.
    """
    grown = np.append(0, np.cumsum(widths - (finds.ends - finds.starts)))  # from the first text to before a find
    first = np.searchsorted(finds.rows, more.rows)
    starts = finds.starts + grown[:-1] - grown[np.searchsorted(finds.rows, finds.rows)]
    passed = np.searchsorted((finds.rows << 32) + starts, (more.rows << 32) + more.starts)
    shift = grown[passed] - grown[first]
    return more._replace(starts=more.starts - shift, ends=more.ends - shift)
