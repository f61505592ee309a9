"""What readers see: SQL over the published run directories, and the list of runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ulid import ULID

from jobs.lake import Lake, open_lake
from jobs.services.ledger import LocalLedger
from jobs.services.sql import format_table, query
from transforms.report import RunSummary, runs_text, unfinished


def answer(location: str, sql: str, parameters: Sequence[str], output: str) -> str:
    """One query's rows as text: `output` is table, csv or json. Raises LakeError, UsageError."""
    lake = open_lake(location, create=False)
    return format_table(query(published_files(lake), run_files(lake), sql, parameters), output)


def published_files(lake: Lake) -> dict[str, list[str]]:
    """Each date's Parquet files of the run that its pointer names."""
    pointers = LocalLedger(lake.ledger).pointers()
    return {
        ds: sorted(str(path) for path in lake.scores(ds, run_id).glob("*.parquet")) for ds, run_id in pointers.items()
    }


def run_files(lake: Lake) -> list[str]:
    """The rows of the table `runs`."""
    return sorted(str(path) for path in (lake.root / "runs").glob("ds=*/*.parquet"))


def list_runs(location: str) -> str:
    """Every run, one line each below a header, and whether it is what readers see. Raises LakeError."""
    ledger = LocalLedger(open_lake(location, create=False).ledger)
    seen = set(ledger.pointers().values())
    runs = []
    for run in ledger.runs():
        if run.record is None:
            summary = unfinished(run.run_id, ULID.from_str(run.run_id).datetime, datetime.now(UTC), run.state)
        else:
            summary = RunSummary.from_dict(run.record["summary"])
        runs.append((summary, run.run_id in seen))
    return runs_text(runs)
