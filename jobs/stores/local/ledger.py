"""The ledger in a SQLite file of the lake."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from jobs.storage import make_private_file
from jobs.stores.local.sqlite import RESTORE, find_damage, unusable
from jobs.stores.protocols import Publication, PublishedFile, RunEntry, TakenFile
from transforms.display import visible
from transforms.errors import CommitUnknown, LakeBusy, LakeError, PublishConflict
from transforms.schemas import RunState

# How long one waits for another's transaction, in seconds.
BUSY_SECONDS = 60

# Runs stand in the order in which they began, and publications in that in which they were made: SQLite numbers rows so.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    run_id TEXT PRIMARY KEY, ds TEXT NOT NULL, state TEXT NOT NULL, record TEXT,
    dates TEXT NOT NULL DEFAULT '[]', settled INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS open_runs ON runs (settled) WHERE NOT settled;
CREATE INDEX IF NOT EXISTS runs_of ON runs (ds);
CREATE TABLE IF NOT EXISTS publications (
    ds TEXT NOT NULL, run_id TEXT NOT NULL, replaced TEXT, PRIMARY KEY (ds, run_id)
);
CREATE TABLE IF NOT EXISTS published_files (
    ds TEXT NOT NULL, run_id TEXT NOT NULL, number INTEGER NOT NULL, path TEXT NOT NULL, rows INTEGER NOT NULL,
    PRIMARY KEY (ds, run_id, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pointers (ds TEXT PRIMARY KEY, run_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS files (
    ds TEXT NOT NULL, run_id TEXT NOT NULL, uri TEXT NOT NULL, size INTEGER NOT NULL, stamp TEXT NOT NULL,
    called TEXT, rejected_as TEXT, PRIMARY KEY (ds, run_id, uri)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deferred (
    ds TEXT NOT NULL, run_id TEXT NOT NULL, uri TEXT NOT NULL, documents INTEGER NOT NULL,
    PRIMARY KEY (ds, run_id, uri)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (ds TEXT PRIMARY KEY, run_id TEXT NOT NULL);
"""
# What the schema is numbered as; 0 did not know the files of a publication, 1 not what a file of a drop is called, 2
# not what one was read with that was wholly rejected.
_VERSION = 3

_TAKEN = """
WITH RECURSIVE chain (ds, run_id) AS (
    SELECT ds, run_id FROM pointers
    UNION
    SELECT p.ds, p.replaced FROM chain c JOIN publications p ON p.ds = c.ds AND p.run_id = c.run_id
    WHERE p.replaced IS NOT NULL
)
SELECT ds, uri, size, stamp, coalesce(documents, 0), called, rejected_as
FROM chain JOIN publications p USING (ds, run_id) JOIN files USING (ds, run_id)
LEFT JOIN deferred USING (ds, run_id, uri)
ORDER BY p.rowid
"""

# Gives the Parquet files of a run's directory of one date, for a ledger that was made before it kept their names.
FilesOf = Callable[[str, str], Sequence[PublishedFile]]
# Rows that another must go with, by date: without them files would be missing from a table, or be taken twice.
_CONTRADICTIONS = """
SELECT ds FROM pointers LEFT JOIN publications p USING (ds, run_id) WHERE p.ds IS NULL
UNION ALL
SELECT p.ds FROM publications p LEFT JOIN runs r USING (run_id) WHERE r.state IS NOT ?
UNION ALL
SELECT a.ds FROM publications a LEFT JOIN publications b ON b.ds = a.ds AND b.run_id = a.replaced
WHERE a.replaced IS NOT NULL AND b.ds IS NULL
UNION ALL
SELECT ds FROM (SELECT DISTINCT ds, run_id FROM files) LEFT JOIN publications p USING (ds, run_id) WHERE p.ds IS NULL
UNION ALL
SELECT ds FROM deferred LEFT JOIN files f USING (ds, run_id, uri) WHERE f.ds IS NULL
UNION ALL
SELECT ds FROM (SELECT ds, run_id, count(*) - 1 <> max(number) AS gap FROM published_files GROUP BY ds, run_id)
LEFT JOIN publications p USING (ds, run_id) WHERE p.ds IS NULL OR gap
"""


class LocalLedger:
    """`Ledger` in one SQLite file; every change is one transaction."""

    def __init__(
        self,
        path: Path,
        files_of: FilesOf = lambda _ds, _run_id: (),
        holds_scores: Callable[[], bool] = lambda: False,
    ) -> None:
        """`holds_scores` says whether the lake does, which a ledger without a run has lost. Raises LakeError."""
        self._path = path
        self._error_of = unusable(f"the ledger {path}")
        try:
            make_private_file(path)
        except OSError as error:
            raise self._error_of(error) from None
        with self._transaction() as db:
            find_damage(db)
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version < _VERSION and db.execute("SELECT 1 FROM sqlite_master WHERE name = 'runs'").fetchone():
                _add_columns(db, version)
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            if version < 1:
                for ds, run_id in db.execute("SELECT ds, run_id FROM publications").fetchall():
                    _enter_files(db, ds, run_id, files_of(ds, run_id))
            if version < _VERSION:
                db.execute(f"PRAGMA user_version = {_VERSION}")
            if not db.execute("SELECT 1 FROM runs").fetchone() and holds_scores():
                raise LakeError(f"the ledger {path} knows of no run, and scores lie beside it: {RESTORE}")

    def begin(self, run_id: str, ds: str, dates: Collection[str], *, alone: bool) -> None:
        """See `Ledger.begin`."""
        ordered = sorted(set(dates))
        with self._transaction() as db:
            for date in ordered if alone else ():
                row = db.execute("SELECT run_id FROM claims WHERE ds = ?", (date,)).fetchone()
                if row:
                    raise PublishConflict(
                        f"run {row[0]} is scoring {date} right now, and both would pay for the same texts: run again "
                        "when it has ended"
                    )
                db.execute("INSERT INTO claims VALUES (?, ?)", (date, run_id))
            db.execute(
                "INSERT INTO runs (run_id, ds, state, dates) VALUES (?, ?, ?, ?)",
                (run_id, ds, RunState.STARTED, json.dumps(ordered)),
            )

    def end(self, run_id: str, state: RunState, record: Mapping[str, Any] | None) -> bool:
        """See `Ledger.end`."""
        with self._transaction() as db:
            return _end(db, run_id, state, record)

    def settle(self, run_id: str) -> None:
        """See `Ledger.settle`."""
        with self._transaction() as db:
            db.execute("UPDATE runs SET settled = 1 WHERE run_id = ? AND state <> ?", (run_id, RunState.STARTED))

    def runs(self, since: datetime | None = None) -> list[RunEntry]:  # noqa: ARG002 - all of them take a moment
        """See `Ledger.runs`."""
        return self._entries("")

    def runs_of(self, ds: str) -> list[RunEntry]:
        """See `Ledger.runs_of`."""
        return self._entries("WHERE ds = ?", ds)

    def open_runs(self) -> list[RunEntry]:
        """See `Ledger.open_runs`."""
        return self._entries("WHERE NOT settled")

    def _entries(self, which: str, *parameters: str) -> list[RunEntry]:
        query = f"SELECT run_id, ds, state, record, dates, settled FROM runs {which} ORDER BY rowid"  # noqa: S608 - words of ours
        with self._transaction() as db:
            rows = db.execute(query, parameters).fetchall()
            return [
                RunEntry(
                    run_id, ds, RunState(state), record and json.loads(record), tuple(json.loads(dates)), bool(settled)
                )
                for run_id, ds, state, record, dates, settled in rows
            ]

    def publications(self, dates: Collection[str] | None = None) -> dict[str, Publication]:
        """See `Ledger.publications`."""
        query = (
            "SELECT p.ds, p.run_id, f.path, f.rows FROM pointers p LEFT JOIN published_files f USING (ds, run_id) "
            "ORDER BY p.ds, f.number"
        )
        with self._transaction() as db:
            rows = db.execute(query).fetchall()
            lost = db.execute(_CONTRADICTIONS, (RunState.PUBLISHED,)).fetchone()
        if lost:
            raise LakeError(f"the ledger {self._path} has lost what is published of {visible(str(lost[0]))}: {RESTORE}")
        return {
            ds: Publication(run_id, tuple(PublishedFile(*file) for _, _, *file in files if file[0] is not None))
            for (ds, run_id), files in groupby(rows, itemgetter(0, 1))
            if dates is None or ds in dates
        }

    def pointers(self) -> dict[str, str]:
        """See `Ledger.pointers`."""
        return {ds: found.run_id for ds, found in self.publications().items()}

    def taken(self, uris: Collection[str]) -> dict[str, TakenFile]:
        """See `Ledger.taken`."""
        wanted = set(uris)
        return {uri: file for uri, file in self._taken().items() if uri in wanted}

    def knows_hashes(self) -> bool:
        """See `Ledger.knows_hashes`."""
        return not all("/" in known for known in self._taken())

    def _taken(self) -> dict[str, TakenFile]:
        with self._transaction() as db:
            rows = db.execute(_TAKEN).fetchall()
        return {file.uri: file for file in (TakenFile(*row) for row in rows)}

    def publish(
        self,
        run_id: str,
        replaces: Mapping[str, str | None],
        files: Mapping[str, Sequence[PublishedFile]],
        taken: Sequence[TakenFile],
        record: Mapping[str, Any],
    ) -> None:
        """See `Ledger.publish`. Raises CommitUnknown where the disk fails and does not tell what it has kept."""
        to_be_committed = False
        try:
            with self._transaction() as db:
                _publish(db, run_id, replaces, files, taken, record)
                to_be_committed = True
        except LakeError as error:
            if not to_be_committed or isinstance(error, LakeBusy):  # others kept it from being committed
                raise
            try:
                with self._transaction() as db:
                    state = _state(db, run_id)
            except LakeError:
                raise CommitUnknown(
                    f"whether run {run_id} was published is not known: {error}. `aurastream runs` tells, once the "
                    "ledger can be read again"
                ) from None
            if state is not RunState.PUBLISHED:
                raise

    def rollback(self, ds: str) -> tuple[str, str]:
        """See `Ledger.rollback`."""
        with self._transaction() as db:
            row = db.execute(
                "SELECT run_id, replaced FROM publications JOIN pointers USING (ds, run_id) WHERE ds = ?",
                (ds,),
            ).fetchone()
            if row is None:
                raise LakeError(f"nothing is published for {ds}: `aurastream runs` lists the dates of every run")
            current, before = row
            if before is None:
                raise LakeError(f"run {current} is the first published for {ds}: there is no run before it")
            db.execute("UPDATE pointers SET run_id = ? WHERE ds = ?", (before, ds))
            # Its files are no longer taken; the same run may not be pointed to by a later chain.
            for table in ("publications", "files", "deferred", "published_files"):
                db.execute(f"DELETE FROM {table} WHERE ds = ? AND run_id = ?", (ds, current))  # noqa: S608 - names of ours
        return current, before

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction, the only one at this moment: committed at the end, undone by an error."""
        try:
            with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")  # what is closed without it is undone
        except sqlite3.Error as error:
            raise self._error_of(error) from None
        except ValueError:  # what stands in a row is no state, no JSON or no text
            raise LakeError(f"the ledger {self._path} holds what it never wrote: {RESTORE}") from None


def _state(db: sqlite3.Connection, run_id: str) -> RunState | None:
    row = db.execute("SELECT state FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    return RunState(row[0]) if row else None


def _publish(
    db: sqlite3.Connection,
    run_id: str,
    replaces: Mapping[str, str | None],
    files: Mapping[str, Sequence[PublishedFile]],
    taken: Sequence[TakenFile],
    record: Mapping[str, Any],
) -> None:
    if _state(db, run_id) is RunState.PUBLISHED:
        return
    for ds, expected in replaces.items():
        row = db.execute("SELECT run_id FROM pointers WHERE ds = ?", (ds,)).fetchone()
        found = row[0] if row else None
        if found != expected:
            raise PublishConflict(
                f"run {run_id} publishes nothing: {ds} was published by run {found} in the meantime. "
                "Run again to take up what that run did not."
            )
        db.execute("INSERT OR REPLACE INTO pointers VALUES (?, ?)", (ds, run_id))
        db.execute("INSERT INTO publications VALUES (?, ?, ?)", (ds, run_id, expected))
        _enter_files(db, ds, run_id, files.get(ds, ()))
    before = {uri: ds for ds, uri, *_ in db.execute(_TAKEN)}
    for file in taken:
        if before.get(file.uri, file.ds) != file.ds:  # else the same document would stand under two dates
            raise PublishConflict(
                f"run {run_id} publishes nothing: a file that it took for {file.ds} was taken for {before[file.uri]} "
                "in the meantime. Run again to take up what that run did not."
            )
    files_taken = [(f.ds, run_id, f.uri, f.size, f.stamp, f.called, f.rejected_as) for f in taken]
    db.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?)", files_taken)
    db.executemany(
        "INSERT INTO deferred VALUES (?, ?, ?, ?)", [(f.ds, run_id, f.uri, f.deferred) for f in taken if f.deferred]
    )
    if not _end(db, run_id, RunState.PUBLISHED, record):
        raise PublishConflict(
            f"run {run_id} publishes nothing: it was taken for dead and ended. Run again to take its work up."
        )


def _end(db: sqlite3.Connection, run_id: str, state: RunState, record: Mapping[str, Any] | None) -> bool:
    said = None if record is None else json.dumps(record)
    ended = db.execute(
        "UPDATE runs SET state = ?, record = ? WHERE run_id = ? AND state = ?", (state, said, run_id, RunState.STARTED)
    )
    db.execute("DELETE FROM claims WHERE run_id = ?", (run_id,))
    return ended.rowcount > 0


def _enter_files(db: sqlite3.Connection, ds: str, run_id: str, files: Sequence[PublishedFile]) -> None:
    rows = [(ds, run_id, number, *file) for number, file in enumerate(files)]
    db.executemany("INSERT INTO published_files VALUES (?, ?, ?, ?, ?)", rows)


def _add_columns(db: sqlite3.Connection, version: int) -> None:
    """What an earlier version lacks. 0 did not keep which dates a run had in hand; what it knew of them is taken over.

    Files that are in a ledger of before are called what they are: a URI.
    """
    if version < 2:
        db.execute("ALTER TABLE files ADD COLUMN called TEXT")
    db.execute("ALTER TABLE files ADD COLUMN rejected_as TEXT")
    if version:
        return
    db.execute("ALTER TABLE runs ADD COLUMN dates TEXT NOT NULL DEFAULT '[]'")
    db.execute("ALTER TABLE runs ADD COLUMN settled INTEGER NOT NULL DEFAULT 0")
    dates = (
        "SELECT run_id, ds FROM runs UNION SELECT run_id, ds FROM publications UNION SELECT run_id, ds FROM claims "
        "ORDER BY run_id, ds"
    )
    for run_id, known in groupby(db.execute(dates).fetchall(), itemgetter(0)):
        db.execute("UPDATE runs SET dates = ? WHERE run_id = ?", (json.dumps([ds for _, ds in known]), run_id))
