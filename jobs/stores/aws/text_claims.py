"""Claims on texts in a DynamoDB table: a log, to whose end every call appends what it claims."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from jobs.stores.aws.client import NotYet
from jobs.stores.aws.dynamodb import Item, Put, Table, parts
from jobs.stores.steps import CLOCKS_DIFFER, LEASE_SECONDS, Claim, claimable

# An entry is of no use once its lease is over, but its number is not given twice while anybody may know it: longer than
# Glue lets a run be (seven days). DynamoDB takes it away within days.
ENTRY_LIFETIME = timedelta(days=10)
# Longer than any entry is there.
OVER_LIFETIME = timedelta(days=30)
# A claim that took so long to be written, in seconds, is written once more: its lease is to begin now.
LATE_SECONDS = 5.0
# Bytes of a fingerprint that tell it from others. Two that had them in common would wait for each other's lease once.
SHORT_BYTES = 8
# With them an entry is a fifth of the largest item that DynamoDB has.
KEYS_AN_ENTRY = 10_000
_LOG = "claims"


class _Held(NamedTuple):
    """A claim as an entry says it."""

    claim: Claim
    run_id: str


class DynamoTextClaims:
    """`TextClaims` in a table such as `infra/data.yaml` declares. `now` tells the time, in seconds since 1970.

    The keys of a call are one entry of a log, put at the number after the last on condition that none is there. So
    whoever appends has read all that was appended before, and of two that want a text the second finds the first's
    entry in its place. A process remembers what it has read: whatever lease may have gone on when the claims were
    opened, and all since. Claims of a run that is over are not looked for: an item says that it is over, and whoever
    meets a claim of another's looks for that.
    """

    def __init__(self, table: str, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._table = Table(table)
        self._since = now() - LEASE_SECONDS - CLOCKS_DIFFER
        self._last: int | None = None  # the number of the last entry that was read; None before any was
        self._shared = False  # others were found to append as well
        self._held: dict[bytes, _Held] = {}  # by short key
        self._over: set[str] = set()  # runs
        self._alone = threading.Lock()  # the threads of one process need not beat each other

    def claim(self, run_id: str, holder: str, keys: Sequence[bytes], looked_up: Collection[bytes]) -> set[bytes]:
        """See `TextClaims.claim`."""
        own: set[bytes] = set()
        for wanted in parts(list(dict.fromkeys(keys)), KEYS_AN_ENTRY):
            own |= self._claim(run_id, holder, wanted, looked_up)
        return own

    def release(self, holder: str, keys: Sequence[bytes]) -> None:
        """See `TextClaims.release`."""
        for given_up in parts(keys, KEYS_AN_ENTRY):
            self._append(partial(self._entry, holder, given_up, None))

    def forget(self, run_id: str) -> None:
        """See `TextClaims.forget`."""
        expires_at = int(self._now() + OVER_LIFETIME.total_seconds())
        self._table.write(Put({**_over(run_id), "expires_at": expires_at}))

    def close(self) -> None:
        """Let go of the connections."""
        self._table.close()

    def _claim(self, run_id: str, holder: str, wanted: list[bytes], looked_up: Collection[bytes]) -> set[bytes]:
        """Claim what is to be had of as many keys as one entry takes."""
        own: set[bytes] = set()

        def entry() -> Item | None:
            nonlocal own
            own = self._claimable(wanted, holder, looked_up)
            return self._entry(holder, own, run_id) if own else None

        while (put := self._append(entry)) and self._now() - put["at"] >= LATE_SECONDS:
            pass
        return own

    def _claimable(self, wanted: list[bytes], holder: str, looked_up: Collection[bytes]) -> set[bytes]:
        """Of some keys those that may be claimed, by what was read of the log."""
        found = {key: held for key in wanted if (held := self._held.get(_short(key)))}
        unsure = {held.run_id for held in found.values() if held.claim.holder != holder} - self._over
        self._over |= {mark["pk"].partition("#")[2] for mark in self._table.get_many([_over(run) for run in unsure])}
        claims = {key: held.claim for key, held in found.items() if held.run_id not in self._over}
        return claimable(wanted, claims, holder, looked_up, self._now())

    def _entry(self, holder: str, keys: Collection[bytes], run_id: str | None) -> Item:
        """What a holder says of keys: that it claims them, or gives them up, of no run."""
        now = self._now()
        expires_at = int(now + ENTRY_LIFETIME.total_seconds())
        short = b"".join(map(_short, keys))
        return {"holder": holder, "run_id": run_id, "at": now, "keys": short, "expires_at": expires_at}

    def _append(self, entry: Callable[[], Item | None]) -> Item | None:
        """Append the entry that follows from all that was appended before, and give it; or none, where none follows.

        One whose answer was lost is read at its number, or another's is there and it can come no more. It is the
        holder's own, so what followed follows once more.
        """

        def attempt(_: bool) -> Item | None:
            for read in (self._shared or self._last is None, False, True):
                if read:
                    self._read()
                if said := entry():
                    item = {**_numbered((self._last or 0) + 1), **said}
                    written = self._table.try_write(Put(item, "attribute_not_exists(#pk)"))
                    if written.done:
                        self._learn(item)
                        return item
                    self._shared = True
                    if written.item:
                        self._learn(written.item)
                elif read:
                    return None
            raise NotYet("others claim at the same moment", beaten=True)

        with self._alone:
            return self._table.client.persist(attempt)

    def _read(self) -> None:
        """Read what was appended since the last entry that is known; at first, the entries that may matter still."""
        if self._last is None:
            recent = []
            for item in self._table.query(_LOG, newest_first=True):
                recent.append(item)  # also one that is older: it has the last number, where all are
                if item["at"] < self._since:
                    break
            self._last = 0
            for item in reversed(recent):
                self._learn(item)
            return
        self._shared = False
        for item in self._table.query(_LOG, after=_numbered(self._last)["sk"]):
            if int(item["sk"]) != self._last + 1:
                return  # the one between came while this was read
            self._learn(item)
            self._shared = True

    def _learn(self, item: Item) -> None:
        """Remember what the next entry says."""
        self._last = int(item["sk"])
        holder, short = item["holder"], item["keys"]
        keys = [short[start : start + SHORT_BYTES] for start in range(0, len(short), SHORT_BYTES)]
        if item["run_id"] is not None:
            self._held |= dict.fromkeys(keys, _Held(Claim(holder, item["at"]), item["run_id"]))
            return
        for key in keys:
            if (held := self._held.get(key)) and held.claim.holder == holder:
                del self._held[key]


def _short(key: bytes) -> bytes:
    return key[-SHORT_BYTES:]


def _numbered(number: int) -> Item:
    return {"pk": _LOG, "sk": f"{number:015}"}


def _over(run_id: str) -> Item:
    return {"pk": f"claims-over#{run_id}", "sk": "claims-over"}
