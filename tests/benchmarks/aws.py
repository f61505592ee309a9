"""What a night costs in S3, DynamoDB and the Glue catalog, beside the same night in a folder.

    python -m tests.benchmarks.aws --documents 250000
    python -m tests.benchmarks.aws --rounds 0 --memory 50000 250000 1000000
    python -m tests.benchmarks.aws --rounds 0 --no-requests --small-files 20000

On the local AWS, the same drop through a lake in a folder and through one in S3, turn by turn with the local scorer:
CPU of the job's own processes (driver, JVM, workers; the servers' is not in it), time, and the ratio of both. Then what
the night in S3 asks of each service, counted in front of the servers, once with the local scorer and once with the
local Comprehend, and its price beside Comprehend's. With `--memory`, peaks of driver, JVM and workers by documents.
With `--small-files`, a night of so many files of one document beside one of a single file.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import orjson
import psutil

from infra.local.aws import stack
from infra.local.aws.parts import NIGHT
from infra.local.aws.s3 import BUCKETS
from jobs.lake.config import read_config
from jobs.lake.create import create_lake
from jobs.run.lifecycle import RunRecord
from jobs.sample import documents
from jobs.storage import storage_of
from jobs.stores.open import open_lake
from tests.aws import Aws
from tests.benchmarks.aws_requests import Seen, counted
from transforms import cost
from transforms.report import RunSummary

DS = "2026-11-22"
DOCUMENTS_A_FILE = 50_000
# Calls a second to the local Comprehend. Of many more at once it does not answer all in time where others work on the
# machine, and those are sent, and billed, again.
TPS = 30
LOOK_SECONDS = 0.25
PATIENCE = 3600


@dataclass
class Watched:
    """CPU seconds of a process and all below it, and the most memory of each kind (PSS: shared pages count once)."""

    process: psutil.Popen
    seconds: dict[tuple[int, float], float] = field(default_factory=dict)
    peaks: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # bytes

    def watch(self) -> None:
        """Look until it has ended."""
        looks = 0
        while self.process.poll() is None:
            found: dict[str, list[int]] = defaultdict(list)
            for each in self._alive():
                try:
                    times = each.cpu_times()
                    self.seconds[each.pid, each.create_time()] = times.user + times.system
                    if looks % 4 == 0:  # memory takes the kernel some milliseconds
                        found[self._kind(each)].append(each.memory_full_info().pss)
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue
            for kind, used in found.items():
                self.peaks[kind] = max([self.peaks[kind], *used])
            if found:
                self.peaks["all"] = max(self.peaks["all"], sum(map(sum, found.values())))
            looks += 1
            time.sleep(LOOK_SECONDS)

    def _alive(self) -> list[psutil.Process]:
        try:
            return [self.process, *self.process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _kind(self, process: psutil.Process) -> str:
        if process.pid == self.process.pid:
            return "driver"
        return "JVM" if process.name() == "java" else "a worker"


@dataclass(frozen=True)
class Ended:
    """A night that ended well."""

    documents: int
    cpu: float  # seconds
    wall: float  # seconds
    peaks: Mapping[str, int]  # bytes
    summary: RunSummary
    sizes: list[int]  # bytes of the Parquet files that it published


def write_drop(folder: Path, count: int) -> Path:
    """The sample's documents in files of DOCUMENTS_A_FILE."""
    day = folder / f"ds={DS}"
    day.mkdir(parents=True)
    rows = documents(count, DS, 7)
    for number in range(-(-count // DOCUMENTS_A_FILE)):
        with (day / f"part-{number:04}.jsonl").open("wb") as out:
            some = islice(rows, DOCUMENTS_A_FILE)
            out.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in some)
    return folder


def uploaded(aws: Aws, drop: Path) -> str:
    """The same drop in S3."""
    prefix = aws.name("drop")
    for path in sorted(path for path in drop.rglob("*") if path.is_file()):
        aws.client("s3").upload_file(str(path), BUCKETS[0], f"{prefix}/{path.relative_to(drop)}")
    return f"s3://{BUCKETS[0]}/{prefix}"


def night(environment: Mapping[str, str], count: int, drop: str, lake: str, *options: str) -> Ended:
    """A whole night in a process of its own."""
    program = str(Path(sys.executable).with_name("aurastream"))
    command = [program, "nightly", "--drops", drop, "--lake", lake, "--ds", DS, "--language", "en", *options]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AURASTREAM_"))}
    with tempfile.TemporaryFile() as said:
        began = time.monotonic()
        process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=kept | dict(environment))
        watched = Watched(process)
        watcher = threading.Thread(target=watched.watch)
        watcher.start()
        code = process.wait(PATIENCE)
        wall = time.monotonic() - began
        watcher.join()
        if code:
            said.seek(0)
            raise SystemExit(f"a night ended with {code}: {' '.join(command)}\n{said.read().decode()}")
    layout, stores = open_lake(lake, create=False)
    ledger = stores.ledger()
    record = ledger.runs()[-1].record
    assert record is not None
    storage = storage_of(lake)
    files = ledger.publications()[DS].files
    sizes = [found.size for file in files if (found := storage.stat(layout.at(file.path)))]
    summary = RunRecord.from_dict(record).summary
    return Ended(count, sum(watched.seconds.values()), wall, watched.peaks, summary, sizes)


def compare(aws: Aws, folder: Path, count: int, rounds: int, paid: bool) -> None:
    """The same nights in a folder and in S3, turn by turn."""
    drop = write_drop(folder / "drop", count)
    in_s3 = uploaded(aws, drop)
    options = ("--scorer", "comprehend", "--quota-tps", str(TPS)) if paid else ()
    found: dict[str, list[Ended]] = {"folder": [], "S3": []}
    for turn in range(rounds):
        here = str(folder / f"lake-{turn}")
        found["folder"].append(night(aws.environment, count, str(drop), here, *options))
        shutil.rmtree(here)
        there = new_lake(aws)
        found["S3"].append(night(aws.environment, count, in_s3, there, *options))
        storage_of(there).delete(there)
        for place, nights in found.items():
            print(f"turn {turn}, {place}: CPU {nights[-1].cpu:.1f} s, time {nights[-1].wall:.1f} s", flush=True)
    storage_of(in_s3).delete(in_s3)
    shutil.rmtree(drop)
    print(f"\n{count:,} documents, {'Comprehend' if paid else 'local scorer'}, median of {rounds} turns")
    for what, of in (("CPU, µs a document", "cpu"), ("time, s", "wall")):
        scale = 1e6 / count if of == "cpu" else 1.0
        ours, theirs = ([getattr(each, of) * scale for each in found[place]] for place in ("folder", "S3"))
        ratios = [there / here for here, there in zip(ours, theirs, strict=True)]
        spread = f"({min(ratios):.2f} to {max(ratios):.2f})"
        medians = f"{statistics.median(ours):10.1f}{statistics.median(theirs):10.1f}"
        print(f"{what:<28}{medians}{statistics.median(ratios):8.2f} {spread}")
    for stage in found["S3"][-1].summary.stages:
        mine, yours = (
            statistics.median(each.summary.stages.get(stage, 0.0) for each in found[place]) / count * 1e6
            for place in ("folder", "S3")
        )
        print(f"  {stage:<26}{mine:10.1f}{yours:10.1f}")
    for place, nights in found.items():
        sizes = sorted(nights[-1].sizes)
        print(f"{place}: {len(sizes)} files of {sizes[0] / 2**20:.1f} to {sizes[-1] / 2**20:.1f} MB; {peaks(nights)}")


def peaks(nights: list[Ended]) -> str:
    """The most memory of each kind, in MiB."""
    kinds = sorted({kind for each in nights for kind in each.peaks})
    return ", ".join(f"{kind} {max(each.peaks[kind] for each in nights) / 2**20:,.0f} MiB" for kind in kinds)


def new_lake(aws: Aws) -> str:
    """A lake in S3 in which nothing is."""
    lake = f"{aws.prefix()}/lake"
    list(create_lake(lake))
    return lake


def count_requests(aws: Aws, folder: Path, count: int, paid: bool) -> None:
    """What one night asks of each service, for 1,000 documents, and its price beside Comprehend's."""
    drop = write_drop(folder / "counted", count)
    in_s3 = uploaded(aws, drop)
    shutil.rmtree(drop)
    lake = new_lake(aws)
    config = read_config(lake)
    assert config is not None
    before = billed(aws)
    options = ("--scorer", "comprehend", "--quota-tps", str(TPS)) if paid else ()
    with counted(aws.environment, config.cache_table) as (environment, seen):
        ended = night(environment, count, in_s3, lake, *options)
    units, texts = (now - then for now, then in zip(billed(aws), before, strict=True))
    storage_of(lake).delete(lake)
    storage_of(in_s3).delete(in_s3)
    thousands = count / 1000
    scorer = "Comprehend" if paid else "local scorer"
    print(f"\n{count:,} documents, {scorer}, for 1,000 documents; CPU {ended.cpu / count * 1e6:.1f} µs a document")
    for kind, calls in sorted(seen.s3.items()):
        print(f"S3, {kind:<24}{calls / thousands:10.2f}   of the night {calls:,}")
    print(f"  {dict(seen.s3_operations)}")
    for part, of_part in sorted(seen.dynamodb.items()):
        figures = f"{of_part.calls / thousands:10.2f} calls{of_part.writes / thousands:10.2f} written"
        print(f"DynamoDB, {part:<18}{figures}{of_part.reads / thousands:10.2f} read")
    print(f"Glue catalog {sum(seen.glue.values())} calls: {dict(seen.glue)}; Secrets Manager {dict(seen.secrets)}")
    asked = priced(seen)
    print(f"price of S3 and catalog ${asked.s3_dollars:.4f}, of DynamoDB ${asked.dynamodb_dollars:.4f}")
    if paid:
        print(f"Comprehend: {texts:,} texts in {ended.summary.calls:,} calls, {units / texts:.2f} units a text")
        for tier, (_, price) in enumerate(cost.TIERS, 1):
            share = asked.dollars / (units * price)
            print(f"  at ${price} a unit (tier {tier}): ${units * price:.4f}, so AWS's other services are {share:.2%}")


def priced(seen: Seen) -> cost.Requests:
    """What was seen, as what is billed."""
    units = seen.units
    return cost.Requests(seen.s3["PUT"], seen.s3["GET"], units.writes, units.reads, sum(seen.glue.values()))


def billed(aws: Aws) -> tuple[int, int]:
    """Units and texts that Comprehend has billed so far."""
    operations: dict[str, dict[str, int]] = aws.usage()["operations"]
    found = operations.values()
    return sum(counts["units"] for counts in found), sum(counts["documents"] for counts in found)


def measure_memory(aws: Aws, folder: Path, count: int, paid: bool) -> None:
    """The peaks of one night in S3."""
    drop = write_drop(folder / f"memory-{count}", count)
    in_s3 = uploaded(aws, drop)
    shutil.rmtree(drop)
    lake = new_lake(aws)
    options = ("--scorer", "comprehend", "--quota-tps", str(TPS)) if paid else ()
    ended = night(aws.environment, count, in_s3, lake, *options)
    storage_of(lake).delete(lake)
    storage_of(in_s3).delete(in_s3)
    sizes = ", ".join(f"{size / 2**20:.1f}" for size in sorted(ended.sizes))
    spent = f"CPU {ended.cpu / count * 1e6:.1f} µs a document, {ended.wall:.0f} s"
    print(f"{count:>9,} documents: {spent}; {peaks([ended])}; files of {sizes} MB", flush=True)


def compare_small_files(aws: Aws, folder: Path, count: int) -> None:
    """A night of files of one document each in S3, and one of a file with all of them."""
    client, prefix = aws.client("s3"), aws.name("small")
    lines = [orjson.dumps(row) for row in documents(count, DS, 7)]

    def put(number: int) -> None:
        client.put_object(Bucket=BUCKETS[0], Key=f"{prefix}/ds={DS}/{number}.jsonl", Body=lines[number])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(count)))
    client.put_object(Bucket=BUCKETS[0], Key=f"{prefix}-one/ds={DS}/all.jsonl", Body=b"\n".join(lines))
    one = night(aws.environment, count, f"s3://{BUCKETS[0]}/{prefix}-one", new_lake(aws))
    small = night(aws.environment, count, f"s3://{BUCKETS[0]}/{prefix}", new_lake(aws))
    for called, ended in (("one file", one), (f"{count:,} files", small)):
        print(
            f"{called}: CPU {ended.cpu:.1f} s, time {ended.wall:.1f} s, {len(ended.sizes)} published files", flush=True
        )
    print(f"ratio of CPU {small.cpu / one.cpu:.2f}, of time {small.wall / one.wall:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=250_000)
    parser.add_argument("--rounds", type=int, default=1, help="turns with the local scorer; 0: none")
    parser.add_argument("--paid-rounds", type=int, default=0, help="turns with the local Comprehend")
    parser.add_argument("--no-requests", action="store_true")
    parser.add_argument("--memory", type=int, nargs="*", default=[], help="documents of nights, to see their memory")
    parser.add_argument("--small-files", type=int, default=0, help="files of one document")
    parser.add_argument("--paid-memory", action="store_true", help="of nights with Comprehend")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aurastream-benchmark-") as name:
        folder = Path(name)
        aws = Aws(folder / "aws")
        try:
            aws.start(NIGHT)
            print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
            with aws.used():
                for paid, rounds in ((False, told.rounds), (True, told.paid_rounds)):
                    if rounds:
                        compare(aws, folder, told.documents, rounds, paid)
                    if not told.no_requests:
                        count_requests(aws, folder, told.documents, paid)
                if told.small_files:
                    compare_small_files(aws, folder, told.small_files)
                for count in told.memory:
                    measure_memory(aws, folder, count, told.paid_memory)
            print(f"load {os.getloadavg()[0]:.1f}")
        finally:
            stack.down(aws.folder)


if __name__ == "__main__":
    main()
