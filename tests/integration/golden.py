"""The golden tables: what some nights over drops of every kind publish, to the last column.

Three lakes: `desk` by the free scorer, `paid` by Comprehend, `mapped` by the command line. `python -m
tests.integration.golden` writes the tables anew, into the folder beside this file; read the difference.

What differs from one run to the next is made the same here: a run's id is its ordinal in the lake, of a time stays that
there is one, paths are those below the drop. Left out, for they are the machine's: the seconds of the table `runs`, its
calls and throttles, and the calls and minutes of a plan, which go by the number of workers.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from tests.conftest import document, write_json_lines, write_key
from tests.infra.serving import Server, serving
from tests.integration.golden_drops import (
    POLICY,
    asked,
    every_fault,
    every_format,
    first_bought,
    lines,
    long_texts,
    mapped_drop,
    policy_texts,
    put,
    taken_up,
    without_money,
)
from tests.integration.lakes import nightly, published
from tests.integration.paid import CREDENTIALS, FAST, sent_to
from tests.jobs.commands.running import invoke

GOLDEN = Path(__file__).with_name("golden")

Row: TypeAlias = dict[str, Any]
Tables: TypeAlias = dict[str, list[Row]]  # by the name of the file

VIEWS = ("daily_sentiment", "not_scored", "pii_exposure")
RUNS = (
    *("outcome", "dates", "files", "documents", "scored", "rejected", "failed", "deferred", "carried", "cache_hits"),
    *("billed_units", "unconfirmed_units", "dollars", "budget", "sentiments", "reasons", "pii"),
    *("scorer", "scorer_version", "policy"),
)
# Two long texts that begin differently may go to two workers; the first of them to come buys the piece that they share.
# Which one is chance: the sum of their units stands with both.
SHARING = {"shares-1", "shares-2"}
LONGEST = 300  # characters of a text that stand in a golden file; of longer ones, digest and length


@dataclass
class Lake:
    """A lake, its drop, and what its nights leave."""

    name: str
    folder: Path
    tables: Tables
    nights: int = 0
    drops: Path = field(init=False)
    lake: Path = field(init=False)
    key: Path = field(init=False)

    def __post_init__(self) -> None:
        self.drops = self.folder / "drops" / self.name
        self.lake = self.folder / "lakes" / self.name
        self.key = self.folder / "key"

    def night(self, ds: str, **settings: Any) -> None:
        """A night, and the dates that it published."""
        assert nightly(self.drops, self.lake, ds=ds, key_file=self.key, **settings) is not None
        self.publish()

    def publish(self) -> None:
        """The dates that the last night published."""
        self.nights += 1
        (last,) = self.sql("select dates from runs order by run_id desc limit 1")
        self.tables[f"{self.name}-{self.nights}"] = self.rows(*last["dates"])

    def rows(self, *dates: str) -> list[Row]:
        """What readers see of some dates."""
        ordinals = {run["run_id"]: n for n, run in enumerate(self.sql("select run_id from runs order by run_id"), 1)}
        found = [{"ds": ds} | row for ds in dates for row in published(self.lake, ds)]
        shared = sum(row["billed_units"] for row in found if row["document_id"] in SHARING)
        for row in found:
            row["run_id"] = f"run {ordinals[row['run_id']]}"
            if row["document_id"] in SHARING:
                row["billed_units"] = shared
        return [compact(row, self.drops) for row in found]

    def sql(self, query: str) -> list[Row]:
        """A query's rows."""
        rows: list[Row] = json.loads(told("sql", "--lake", self.lake, "--format", "json", query))
        return rows

    def plan(self, *options: str) -> None:
        """What the next paid night would buy."""
        command = ("plan", "--drops", self.drops, "--lake", self.lake, "--key-file", self.key, "--format", "json")
        found = json.loads(told(*command, "--scorer", "comprehend", "--quota-tps", str(FAST), *options))
        kept = {name: value for name, value in found.items() if name not in {"calls", "minutes"}}
        self.tables.setdefault("plans", []).append({"night": f"{self.name}-{self.nights + 1}"} | kept)

    def analyze(self, name: str, files: Sequence[Path], *options: str | Path, **environment: str) -> None:
        """The rows of files without a lake."""
        out = self.folder / "analyzed.jsonl"
        self.tables[f"analyze-{name}"] = rows = []
        for file in files:
            told("analyze", "--in", file, "--out", out, "--key-file", self.key, *options, **environment)
            found = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
            rows += [compact(row | {"run_id": None}, self.drops) for row in found]

    def end(self) -> None:
        """The views, and the runs."""
        for view in VIEWS:
            rows = self.sql(f"select * from {view}")
            found = [{"lake": self.name, "view": view} | compact(row, self.drops) for row in rows]
            self.tables.setdefault("views", []).extend(sorted(found, key=_order))
        runs = self.sql(f"select {', '.join(RUNS)} from runs order by run_id")
        self.tables.setdefault("runs", []).extend({"lake": self.name} | run for run in runs)


def _order(row: Row) -> list[tuple[str, str]]:
    """By what is no measure: two floats of one view may differ in their last digits."""
    return [(name, f"{value:>12}") for name, value in sorted(row.items()) if not isinstance(value, float)]


def told(*arguments: str | Path, **environment: str) -> str:
    """What a command answers."""
    result = invoke(*arguments, **environment)
    assert result.exit_code == 0, result.output
    return result.stdout


def compact(row: Row, drops: Path) -> Row:
    """A row as JSON has it, without what differs from run to run; columns that are null are left out."""
    out = {name: value for name, value in row.items() if value is not None}
    if "source_file" in out:
        out["source_file"] = out["source_file"].removeprefix(f"{drops}/")
    if "scored_at" in out:
        out["scored_at"] = "a time"
    if isinstance(out.get("created_at"), datetime):
        out["created_at"] = out["created_at"].isoformat()
    text = out.get("redacted_text", "")
    if len(text) > LONGEST:
        out["redacted_text"] = f"{len(text)} characters, SHA-256 {sha256(text.encode()).hexdigest()}"
    return out


def play(folder: Path) -> Tables:
    """All nights, anew in an empty folder."""
    tables: Tables = {}
    write_key(folder / "key")
    put(folder / "policy.toml", POLICY)
    play_desk(Lake("desk", folder, tables))
    play_mapped(Lake("mapped", folder, tables))
    with serving("--answers", "hash") as server, sent_to(server, SparkSession.builder.getOrCreate()):
        play_paid(Lake("paid", folder, tables), server)
    return tables


def play_desk(desk: Lake) -> None:
    drops, policy = desk.drops, desk.folder / "policy.toml"
    every_format(drops / "ds=2026-11-21")
    every_fault(drops / "ds=2026-11-22")
    write_json_lines(drops / "ds=2026-13-45" / "x.jsonl", [document(text="Never read.")])
    undated = write_json_lines(drops / "inbox" / "undated.jsonl", [document(document_id="i1", text="Undated, fine.")])
    formats = [path for path in sorted((drops / "ds=2026-11-21").rglob("*")) if path.is_file()]
    faults = [drops / "ds=2026-11-22" / name for name in ("damaged.parquet", "lines.jsonl", "unclosed.csv")]
    desk.analyze("formats", formats)
    desk.analyze("faults", faults)
    desk.night("2026-11-23")

    # Late, changed, mended; an id of a published document again; texts that are known; an undated file keeps its date.
    write_json_lines(
        drops / "ds=2026-11-21" / "a-late.jsonl",
        [document(document_id="o1", text="Late"), document(document_id="a1", text="Five stars!", source="late")],
    )
    write_json_lines(drops / "ds=2026-11-21" / "mails.jsonl", [document(document_id="m2", text="Changed, and better.")])
    (drops / "ds=2026-11-22" / "gone.jsonl").unlink()
    put(drops / "ds=2026-11-22" / "gone.jsonl", lines(document(document_id="back", text="Here again, hooray.")))
    write_json_lines(undated, [document(document_id="i1", text="Undated, changed."), document(document_id="i2")])
    write_json_lines(drops / "inbox" / "more.jsonl", [document(document_id="i1", text="Another day, another id.")])
    desk.night("2026-11-24")

    told("rollback", "--lake", desk.lake, "--ds", "2026-11-23")
    desk.tables["desk-2-rolled-back"] = desk.rows("2026-11-23")
    write_json_lines(drops / "ds=2026-11-24" / "late.jsonl", [document(document_id="i3", text="Late once more.")])
    desk.night("2026-11-24")

    desk.night("2026-11-24", reprocess=True)

    policy_texts(drops / "ds=2026-11-24" / "policy.jsonl")
    desk.analyze("policy", [drops / "ds=2026-11-24" / "policy.jsonl"], "--policy", policy)
    desk.night("2026-11-24", policy=policy)
    desk.end()


def play_mapped(mapped: Lake) -> None:
    mapping = ("--map", "document_id=ticket", "--map", "text=body", "--map", "language=lang")
    mapped_drop(mapped.drops)
    options = ("--key-file", mapped.key, "--format", "csv", "--date-pattern", "%Y/%m/%d", "--ds", "2026-11-23")
    told("nightly", "--drops", mapped.drops, "--lake", mapped.lake, *options, *mapping, "--max-rejected", "100%")
    mapped.publish()
    mapped.end()

    odd = mapped.drops / "odd"
    put(odd / "tickets.jsonl", lines({"ticket": 1, "body": "I love it.", "text": "not this"}, {"ticket": 2}))
    put(odd / "tickets.csv", 'ticket,body,lang\n1,"I hate it,\nreally",en\n1,Again,en\n')
    pq.write_table(pa.table({"ticket": ["1"], "body": ["It is fine."], "lang": ["es"]}), odd / "tickets.parquet")
    mapped.analyze("mapped", sorted(odd.iterdir()), *mapping)


def play_paid(paid: Lake, server: Server) -> None:
    drops, long, aside = paid.drops, long_texts(), paid.folder / "f.jsonl"
    settings = {"scorer": "comprehend", "quota_tps": FAST}
    first_bought(drops, long)
    environment = CREDENTIALS | {"AWS_ENDPOINT_URL_COMPREHEND": server.url}
    paid.analyze("paid", [drops / "ds=2026-11-21" / "a.jsonl"], "--scorer", "comprehend", **environment)
    paid.plan("--ds", "2026-11-22")
    paid.night("2026-11-22", **settings)

    without_money(drops, long)
    paid.plan("--ds", "2026-11-22", "--language", "en")
    paid.night("2026-11-22", language="en", budget=Decimal(0), **settings)

    taken_up(drops, aside)
    paid.plan("--ds", "2026-11-23")
    paid.night("2026-11-23", **settings)

    asked(drops, aside)
    paid.plan("--ds", "2026-11-24", "--language", "detect-comprehend")
    paid.night("2026-11-24", language="detect-comprehend", **settings)
    paid.plan("--ds", "2026-11-24", "--reprocess")
    paid.end()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="golden-") as folder:
        tables = play(Path(folder).resolve())
    for old in GOLDEN.glob("*.jsonl"):
        old.unlink()
    for name, rows in tables.items():
        put(GOLDEN / f"{name}.jsonl", lines(*rows))
        print(f"{GOLDEN / name}.jsonl: {len(rows)} rows")


if __name__ == "__main__":
    main()
