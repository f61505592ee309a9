"""What a question over a month costs: every view over 30 nights of 20,000 documents, the sample's story.

    python -m tests.benchmarks.views --lake /tmp/month

Makes the lake where there is none (some minutes): texts are the sample's, redacted as a night redacts them, and
published like a night's; labels are drawn, the same for the same text. Then asks each view whole, turn by turn, through
`aurastream.connect` and, with --command, through the command line, too, and prints its rows, and of the turns the least
seconds by the clock and of CPU, all threads together.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc
from ulid import ULID

import aurastream
from aurastream.lake import Lake as Frames
from expectations.verdict import Verdict
from jobs.lake.layout import Lake
from jobs.lake.parquet import DateWriters
from jobs.lake.views import views
from jobs.run.lifecycle import RunRecord, leave
from jobs.sample_story import story
from jobs.stores.open import Stores, open_lake
from jobs.stores.protocols import PublishedFile
from tests.transforms.runs import RUN
from transforms.documents import documents
from transforms.pii.policy import DEFAULT_POLICY
from transforms.preparation import ready, redact_documents
from transforms.schemas import SCORES, Sentiment
from transforms.text import Fingerprint

LAST = date(2026, 11, 22)
# Words of the story that a scorer takes for a complaint; what other texts are is drawn, with these shares.
COMPLAINTS = "server error|is down|outage|Preiserhöhung|zu hoch|unverschämt|teuer"
SHARES = {Sentiment.POSITIVE: 0.35, Sentiment.NEGATIVE: 0.25, Sentiment.NEUTRAL: 0.3, Sentiment.MIXED: 0.1}
BATCH = 32_768  # rows, as a night has them


def make(root: str, nights: int, count: int) -> None:
    """A lake of so many nights of `count` documents, each published by a run of its own."""
    lake, stores = open_lake(root, create=True)
    stores.keys().content_key()
    for night in range(nights):
        ds = LAST - timedelta(nights - 1 - night)
        # The story has 30 nights, and is told again.
        _night(lake, stores, ds, list(story(count, ds.isoformat(), 7, night % 30, 30)))


def _night(lake: Lake, stores: Stores, ds: date, made: list[dict[str, str]]) -> None:
    at = datetime.combine(ds, clock(23), UTC)
    run_id = str(ULID.from_datetime(at))
    rows = pa.Table.from_batches(
        [_scored(made[start : start + BATCH], run_id, at) for start in range(0, len(made), BATCH)]
    )
    ledger = stores.ledger()
    ledger.begin(run_id, ds.isoformat(), [ds.isoformat()], alone=False)
    with DateWriters(lake, run_id, 0) as writers:
        for batch in rows.to_batches():
            writers.write(ds.isoformat(), batch)
        files = [PublishedFile(lake.path_of(file.uri), file.rows) for file in writers.close()]
    summary = replace(
        RUN,
        run_id=run_id,
        started_at=at,
        finished_at=at + timedelta(minutes=5),
        dates=[ds.isoformat()],
        documents=len(rows),
        scored=len(rows),
        rejected=0,
        failed=0,
        deferred=0,
        carried=0,
        cache_hits=pc.sum(rows["cache_hit"]).as_py(),
        billed_units=pc.sum(rows["billed_units"]).as_py(),
        dollars=pc.sum(rows["billed_units"]).as_py() * 1e-4,
        sentiments={row["values"]: row["counts"] for row in rows["sentiment"].value_counts().to_pylist()},
        reasons={},
        scorer="comprehend",
    )
    record = RunRecord(summary, Verdict(holds=True, failures=[], evaluated=54))
    ledger.publish(run_id, {ds.isoformat(): None}, {ds.isoformat(): files}, [], record.to_dict())
    leave(lake, ds.isoformat(), record)
    ledger.settle(run_id)


def _scored(made: list[dict[str, str]], run_id: str, at: datetime) -> pa.RecordBatch:
    """Documents as a night has them: redacted, with content keys; scores are drawn by these."""
    names = ("document_id", "text", "source", "language", "created_at", "subject_id")
    values = {name: [row.get(name) for row in made] for name in names}
    batch = redact_documents(documents(values, range(len(made)), "drop.jsonl"), "en", DEFAULT_POLICY, b"benchmark")
    prepared = ready(batch, Fingerprint("comprehend", "1", DEFAULT_POLICY.id, b"benchmark"))
    keys, texts = prepared["content_key"], prepared["redacted_text"]
    number = np.array([int(key[:12], 16) / 16**12 for key in keys.to_pylist()])
    label = np.searchsorted(np.cumsum(list(SHARES.values())), number)
    complains = pc.match_substring_regex(texts, COMPLAINTS).to_numpy(zero_copy_only=False)
    label[complains] = list(SHARES).index(Sentiment.NEGATIVE)
    sure = 0.4 + 0.6 * (number * 997 % 1)
    scores = np.where(np.arange(len(SHARES)) == label[:, None], sure[:, None], (1 - sure[:, None]) / 3)
    first = np.zeros(len(made), dtype=bool)  # that has a text: it is billed
    first[np.unique(keys.to_numpy(zero_copy_only=False).astype(str), return_index=True)[1]] = True
    units = np.maximum(3, -(-pc.utf8_length(texts).to_numpy() // 100))
    columns: Mapping[str, object] = {
        "status": np.full(len(made), "SCORED"),
        "error_code": pa.nulls(len(made), pa.string()),
        "sentiment": pa.array(map(str, SHARES)).take(pa.array(label)),
        **{f"score_{name.lower()}": scores[:, place] for place, name in enumerate(SHARES)},
        "scorer": np.full(len(made), "comprehend"),
        "scorer_version": np.full(len(made), "1"),
        "cache_hit": ~first,
        "chunks": np.ones(len(made)),
        "billed_units": np.where(first, units, 0),
        "scored_at": pa.array([at] * len(made)),
        "run_id": np.full(len(made), run_id),
    }
    arrays = [columns[name] if name in columns else prepared[name] for name in SCORES.names]
    return pa.RecordBatch.from_arrays(
        [pa.array(array).cast(field.type) for array, field in zip(arrays, SCORES, strict=True)], schema=SCORES
    )


def measured(ask: Callable[[], int], rounds: int) -> tuple[int, float, float]:
    """Rows, and the least seconds by the clock and of CPU of so many turns, those of children included."""
    turns = []
    for _ in range(rounds):
        started, spent = time.perf_counter(), _cpu()
        rows = ask()
        turns.append((time.perf_counter() - started, _cpu() - spent))
    return rows, min(turn[0] for turn in turns), min(turn[1] for turn in turns)


def _cpu() -> float:
    times = psutil.Process().cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def by_connect(lake: Frames, view: str) -> int:
    return len(lake.sql(f"SELECT * FROM {view}"))


def by_command(root: str, view: str) -> int:
    command = [f"{sys.prefix}/bin/aurastream", "sql", "--lake", root, "--view", view, "--format", "jsonl"]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.count(b"\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lake", required=True)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--documents", type=int, default=20_000, help="a night")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--command", action="store_true", help="ask through the command line, too")
    parser.add_argument("views", nargs="*", default=sorted(views()))
    given = parser.parse_args()
    if not Path(given.lake).exists():
        make(given.lake, given.nights, given.documents)
    lake = aurastream.connect(given.lake)
    total = lake.sql("SELECT count(*) AS rows FROM scores")["rows"][0]
    print(f"{total:,} documents\n{'view':20}{'rows':>8}{'seconds':>9}{'CPU':>7}" + "   by command" * given.command)
    for view in given.views:
        rows, seconds, cpu = measured(partial(by_connect, lake, view), given.rounds)
        line = f"{view:20}{rows:8,}{seconds:9.2f}{cpu:7.2f}"
        if given.command:
            told, seconds, cpu = measured(partial(by_command, given.lake, view), given.rounds)
            line += f"{seconds:9.2f}{cpu:7.2f}" + ("" if told == rows else f"  {told:,} rows")
        print(line, flush=True)


if __name__ == "__main__":
    main()
