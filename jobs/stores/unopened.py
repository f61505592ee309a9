"""A score cache that could not be opened: for runs that leave to the next what cannot be looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from transforms.errors import CacheError
from transforms.sentiment.protocols import Cached


class UnopenedCache:
    """A `ScoreCache` whose every use raises the CacheError that opening it raised."""

    def __init__(self, error: CacheError) -> None:
        self._error = error

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, Cached]:  # noqa: ARG002 - none is looked up
        """See `ScoreCache.get`."""
        raise self._error

    def put(self, entries: Mapping[bytes, Cached]) -> None:  # noqa: ARG002 - none is kept
        """See `ScoreCache.put`."""
        raise self._error

    def close(self) -> None:
        """There is nothing to let go of."""
