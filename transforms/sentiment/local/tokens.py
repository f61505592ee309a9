"""Cuts texts into words, signs and emoji, all of a batch at once, and hashes them; the same in all languages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from transforms.sentiment.local.own import own_words
from transforms.vectorised import eight, mix

# What says nothing: what the redactor put in ([NAME], [PHONE_1], [PHONE:***]), addresses of pages and of people.
_PLACEHOLDER = re.compile(rb"\[[A-Z][A-Z_]*[0-9]*(?::[^\[\]\xff]*)?\]")
_PAGE = re.compile(rb"(?:https?://|www\.)[!-~]+")
_HANDLE = re.compile(rb"[\w.+-]*@[\w.-]+")
_SIGNS_AS_ASCII = ((b"\xe2\x80\x99", b"'"), (b"\xe2\x80\xa6", b"..."), (b"\xc2\xb4", b"'"))

GAP, WORD, SIGN, WALL, EMOJI = range(5)
_WALL = b"\xff"  # no byte of UTF-8; parts the texts
_BOUNDS = b".!?;:,\n()-\xe2\xc2"  # signs that end a clause, by their first byte


class Tokens(NamedTuple):
    """The words, signs and emoji of some texts, one row each, in order."""

    rows: np.ndarray  # which text
    kinds: np.ndarray  # uint8: WORD, SIGN or EMOJI
    hashes: np.ndarray  # uint64: in small letters, digits as 0, letters three times and more as twice
    stems: np.ndarray  # uint64: of the first five bytes of a longer word, 0 of a shorter one
    leads: np.ndarray  # uint8: the first byte
    tails: np.ndarray  # uint8: the last byte
    capitals: np.ndarray  # bool: a word of two capitals and more
    names: np.ndarray  # bool: a word with a capital beside another such, in a text that has small letters, too
    bounds: np.ndarray  # bool: a sign that ends a clause


def tokenise(data: Sequence[bytes]) -> Tokens:
    """Cut texts in UTF-8 into words, signs and emoji. Placeholders, links and handles are none of them."""
    joined = _cleaned(_WALL + _WALL.join([own_words(text) for text in data]) + _WALL)
    bytes_ = _squeezed(np.frombuffer(joined, np.uint8))
    kinds = _KINDS[bytes_]
    lowers = _LOWERS[bytes_]
    parts = np.empty(len(bytes_), bool)
    leads = _beyond_ascii(bytes_, kinds, lowers) if bytes_.max(initial=0, where=bytes_ < 255) >= 128 else None
    _inner_signs(bytes_, kinds, lowers)
    parts[0] = True
    np.not_equal(kinds[1:], kinds[:-1], out=parts[1:])
    if leads is not None:
        parts[leads] = True
    starts = np.flatnonzero(parts)
    its = kinds[starts]
    ends = np.append(starts[1:], len(bytes_))
    rows = np.cumsum(np.where(its == WALL, ends - starts, 0)) - 1
    kept = np.flatnonzero((its != GAP) & (its != WALL))
    kept = kept[_telling(rows[kept], its[kept], starts[kept], ends[kept], bytes_)]
    return _described(rows[kept], its[kept], starts[kept], ends[kept], bytes_, lowers)


def _telling(
    rows: np.ndarray, kinds: np.ndarray, starts: np.ndarray, ends: np.ndarray, bytes_: np.ndarray
) -> np.ndarray:
    """The tokens of texts that hold more than single signs that say nothing: a full stop, a comma."""
    tells = (kinds != SIGN) | (ends - starts > 1) | np.isin(bytes_[starts], (0x21, 0x3F))
    has = np.zeros(rows[-1] + 1 if len(rows) else 0, bool)
    has[rows[tells]] = True
    return np.flatnonzero(has[rows])


def _cleaned(joined: bytes) -> bytes:
    if b"[" in joined:
        joined = _PLACEHOLDER.sub(b" ", joined)
    if b"http" in joined or b"www." in joined:
        joined = _PAGE.sub(b" ", joined)
    if b"@" in joined:
        joined = _HANDLE.sub(b" ", joined)
    if not joined.isascii():
        for sign, plain in _SIGNS_AS_ASCII:
            joined = joined.replace(sign, plain)
    return joined


def _squeezed(bytes_: np.ndarray) -> np.ndarray:
    """The same without the third and later of equal bytes in a row, and some bytes beyond the end."""
    same = bytes_[1:] == bytes_[:-1]
    more = np.flatnonzero(same[1:] & same[:-1]) + 2
    more = more[(bytes_[more] != 0xFF) & (bytes_[more] < 0x80)]
    if len(more):
        bytes_ = np.delete(bytes_, more)
    return bytes_


def _beyond_ascii(bytes_: np.ndarray, kinds: np.ndarray, lowers: np.ndarray) -> np.ndarray:
    """Mend kinds and small letters of characters of several bytes; where emoji start."""
    pairs = np.flatnonzero(bytes_ == 0xC3)
    upper = pairs[(bytes_[pairs + 1] >= 0x80) & (bytes_[pairs + 1] <= 0x9E) & (bytes_[pairs + 1] != 0x97)]
    lowers[upper + 1] += 0x20
    marks = np.flatnonzero(bytes_ == 0xC2)
    spaces = bytes_[marks + 1] == 0xA0
    for offset in range(2):
        kinds[marks + offset] = np.where(spaces, GAP, SIGN)
    three = np.flatnonzero(bytes_ == 0xE2)
    second = bytes_[three + 1]
    signs = np.where(second <= 0x81, SIGN, EMOJI)
    signs[(second == 0x80) & (bytes_[three + 2] <= 0x8F)] = GAP  # spaces, and what joins emoji
    for offset in range(3):
        kinds[three + offset] = signs
    variation = np.flatnonzero(bytes_ == 0xEF)
    variation = variation[bytes_[variation + 1] == 0xB8]
    for offset in range(3):
        kinds[variation + offset] = GAP
    four = np.flatnonzero((bytes_ >= 0xF0) & (bytes_ < 0xF5))
    skin = (bytes_[four + 2] == 0x8F) & (bytes_[four + 3] >= 0xBB)
    for offset in range(4):
        kinds[four + offset] = np.where(skin, GAP, EMOJI)
    return np.concatenate([three[signs == EMOJI], four])


def _inner_signs(bytes_: np.ndarray, kinds: np.ndarray, lowers: np.ndarray) -> None:
    """An apostrophe or hyphen within a word parts it, but for don't and can't."""
    spots = np.flatnonzero((bytes_ == 0x27) | (bytes_ == 0x2D))
    spots = spots[(kinds[spots - 1] == WORD) & (kinds[spots + 1] == WORD)]
    negated = (lowers[spots - 1] == ord("n")) & (lowers[spots + 1] == ord("t")) & (bytes_[spots] == 0x27)
    kinds[spots] = np.where(negated, WORD, GAP)


def _described(
    rows: np.ndarray, kinds: np.ndarray, starts: np.ndarray, ends: np.ndarray, bytes_: np.ndarray, lowers: np.ndarray
) -> Tokens:
    lengths = ends - starts
    # What stands beside a word is masked out; beyond the ends there is room for it.
    padded = np.concatenate([_ROOM, lowers, _ROOM])
    cut = (64 - 8 * np.minimum(lengths, 8)).astype(np.uint64)
    head = eight(padded, starts + 8) & (~np.uint64(0) >> cut)
    tail = eight(padded, ends) >> cut
    hashes = mix(head ^ mix(tail ^ lengths.astype(np.uint64)))
    stems = np.where((lengths > 5) & (kinds == WORD), mix(head & np.uint64(0xFFFFFFFFFF)), np.uint64(0))
    upper = _UPPERS[bytes_]
    capitals = upper[starts] & upper[np.minimum(starts + 1, ends - 1)] & (lengths > 1)
    leads, tails = lowers[starts], lowers[ends - 1]
    names = _names(rows, kinds, starts, ends, upper)
    return Tokens(rows, kinds, hashes, stems, leads, tails, capitals, names, (kinds == SIGN) & _ENDS[leads])


def _names(rows: np.ndarray, kinds: np.ndarray, starts: np.ndarray, ends: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Words with a capital beside another such; what begins a sentence, only where two more follow it."""
    names = np.zeros(len(rows), bool)
    titled = upper[starts] & ~upper[np.minimum(starts + 1, ends - 1)]
    joins = titled[:-1] & titled[1:] & (starts[1:] - ends[:-1] == 1) & (rows[1:] == rows[:-1])
    spots = np.flatnonzero(joins)
    if len(spots):
        begins = (spots == 0) | (rows[spots - 1] != rows[spots]) | (kinds[spots - 1] != WORD)
        within = spots[~begins]
        names[within] = names[within + 1] = True
        names[spots[begins]] = names[spots[begins] + 1]
        small = np.bincount(rows, (kinds == WORD) & ~upper[starts])
        names &= small[rows] >= np.bincount(rows, names)[rows]
    return names


def _kinds() -> np.ndarray:
    kinds = np.full(256, WORD, np.uint8)
    kinds[:128] = SIGN
    for code in range(128):
        if chr(code).isalnum():
            kinds[code] = WORD
        elif code <= 32 or chr(code) in '#"`_*~\x7f':
            kinds[code] = GAP
    kinds[ord("\n")] = SIGN
    kinds[255] = WALL
    return kinds


_ROOM = np.zeros(8, np.uint8)
_KINDS = _kinds()
_LOWERS = np.array([48 if 48 <= c <= 57 else c + 32 if 65 <= c <= 90 else c for c in range(256)], np.uint8)
_UPPERS = np.array([65 <= c <= 90 for c in range(256)])
_ENDS = np.isin(np.arange(256), list(_BOUNDS))
