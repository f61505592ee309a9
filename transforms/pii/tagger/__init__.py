"""Finds names of people and places in texts of any kind, by a small network trained for it; CARD.md says how well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from transforms.pii.tagger import model
from transforms.pii.tagger.tokens import (
    APOSTROPHE,
    COMMA,
    GAPS,
    HASH,
    HYPHEN,
    LOWER,
    NUMBER,
    OTHER,
    SHAPES,
    SIGHT,
    SLASH,
    SPACE,
    STOP,
    UNDERSCORE,
    WALLS,
    Tokens,
    tokenise,
)
from transforms.vectorised import SLICE, slices

TYPES = ("NAME", "ADDRESS")
VERSION = f"3-{model.version()}"  # of what this module does, and of the model file
LEAST = 0.25  # how sure a find is at least: below, nothing comes out, whatever a policy asks for
_BESIDE = 0.1  # how sure a word is at least that goes on a name
_DOUBT = np.float32(5.5)


class Tags(NamedTuple):
    """What was found, by row and start; spans of one row do not overlap."""

    rows: np.ndarray
    starts: np.ndarray  # bytes in the row's text
    ends: np.ndarray
    types: np.ndarray  # index into TYPES
    confidences: np.ndarray  # float32, 0 to 1


_NONE = np.empty(0, np.int64)
_NOTHING = Tags(_NONE, _NONE, _NONE, _NONE, np.empty(0, np.float32))


class Look(NamedTuple):
    """What was seen of the texts of one slice before a word was judged."""

    first: int  # number of the first of its texts
    tokens: Tokens
    rows: np.ndarray  # of the model's table
    glances: np.ndarray


def tag(data: Sequence[bytes], loaded: model.Model | None = None) -> Tags:
    """Find names and addresses in texts in UTF-8 that `transforms.text.fold` has gone over.

    Another model than the shipped one is for measuring. Finds below `LEAST` do not come out.
    """
    return look(data, loaded)[0]


def look(data: Sequence[bytes], loaded: model.Model | None = None) -> tuple[Tags, list[Look]]:
    """The same, and what `look_again` needs."""
    table = model.glanced(loaded) if loaded else model.shipped_glanced()
    loaded = loaded or model.load()
    looks = []
    for first, last in slices(data):
        tokens = tokenise(data[first:last])
        rows = model.features(tokens, model.classes(loaded.slots, tokens.words))
        looks.append(Look(first, tokens, rows, model.sums(table, rows)))
    return _tags(_judged(each, loaded) for each in looks), looks


def look_again(
    looks: Sequence[Look], texts: np.ndarray, rows: np.ndarray, starts: np.ndarray, ends: np.ndarray
) -> Tags:
    """What `tag` finds in some of the texts, by number and in order, once a NUL stands in place of spans of bytes.

    All but the words beside is known from `look`. The spans are of these texts, in order, and what `Tokens.holding`
    asks for; no text is longer than a slice.
    """
    loaded, table = model.load(), model.shipped_glanced()
    found = []
    for each in looks:
        its, spans = (
            slice(*np.searchsorted(of, [each.first, each.first + len(each.tokens.texts)])) for of in (texts, rows)
        )
        if its.start == its.stop:
            continue
        tokens, source, new = each.tokens.holding(
            texts[its] - each.first, rows[spans] - each.first, starts[spans], ends[spans]
        )
        some = tokens.some(new)
        features, glances = each.rows[:, source], each.glances[source]
        features[:, new] = model.features(some, model.classes(loaded.slots, some.words))
        glances[new] = model.sums(table, features[:, new])
        found.append(_judged(Look(each.first, tokens, features, glances), loaded))
    return _tags(found)


def _tags(found: Iterable[Tags]) -> Tags:
    return Tags._make(np.concatenate(columns) for columns in zip(_NOTHING, *found, strict=True))


def _judged(look: Look, loaded: model.Model) -> Tags:
    """What is found in the texts of a slice."""
    first_row, tokens, rows, glances = look
    scored = []
    # Of a text that is longer, as many words at a time as a slice can have; one that is not longer has never more.
    step = SLICE // 2 if len(tokens.texts) == 1 else len(tokens.words)
    for first in range(0, len(tokens.words) - 2 * WALLS, step):
        start, end = WALLS + first - SIGHT, min(first + step + WALLS, len(tokens.words) - WALLS) + SIGHT
        part = tokens.part(start, end)
        which = model.worth(loaded, glances[start:end], part.closed)
        scored.append((which + start, model.score(loaded, rows[:, start:end], part, which)))
    if not scored:
        return _NOTHING
    which, chances = map(np.concatenate, zip(*scored, strict=True))
    return _spans(tokens, which, chances, first_row)


def _joins() -> np.ndarray:
    """For each type and kind of gap, whether a name goes on over it."""
    gap = np.arange(GAPS)
    first, last, lined = gap >> 8, gap >> 4 & 15, (gap & 2 | gap >> 2 & 2) > 0
    one = first == last
    inner = np.isin(first, (SPACE, HYPHEN, APOSTROPHE))
    return np.stack(
        [
            one & (inner | (first == UNDERSCORE)) & ~lined,
            one & (inner | np.isin(first, (STOP, COMMA, SLASH, HASH, OTHER))),
        ]
    )


_JOINS = _joins()
_UNSPACED = np.arange(GAPS) & 15 == 0
_TIED = _UNSPACED & np.isin(np.arange(GAPS) >> 4, (HYPHEN << 4 | HYPHEN, APOSTROPHE << 4 | APOSTROPHE))
_HYPHEN = _UNSPACED & (np.arange(GAPS) >> 4 == HYPHEN << 4 | HYPHEN)
_NO_HALF = np.isin(np.arange(SHAPES >> 2), (LOWER, NUMBER))  # forms of words that are no half of a name
_DOTTED = np.arange(GAPS) >> 4 == STOP << 4 | STOP


def _spans(tokens: Tokens, which: np.ndarray, chances: np.ndarray, first_row: int) -> Tags:
    """Join words of one type that stand together; the surest one says how sure the whole is."""
    both = np.stack([chances[:, 1], chances[:, 2] + chances[:, 3]], axis=1)
    types = np.argmax(both, axis=1)
    sure = both[np.arange(len(which)), types]
    kept = np.flatnonzero(sure >= np.where(types == 0, _BESIDE, LEAST))
    if not len(kept):
        return _NOTHING
    which, types, sure = _whole(tokens, which[kept], types[kept], sure[kept])
    gaps = tokens.gaps[which]
    tied = np.flatnonzero((np.diff(which) == 1) & _TIED[gaps[1:]])  # O'Brien is one name, whatever Brien is
    types[tied + 1] = types[tied]
    goes_on = _JOINS[types, gaps]
    short = tokens.ends[which] - tokens.starts[which] <= 3  # J. Smith, St. Louis
    goes_on[1:] |= short[:-1] & _DOTTED[gaps[1:]]
    goes_on[1:] &= (np.diff(which) == 1) & (np.diff(types) == 0)
    goes_on[:1] = False
    firsts = np.flatnonzero(~goes_on)
    lasts = np.append(firsts[1:], len(which))[: len(firsts)] - 1
    sure = np.maximum.reduceat(sure, firsts)
    # Of addresses in small letters alone that the network gave 0.5 to 0.85, one in four or five was right.
    small = np.logical_and.reduceat(tokens.shapes[which] >> 2 == LOWER, firsts) & (types[firsts] == 1)
    sure[small] /= sure[small] + (1 - sure[small]) * _DOUBT
    out = sure >= LEAST
    firsts, lasts, sure = firsts[out], lasts[out], sure[out]
    rows, starts, ends = tokens.locate(which[firsts], which[lasts])
    return Tags(rows + first_row, starts, ends, types[firsts], sure)


def _whole(
    tokens: Tokens, which: np.ndarray, types: np.ndarray, sure: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Add the other half of a hyphenated name: it is as sure as the half that was found."""
    names = np.flatnonzero(types == 0)
    after = names[_HYPHEN[tokens.gaps[which[names] + 1]]]
    before = names[_HYPHEN[tokens.gaps[which[names]]]]
    halves, sures = np.concatenate([which[after] + 1, which[before] - 1]), sure[np.concatenate([after, before])]
    if not len(halves):
        return which, types, sure
    new = ~(tokens.closed[halves] | _NO_HALF[tokens.shapes[halves] >> 2] | np.isin(halves, which))
    halves, its = np.unique(halves[new], return_index=True)
    if not len(halves):
        return which, types, sure
    places = np.searchsorted(which, halves)
    return (
        np.insert(which, places, halves),
        np.insert(types, places, 0),
        np.insert(sure, places, sures[new][its]),
    )
