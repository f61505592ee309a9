"""Writes the report of a lake: an index over all runs, and a page for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from expectations.verdict import Verdict
from jobs.lake.asking import whole
from jobs.lake.files import put
from jobs.lake.layout import Lake
from jobs.lake.published import run_summaries
from jobs.report.page import Run, index_page, site_run_page
from jobs.report.questions import ASKED, QUESTIONS
from jobs.storage import absolute
from jobs.stores.open import Stores
from jobs.stores.protocols import Ledger, Publication
from transforms.errors import UsageError
from transforms.report import RunSummary


def write_site(lake: Lake, stores: Stores, out: str) -> str:
    """Write `index.html` and a page for each run to a folder, or a URI such as s3://…; the index's URI.

    What is there by these names is replaced, so a lake's own `reports` may be it. Every question is asked once, of the
    whole lake. Raises UsageError for another folder of the lake, LakeError where the lake cannot be read or the folder
    not be written.
    """
    ledger, folder = stores.ledger(), absolute(out.rstrip("/") or out)
    if f"{folder}/".startswith(f"{lake.root}/") and folder != lake.at("reports"):
        raise UsageError(
            f"--out {out} is inside the lake, whose files are its own: give {lake.at('reports')} or another"
        )
    answers = {name: whole(lake, ledger, QUESTIONS[name].sql()).to_pylist() for name in ASKED}
    runs = list(_runs(ledger, stores))
    for run in runs:
        put(f"{folder}/{run.summary.run_id}.html", site_run_page(run, answers).encode())
    index = f"{folder}/index.html"
    put(index, index_page(runs, answers).encode())  # last: its links lead somewhere
    return index


def _runs(ledger: Ledger, stores: Stores) -> Iterator[Run]:
    """Every run, the newest last, with its verdict and with what of it readers see."""
    verdicts = {run.run_id: Verdict(**run.record["verdict"]) for run in ledger.runs() if run.record}
    publications = ledger.publications()
    for summary, _ in run_summaries(ledger, stores.liveness().lives):
        verdict = verdicts.get(summary.run_id, Verdict(holds=False, failures=[], evaluated=0))
        yield run_of(summary, verdict, publications)


def run_of(summary: RunSummary, verdict: Verdict, publications: Mapping[str, Publication]) -> Run:
    """A run with its dates that point to it, and where its others point."""
    pointed = {ds: publications[ds].run_id if ds in publications else "" for ds in summary.dates}
    seen = frozenset(ds for ds, run_id in pointed.items() if run_id == summary.run_id)
    return Run(summary, verdict, seen, {ds: run_id for ds, run_id in pointed.items() if ds not in seen})
