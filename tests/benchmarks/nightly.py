"""What the nightly job costs beside the bare floor, and beside the pipeline one would write first.

    python -m tests.benchmarks.nightly --documents 250000

In one Spark session, turn by turn: the floor (Spark reads JSON Lines and writes zstd Parquet) and the job. Prints CPU
microseconds a document over the whole process tree, the ratio to the floor without the scorer, each stage alone, the
audit's share, and the peak memory of the tree. The naive pipeline, a chain of row UDFs, runs once on fewer documents.
"""

from __future__ import annotations

import argparse
import hmac
import re
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import orjson
import psutil
from pyspark.sql import SparkSession
from pyspark.sql.functions import udf

from jobs.nightly import run
from jobs.sample import documents
from jobs.settings import NightlySettings
from jobs.spark.session import spark_session

DS = "2026-11-22"
SCHEMA = "document_id string, text string, source string, created_at string, language string, subject_id string"
NAIVE_DOCUMENTS = 20_000


class Tree:
    """This process and all below it: CPU seconds so far, and the most memory seen (PSS: shared pages count once)."""

    def __init__(self) -> None:
        self.peak = 0
        self._spent = 0.0  # CPU seconds of the watching itself
        self._me = psutil.Process()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _processes(self) -> list[psutil.Process]:
        return [self._me, *self._me.children(recursive=True)]

    def cpu(self) -> float:
        """CPU seconds, those of ended children included and those of this watching not."""
        total = -self._spent
        for process in self._processes():
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system + times.children_user + times.children_system
        return total

    def _watch(self) -> None:
        while not self._stop.wait(1.0):
            self._spent = time.thread_time()
            used = 0
            for process in self._processes():
                try:
                    used += process.memory_full_info().pss
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue
            self.peak = max(self.peak, used)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def generate(folder: Path, count: int) -> Path:
    path = folder / f"ds={DS}" / "documents.jsonl"
    path.parent.mkdir(parents=True)
    with path.open("wb") as out:
        out.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in documents(count, DS, 7))
    return path


def floor(spark: SparkSession, source: Path, target: Path) -> None:
    spark.read.schema(SCHEMA).json(str(source)).write.option("compression", "zstd").parquet(str(target))


def naive(spark: SparkSession, source: Path, target: Path, count: int) -> None:
    """One row UDF a step, as a first version has it: redact, fingerprint, score."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    patterns = [
        (name, re.compile(pattern))
        for name, pattern in {
            "EMAIL": r"[\w.+-]+@[\w-]+\.[\w.-]+",
            "URL": r"(?:https?://|www\.)\S+",
            "IBAN": r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b",
            "CARD": r"\b(?:\d[ -]?){13,19}\b",
            "SSN": r"\b\d{3}-\d{2}-\d{4}\b",
            "PHONE": r"(?:\+?\d{1,3}[ .-]?)?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}\b",
            "IP": r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
        }.items()
    ]
    frame = spark.read.schema(SCHEMA).json(str(source)).limit(count)
    for name, pattern in patterns:
        redact = udf(lambda text, name=name, pattern=pattern: pattern.sub(f"[{name}]", text))
        frame = frame.withColumn("text", redact("text"))
    frame = frame.withColumn("key", udf(lambda text: hmac.new(b"key", text.encode(), "sha256").hexdigest())("text"))
    analyzer = SentimentIntensityAnalyzer()
    frame = frame.withColumn("score", udf(lambda text: str(analyzer.polarity_scores(text)["compound"]))("text"))
    frame.write.option("compression", "zstd").parquet(str(target))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=250_000)
    parser.add_argument("--rounds", type=int, default=3, help="turns that count, after one that warms up")
    parser.add_argument("--no-naive", action="store_true")
    arguments = parser.parse_args()
    count: int = arguments.documents
    folder = Path(tempfile.mkdtemp(prefix="aurastream-benchmark-"))
    tree = Tree()
    try:
        source = generate(folder / "drops", count)
        spark = spark_session("aurastream benchmark")

        def micros(action: Callable[[], object], documents: int = count) -> float:
            started = tree.cpu()
            action()
            return (tree.cpu() - started) / documents * 1e6

        floors, jobs, audits, stages = [], [], [], []
        for turn in range(arguments.rounds + 1):
            target = folder / f"floor-{turn}"
            lake = folder / f"lake-{turn}"
            settings = NightlySettings(drops=str(folder / "drops"), lake=str(lake), ds=DS)
            floor_cost = micros(lambda: floor(spark, source, target))  # noqa: B023 - called at once
            night = None

            def job() -> None:
                nonlocal night
                night = run(settings)  # noqa: B023 - called at once

            clock = time.monotonic()
            job_cost = micros(job)
            wall = time.monotonic() - clock
            assert night is not None
            costs = {stage: seconds / count * 1e6 for stage, seconds in night.summary.stages.items()}
            print(
                f"turn {turn}{' (warm-up)' if turn == 0 else ''}: floor {floor_cost:.1f} µs, job {job_cost:.1f} µs, "
                f"of it scorer {costs['scorer']:.1f} µs; "
                f"ratio without it {(job_cost - costs['scorer']) / floor_cost:.2f}; wall {wall:.1f} s",
                flush=True,
            )
            shutil.rmtree(target)
            shutil.rmtree(lake)
            if turn:
                floors.append(floor_cost)
                jobs.append(job_cost - costs["scorer"])
                audits.append(costs["audit"] / job_cost)
                stages.append(costs | {"Spark and the rest": job_cost - sum(costs.values())})
        tree.stop()
        ratios = [job / floor for job, floor in zip(jobs, floors, strict=True)]
        print(f"\n{count:,} documents, median of {len(ratios)} turns, CPU µs a document over the process tree")
        print(f"floor                   {statistics.median(floors):8.1f}")
        print(f"job without the scorer  {statistics.median(jobs):8.1f}")
        print(f"ratio                   {statistics.median(ratios):8.2f}   ({min(ratios):.2f} to {max(ratios):.2f})")
        for stage in stages[0]:
            print(f"  {stage:<22}{statistics.median(costs[stage] for costs in stages):8.1f}")
        print(f"audit's share of the job{statistics.median(audits):8.1%}")
        print(f"peak memory             {tree.peak / 2**20:8.0f} MiB (PSS of all processes)")
        if not arguments.no_naive:
            few = min(NAIVE_DOCUMENTS, count)
            cost = micros(lambda: naive(spark, source, folder / "naive", few), few)
            print(f"naive row UDFs          {cost:8.1f}   {cost / statistics.median(floors):.0f} times the floor")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
