"""How many documents of each stratum a sample has."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LEAST = 2  # of a stratum, so that it tells how its documents differ


def fits(sizes: npt.NDArray[np.int64], n: int) -> bool:
    """Whether `n` documents are enough for strata of so many each."""
    return int(np.minimum(sizes, LEAST).sum()) <= n


def allocated(sizes: npt.NDArray[np.int64], n: int) -> npt.NDArray[np.int64]:
    """Give `n` documents to strata, by the square roots of their sizes, so that rare ones can be judged, too.

    Power allocation (Bankier 1988): precise for each stratum and for the whole. Of each at least 2, and at most all.
    Raises ValueError where they do not fit.
    """
    if not fits(sizes, n):
        raise ValueError("more strata than documents")
    if n >= sizes.sum():
        return sizes
    least, roots = np.minimum(sizes, LEAST), np.sqrt(sizes)
    low, high = 0.0, float(sizes.max())
    for _ in range(64):  # the factor with which they sum up to n
        middle = (low + high) / 2
        low, high = (low, middle) if np.clip(middle * roots, least, sizes).sum() > n else (middle, high)
    wanted = np.clip(low * roots, least, sizes)
    given = np.floor(wanted + 1e-9).astype(np.int64)
    missing = np.argsort(given - wanted, kind="stable")
    missing = missing[given[missing] < sizes[missing]][: n - int(given.sum())]
    given[missing] += 1
    return given
