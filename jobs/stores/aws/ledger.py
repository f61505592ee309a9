"""The ledger in a DynamoDB table. docs/ledger.md has its items, and why a publication of any number of dates is atomic.

pk                sk            what
run#RUN           run           a run: date, state, record, dates, whether it is settled, its number
runs              NUMBER        a run, in the order in which they began
runs#DATE         NUMBER        the same, of a date
open              NUMBER        the same, that is not settled
lock              DATE          the run that scores a date alone; of one that has ended it locks nothing
pointer           DATE          the run that readers see; or, where a run that is `pending` is published, that one
publication       DATE#RUN      the run that this one replaced
files#DATE        RUN           the Parquet files of a publication
taken#HASH        taken         a file of a drop: as each run took it, below the run's name
ledger            begun         how many runs have begun
ledger            hashes        whether a file was taken that is known by a hash
ledger            changed       how often what readers see has changed
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any, TypeVar

from jobs.stores.aws.dynamodb import ACTIONS_A_TRANSACTION, Check, Delete, Item, Put, Table, Update, parts
from jobs.stores.protocols import Publication, PublishedFile, RunEntry, TakenFile
from transforms.errors import CommitUnknown, LakeBusy, LakeError, PublishConflict
from transforms.schemas import RunState

T = TypeVar("T")

# Dates that are locked, or prepared for publishing, in one transaction; beside them there are a few items more.
DATES_A_TRANSACTION = ACTIONS_A_TRANSACTION - 10
# Bytes of an item that are left for the list of a publication's files: DynamoDB takes 400 KB in all.
MOST_LIST_BYTES = 350_000
# Dates asked for one by one, not all at once.
FEW_DATES = 20
# Transactions under way at once.
_THREADS = 4
_BEGUN = {"pk": "ledger", "sk": "begun"}
_CHANGED = {"pk": "ledger", "sk": "changed"}
_HASHES = {"pk": "ledger", "sk": "hashes"}
_COUNT = "ADD #count :one"


class DynamoLedger:
    """`Ledger` in a table such as `infra/data.yaml` declares. One for each process: it holds connections."""

    def __init__(self, table: str) -> None:
        self._table = Table(table)

    # Runs.

    def begin(self, run_id: str, ds: str, dates: Collection[str], *, alone: bool) -> None:
        """See `Ledger.begin`. Of more dates than a transaction takes, some are locked after the run is entered."""
        ordered = sorted(set(dates))
        began = self._table.write(Update(_BEGUN, _COUNT, values={"one": 1})).item
        number = (began or {})["count"]
        run: Item = {
            **_run(run_id),
            "run_id": run_id,
            "ds": ds,
            "state": RunState.STARTED,
            "record": None,
            "dates": ordered,
            "settled": False,
            "number": number,
            "began": datetime.now(UTC).isoformat(),
        }
        enter = [
            Put(run, "attribute_not_exists(#pk)"),
            *(Put({**key, "run_id": run_id, "began": run["began"]}) for key in _indexes(run)),
        ]
        locks = ordered if alone else []
        self._lock(run, locks[:DATES_A_TRANSACTION], enter)
        works = Check(_run(run_id), "#state = :state", {"state": RunState.STARTED})
        try:
            for dates_left in parts(locks[DATES_A_TRANSACTION:], DATES_A_TRANSACTION):
                self._lock(run, dates_left, [works])
        except PublishConflict:
            self._table.delete_many([_run(run_id), *_indexes(run)])
            raise

    def _lock(self, run: Item, dates: Sequence[str], others: Sequence[Put | Check]) -> None:
        """Lock dates and make other changes with it, all or nothing. Raises PublishConflict."""
        stale: dict[str, str] = {}  # date -> the run that has ended and whose lock is there
        while True:
            locks = [
                Put(
                    {"pk": "lock", "sk": ds, "run_id": run["run_id"], "fence": run["number"]},
                    "run_id = :stale" if ds in stale else "attribute_not_exists(#pk)",
                    {"stale": stale[ds]} if ds in stale else {},
                )
                for ds in dates
            ]
            refused = self._table.transact([*others, *locks])
            if not refused:
                return
            for place, found in refused.items():
                if place < len(others):
                    raise LakeError(f"run {run['run_id']} is in the ledger already, or has ended")
                ds = dates[place - len(others)]
                if found is None:
                    stale.pop(ds, None)
                elif self._state(found["run_id"]) is RunState.STARTED:
                    raise PublishConflict(
                        f"run {found['run_id']} is scoring {ds} right now, and both would pay for the same texts: run "
                        "again when it has ended"
                    )
                else:
                    stale[ds] = found["run_id"]

    def end(self, run_id: str, state: RunState, record: Mapping[str, Any] | None) -> bool:
        """See `Ledger.end`."""
        said = None if record is None else json.dumps(record)
        written = self._table.write(_ended(run_id, state, said))
        if written.done:
            return True
        found = written.item
        return written.lost and found is not None and (found["state"], found["record"]) == (state, said)

    def settle(self, run_id: str) -> None:
        """See `Ledger.settle`."""
        written = self._table.write(
            Update(
                _run(run_id),
                "SET #settled = :yes",
                "attribute_exists(#pk) AND #state <> :started",
                {"yes": True, "started": RunState.STARTED},
            )
        )
        if written.done and written.item:
            self._table.write(Delete({"pk": "open", "sk": _number(written.item)}))

    def runs(self, since: datetime | None = None) -> list[RunEntry]:
        """See `Ledger.runs`."""
        found = self._table.query("runs", newest_first=True)
        if since is not None:
            found = takewhile(lambda item: datetime.fromisoformat(item["began"]) >= since, found)
        return self._entries([item["run_id"] for item in found][::-1])

    def runs_of(self, ds: str) -> list[RunEntry]:
        """See `Ledger.runs_of`."""
        return self._entries([item["run_id"] for item in self._table.query(f"runs#{ds}")])

    def open_runs(self) -> list[RunEntry]:
        """See `Ledger.open_runs`."""
        found = self._entries([item["run_id"] for item in self._table.query("open")])
        return [entry for entry in found if not entry.settled]

    def _entries(self, run_ids: Sequence[str]) -> list[RunEntry]:
        items = {item["pk"]: item for item in self._table.get_many([_run(run_id) for run_id in run_ids])}
        return [_entry(items[f"run#{run_id}"]) for run_id in run_ids if f"run#{run_id}" in items]

    def _state(self, run_id: str) -> RunState | None:
        item = self._table.get(_run(run_id))
        return RunState(item["state"]) if item else None

    # What readers see.

    def publications(self, dates: Collection[str] | None = None) -> dict[str, Publication]:
        """See `Ledger.publications`."""
        runs, lists = self._of_one_moment(lambda: self._published(dates))
        files = {item["pk"].removeprefix("files#"): _unpacked(item["files"]) for item in lists}
        if lost := next((ds for ds in runs if ds not in files), None):
            raise self._table.client.unusable(f"it has lost what is published of {lost}; restore it from a backup")
        return {ds: Publication(runs[ds], files[ds]) for ds in sorted(runs)}

    def pointers(self) -> dict[str, str]:
        """See `Ledger.pointers`."""
        return self._pointers(None)

    def _of_one_moment(self, read: Callable[[], T]) -> T:
        """What several calls read, if nothing was published or taken back between the first and the last of them."""
        while True:
            before = self._table.get(_CHANGED)
            found = read()
            if self._table.get(_CHANGED) == before:
                return found

    def _published(self, dates: Collection[str] | None) -> tuple[dict[str, str], list[Item]]:
        runs = self._pointed_to(dates)
        return runs, self._table.get_many([{"pk": f"files#{ds}", "sk": run_id} for ds, run_id in runs.items()])

    def _pointers(self, dates: Collection[str] | None) -> dict[str, str]:
        """Which run readers see of each date, all of one moment."""
        return self._of_one_moment(lambda: self._pointed_to(dates))

    def _pointed_to(self, dates: Collection[str] | None) -> dict[str, str]:
        """The same; of one moment only within `_of_one_moment`.

        A date whose run is still being pointed to counts as pointed to, from the moment on that the run is published.
        """
        if dates is None or len(dates) > FEW_DATES:
            found = list(self._table.query("pointer"))
        else:
            found = self._table.get_many([_pointer(ds) for ds in dict.fromkeys(dates)])
        pending = dict.fromkeys(item["pending"] for item in found if "pending" in item)
        published = {run.run_id for run in self._entries(list(pending)) if run.state is RunState.PUBLISHED}
        seen = {
            item["sk"]: item["pending"] if item.get("pending") in published else item.get("run_id") for item in found
        }
        return {ds: run for ds, run in seen.items() if run and (dates is None or ds in dates)}

    def publish(
        self,
        run_id: str,
        replaces: Mapping[str, str | None],
        files: Mapping[str, Sequence[PublishedFile]],
        taken: Sequence[TakenFile],
        record: Mapping[str, Any],
    ) -> None:
        """See `Ledger.publish`. Raises CommitUnknown where the table does not tell what it has kept."""
        if self._state(run_id) is not RunState.PUBLISHED:
            self._take(run_id, taken)
            self._table.put_many(
                [
                    item
                    for ds, before in replaces.items()
                    for item in (
                        {"pk": "publication", "sk": f"{ds}#{run_id}", "replaced": before},
                        {"pk": f"files#{ds}", "sk": run_id, "files": _packed(files.get(ds, ()))},
                    )
                ]
            )
            for dates in parts(sorted(replaces), DATES_A_TRANSACTION):
                self._intend(run_id, {ds: replaces[ds] for ds in dates})
            self._commit(run_id, record)
        with suppress(LakeError):  # it is published: readers know, and whoever comes next finishes this
            for ds in replaces:
                self._finish(ds, run_id)

    def _commit(self, run_id: str, record: Mapping[str, Any]) -> None:
        """The moment at which readers see the run: all its dates are told of it, and one item makes them so."""
        ended = _ended(run_id, RunState.PUBLISHED, json.dumps(record))
        try:
            refused = self._table.transact([ended, Update(_CHANGED, _COUNT, values={"one": 1})], CommitUnknown)
        except CommitUnknown as unknown:
            # One that is found as it was may still be on its way.
            with suppress(LakeError):
                if self._state(run_id) is RunState.PUBLISHED:
                    return
            raise unknown from None
        if refused and self._state(run_id) is not RunState.PUBLISHED:
            raise PublishConflict(
                f"run {run_id} publishes nothing: it was taken for dead and ended. Run again to take its work up."
            )

    def _intend(self, run_id: str, replaces: Mapping[str, str | None]) -> None:
        """Tell dates that the run is about to be what readers see of them, all or none. Raises PublishConflict."""
        dates = list(replaces)
        stale: dict[str, str] = {}  # date -> the run that ended before it published, whose intent is there
        while True:
            refused = self._table.transact([_intent(ds, run_id, replaces[ds], stale.get(ds)) for ds in dates])
            if not refused:
                return
            for place, found in refused.items():
                ds, pending = dates[place], (found or {}).get("pending")
                state = self._state(pending) if pending else None
                if pending and state is RunState.PUBLISHED:
                    self._finish(ds, pending)
                elif pending and pending != run_id and state is RunState.STARTED:
                    raise PublishConflict(
                        f"run {run_id} publishes nothing: {ds} is being published by run {pending} at this moment. "
                        "Run again to take up what that run did not."
                    )
                elif (now := (found or {}).get("run_id")) != replaces[ds]:
                    raise PublishConflict(
                        f"run {run_id} publishes nothing: {ds} was published by run {now} in the meantime. "
                        "Run again to take up what that run did not."
                    )
                elif pending:
                    stale[ds] = pending

    def _finish(self, ds: str, run_id: str) -> None:
        """Point a date to a published run that is pending there; whoever comes first does it."""
        change = "SET #run_id = :run REMOVE #pending"
        self._table.write(Update(_pointer(ds), change, "#pending = :run", {"run": run_id}))

    def rollback(self, ds: str) -> tuple[str, str]:
        """See `Ledger.rollback`. Raises LakeBusy while a run publishes the date, CommitUnknown as `publish` does."""
        current = self._pointers([ds]).get(ds)
        if current is None:
            raise LakeError(f"nothing is published for {ds}: `aurastream runs` lists the dates of every run")
        publication = self._table.get({"pk": "publication", "sk": f"{ds}#{current}"}) or {}
        before: str | None = publication.get("replaced")
        if before is None:
            raise LakeError(f"run {current} is the first published for {ds}: there is no run before it")
        self._finish(ds, current)
        found = self._table.get(_pointer(ds)) or {}
        pending = found.get("pending")
        if pending and self._state(pending) in (RunState.STARTED, RunState.PUBLISHED):
            raise LakeBusy(f"run {pending} is publishing {ds} at this moment: try again when it has")
        # An intent of a run that has ended otherwise is left out of what comes.
        intent = "#pending = :pending" if pending else "attribute_not_exists(#pending)"
        moved = self._table.transact(
            [
                Update(
                    _pointer(ds),
                    "SET #run_id = :before REMOVE #pending" if pending else "SET #run_id = :before",
                    f"#run_id = :current AND {intent}",
                    {"before": before, "current": current} | ({"pending": pending} if pending else {}),
                ),
                Delete({"pk": "publication", "sk": f"{ds}#{current}"}),
                Delete({"pk": f"files#{ds}", "sk": current}),
                Update(_CHANGED, _COUNT, values={"one": 1}),
            ],
            CommitUnknown,
        )
        if moved:
            raise LakeBusy(f"{ds} was published, or taken back, by somebody else at this moment: look, and try again")
        return current, before

    # What was taken.

    def taken(self, uris: Collection[str]) -> dict[str, TakenFile]:
        """See `Ledger.taken`."""
        items = self._table.get_many([_taken(uri) for uri in dict.fromkeys(uris)])
        entries = [(item["uri"], run, told) for item in items for run, told in item.items() if isinstance(told, dict)]
        order = self._order({told["ds"] for _, _, told in entries})
        latest: dict[str, tuple[int, TakenFile]] = {}
        for uri, run, told in entries:
            place = order.get((told["ds"], run))
            if place is not None and (uri not in latest or place < latest[uri][0]):
                latest[uri] = place, TakenFile(uri=uri, **told)
        return {uri: file for uri, (_, file) in latest.items()}

    def knows_hashes(self) -> bool:
        """See `Ledger.knows_hashes`."""
        return self._table.get(_HASHES) is not None

    def _order(self, dates: Collection[str]) -> dict[tuple[str, str], int]:
        """Of what readers see of dates, and what that replaced: how many have replaced each, by date and run."""
        if not dates:
            return {}
        pointers, publications = self._of_one_moment(lambda: (self._pointed_to(dates), self._publications(dates)))
        replaced = {tuple(item["sk"].split("#", 1)): item["replaced"] for item in publications}
        order: dict[tuple[str, str], int] = {}
        for ds, current in pointers.items():
            place = 0
            run: str | None = current
            while run is not None and (ds, run) not in order:
                order[ds, run] = place
                place, run = place + 1, replaced.get((ds, run))
        return order

    def _publications(self, dates: Collection[str]) -> list[Item]:
        if len(dates) > FEW_DATES:
            return list(self._table.query("publication"))
        return [item for ds in dates for item in self._table.query("publication", f"{ds}#")]

    def _take(self, run_id: str, taken: Sequence[TakenFile]) -> None:
        """Enter what a run takes: it counts once the run is published. Raises PublishConflict.

        Two runs that take a file for two dates each enter it before they look for the other's, so that one sees it.
        """
        updates = [
            Update(
                _taken(file.uri),
                f"SET #{run_id} = :told, #uri = :uri",
                values={"uri": file.uri, "told": {n: v for n, v in file._asdict().items() if n != "uri"}},
            )
            for file in taken
        ]
        if any("/" not in file.uri for file in taken):
            self._table.put_many([_HASHES])
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(self._table.transact, parts(updates, ACTIONS_A_TRANSACTION)))
        dates = {file.uri: file.ds for file in taken}
        others = [
            (told["ds"], other, dates[item["uri"]])
            for item in self._table.get_many([_taken(uri) for uri in dates])
            for other, told in item.items()
            if isinstance(told, dict) and other != run_id and told["ds"] != dates[item["uri"]]
        ]
        entries = self._entries(list({run for _, run, _ in others}))
        working = {run.run_id for run in entries if run.state is RunState.STARTED}
        order = self._order({ds for ds, _, _ in others})
        for ds, other, own in others:
            if (ds, other) in order or other in working:
                raise PublishConflict(
                    f"run {run_id} publishes nothing: a file that it took for {own} was taken for {ds} in the "
                    "meantime. Run again to take up what that run did not."
                )


def _run(run_id: str) -> Item:
    return {"pk": f"run#{run_id}", "sk": "run"}


def _indexes(run: Item) -> list[Item]:
    """The keys below which a run is found."""
    return [{"pk": pk, "sk": _number(run)} for pk in ("runs", f"runs#{run['ds']}", "open")]


def _number(run: Item) -> str:
    return f"{run['number']:012}"


def _pointer(ds: str) -> Item:
    return {"pk": "pointer", "sk": ds}


def _taken(uri: str) -> Item:
    """A URI may be longer than a key."""
    return {"pk": f"taken#{hashlib.sha256(uri.encode()).hexdigest()}", "sk": "taken"}


def _entry(item: Item) -> RunEntry:
    record = item["record"]
    return RunEntry(
        item["pk"].removeprefix("run#"),
        item["ds"],
        RunState(item["state"]),
        record and json.loads(record),
        tuple(item["dates"]),
        item["settled"],
    )


def _ended(run_id: str, state: RunState, record: str | None) -> Update:
    """A run ends, if it has not."""
    values = {"started": RunState.STARTED, "state": state, "record": record}
    return Update(_run(run_id), "SET #state = :state, #record = :record", "#state = :started", values)


def _intent(ds: str, run_id: str, replaces: str | None, stale: str | None) -> Update:
    expected = "attribute_not_exists(#run_id)" if replaces is None else "#run_id = :replaces"
    free = "attribute_not_exists(#pending) OR #pending = :run" + (" OR #pending = :stale" if stale else "")
    values = {"run": run_id, "replaces": replaces, "stale": stale}
    given = {name: value for name, value in values.items() if value is not None}
    return Update(_pointer(ds), "SET #pending = :run", f"{expected} AND ({free})", given)


def _packed(files: Sequence[PublishedFile]) -> bytes:
    """A list of files. Raises LakeError where it is longer than an item may be."""
    packed = zlib.compress(json.dumps(files).encode())
    if len(packed) > MOST_LIST_BYTES:
        raise LakeError(f"a date of {len(files):,} files cannot be published: their list is too long for the ledger")
    return packed


def _unpacked(packed: bytes) -> tuple[PublishedFile, ...]:
    return tuple(PublishedFile(*file) for file in json.loads(zlib.decompress(packed)))
