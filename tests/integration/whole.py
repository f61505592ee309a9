"""What must hold of a lake at any moment, and what once a night has ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from jobs.lake.published import open_published, published_files, read_published, run_rows
from jobs.lake.sql import query
from jobs.stores.open import open_lake
from jobs.stores.protocols import RunEntry
from tests.integration.grounds import ground_of
from tests.integration.lakes import content
from transforms.schemas import RunState

Rows = list[dict[str, Any]]
STORES = {"ledger.sqlite", "meter.sqlite", "meter.sqlite.lock", "cache.sqlite", "cache.sqlite.lock", "keys/content.key"}
STORES |= {"lake.toml"}  # of a lake in S3


def seen(location: str) -> Rows:
    """What readers see, by date, source and row; every file that is published is there, with its rows."""
    lake, stores = open_lake(location, create=False)
    ledger = stores.ledger()
    rows: Rows = query(
        published_files(lake, ledger.publications()),
        run_rows(lake, ledger),
        "SELECT * FROM scores ORDER BY ds, source_file, source_row",
    ).to_pylist()
    query({}, run_rows(lake, ledger), "SELECT * FROM runs")
    return rows


def reader(location: str) -> Callable[[], Rows]:
    """Opens a lake, and tells at each call what readers see who open the published files themselves, in the order of
    `seen`; far cheaper.
    """
    lake, stores = open_lake(location, create=False)
    ledger = stores.ledger()

    def read() -> Rows:
        rows = [
            row | {"ds": date.fromisoformat(ds)}
            for ds, publication in ledger.publications().items()
            for file in publication.files
            for batch in read_published(lake, file)
            for row in batch.to_pylist()
        ]
        return sorted(rows, key=lambda row: (row["ds"], row["source_file"], row["source_row"]))

    return read


def by_source(rows: Rows, *without: str) -> dict[str, Rows]:
    """The rows of each source file, by its name, without what says which run made them."""
    found: dict[str, Rows] = {}
    for row in content(rows, *without):
        found.setdefault(Path(row["source_file"]).name, []).append(row)
    return found


@contextmanager
def polled(location: str, hold: Callable[[Rows], None]) -> Iterator[list[int]]:
    """Readers that ask all the while; none may get an error or anything but what is to `hold`. Counts the polls.

    They open the files themselves: asking by SQL takes what a night does, and is done where it has ended. And they
    rest three times as long as they read: else they would have most of the machine.
    """
    over = threading.Event()
    polls, raised = [0], list[BaseException]()

    def poll() -> None:
        try:
            read = reader(location)
            while not over.is_set():
                began = time.monotonic()
                hold(read())
                polls[0] += 1
                over.wait(3 * (time.monotonic() - began))
        except BaseException as error:  # noqa: BLE001 - raised again below
            raised.append(error)

    thread = threading.Thread(target=poll, daemon=True)
    thread.start()
    try:
        yield polls
    finally:
        over.set()
        thread.join()
    if raised:
        raise raised[0]


def settled(location: str) -> None:
    """A lake after a night that nobody harmed: every run has ended and left what it leaves, and nothing lies about."""
    lake, stores = open_lake(location, create=False)
    ledger = stores.ledger()
    runs = {run.run_id: run for run in ledger.runs()}
    lying = ground_of(location).lying(lake.root)
    known = set(STORES)
    for run in runs.values():
        assert run.state is not RunState.STARTED
        assert run.settled, f"{run.run_id} {run.state} is not finished"
        for left in (lake.run_row(run.ds, run.run_id), lake.report(run.run_id)):
            known.add(lake.path_of(left))
            assert lake.path_of(left) in lying, f"{run.run_id} {run.state} lacks {lake.path_of(left)}"
    for publication in ledger.publications().values():
        assert runs[publication.run_id].state is RunState.PUBLISHED
        for file in publication.files:
            with open_published(lake.at(file.path), file.rows):
                known.add(file.path)
    known.add(lake.path_of(lake.scores_readme))
    unknown = [path for path in lying if path not in known and not _of(path, runs)]
    assert not unknown, f"these lie about: {unknown}"
    pointed = {(ds, publication.run_id) for ds, publication in ledger.publications().items()}
    for path in lying:
        if path.startswith("scores/ds="):
            ds, run_id = (part.partition("=")[2] for part in path.split("/")[1:3])
            assert path in known or (ds, run_id) not in pointed, f"{path} lies beside what is published"


def _of(path: str, runs: Mapping[str, RunEntry]) -> bool:
    """Whether a file is what a run may have left: an audit, or scores of one that was replaced."""
    folders = path.split("/")
    if folders[0] == "catalog":  # what the catalog says of scores
        return True
    of_audit = folders[0] == "audits" and folders[1] in runs
    run = runs.get(folders[2].removeprefix("run=")) if folders[0] == "scores" else None
    of_scores = run is not None and run.state is RunState.PUBLISHED
    return (of_audit or of_scores) and not folders[-1].startswith(".")
