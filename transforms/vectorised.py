"""What tagger and local scorer share: many texts looked at together, a slice at a time, and words hashed as columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T", str, bytes)
SLICE = 1 << 16  # of characters or bytes that are looked at together: what comes of them stays in a core's cache


def slices(texts: Sequence[T]) -> Iterator[tuple[int, int]]:
    """From which text to which each slice goes; a text longer than one is alone."""
    first = size = 0
    for number, text in enumerate(texts):
        if number > first and size + len(text) > SLICE:
            yield first, number
            first, size = number, 0
        size += len(text)
    if first < len(texts):
        yield first, len(texts)


def eight(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The eight bytes from each place on, as one number, the first the lowest."""
    view: np.ndarray = np.ndarray((len(values) - 7,), "V8", values, strides=(1,))
    numbers: np.ndarray = view[places].view("<u8")
    return numbers


def mix(values: np.ndarray) -> np.ndarray:
    """Spread the bits of 64-bit numbers (the finaliser of MurmurHash3, half of it)."""
    mixed: np.ndarray = (values ^ values >> np.uint64(33)) * np.uint64(0xFF51AFD7ED558CCD)
    mixed ^= mixed >> np.uint64(29)
    return mixed
