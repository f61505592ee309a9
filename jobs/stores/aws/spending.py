"""Spending in a DynamoDB table."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from jobs.stores.aws.dynamodb import Item, Put, Table, Update
from jobs.stores.aws.state import State
from jobs.stores.steps import Granted, grant

# What a run has spent is asked for in its own month, and where the next run of its date has the same budget.
LIFETIME = timedelta(days=400)


class DynamoSpending:
    """`Spending` in a table such as `infra/data.yaml` declares.

    A run has an item of its own, and its month another that names it. A reservation whose answer was lost may count
    twice, and stays so.
    """

    def __init__(self, table: str) -> None:
        self._table = Table(table)
        self._state = State(self._table)

    def begin(self, run_id: str, month: str, budget: int | None) -> None:
        """See `Spending.begin`."""
        if not self._enter(run_id, month, budget, 0):
            raise self._table.client.unusable(f"the spending of run {run_id} is entered already")

    def end(self, run_id: str, month: str) -> None:
        """See `Spending.end`."""
        if not self._enter(run_id, month, 0, 0):
            self._state.step(_key(run_id), lambda before: ({**before, "budget": 0}, None))

    def reserve(self, run_id: str, units: Sequence[int]) -> Granted:
        """See `Spending.reserve`."""

        def take(before: Item) -> tuple[Item, Granted]:
            if not before:
                return before, Granted(0, 0)
            after, granted = grant(before["budget"], before["reserved"], units)
            return ({**before, "reserved": after} if granted.items else before), granted

        return self._state.step(_key(run_id), take)

    def release(self, run_id: str, units: int) -> None:
        """See `Spending.release`."""
        # A transaction, for it is made once however often it is sent: given back twice, units could be spent twice.
        change = "SET #reserved = #reserved - :units, #writer = :writer"
        values = {"units": units, "writer": uuid.uuid4().hex}
        self._table.transact([Update(_key(run_id), change, "attribute_exists(#reserved)", values)])

    def recover(self, run_id: str, month: str, units: int) -> int:
        """See `Spending.recover`."""
        if self._enter(run_id, month, 0, units):
            return units

        def take(before: Item) -> tuple[Item, int]:
            lacking = max(0, units - before["reserved"])
            return {**before, "budget": 0, "reserved": before["reserved"] + lacking}, lacking

        return self._state.step(_key(run_id), take)

    def of_runs(self, run_ids: Sequence[str]) -> int:
        """See `Spending.of_runs`."""
        return sum(item["reserved"] for item in self._table.get_many([_key(run) for run in dict.fromkeys(run_ids)]))

    def of_month(self, month: str) -> int:
        """See `Spending.of_month`."""
        return self.of_runs([item["sk"] for item in self._table.query(_month(month))])

    def close(self) -> None:
        """Let go of the connections."""
        self._table.close()

    def _enter(self, run_id: str, month: str, budget: int | None, reserved: int) -> bool:
        """Enter a run that is not entered yet; whether it was not."""
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
        expires_at = {"expires_at": int((first + LIFETIME).timestamp())}
        entered: dict[str, Any] = {"budget": budget, "reserved": reserved, "writer": uuid.uuid4().hex}
        refused = self._table.transact(
            [
                Put({**_key(run_id), **entered, **expires_at}, "attribute_not_exists(#pk)"),
                Put({"pk": _month(month), "sk": run_id, **expires_at}),
            ]
        )
        return not refused


def _key(run_id: str) -> Item:
    return {"pk": f"spending#{run_id}", "sk": "spending"}


def _month(month: str) -> str:
    return f"spending-month#{month}"
