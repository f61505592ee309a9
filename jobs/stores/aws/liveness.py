"""Who lives, by heartbeats in a DynamoDB table."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from jobs.stores.aws.dynamodb import Delete, Item, Put, Table, Update
from jobs.stores.steps import CLOCKS_DIFFER
from transforms.errors import LakeError

# Seconds between two heartbeats, and after how many without one a run is dead. A process that halts for so long, and
# goes on, is ended in the ledger meanwhile, and publishes nothing.
BEAT_SECONDS = 5.0
LEASE_SECONDS = 30.0
# What nobody has removed goes after a week.
_LIFETIME = 7 * 86_400


class DynamoLiveness:
    """`Liveness` by an item for each run that lives, of which a thread counts up the beats.

    Whoever asks watches whether they go on, so that clocks of machines need not agree: that takes a beat for a run that
    lives, and for one that has died just now as long as its lease. Raises LakeError.
    """

    def __init__(self, table: str, beat_seconds: float = BEAT_SECONDS, lease_seconds: float = LEASE_SECONDS) -> None:
        self._table = Table(table)
        self._beat_seconds, self._lease_seconds = beat_seconds, lease_seconds
        self._last_beats: set[tuple[str, int]] = set()  # holder and beat, of those that were watched and are dead

    @contextmanager
    def hold(self, run_id: str) -> Iterator[None]:
        """See `Liveness.hold`. Waits until whoever holds it lets go, or is dead."""
        holder = uuid.uuid4().hex
        self._acquire(run_id, holder)
        over = threading.Event()
        beating = threading.Thread(target=self._beat, args=(run_id, holder, over), daemon=True)
        beating.start()
        try:
            yield
        finally:
            over.set()
            beating.join()
            with suppress(LakeError):  # it ends with its lease, and how the run ended is no worse for it
                self._table.write(Delete(_key(run_id), "#holder = :holder", {"holder": holder}))

    def lives(self, run_id: str) -> bool:
        """See `Liveness.lives`."""
        seen = self._table.get(_key(run_id))
        return seen is not None and self._watched(seen)

    def sweep(self) -> None:
        """See `Liveness.sweep`: the table does it by itself."""

    def _acquire(self, run_id: str, holder: str) -> None:
        dead: Item | None = None
        while True:
            now = time.time()
            fresh = {**_key(run_id), "holder": holder, "beat": 0, "at": now, "expires_at": int(now) + _LIFETIME}
            if dead is None:
                put = Put(fresh, "attribute_not_exists(#pk)")
            else:
                values = {"holder": dead["holder"], "beat": dead["beat"]}
                put = Put(fresh, "attribute_not_exists(#pk) OR (#holder = :holder AND #beat = :beat)", values)
            written = self._table.write(put)
            found = written.item
            if written.done or (found and found["holder"] == holder):
                return
            dead = found if found is None or not self._watched(found) else None

    def _watched(self, seen: Item) -> bool:
        """Whether the beats of an item go on, or it is taken over: watched for its lease at most."""
        beat = seen["holder"], seen["beat"]
        if beat in self._last_beats or time.time() - seen["at"] > self._lease_seconds + CLOCKS_DIFFER:
            return False
        until = time.monotonic() + self._lease_seconds
        while time.monotonic() < until:
            time.sleep(self._beat_seconds / 4)
            found = self._table.get({"pk": seen["pk"], "sk": seen["sk"]})
            if found is None:
                return False
            if (found["holder"], found["beat"]) != beat:
                return True
        self._last_beats.add(beat)
        return False

    def _beat(self, run_id: str, holder: str, over: threading.Event) -> None:
        change = "SET #at = :now, #expires_at = :expires ADD #beat :one"
        while not over.wait(self._beat_seconds):
            now = time.time()
            values = {"now": now, "expires": int(now) + _LIFETIME, "one": 1, "holder": holder}
            try:
                if not self._table.write(Update(_key(run_id), change, "#holder = :holder", values)).done:
                    return  # it was taken for dead: what it does from now on counts for nothing
            except LakeError:
                pass  # the next beat may come through


def _key(run_id: str) -> Item:
    return {"pk": f"alive#{run_id}", "sk": "alive"}
