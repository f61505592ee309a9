"""Claims on texts in a DynamoDB table."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

from jobs.stores.aws.dynamodb import ACTIONS_A_TRANSACTION, Delete, Item, Put, Table, parts
from jobs.stores.steps import Claim, claimable

# Of no use once its lease is over; DynamoDB takes it away within days.
CLAIM_LIFETIME = timedelta(days=1)
# Longer than any claim is there.
OVER_LIFETIME = timedelta(days=30)
# A claim that took so long to be written, in seconds, is written once more: its lease is to begin now.
LATE_SECONDS = 5.0
_FREE_OR_OWN = "attribute_not_exists(#pk) OR #holder = :holder"


class DynamoTextClaims:
    """`TextClaims` in a table such as `infra/data.yaml` declares. `now` tells the time, in seconds since 1970.

    The keys of one call are claimed in one transaction, which tells whose the others are. Claims of a run that is over
    are not looked for: an item says that it is over, and whoever meets a claim of another's looks for that.
    """

    def __init__(self, table: str, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._table = Table(table)

    def claim(self, run_id: str, holder: str, keys: Sequence[bytes], looked_up: Collection[bytes]) -> set[bytes]:
        """See `TextClaims.claim`."""
        own: set[bytes] = set()
        for wanted in _parts(keys):
            own |= self._claim(run_id, holder, wanted, looked_up)
        return own

    def release(self, holder: str, keys: Sequence[bytes]) -> None:
        """See `TextClaims.release`."""
        for left in _parts(keys):
            while left:
                others = self._table.transact([Delete(_key(key), _FREE_OR_OWN, {"holder": holder}) for key in left])
                left = [key for place, key in enumerate(left) if place not in others] if others else []

    def forget(self, run_id: str) -> None:
        """See `TextClaims.forget`."""
        expires_at = int(self._now() + OVER_LIFETIME.total_seconds())
        self._table.write(Put({**_over(run_id), "expires_at": expires_at}))

    def close(self) -> None:
        """Let go of the connections."""
        self._table.close()

    def _claim(self, run_id: str, holder: str, wanted: list[bytes], looked_up: Collection[bytes]) -> set[bytes]:
        """Claim what is to be had of as many keys as one transaction takes."""
        lapsed: dict[bytes, Claim] = {}  # claims of others that may be taken, as they were found
        while wanted:
            now = self._now()
            expires_at = int(now + CLAIM_LIFETIME.total_seconds())
            claim = {"holder": holder, "at": now, "run_id": run_id, "expires_at": expires_at}
            refused = self._table.transact([_take({**_key(key), **claim}, lapsed.get(key)) for key in wanted])
            if not refused:
                if self._now() - now < LATE_SECONDS:
                    break
                continue
            found = {wanted[place]: item for place, item in refused.items() if item is not None}
            over = self._over({item["run_id"] for item in found.values()})
            claims = {key: Claim(item["holder"], item["at"]) for key, item in found.items()}
            counted = {key: each for key, each in claims.items() if found[key]["run_id"] not in over}
            own = claimable(wanted, counted, holder, looked_up, now)
            wanted = [key for key in wanted if key in own]
            lapsed |= {key: each for key, each in claims.items() if key in own}
        return set(wanted)

    def _over(self, run_ids: set[str]) -> set[str]:
        """Which of some runs are over."""
        marks = self._table.get_many([_over(run_id) for run_id in run_ids])
        return {mark["pk"].partition("#")[2] for mark in marks}


def _take(item: Item, lapsed: Claim | None) -> Put:
    """Put a claim where none is, or the holder's own, or one that may be taken, if it is still as it was found."""
    if lapsed is None:
        return Put(item, _FREE_OR_OWN, {"holder": item["holder"]})
    condition = f"{_FREE_OR_OWN} OR (#holder = :theirs AND #at = :since)"
    return Put(item, condition, {"holder": item["holder"], "theirs": lapsed.holder, "since": lapsed.at})


def _key(key: bytes) -> Item:
    return {"pk": f"claim#{key.hex()}", "sk": "claim"}


def _over(run_id: str) -> Item:
    return {"pk": f"claims-over#{run_id}", "sk": "claims-over"}


def _parts(keys: Sequence[bytes]) -> list[list[bytes]]:
    """Distinct keys, as many at a time as a transaction takes."""
    return parts(list(dict.fromkeys(keys)), ACTIONS_A_TRANSACTION)
