"""A lake with three weeks of nights behind it, without a night: one was replaced, and one was not published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pyarrow.parquet as pq

from expectations.verdict import Verdict
from jobs.lake.catalog import show
from jobs.lake.layout import Lake
from jobs.run.lifecycle import RunRecord
from jobs.storage import storage_of
from jobs.stores.open import Stores, open_lake
from jobs.stores.protocols import Ledger, PublishedFile
from tests.sql.rows import Row, tables
from tests.transforms.runs import RUN
from transforms.report import RunSummary, summary_table
from transforms.schemas import RunState

LAST = date(2026, 11, 22)
NIGHTS = [LAST - timedelta(days) for days in range(20, -1, -1)]
EARLY, LATE, REPLACED, FAILED = (f"01M8JKKQSDB5Z0QE17DQ0K99{end}" for end in ("T1", "T2", "T0", "T3"))
HOSTILE = "<script>document.title = 'obeyed'</script>"
FAILURES = ["documents: none of 8 documents was scored"]
NO_VERDICT = Verdict(holds=True, failures=[], evaluated=54)


def reported_lake(root: str, *, failed: bool = False) -> tuple[Lake, Stores]:
    """Publish 20 nights by one run and the last by another; with `failed` a third has since published nothing.

    The last night has more complaints by chat than those before, and documents of a source that is called HOSTILE.
    """
    lake, stores = open_lake(root, create="://" not in root)
    stores.keys().content_key()
    ledger = stores.ledger()
    before = [row for ds in NIGHTS[:-1] for row in _night(ds.isoformat(), 10)]
    _publish(lake, ledger, _run(EARLY, before), before, None)
    _publish(lake, ledger, _run(REPLACED, last := _night(LAST.isoformat(), 35)[:-1]), last, None)
    _publish(lake, ledger, _run(LATE, last := _night(LAST.isoformat(), 35)), last, REPLACED)
    if failed:
        run = replace(_run(FAILED, []), dates=[LAST.isoformat()], documents=8, rejected=8, reasons={"TEXT_BLANK": 8})
        _end(lake, ledger, replace(run, outcome=RunState.EXPECTATIONS_NOT_MET))
    if lake.config is not None:
        show(lake, ledger)
    return lake, stores


def _night(ds: str, complaints: int) -> list[Row]:
    texts = [
        ("chat", "NEGATIVE", "The app is down, says [NAME].\nAgain & again on {}, {} times!", complaints),
        ("chat", "POSITIVE", "All is well on {} at {}", 40 - complaints),
        ("mail", "NEGATIVE", "Where is my parcel of {}, {} days?", 10),
        ("mail", "POSITIVE", "Thank you for {} and {}", 30),
        (HOSTILE, "NEGATIVE", HOSTILE + " \u202eturned {} {}", 5),
        (HOSTILE, "POSITIVE", "Fine {} {}", 5),
    ]
    written = [(*each, number) for each in texts for number in range(5)]
    scored: list[Row] = [
        {
            "ds": ds,
            "document_id": f"{source}-{label}-{number}",
            "source": source,
            "language": "en",
            "sentiment": label,
            "redacted_text": text.format(ds, number),
            "content_key": f"{source}-{text.format(ds, number)}",
            "times": times // 5,
            f"score_{label.lower()}": 0.9,
            "source_file": "drop.jsonl",
            "source_row": 1,
            "scorer": "comprehend",
            "billed_units": 3,
        }
        for source, label, text, times, number in written
    ]
    rejected = {"ds": ds, "document_id": "r", "source": None, "status": "REJECTED", "error_code": "TEXT_BLANK"}
    return [*scored, rejected | {"source_file": f"{HOSTILE}.jsonl", "source_row": 7}]


def _run(run_id: str, rows: Sequence[Row]) -> RunSummary:
    """The summary of a run that wrote these rows."""
    scored = [row for row in rows if row.get("status") is None]
    rejected = len(rows) - len(scored)
    labels: Mapping[str, int] = {
        label: sum(row["times"] for row in scored if row["sentiment"] == label) for label in ("POSITIVE", "NEGATIVE")
    }
    return replace(
        RUN,
        run_id=run_id,
        dates=sorted({row["ds"] for row in rows}),
        documents=sum(labels.values()) + rejected,
        scored=sum(labels.values()),
        rejected=rejected,
        failed=0,
        deferred=0,
        carried=0,
        sentiments=labels,
        reasons={"TEXT_BLANK": rejected},
        scorer="comprehend",
    )


def _publish(lake: Lake, ledger: Ledger, run: RunSummary, rows: Sequence[Row], replaces: str | None) -> None:
    files = {}
    for ds, table in tables([row | {"run_id": run.run_id} for row in rows]).items():
        uri = f"{lake.scores(ds, run.run_id)}/part.parquet"
        with storage_of(uri).create(uri) as file:
            pq.write_table(table, file, write_page_checksum=True)
        files[ds] = [PublishedFile(lake.path_of(uri), table.num_rows)]
    ledger.begin(run.run_id, max(files), list(files), alone=False)
    ledger.publish(run.run_id, dict.fromkeys(files, replaces), files, [], RunRecord(run, NO_VERDICT).to_dict())
    _leave(lake, ledger, run, max(files))


def _end(lake: Lake, ledger: Ledger, run: RunSummary) -> None:
    ds = LAST.isoformat()
    ledger.begin(run.run_id, ds, [ds], alone=False)
    ledger.end(run.run_id, run.outcome, RunRecord(run, Verdict(False, FAILURES, 54)).to_dict())
    _leave(lake, ledger, run, ds)


def _leave(lake: Lake, ledger: Ledger, run: RunSummary, ds: str) -> None:
    with storage_of(lake.root).create(lake.run_row(ds, run.run_id)) as file:
        pq.write_table(summary_table([run]), file)
    ledger.settle(run.run_id)
