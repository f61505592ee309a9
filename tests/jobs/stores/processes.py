"""Processes that work at the same moment."""

from __future__ import annotations

import multiprocessing
from multiprocessing.pool import Pool
from multiprocessing.synchronize import Barrier

SPAWN = multiprocessing.get_context("spawn")

_barrier: Barrier


def at_once(count: int) -> Pool:
    """A pool whose processes go on together wherever each of them calls `meet`."""
    return SPAWN.Pool(count, _begin, (SPAWN.Barrier(count),))


def meet() -> None:
    """Wait until all processes of the pool are here."""
    _barrier.wait()


def _begin(barrier: Barrier) -> None:
    global _barrier
    _barrier = barrier
