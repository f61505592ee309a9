"""A small state in one item that many machines change step by step, each on what it has read."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import TypeVar

from jobs.stores.aws.client import NotYet
from jobs.stores.aws.dynamodb import Item, Put, Table

T = TypeVar("T")

# The longest pause after the first write that another's has beaten, in seconds: a write takes some 5 ms.
BEATEN_PAUSE = 0.01


class State:
    """States in items of a table. A write holds only if the item is as it was read, by the `writer` that each makes up.

    A write whose answer was lost is known by its `writer`, if nobody has written since. If somebody has, it counts as
    not made, and the step is taken again: one too many is to be on the safe side.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._alone = threading.Lock()  # the threads of one process need not beat each other

    def step(self, key: Item, step: Callable[[Item], tuple[Item, T]]) -> T:
        """Take a step from what the item of a key holds (nothing, where there is none) to the next; its answer.

        The step is taken anew with each try, so it may look at a clock. Raises as the table does.
        """
        answers: dict[str, T] = {}  # of this step's tries, by their writers

        def attempt(_: bool) -> T:
            found = self._table.try_get(key) or {}
            seen = found.get("writer")
            if seen in answers:
                return answers[seen]
            before = {name: value for name, value in found.items() if name not in (*key, "writer")}
            after, answer = step(before)
            if after == before:
                return answer
            writer = uuid.uuid4().hex
            answers[writer] = answer
            condition = "#writer = :seen" if seen else "attribute_not_exists(#writer)"
            put = Put({**key, **after, "writer": writer}, condition, {"seen": seen} if seen else {})
            if not self._table.try_write(put).done:
                raise NotYet("others write it at the same moment")
            return answer

        with self._alone:
            return self._table.client.persist(attempt, first_pause=BEATEN_PAUSE)
