"""Units of a run's budget, held for a call until it is known whether they were billed."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from jobs.stores.protocols import Spending


class Reservation:
    """The units that were reserved for the items of one call, as a context.

    Where it ends without the call having been sent, all of them are given back. Once it was sent anything may have been
    billed, whatever is raised: then only what `give_back` names is.
    """

    def __init__(self, spending: Spending, run_id: str, units: Mapping[int, int]) -> None:
        """`units` by the items' places."""
        self._spending, self._run_id = spending, run_id
        self._held = dict(units)
        self._sent = False

    def sent(self) -> None:
        """The call is on its way."""
        self._sent = True

    def give_back(self, places: Collection[int]) -> None:
        """Give back the units of items that were surely not billed, at once. Raises LakeError."""
        units = sum(self._held.pop(place) for place in places)
        if units:
            self._spending.release(self._run_id, units)

    def __enter__(self) -> Reservation:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._sent:
            self.give_back(list(self._held))
