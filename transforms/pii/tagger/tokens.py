"""Cuts texts into words and says how each is written, whole columns at a time.

A word is a run of letters and digits of any script; punctuation is what stands in the gap before a word. Han characters
are words each, kana end where their script does. A NUL, which stands for a placeholder, is a word that is no name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from transforms.vectorised import eight, mix

SIGHT = 3  # how many words to each side count
# Empty words between two texts: the gap before the first tells how a text ends, the others stand before the next.
WALLS = SIGHT + 1

# What a byte is, in the low half of its kind, and which punctuation, in the high half; a line break is a space that
# has a low half.
_UPPER, _DIGIT, _LOWER, _WORD = 1, 2, 4, 8
_LINE = 2
_GAPS = (" ", ".", ",", "!?", ":", ";", "-", "'`", '"', "(<{[", ")>}]", "@", "#", "/\\|", "_~", "")
SPACE, STOP, COMMA, HYPHEN, APOSTROPHE, HASH, SLASH, UNDERSCORE, OTHER = 0, 1, 2, 6, 7, 12, 13, 14, 15
_QUOTE = 8
_WALL = b" \xff" * WALLS + b" "  # 0xff is in no UTF-8
# Thai has no spaces; what stands before a name is cut off.
_THAI_TITLES = re.compile("คุณ|นางสาว|นาย|นาง|ชื่อ".encode())


class Tokens(NamedTuple):
    """The words of some texts, in order, with `WALLS` empty ones before, between and after the texts."""

    rows: np.ndarray  # the text's number
    starts: np.ndarray  # where in all texts together: `locate` says where in its own
    ends: np.ndarray
    words: np.ndarray  # uint64: hash of the word in lower case, digits as 0
    prefixes: np.ndarray  # uint64: its first three letters or so
    suffixes: np.ndarray  # uint64: its last ones
    shapes: np.ndarray  # below SHAPES: case or script, digits, length
    gaps: np.ndarray  # below GAPS: what stands before it
    closed: np.ndarray  # whether it is an empty one, or a placeholder
    texts: np.ndarray  # where each text began in all texts together
    kinds: np.ndarray  # of each byte of all texts together, before any was held

    def part(self, start: int, end: int) -> Tokens:
        """Some of the words; the first and the last `SIGHT` of them are there to be seen only."""
        closed = self.closed[start:end].copy()
        closed[:SIGHT] = closed[len(closed) - SIGHT :] = True
        return Tokens._make([*(column[start:end] for column in self[:8]), closed, *self[9:]])

    def some(self, which: np.ndarray) -> Tokens:
        """Some of the words, by number."""
        return Tokens._make([*(column[which] for column in self[:9]), *self[9:]])

    def locate(self, firsts: np.ndarray, lasts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The text's number and the bytes in it from one word to another."""
        rows = self.rows[firsts]
        begins = self.texts[rows]
        return rows, self.starts[firsts] - begins, self.ends[lasts] - begins

    def holding(
        self, texts: np.ndarray, rows: np.ndarray, starts: np.ndarray, ends: np.ndarray
    ) -> tuple[Tokens, np.ndarray, np.ndarray]:
        """The words of some of the texts as they are once a NUL stands in place of some spans of bytes, which are in
        order. Also, of each word, which one it was, and which words were described anew.

        A span takes in whole words and has something before it and after it, or an end of its text, that is of no word.
        """
        begins, reaches = self.texts[rows] + starts, self.texts[rows] + ends
        first, last = np.searchsorted(self.ends, begins, "right"), np.searchsorted(self.starts, reaches)
        # A text's words are those of its number, with the wall before the first; the outermost walls stay as they are.
        from_, to = np.searchsorted(self.rows[:-WALLS], [texts, texts + 1])
        from_ = np.maximum(from_, SIGHT)
        sizes = to - from_
        its = np.arange(sizes.sum()) + np.repeat(from_ - (np.cumsum(sizes) - sizes), sizes)
        source = np.concatenate([np.arange(SIGHT), its, np.arange(len(self.rows) - WALLS, len(self.rows))])
        gone = np.zeros(len(source) + 1, np.int64)
        np.add.at(gone, np.searchsorted(source, first), 1)
        np.add.at(gone, np.searchsorted(source, last), -1)
        source = source[np.cumsum(gone[:-1]) == 0]
        places = np.searchsorted(source, first)
        source = np.insert(source, places, first)
        held = places + np.arange(len(places))
        new = self.some(source)
        for column, placeholder in zip(new[:9], _HELD[:9], strict=True):
            column[held] = placeholder[WALLS]
        new.rows[held], new.starts[held], new.ends[held] = rows, begins, reaches
        beside = np.unique(np.concatenate([held, held + 1]))
        new.gaps[beside] = _gaps(self.kinds, new.ends[beside - 1], new.starts[beside])
        shorter = np.append(0, np.cumsum(reaches - begins - 1))
        new.starts[:] -= shorter[np.searchsorted(reaches, new.starts, "right")]
        new.ends[:] -= shorter[np.searchsorted(reaches, new.ends, "right")]
        return new._replace(texts=self.texts - shorter[np.searchsorted(reaches, self.texts, "right")]), source, beside


SHAPES = 64
GAPS = 4096
# Shapes that have a meaning outside this module: `shape >> 2`.
LOWER, TITLE, CAPITALS, INITIAL, MIXED, NUMBER, CODE, WALL, PLACE = range(9)
HAN, KANA, HANGUL, THAI, SEMITIC, INDIC = range(9, 15)


def _kinds() -> bytes:
    kinds = [OTHER << 4] * 128 + [_WORD] * 128
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
    kinds[0] = _WORD
    for code in b"\t\v\f\r":
        kinds[code] = SPACE << 4
    kinds[ord("\n")] = _LINE
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
            kinds[code - 0x80] = APOSTROPHE << 4
        elif code < 0xC0 or character in "\u00d7\u00f7":
            kinds[code - 0x80] = OTHER << 4
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
_LOWERS = bytes(48 if 48 <= code <= 57 else code + 32 if 65 <= code <= 90 else code for code in range(256))
# General punctuation, E2 80 xx, that is more than a sign: quotation marks and the ellipsis.
_MARKS = np.full(64, OTHER << 4, np.uint8)
_MARKS[0x18:0x1C] = APOSTROPHE << 4
_MARKS[0x1C:0x20] = _QUOTE << 4
_MARKS[0x26] = STOP << 4
_FORMS, _SHAPES = _shapes()
_ONES = np.uint64(0x0101010101010101)
_THREE, _SIX = np.uint64(0xFFFFFF), np.uint64(0xFFFFFFFFFFFF)
# What a kind is as white space: none, a space, a line break.
_SPACED = np.zeros(256, np.uint8)
_SPACED[SPACE], _SPACED[_LINE] = 1, 2
# CJK punctuation, E3 80 xx: comma, full stop, brackets.
_WIDE_MARKS = np.full(64, OTHER << 4, np.uint8)
_WIDE_MARKS[:3] = SPACE << 4, COMMA << 4, STOP << 4
_WIDE_MARKS[0x08:0x12:2] = _WIDE_MARKS[0x14:0x1C:2] = 9 << 4
_WIDE_MARKS[0x09:0x12:2] = _WIDE_MARKS[0x15:0x1C:2] = 10 << 4
_SCRIPTS = np.zeros(256, np.int64)
_SCRIPTS[0xD7:0xDC] = SEMITIC
_SCRIPTS[0xE0:0xE2] = INDIC
_SCRIPTS[0xE3:0xEA] = HAN
_SCRIPTS[0xEA:0xEE] = HANGUL


def tokenise(data: Sequence[bytes]) -> Tokens:
    """Cut texts in UTF-8, whose white space is normalised, into words."""
    joined = _WALL + _WALL.join(data) + _WALL
    bytes_ = np.frombuffer(joined, np.uint8)
    kinds = np.frombuffer(bytearray(joined.translate(_KINDS) + bytes(8)), np.uint8)
    lowers = np.frombuffer(bytearray(joined.translate(_LOWERS) + bytes(8)), np.uint8)
    cuts = [_beyond_ascii(joined, bytes_, kinds, lowers)] if not joined.isascii() else []
    _contractions(lowers, kinds)
    inside = (kinds & _WORD).view(bool)
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    starts, ends = edges[0::2], edges[1::2]
    if b"\0" in joined:
        held = np.flatnonzero(bytes_ == 0)
        cuts += [held, held + 1]
    if any(map(len, cuts)):
        cut = np.unique(np.concatenate(cuts))
        cut = cut[inside[cut - 1] & inside[cut]]
        starts, ends = np.sort(np.concatenate([starts, cut])), np.sort(np.concatenate([ends, cut]))
    return _describe(data, starts, ends, kinds, lowers)


def _beyond_ascii(joined: bytes, bytes_: np.ndarray, kinds: np.ndarray, lowers: np.ndarray) -> np.ndarray:
    """Mend kinds and lower case where characters have several bytes; where words end that no gap parts."""
    leads = np.flatnonzero((bytes_ >= 0xC2) & (bytes_ < 0xF5))
    values = bytes_[leads]
    pairs = leads[values < 0xE0]
    codes = ((bytes_[pairs].astype(np.int64) & 31) << 6 | bytes_[pairs + 1] & 63) - 0x80
    found = _PAIR_KINDS[codes]
    kinds[pairs] = found
    kinds[pairs + 1] = found & ~np.uint8(_UPPER | _LOWER)
    lowers[pairs], lowers[pairs + 1] = _PAIR_LOWERS[codes].T
    if not (values >= 0xE0).any():
        return leads[:0]
    others = leads[values >= 0xE0]
    values, second, third = bytes_[others], bytes_[others + 1], bytes_[others + 2]
    vietnamese = others[(values == 0xE1) & (second >= 0xB8) & (second < 0xBC) & (third & 1 == 0)]
    kinds[vietnamese] = _WORD | _UPPER
    lowers[vietnamese + 2] += 1
    wide = (values == 0xE3) & (second == 0x80) & (third != 0x85)  # but the sign that doubles a character
    signs = (values == 0xE2) | wide
    found = np.where((values[signs] == 0xE2) & (second[signs] == 0x80), _MARKS[third[signs] & 63], OTHER << 4)
    wide = wide[signs]
    found[wide] = _WIDE_MARKS[third[signs][wide] & 63]
    for offset in range(3):
        kinds[others[signs] + offset] = found
    for offset in range(4):
        kinds[others[values >= 0xF0] + offset] = OTHER << 4
    cuts = [others[:0]]
    if b"\xe0\xb8" in joined:
        cuts += [np.array([match.span() for match in _THAI_TITLES.finditer(joined)], np.int64).ravel()]
    east = (values >= 0xE3) & (values < 0xEA) & ~signs
    if east.any():
        places, values, second, third = others[east], values[east], second[east], third[east]
        katakana = (second == 0x83) | (second == 0x82) & (third >= 0xA0)
        kana = (values == 0xE3) & (second >= 0x81) & (second < 0x84)
        scripts = np.zeros(len(kinds), np.uint8)
        scripts[places] = its = np.where(kana, 2 + katakana, 1)
        cuts += [places[(its == 1) | (scripts[places - 3] != its)]]
        cuts += [places[(its == 1) | (scripts[places + 3] != its)] + 3]
    return np.concatenate(cuts)


def _contractions(lowers: np.ndarray, kinds: np.ndarray) -> None:
    """Take don't and can't for one word."""
    spots = np.flatnonzero(kinds == APOSTROPHE << 4)
    spots = spots[(lowers[spots - 1] == ord("n")) & (lowers[spots + 1] == ord("t"))]
    kinds[spots] = _WORD


def _describe(
    data: Sequence[bytes], starts: np.ndarray, ends: np.ndarray, kinds: np.ndarray, lowers: np.ndarray
) -> Tokens:
    """Hash the words and class what is in and before them."""
    lengths = ends - starts
    short = np.minimum(lengths, 8)
    cut = (64 - 8 * short).astype(np.uint64)
    mask = ~np.uint64(0) >> cut
    head = eight(lowers, starts) & mask
    tail = eight(lowers, np.maximum(ends - 8, 0)) >> cut
    words = mix(head ^ mix(tail ^ lengths.astype(np.uint64)))
    long = np.flatnonzero(lengths > 16)
    words[long] ^= eight(lowers, starts[long] + 8)
    prefixes, suffixes = head & _THREE, tail >> (8 * np.maximum(short - 3, 0)).astype(np.uint64)
    leads = lowers[starts]
    wall, held = leads == 0xFF, leads == 0
    its = eight(kinds, starts) & mask
    form = np.minimum(np.bitwise_count(its & (_ONES * np.uint64(_UPPER))), 2) << 3
    form |= (its & (_ONES * np.uint64(_LOWER)) != 0).view(np.uint8) << 2
    form |= (its & (_ONES * np.uint64(_DIGIT)) != 0).view(np.uint8) << 1
    form |= (its & np.uint64(_UPPER)).astype(np.uint8)
    form = _FORMS[form]
    form[wall], form[held] = WALL, PLACE
    shapes = _SHAPES[form, np.minimum(lengths, 7)]
    far = np.flatnonzero((leads >= 0xCE) & ~wall)  # Greek and all that come after it
    if len(far):
        letters = (leads[far] < 0xE2) * 3
        prefixes[far] = head[far] & _THREE | head[far] & np.where(letters, _SIX, 0).astype(np.uint64)
        suffixes[far] = tail[far] >> (8 * np.maximum(short[far] - 3 - letters, 0)).astype(np.uint64)
        _scripts(shapes, far, lowers[starts[far]], lowers[starts[far] + 1], lengths[far])
    gaps = _gaps(kinds, np.append(starts[0], ends[:-1]), starts)
    gaps[0] = 0
    sizes = np.fromiter(map(len, data), np.int64, len(data))
    texts = np.cumsum(sizes + len(_WALL)) - sizes
    rows = np.maximum(np.cumsum(wall) // WALLS - 1, 0)
    rows[-WALLS:] = 0
    return Tokens(rows, starts, ends, words, prefixes, suffixes, shapes, gaps, wall | held, texts, kinds)


def _gaps(kinds: np.ndarray, before: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """What stands in each gap, from the end of the word before."""
    gap = starts - before
    first, last = kinds[before], kinds[starts - 1]
    ways = _SPACED[first].astype(np.int64) << 2 | _SPACED[last]
    inner = np.flatnonzero((ways != 0) & (gap > 1))
    spot = before[inner]
    first[inner] = kinds[spot + (_SPACED[first[inner]] > 0)]
    last[inner] = kinds[starts[inner] - 1 - (_SPACED[last[inner]] > 0)]
    gaps: np.ndarray = (first >> 4).astype(np.int64) << 8 | (last & 0xF0) | ways
    return gaps


def _scripts(shapes: np.ndarray, far: np.ndarray, leads: np.ndarray, seconds: np.ndarray, lengths: np.ndarray) -> None:
    """Shapes of words of scripts without letter case: the script, and how many letters."""
    script = _SCRIPTS[leads]
    script[(leads == 0xE0) & (seconds >= 0xB8) & (seconds < 0xBB)] = THAI
    script[(leads == 0xE1) & (seconds >= 0xB8) & (seconds < 0xBE)] = 0  # Vietnamese, Greek
    script[(leads == 0xE3) & (seconds >= 0x81) & (seconds < 0x84)] = KANA
    letters = np.where(script == SEMITIC, lengths // 2 - 2, lengths // 3 - 1)
    none = script > 0
    shapes[far[none]] = script[none] * 4 + np.clip(letters[none], 0, 3)


_HELD = tokenise([b"\0"])
