"""A hash of a document's id, by which duplicates are looked for."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

# MurmurHash64A's multiplier and shift: Austin Appleby, public domain, MurmurHash2.cpp of github.com/aappleby/smhasher.
_MULTIPLIER = np.uint64(0xC6A4A7935BD1E995)
_SHIFT = np.uint64(47)
_WORD = 8  # bytes that it takes at once
_ONES = np.uint64(2**64 - 1)
# Of a longer id, so that one of a megabyte costs no more; a whole number of words.
_HASHED_BYTES = 1_024


def id_hashes(ids: pa.Array) -> np.ndarray:
    """A hash (uint64) of every id that is not null, in their order: equal for equal ids, the same everywhere.

    ids: strings, of any of Arrow's types for them.

    Different ids nearly always have different hashes, but two equal hashes are a hint alone: compare the ids. It is
    MurmurHash64A with seed 0 of the id's UTF-8 bytes; of more than _HASHED_BYTES, of these and the whole length.
    """
    ids = ids.cast(pa.large_string()).drop_null()
    if not len(ids):  # there may be no offsets
        return np.empty(0, np.uint64)
    _, offsets, data = ids.buffers()
    ends = np.frombuffer(offsets, np.int64)[ids.offset : ids.offset + len(ids) + 1]
    starts, lengths = ends[:-1], np.diff(ends)
    octets = np.frombuffer(data or b"", np.uint8)
    if len(octets) < _WORD:
        octets = np.concatenate([octets, np.zeros(_WORD, np.uint8)])
    last = len(octets) - _WORD
    words = np.ndarray(last + 1, "<u8", octets, strides=(1,))  # the one that begins at each byte

    hashes: np.ndarray = lengths.astype(np.uint64) * _MULTIPLIER
    read = np.minimum(lengths, _HASHED_BYTES)
    rows = np.arange(len(ids))  # those that have another whole word
    for end in range(_WORD, int(read.max()) + 1, _WORD):
        rows = rows[read[rows] >= end]
        word = words[starts[rows] + (end - _WORD)] * _MULTIPLIER
        word ^= word >> _SHIFT
        word *= _MULTIPLIER
        hashes[rows] = (hashes[rows] ^ word) * _MULTIPLIER

    left = read % _WORD
    rows = np.flatnonzero(left)
    left = left[rows]
    start = starts[rows] + read[rows] - left
    at = np.minimum(start, last)  # the very last bytes end a word
    word = words[at] >> _bits(start - at)
    word &= ~(_ONES << _bits(left))
    hashes[rows] = (hashes[rows] ^ word) * _MULTIPLIER

    hashes ^= hashes >> _SHIFT
    hashes *= _MULTIPLIER
    hashes ^= hashes >> _SHIFT
    return hashes


def _bits(octets: np.ndarray) -> np.ndarray:
    return (octets * 8).astype(np.uint64)
