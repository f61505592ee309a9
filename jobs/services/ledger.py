"""The ledger: runs, claims, published pointers and the files they took. The local twin is a SQLite file in the lake.

A date's pointer names the run whose directory readers see. Each publication remembers the one it replaced, so a date's
history is a chain: what it has taken from drops is what the runs of its chain took, and taking a publication back
(rollback) forgets its files with it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from transforms.errors import LakeError, PublishConflict

BUSY_SECONDS = 60

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (run_id TEXT PRIMARY KEY, ds TEXT NOT NULL, state TEXT NOT NULL, record TEXT);
CREATE TABLE IF NOT EXISTS publications (
    ds TEXT NOT NULL, run_id TEXT NOT NULL, replaced TEXT, PRIMARY KEY (ds, run_id)
);
CREATE TABLE IF NOT EXISTS pointers (ds TEXT PRIMARY KEY, run_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS files (
    ds TEXT NOT NULL, run_id TEXT NOT NULL, uri TEXT NOT NULL, size INTEGER NOT NULL, stamp TEXT NOT NULL,
    PRIMARY KEY (ds, run_id, uri)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deferred (
    ds TEXT NOT NULL, run_id TEXT NOT NULL, uri TEXT NOT NULL, documents INTEGER NOT NULL,
    PRIMARY KEY (ds, run_id, uri)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (ds TEXT PRIMARY KEY, run_id TEXT NOT NULL);
"""

_TAKEN = """
WITH RECURSIVE chain (ds, run_id) AS (
    SELECT ds, run_id FROM pointers
    UNION
    SELECT p.ds, p.replaced FROM chain c JOIN publications p ON p.ds = c.ds AND p.run_id = c.run_id
    WHERE p.replaced IS NOT NULL
)
SELECT f.ds, f.uri, f.size, f.stamp, coalesce(d.documents, 0)
FROM files f JOIN chain c ON f.ds = c.ds AND f.run_id = c.run_id
LEFT JOIN deferred d ON d.ds = f.ds AND d.run_id = f.run_id AND d.uri = f.uri
"""


class TakenFile(NamedTuple):
    """A file of a drop as the manifest knows it."""

    ds: str
    uri: str
    size: int
    stamp: str
    deferred: int = 0  # documents of it that ended DEFERRED and are to be taken up again


@dataclass(frozen=True)
class RunEntry:
    """What the ledger knows of a run. `record` is what the run itself had to say, None while it works."""

    run_id: str
    ds: str  # the run's date
    state: str
    record: dict[str, Any] | None


STARTED = "STARTED"
PUBLISHED = "PUBLISHED"


class LocalLedger:
    """The ledger in one SQLite file; every change is one transaction. Raises LakeError where it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._transaction() as db:
            for statement in _SCHEMA.split(";"):
                db.execute(statement)

    def begin(self, run_id: str, ds: str, claims: Collection[str] = ()) -> None:
        """Enter a run that starts, under its date.

        Of two runs that claim a date only one works at a time: the other would buy the same texts. Raises
        PublishConflict where a date is claimed already; a claim ends with its run.
        """
        with self._transaction() as db:
            for date in claims:
                row = db.execute("SELECT run_id FROM claims WHERE ds = ?", (date,)).fetchone()
                if row:
                    raise PublishConflict(
                        f"run {row[0]} is scoring {date} right now, and both would pay for the same texts: run again "
                        "when it has ended"
                    )
                db.execute("INSERT INTO claims VALUES (?, ?)", (date, run_id))
            db.execute("INSERT INTO runs VALUES (?, ?, ?, NULL)", (run_id, ds, STARTED))

    def end(self, run_id: str, state: str, record: Mapping[str, Any] | None) -> None:
        """Enter how a run ended that published nothing."""
        with self._transaction() as db:
            _end(db, run_id, state, record)

    def runs(self) -> list[RunEntry]:
        """Every run, oldest first."""
        with self._transaction() as db:
            rows = db.execute("SELECT run_id, ds, state, record FROM runs ORDER BY run_id").fetchall()
        return [RunEntry(run_id, ds, state, record and json.loads(record)) for run_id, ds, state, record in rows]

    def pointers(self) -> dict[str, str]:
        """The published run of every date."""
        with self._transaction() as db:
            return dict(db.execute("SELECT ds, run_id FROM pointers ORDER BY ds").fetchall())

    def taken(self) -> dict[str, TakenFile]:
        """Every file that published runs have taken, by its URI, as last taken."""
        with self._transaction() as db:
            rows = db.execute(_TAKEN + " ORDER BY f.run_id").fetchall()
        return {file.uri: file for file in (TakenFile(*row) for row in rows)}

    def publish(
        self,
        run_id: str,
        replaces: Mapping[str, str | None],
        files: Sequence[TakenFile],
        record: Mapping[str, Any],
    ) -> None:
        """Point every date of `replaces` to this run, if each still points to the run given there (None: to none).

        One transaction: all dates move, and the files count as taken, or nothing happens and PublishConflict is raised.
        """
        with self._transaction() as db:
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
            db.executemany(
                "INSERT INTO files VALUES (?, ?, ?, ?, ?)", [(f.ds, run_id, f.uri, f.size, f.stamp) for f in files]
            )
            db.executemany(
                "INSERT INTO deferred VALUES (?, ?, ?, ?)",
                [(f.ds, run_id, f.uri, f.deferred) for f in files if f.deferred],
            )
            _end(db, run_id, PUBLISHED, record)

    def rollback(self, ds: str) -> tuple[str, str]:
        """Point a date back to the run before; (the run taken back, the run that readers see now).

        Raises LakeError where there is no run before.
        """
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
            db.execute("DELETE FROM publications WHERE ds = ? AND run_id = ?", (ds, current))
            db.execute("DELETE FROM files WHERE ds = ? AND run_id = ?", (ds, current))
            db.execute("DELETE FROM deferred WHERE ds = ? AND run_id = ?", (ds, current))
        return current, before

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
            try:
                connection.execute("BEGIN IMMEDIATE")
                with connection:
                    yield connection
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise LakeError(f"the ledger {self._path} cannot be used: {error}") from None


def _end(db: sqlite3.Connection, run_id: str, state: str, record: Mapping[str, Any] | None) -> None:
    said = None if record is None else json.dumps(record)
    db.execute("UPDATE runs SET state = ?, record = ? WHERE run_id = ?", (state, said, run_id))
    db.execute("DELETE FROM claims WHERE run_id = ?", (run_id,))
