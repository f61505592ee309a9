"""Cuts texts into words and says how each is written, whole columns at a time.

A word is a run of letters and digits of any script; punctuation is what stands in the gap before a word. A placeholder
such as `[NAME]` is one word between brackets. White space counts as one space however long its run is, so that a text
reads the same before and after it is normalised.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

SIGHT = 3  # how many words to each side count
# Empty words between two texts: the gap before the first tells how a text ends, the others stand before the next.
WALLS = SIGHT + 1

# What a byte is, in the low half of its kind, and which punctuation, in the high half.
_UPPER, _DIGIT, _LOWER, _WORD = 1, 2, 4, 8
_GAPS = (" ", ".", ",", "!?", ":", ";", "-", "'`", '"', "(<{", ")>}", "@", "#", "/\\|", "[]", "")
_SPACE, _STOP, _QUOTE, _APOSTROPHE, _BRACKET, _OTHER = 0, 1, 8, 7, 14, 15
_WALL = b" \xff" * WALLS + b" "  # 0xff is in no UTF-8

PLACEHOLDER = re.compile(b"\0")


class Tokens(NamedTuple):
    """The words of some texts, in order, with `WALLS` empty ones before, between and after the texts."""

    rows: np.ndarray  # the text's number
    starts: np.ndarray  # where in all texts together, one space for each run: `locate` says where in its own
    ends: np.ndarray
    words: np.ndarray  # uint64: hash of the word in lower case, digits as 0
    prefixes: np.ndarray  # uint64: its first three bytes
    suffixes: np.ndarray  # uint64: its last three bytes
    shapes: np.ndarray  # below SHAPES: case, digits, length
    gaps: np.ndarray  # below GAPS: what stands before it
    closed: np.ndarray  # whether it is an empty one, or a placeholder
    origin: np.ndarray  # of each byte of all texts together, where it was before runs of space became one
    texts: np.ndarray  # where each text began, in the same

    def part(self, start: int, end: int) -> Tokens:
        """Some of the words; the first and the last `SIGHT` of them are there to be seen only."""
        closed = self.closed[start:end].copy()
        closed[:SIGHT] = closed[len(closed) - SIGHT :] = True
        return Tokens._make([*(column[start:end] for column in self[:8]), closed, self.origin, self.texts])

    def locate(self, firsts: np.ndarray, lasts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The text's number and the bytes in it from one word to another."""
        rows = self.rows[firsts]
        begins = self.texts[rows]
        return rows, self.origin[self.starts[firsts]] - begins, self.origin[self.ends[lasts] - 1] + 1 - begins


SHAPES = 64
GAPS = 1024
# Shapes that have a meaning outside this module: `shape >> 2`.
LOWER, TITLE, CAPITALS, INITIAL, MIXED, NUMBER, CODE, WALL, PLACE = range(9)


def _kinds() -> bytes:
    kinds = [_OTHER << 4] * 128 + [_WORD] * 128
    for number, characters in enumerate(_GAPS):
        for character in characters:
            kinds[ord(character)] = number << 4
    for character in map(chr, range(128)):
        if character.isupper():
            kinds[ord(character)] = _WORD | _UPPER
        elif character.islower():
            kinds[ord(character)] = _WORD | _LOWER
        elif character.isdigit():
            kinds[ord(character)] = _WORD | _DIGIT
    kinds[ord("_")] = kinds[ord("~")] = _WORD
    for code in range(0xC2, 0xF5):
        kinds[code] = _WORD | _LOWER
    return bytes(kinds)


def _pairs() -> tuple[np.ndarray, np.ndarray]:
    """For two-byte characters from U+0080 to U+07FF, less 0x80: the kind, and the two bytes of the lower case."""
    kinds = np.full(0x780, _WORD | _LOWER, np.uint8)
    lowers = np.empty((0x780, 2), np.uint8)
    for code in range(0x80, 0x800):
        character = chr(code)
        lower = character.lower().encode()
        lowers[code - 0x80] = list(lower if len(lower) == 2 else character.encode())
        if character in "«»":
            kinds[code - 0x80] = _QUOTE << 4
        elif character == "\u00b4":
            kinds[code - 0x80] = _APOSTROPHE << 4
        elif code < 0xC0 or character in "\u00d7\u00f7":
            kinds[code - 0x80] = _OTHER << 4
        elif character.isupper():
            kinds[code - 0x80] = _WORD | _UPPER
    return kinds, lowers


def _shapes() -> tuple[np.ndarray, np.ndarray]:
    """The form by a number made of counts, and the shape by form and length."""
    forms = np.full(32, MIXED)
    for number in range(32):
        title, digits, small, upper = number & 1, number >> 1 & 1, number >> 2 & 1, number >> 3
        if digits:
            forms[number] = CODE if small or upper else NUMBER
        elif not upper:
            forms[number] = LOWER
        elif not small:
            forms[number] = CAPITALS if upper > 1 else INITIAL
        elif title and upper == 1:
            forms[number] = TITLE
    sizes = np.array([0, 0, 0, 0, 1, 1, 2, 2])
    shapes = np.arange(PLACE + 1)[:, None] * 4 + sizes
    shapes[NUMBER] = NUMBER * 4 + np.array([0, 0, 1, 1, 2, 3, 3, 3])
    shapes[[WALL, PLACE]] = np.array([[WALL], [PLACE]]) * 4
    return forms, shapes


_KINDS = _kinds()
_PAIR_KINDS, _PAIR_LOWERS = _pairs()
_SPACES = bytes(32 if code in (9, 10, 11, 12, 13) else code for code in range(256))
_LOWERS = bytes(48 if 48 <= code <= 57 else code + 32 if 65 <= code <= 90 else code for code in range(256))
# General punctuation, E2 80 xx, that is more than a sign: quotation marks and the ellipsis.
_MARKS = np.full(64, _OTHER << 4, np.uint8)
_MARKS[0x18:0x1C] = _APOSTROPHE << 4
_MARKS[0x1C:0x20] = _QUOTE << 4
_MARKS[0x26] = _STOP << 4
_FORMS, _SHAPES = _shapes()
_ONES = np.uint64(0x0101010101010101)


def tokenise(data: Sequence[bytes]) -> Tokens:
    """Cut texts in UTF-8 into words."""
    joined = (_WALL + _WALL.join(data) + _WALL).translate(_SPACES)
    spots = [match.span() for match in PLACEHOLDER.finditer(joined)] if b"\0" in joined else []
    bytes_ = np.frombuffer(joined, np.uint8)
    spaces = bytes_ == 32
    single = np.empty(len(bytes_), bool)
    single[0] = True
    np.logical_and(spaces[1:], spaces[:-1], out=single[1:])
    np.logical_not(single[1:], out=single[1:])
    origin = np.flatnonzero(single)
    if len(origin) < len(bytes_):
        joined = bytes_[origin].tobytes()
        bytes_ = np.frombuffer(joined, np.uint8)
    kinds = np.frombuffer(bytearray(joined.translate(_KINDS) + bytes(8)), np.uint8)
    lowers = np.frombuffer(bytearray(joined.translate(_LOWERS) + bytes(8)), np.uint8)
    if not joined.isascii():
        _beyond_ascii(bytes_, kinds, lowers)
    _contractions(lowers, kinds)
    holders = np.searchsorted(origin, np.array(spots, np.int64).reshape(-1, 2))
    for start, end in holders.tolist():
        kinds[start:end] = _WORD
    inside = (kinds & _WORD).view(bool)
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    starts, ends = edges[0::2], edges[1::2]
    return _describe(data, origin, starts, ends, kinds, lowers, holders[:, 0])


def _beyond_ascii(bytes_: np.ndarray, kinds: np.ndarray, lowers: np.ndarray) -> None:
    """Mend kinds and lower case where characters have several bytes."""
    leads = np.flatnonzero(bytes_ >= 0xC2)
    values = bytes_[leads]
    pairs = leads[values < 0xE0]
    codes = ((bytes_[pairs].astype(np.int64) & 31) << 6 | bytes_[pairs + 1] & 63) - 0x80
    found = _PAIR_KINDS[codes]
    kinds[pairs] = found
    kinds[pairs + 1] = found & ~np.uint8(_UPPER | _LOWER)
    lowers[pairs], lowers[pairs + 1] = _PAIR_LOWERS[codes].T
    marks = leads[(values == 0xE2) | (values == 0xE3) & (bytes_[np.minimum(leads + 1, len(bytes_) - 1)] == 0x80)]
    second, third = bytes_[marks + 1], bytes_[marks + 2] & 63
    found = np.where((values[np.searchsorted(leads, marks)] == 0xE2) & (second == 0x80), _MARKS[third], _OTHER << 4)
    for offset in range(3):
        kinds[marks + offset] = found
    signs = leads[(values >= 0xF0) & (values < 0xF5)]
    for offset in range(4):
        kinds[signs + offset] = _OTHER << 4


def _contractions(lowers: np.ndarray, kinds: np.ndarray) -> None:
    """Take don't and can't for one word."""
    spots = np.flatnonzero(kinds == _APOSTROPHE << 4)
    spots = spots[(lowers[spots - 1] == ord("n")) & (lowers[spots + 1] == ord("t"))]
    kinds[spots] = _WORD


def _describe(
    data: Sequence[bytes],
    origin: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    kinds: np.ndarray,
    lowers: np.ndarray,
    holders: np.ndarray,
) -> Tokens:
    """Hash the words and class what is in and before them."""
    lengths = ends - starts
    short = np.minimum(lengths, 8)
    cut = (64 - 8 * short).astype(np.uint64)
    mask = ~np.uint64(0) >> cut
    head = _eight(lowers, starts) & mask
    tail = _eight(lowers, np.maximum(ends - 8, 0)) >> cut
    words = mix(head ^ mix(tail ^ lengths.astype(np.uint64)))
    long = np.flatnonzero(lengths > 16)
    words[long] ^= _eight(lowers, starts[long] + 8)
    wall = lowers[starts] == 0xFF
    its = _eight(kinds, starts) & mask
    upper = np.minimum(np.bitwise_count(its & (_ONES * np.uint64(_UPPER))), 2)
    form = upper << 3
    form |= (its & (_ONES * np.uint64(_LOWER)) != 0).view(np.uint8) << 2
    form |= (its & (_ONES * np.uint64(_DIGIT)) != 0).view(np.uint8) << 1
    form |= (its & np.uint64(_UPPER)).astype(np.uint8)
    form = _FORMS[form]
    form[wall] = WALL
    closed, size = wall, np.minimum(lengths, 7)
    if len(holders):
        held = np.searchsorted(starts, holders)
        form[held], words[held], closed = PLACE, PLACE, wall.copy()
        closed[held], size[held] = True, 4  # however it is numbered or masked
    before = np.append(starts[0], ends[:-1])
    gap = starts - before
    first, last = kinds[before] >> 4, kinds[starts - 1] >> 4
    left, right = first == _SPACE, last == _SPACE
    inner = np.flatnonzero(left & (gap > 1))
    first[inner] = kinds[before[inner] + 1] >> 4
    inner = np.flatnonzero(right & (gap > 1))
    last[inner] = kinds[starts[inner] - 2] >> 4
    gaps = first.astype(np.int64) << 6
    gaps |= (last << 2 | left.view(np.uint8) << 1 | right).astype(np.int64)
    brackets = np.searchsorted(starts, np.flatnonzero(kinds == _BRACKET << 4))
    gaps[brackets] = gaps[brackets] & 0x3F | _BRACKET << 6
    gaps[0] = 0
    sizes = np.fromiter(map(len, data), np.int64, len(data))
    texts = np.cumsum(sizes + len(_WALL)) - sizes
    rows = np.maximum(np.cumsum(wall) // WALLS - 1, 0)
    rows[-WALLS:] = 0
    return Tokens(
        rows,
        starts,
        ends,
        words,
        head & np.uint64(0xFFFFFF),
        tail >> (8 * np.maximum(short - 3, 0)).astype(np.uint64),
        _SHAPES[form, size],
        gaps,
        closed,
        origin,
        texts,
    )


def _eight(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The eight bytes from each place on, as one number, the first the lowest."""
    view: np.ndarray = np.ndarray((len(values) - 7,), "V8", values, strides=(1,))
    numbers: np.ndarray = view[places].view("<u8")
    return numbers


def mix(values: np.ndarray) -> np.ndarray:
    """Spread the bits of 64-bit numbers (the finaliser of MurmurHash3, half of it)."""
    mixed: np.ndarray = (values ^ values >> np.uint64(33)) * np.uint64(0xFF51AFD7ED558CCD)
    mixed ^= mixed >> np.uint64(29)
    return mixed
