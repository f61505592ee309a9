"""The local ledger: one that fails, and one of before publications listed their files."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from jobs.stores.local import ledger as local
from jobs.stores.local.ledger import LocalLedger
from jobs.stores.protocols import Publication, PublishedFile, RunEntry, TakenFile
from tests.jobs.stores.runs import DS, FILE, LATE, OTHER, all_taken, begin, pointers, publish, states, written
from transforms.errors import CommitUnknown, LakeBusy, LakeError, PublishConflict
from transforms.schemas import RunState

# One that fails.


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_text("not a database, and long enough to be seen as none " * 40)

    with pytest.raises(LakeError, match=r"the ledger .*ledger\.sqlite cannot be used") as told:
        LocalLedger(tmp_path / "ledger.sqlite")
    assert not isinstance(told.value, LakeBusy)


def test_a_ledger_that_others_use_for_too_long_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = LocalLedger(tmp_path / "ledger.sqlite")
    monkeypatch.setattr(local, "BUSY_SECONDS", 0.01)
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for use in (ledger.runs, lambda: publish(ledger, "R1"), lambda: LocalLedger(tmp_path / "ledger.sqlite")):
            with pytest.raises(LakeBusy, match=r"ledger\.sqlite cannot be used: database is locked"):
                use()


def test_a_publication_that_others_keep_from_being_committed_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = LocalLedger(tmp_path / "ledger.sqlite")
    begin(ledger, "R1")
    monkeypatch.setattr(local, "BUSY_SECONDS", 0.01)
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM runs").fetchall()
        with pytest.raises(LakeBusy):
            publish(ledger, "R1")

    assert states(ledger) == {"R1": RunState.STARTED}
    publish(ledger, "R1")


class _Failing(sqlite3.Connection):
    """The disk fails when a transaction is to be committed, and perhaps from then on."""

    failing = ""
    kept = False
    for_good = False

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if sql == _Failing.failing or (_Failing.for_good and _Failing.failing == ""):
            _Failing.failing = ""
            if _Failing.kept:
                super().execute(sql)
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, parameters)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> type[_Failing]:
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=_Failing))
    monkeypatch.setattr(_Failing, "failing", "nothing")
    monkeypatch.setattr(_Failing, "kept", False)
    monkeypatch.setattr(_Failing, "for_good", False)
    return _Failing


def test_a_commit_that_failed_and_was_kept_is_one(tmp_path: Path, disk: type[_Failing]) -> None:
    ledger = LocalLedger(tmp_path / "ledger.sqlite")
    begin(ledger, "R1")
    disk.failing, disk.kept = "COMMIT", True
    publish(ledger, "R1")

    assert disk.failing == ""
    assert pointers(ledger) == {DS: "R1"}


def test_a_commit_that_failed_is_none(tmp_path: Path, disk: type[_Failing]) -> None:
    ledger = LocalLedger(tmp_path / "ledger.sqlite")
    begin(ledger, "R1")
    disk.failing = "COMMIT"
    with pytest.raises(LakeError, match="disk I/O error") as told:
        publish(ledger, "R1")

    assert not isinstance(told.value, CommitUnknown)
    assert pointers(ledger) == {}
    assert states(ledger) == {"R1": RunState.STARTED}


@pytest.mark.parametrize("kept", [False, True])
def test_a_commit_that_nobody_can_look_for_is_unknown(tmp_path: Path, disk: type[_Failing], kept: bool) -> None:
    ledger = LocalLedger(tmp_path / "ledger.sqlite")
    begin(ledger, "R1")
    disk.failing, disk.kept, disk.for_good = "COMMIT", kept, True
    with pytest.raises(CommitUnknown, match=r"whether run R1 was published is not known: .*disk I/O error"):
        publish(ledger, "R1")

    disk.failing = "nothing"
    assert pointers(ledger) == ({DS: "R1"} if kept else {})
    publish(ledger, "R1")
    assert pointers(ledger) == {DS: "R1"}


def test_an_error_before_the_commit_is_none_of_the_commit(tmp_path: Path, disk: type[_Failing]) -> None:
    ledger = LocalLedger(tmp_path / "ledger.sqlite")
    begin(ledger, "R1")
    disk.failing, disk.for_good = "BEGIN IMMEDIATE", True
    with pytest.raises(LakeError) as told:
        publish(ledger, "R1")
    assert not isinstance(told.value, CommitUnknown)


# One of before publications listed their files.

VERSION_0 = """
CREATE TABLE runs (run_id TEXT PRIMARY KEY, ds TEXT NOT NULL, state TEXT NOT NULL, record TEXT);
CREATE TABLE publications (ds TEXT NOT NULL, run_id TEXT NOT NULL, replaced TEXT, PRIMARY KEY (ds, run_id));
CREATE TABLE pointers (ds TEXT PRIMARY KEY, run_id TEXT NOT NULL);
CREATE TABLE files (
    ds TEXT NOT NULL, run_id TEXT NOT NULL, uri TEXT NOT NULL, size INTEGER NOT NULL, stamp TEXT NOT NULL,
    PRIMARY KEY (ds, run_id, uri)
) WITHOUT ROWID;
CREATE TABLE deferred (
    ds TEXT NOT NULL, run_id TEXT NOT NULL, uri TEXT NOT NULL, documents INTEGER NOT NULL,
    PRIMARY KEY (ds, run_id, uri)
) WITHOUT ROWID;
CREATE TABLE claims (ds TEXT PRIMARY KEY, run_id TEXT NOT NULL);

INSERT INTO runs VALUES
    ('R9', '2026-11-22', 'PUBLISHED', '{"documents": 3}'), ('R2', '2026-11-22', 'PUBLISHED', '{}'),
    ('R3', '2026-11-22', 'FAILED', NULL), ('R4', '2026-11-22', 'STARTED', NULL);
INSERT INTO publications VALUES
    ('2026-11-22', 'R9', NULL), ('2026-11-21', 'R9', NULL), ('2026-11-22', 'R2', 'R9');
INSERT INTO pointers VALUES ('2026-11-22', 'R2'), ('2026-11-21', 'R9');
INSERT INTO files VALUES
    ('2026-11-22', 'R9', '/drops/a.jsonl', 10, '1'), ('2026-11-22', 'R2', '/drops/a.jsonl', 12, '2'),
    ('2026-11-21', 'R9', '/drops/b.jsonl', 20, '1');
INSERT INTO deferred VALUES ('2026-11-21', 'R9', '/drops/b.jsonl', 4);
INSERT INTO claims VALUES ('2026-11-20', 'R4');
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as db:
        db.executescript(VERSION_0)
    return tmp_path / "ledger.sqlite"


def test_an_old_ledger_keeps_what_it_had_and_learns_the_files(old: Path) -> None:
    asked: list[tuple[str, str]] = []

    def files_of(ds: str, run_id: str) -> Sequence[PublishedFile]:
        asked.append((ds, run_id))
        return written(run_id, "b", "a", ds=ds)

    LocalLedger(old, files_of)
    ledger = LocalLedger(old, files_of)

    assert sorted(asked) == [(OTHER, "R9"), (DS, "R2"), (DS, "R9")]
    assert ledger.publications() == {
        OTHER: Publication("R9", written("R9", "b", "a", ds=OTHER)), DS: Publication("R2", written("R2", "b", "a")),
    }  # fmt: skip
    assert all_taken(ledger) == {
        "/drops/a.jsonl": TakenFile(DS, "/drops/a.jsonl", 12, "2"),
        "/drops/b.jsonl": TakenFile(OTHER, "/drops/b.jsonl", 20, "1", deferred=4),
    }
    assert ledger.runs() == ledger.open_runs()  # whoever comes next looks after all of them
    assert ledger.runs() == [
        RunEntry("R9", DS, RunState.PUBLISHED, {"documents": 3}, (OTHER, DS), settled=False),
        RunEntry("R2", DS, RunState.PUBLISHED, {}, (DS,), settled=False),
        RunEntry("R3", DS, RunState.FAILED, None, (DS,), settled=False),
        RunEntry("R4", DS, RunState.STARTED, None, ("2026-11-20", DS), settled=False),
    ]


def test_an_old_ledger_goes_on(old: Path) -> None:
    ledger = LocalLedger(old, lambda ds, run_id: written(run_id, "a", ds=ds))

    with pytest.raises(PublishConflict, match="run R4 is scoring"):
        begin(ledger, "R5", "2026-11-20", alone=True)
    begin(ledger, "R5")
    publish(ledger, "R5", "R2", LATE)
    assert pointers(ledger) == {OTHER: "R9", DS: "R5"}
    assert [ledger.rollback(DS), ledger.rollback(DS)] == [("R5", "R2"), ("R2", "R9")]
    assert ledger.publications()[DS] == Publication("R9", written("R9", "a"))
    assert all_taken(ledger)[FILE.uri] == FILE


def test_where_a_file_of_an_old_ledger_cannot_be_read_it_stays_old(old: Path) -> None:
    def gone(ds: str, run_id: str) -> Sequence[PublishedFile]:
        raise LakeError("a.parquet is published, but cannot be read")

    for _ in range(2):
        with pytest.raises(LakeError, match=r"a\.parquet"):
            LocalLedger(old, gone)
    assert LocalLedger(old).publications()[DS].run_id == "R2"


# One that has lost what it knew.


def test_a_ledger_that_is_gone_beside_scores_is_no_new_one(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match=r"knows of no run, and scores lie beside it: restore it from a backup"):
        LocalLedger(tmp_path / "ledger.sqlite", holds_scores=lambda: True)


def test_a_pointer_without_its_publication_is_named(tmp_path: Path) -> None:
    ledger = LocalLedger(tmp_path / "ledger.sqlite")
    begin(ledger, "R1")
    publish(ledger, "R1")
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as db, db:
        db.execute("UPDATE pointers SET run_id = 'R?'")

    with pytest.raises(LakeError, match=f"has lost what is published of {DS}: restore it"):
        ledger.publications()


@pytest.mark.parametrize(
    "lose",
    [
        "DELETE FROM runs WHERE run_id = 'R1'",
        "UPDATE runs SET state = 'CONFLICT' WHERE run_id = 'R1'",
        "DELETE FROM publications WHERE run_id = 'R1'",
        "UPDATE publications SET replaced = 'R?' WHERE run_id = 'R2'",
        "UPDATE published_files SET run_id = 'R?' WHERE run_id = 'R2'",
        "UPDATE published_files SET number = 7 WHERE run_id = 'R2' AND number = 1",
        "UPDATE files SET run_id = 'R?'",
        "UPDATE deferred SET uri = '/drops/?'",
    ],
)
def test_rows_that_contradict_each_other_are_named(lose: str, tmp_path: Path) -> None:
    """What is lost would be missing from a table, or be taken a second time."""
    ledger = LocalLedger(tmp_path / "ledger.sqlite")
    for run in ("R1", "R2"):
        begin(ledger, run)
    ledger.publish("R1", {DS: None}, {DS: written("R1", "a")}, [FILE._replace(deferred=2)], {})
    ledger.publish("R2", {DS: "R1"}, {DS: written("R2", "a", "b")}, [], {})
    ledger.publications()
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as db, db:
        db.execute(lose)

    with pytest.raises(LakeError, match=f"has lost what is published of {DS}: restore it"):
        ledger.publications()


def test_pages_that_do_not_fit_together_are_seen_when_it_is_opened(tmp_path: Path) -> None:
    place = tmp_path / "ledger.sqlite"
    ledger = LocalLedger(place)
    for number in range(100):
        begin(ledger, f"R{number}")
    whole = place.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:4096] + bytes(len(whole) - 4096)):
        place.write_bytes(damaged)
        with pytest.raises(LakeError, match=r"ledger\.sqlite cannot be used: .*: restore it from a backup"):
            LocalLedger(place)


@pytest.mark.parametrize("change", ["state = 'PUBLISHEE'", "dates = '[?'", "record = '{'"])
def test_a_row_that_was_never_written_is_named(change: str, tmp_path: Path) -> None:
    ledger = LocalLedger(tmp_path / "ledger.sqlite")
    begin(ledger, "R1")
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as db, db:
        db.execute(f"UPDATE runs SET {change}")

    with pytest.raises(LakeError, match=r"ledger\.sqlite holds what it never wrote: restore it"):
        ledger.runs()


# One of before files of a drop were called otherwise than their URI.

VERSION_1 = """
CREATE TABLE runs (
    run_id TEXT PRIMARY KEY, ds TEXT NOT NULL, state TEXT NOT NULL, record TEXT,
    dates TEXT NOT NULL DEFAULT '[]', settled INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE publications (ds TEXT NOT NULL, run_id TEXT NOT NULL, replaced TEXT, PRIMARY KEY (ds, run_id));
CREATE TABLE published_files (
    ds TEXT NOT NULL, run_id TEXT NOT NULL, number INTEGER NOT NULL, path TEXT NOT NULL, rows INTEGER NOT NULL,
    PRIMARY KEY (ds, run_id, number)
) WITHOUT ROWID;
CREATE TABLE pointers (ds TEXT PRIMARY KEY, run_id TEXT NOT NULL);
CREATE TABLE files (
    ds TEXT NOT NULL, run_id TEXT NOT NULL, uri TEXT NOT NULL, size INTEGER NOT NULL, stamp TEXT NOT NULL,
    PRIMARY KEY (ds, run_id, uri)
) WITHOUT ROWID;
INSERT INTO runs VALUES ('R1', '2026-11-22', 'PUBLISHED', '{}', '["2026-11-22"]', 1);
INSERT INTO publications VALUES ('2026-11-22', 'R1', NULL);
INSERT INTO published_files VALUES ('2026-11-22', 'R1', 0, 'scores/ds=2026-11-22/run=R1/a.parquet', 1);
INSERT INTO pointers VALUES ('2026-11-22', 'R1');
INSERT INTO files VALUES ('2026-11-22', 'R1', '/drops/a.jsonl', 10, '1');
PRAGMA user_version = 1;
"""


def test_a_ledger_that_knows_uris_alone_goes_on(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as db:
        db.executescript(VERSION_1)

    def asked(ds: str, run_id: str) -> Sequence[PublishedFile]:
        raise AssertionError("it knows its files")

    LocalLedger(tmp_path / "ledger.sqlite", asked)
    ledger = LocalLedger(tmp_path / "ledger.sqlite", asked)

    assert all_taken(ledger) == {FILE.uri: FILE}
    assert ledger.publications() == {DS: Publication("R1", written("R1", "a"))}
    otherwise = LATE._replace(uri="ab" * 32, called="/drops/[NAME:kqzvbnwtxabc].jsonl")
    begin(ledger, "R2")
    publish(ledger, "R2", "R1", otherwise)
    assert all_taken(ledger) == {FILE.uri: FILE, otherwise.uri: otherwise}
