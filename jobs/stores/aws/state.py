"""A small state in one item that many machines change step by step, each on what it has read."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import TypeVar

from jobs.stores.aws.client import NotYet
from jobs.stores.aws.dynamodb import Item, Put, Table

T = TypeVar("T")


class State:
    """States in items of a table. A write holds only if the item is as it was read, by the `writer` that each makes up.

    What this process knows last is tried first: where others have written, DynamoDB says what, and the step is taken
    from there. A write whose answer was lost is known by its `writer`, if nobody has written since. If somebody has, it
    counts as not made, and the step is taken again: one too many is to be on the safe side.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._known: dict[str, Item] = {}  # by `pk`; empty where there is none
        self._alone = threading.Lock()  # the threads of one process need not beat each other

    def step(self, key: Item, step: Callable[[Item], tuple[Item, T]]) -> T:
        """Take a step from what the item of a key holds (nothing, where there is none) to the next; its answer.

        The step is taken anew with each try, so it may look at a clock. Raises as the table does.
        """
        pk = key["pk"]
        answers: dict[str, T] = {}  # of this step's tries, by their writers
        fresh = False  # what is known was read within this step

        def attempt(_: bool) -> T:
            nonlocal fresh
            beaten = False
            while True:
                if pk not in self._known:
                    self._known[pk] = self._table.try_get(key) or {}
                    fresh = True
                found = self._known[pk]
                seen = found.get("writer")
                if seen in answers:
                    return answers[seen]
                before = {name: value for name, value in found.items() if name not in (*key, "writer")}
                after, answer = step(before)
                if after == before:
                    if fresh:
                        return answer
                    del self._known[pk]
                    continue
                writer = uuid.uuid4().hex
                answers[writer] = answer
                put = _put({**key, **after, "writer": writer}, seen)
                written = self._table.try_write(put)
                self._known[pk] = put.item if written.done else written.item or {}
                if written.done:
                    return answer
                if beaten and self._known[pk].get("writer") not in answers:
                    raise NotYet("others write it at the same moment", beaten=True)
                fresh = beaten = True

        with self._alone:
            return self._table.client.persist(attempt)


def _put(item: Item, seen: str | None) -> Put:
    """Put an item in the place of that of a writer, or of none."""
    if seen is None:
        return Put(item, "attribute_not_exists(#writer)")
    return Put(item, "#writer = :seen", {"seen": seen})
