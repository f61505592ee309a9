"""Runs in a ledger: what they write, take and publish."""

from __future__ import annotations

from jobs.stores.protocols import Ledger, PublishedFile, TakenFile
from transforms.schemas import RunState

DS, OTHER = "2026-11-22", "2026-11-21"
FILE = TakenFile(DS, "/drops/a.jsonl", 10, "1")
LATE = TakenFile(DS, "/drops/late.jsonl", 20, "2")

# The names of all files that tests take.
NAMES = (
    *("/drops/a.jsonl", "/drops/b.jsonl", "/drops/late.jsonl", "/drops/other.jsonl", "ab" * 32),
    *(f"/drops/{number}" for number in range(12)),
    *(f"/drops/R{number}.jsonl" for number in range(8)),
)


def written(run_id: str, *names: str, ds: str = DS) -> tuple[PublishedFile, ...]:
    return tuple(PublishedFile(f"scores/ds={ds}/run={run_id}/{name}.parquet", i + 1) for i, name in enumerate(names))


def begin(ledger: Ledger, run_id: str, *dates: str, alone: bool = False) -> None:
    ledger.begin(run_id, DS, dates or (DS,), alone=alone)


def publish(ledger: Ledger, run_id: str, replaces: str | None = None, *taken: TakenFile) -> None:
    """Publish a date, with a file that tells which run wrote it."""
    ledger.publish(run_id, {DS: replaces}, {DS: written(run_id, "a")}, taken, {})


def pointers(ledger: Ledger) -> dict[str, str]:
    pointers = ledger.pointers()
    assert pointers == {ds: found.run_id for ds, found in ledger.publications().items()}
    return pointers


def states(ledger: Ledger) -> dict[str, RunState]:
    return {run.run_id: run.state for run in ledger.runs()}


def all_taken(ledger: Ledger) -> dict[str, TakenFile]:
    return ledger.taken(NAMES)
