"""Drops, servers and nights for `tests.benchmarks.comprehend`: all real, each night and server a process of its own."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count as count_from
from pathlib import Path
from typing import Any

import orjson
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.drops import list_drop, plan_splits
from jobs.lake.layout import Lake
from jobs.lake.published import published_files
from jobs.run.exchange import Rows, prepare_splits
from jobs.run.lifecycle import RunRecord
from jobs.run.recipe import Recipe
from jobs.sample import documents
from jobs.scorers.call_policy import CallPolicy
from jobs.scorers.registry import scorer_type
from jobs.stores.open import Stores, open_lake
from tests.infra.serving import Server, serving
from transforms.pii.policy import DEFAULT_POLICY
from transforms.report import RunSummary
from transforms.sentiment.scoring import Stamp
from transforms.text import split_utf8

DS = "2026-11-22"
# The table speaks of two tasks and two cores, also on a machine that has more.
CORES = 2
# What the service takes for a batch, in seconds; it decides how many calls are in flight at once.
LATENCY = 0.2
# Seconds after which a night is given up.
PATIENCE = 1800

_WORDS = (
    "amber", "basket", "candle", "dinner", "engine", "fabric", "garden", "hammer", "island", "jacket", "kettle",
    "ladder", "magnet", "needle", "orange", "pencil", "quiver", "ribbon", "saddle", "tunnel", "umbrella", "velvet",
    "walnut", "zipper",
)  # fmt: skip
_LONGEST = 300  # characters of a document before its own words


def distinct_documents(count: int, ds: str = DS, first: int = 0) -> Iterator[dict[str, str]]:
    """English documents of some 300 characters, no two alike, also after redaction: each ends in words of its own.

    Those of another `first` end differently, as long as the ranges do not overlap.
    """
    for number, document in zip(range(first, first + count), english_documents(ds), strict=False):
        own, rest = [], number
        for _ in range(4):
            rest, place = divmod(rest, len(_WORDS))
            own.append(_WORDS[place])
        text = "{} (the {}, the {}, the {}, the {})".format(document["text"][:_LONGEST], *own)
        yield {"document_id": f"{ds}-{number:07}", "text": text, "language": "en"}


def english_documents(ds: str = DS) -> Iterator[dict[str, str]]:
    """The sample's English documents without end, 40% of which have a text that occurred before."""
    return (row for seed in count_from(7) for row in documents(100_000, ds, seed) if row.get("language") == "en")


def write_drop(folder: Path, rows: Iterable[dict[str, str]], ds: str = DS) -> Path:
    """A drop of one JSON Lines file for a date."""
    path = folder / f"ds={ds}" / "documents.jsonl"
    path.parent.mkdir(parents=True)
    with path.open("wb") as out:
        out.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
    return folder


def write_skewed_drop(folder: Path, count: int, key: Path, share: float) -> Counter[int]:
    """A drop of which the job itself, with this key, sends `share` to the first of two workers; texts for each.

    Nothing of the job is changed for it: of more texts those are kept that fall so, as the job's own first stage says.
    """
    candidates = write_drop(folder / "candidates", distinct_documents(2 * count))
    recipe = Recipe(
        stamp=Stamp("", datetime.now(UTC)),
        mapping={},
        language="en",
        scorer="comprehend",
        policy=DEFAULT_POLICY,
        key=key.read_bytes(),
        calls=CallPolicy("", 1),
        stores=Stores(Lake("")),
    )
    files = list_drop(str(candidates), DS, file_format=None, date_pattern=None).files
    part_of: dict[str, int] = {}
    for number, sent in prepare_splits(CORES, recipe, plan_splits(files, 1 << 30)):
        if isinstance(sent, Rows):
            ids = pa.ipc.open_stream(sent.stream).read_all()["document_id"].to_pylist()
            part_of.update(dict.fromkeys(ids, number))
    room = {0: round(count * share), 1: count - round(count * share)}
    kept = []
    for document in distinct_documents(2 * count):
        part = part_of[document["document_id"]]
        if room[part]:
            room[part] -= 1
            kept.append(document)
    shutil.rmtree(candidates)
    write_drop(folder, kept)
    return Counter(part_of[document["document_id"]] for document in kept)


@dataclass
class Tree:
    """CPU seconds of a process and all below it, those included that end while it lives."""

    process: psutil.Popen
    seconds: dict[tuple[int, float], float] = field(default_factory=dict)

    def watch(self) -> None:
        """Look every half second until it has ended."""
        while self.process.poll() is None:
            try:
                for each in [self.process, *self.process.children(recursive=True)]:
                    times = each.cpu_times()
                    self.seconds[each.pid, each.create_time()] = times.user + times.system
            except psutil.NoSuchProcess:
                continue
            time.sleep(0.5)


@dataclass(frozen=True)
class Ended:
    """A night that ended."""

    lake: Path
    code: int
    began: float  # seconds since 1970
    ended: float
    cpu: float

    @property
    def wall(self) -> float:
        return self.ended - self.began


def command(drops: Path, lake: Path, tps: float, *options: str) -> list[str]:
    """The command line of a paid night."""
    program = str(Path(sys.executable).with_name("aurastream"))
    told = ["--drops", str(drops), "--lake", str(lake), "--ds", DS, "--scorer", "comprehend", "--quota-tps", str(tps)]
    return [program, "nightly", *told, *options]


def environment(server: Server) -> dict[str, str]:
    """Points the SDK to a server; what this shell says of AWS and of AuraStream does not count."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AURASTREAM_"))}
    return kept | {
        "AWS_ENDPOINT_URL_COMPREHEND": server.url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",  # the one that botocore 1.40 reads
        "SPARK_MASTER": f"local[{CORES},4]",
    }


def start(server: Server, drops: Path, lake: Path, tps: float, *options: str) -> psutil.Popen:
    """Begin a night. What it says on stderr, Spark's part too, is beside the lake."""
    with lake.with_suffix(".stderr").open("a") as errors:
        return psutil.Popen(
            command(drops, lake, tps, *options),
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=environment(server),
        )


def finish(process: psutil.Popen, lake: Path, began: float) -> Ended:
    """Wait for a night to end."""
    tree = Tree(process)
    watcher = threading.Thread(target=tree.watch, daemon=True)
    watcher.start()
    code = process.wait(PATIENCE)
    ended = time.time()
    watcher.join()
    return Ended(lake, code or 0, began, ended, sum(tree.seconds.values()))


def nightly(server: Server, drops: Path, lake: Path, tps: float, *options: str) -> Ended:
    """A whole night, which must end well."""
    began = time.time()
    night = finish(start(server, drops, lake, tps, *options), lake, began)
    if night.code:
        said = lake.with_suffix(".stderr").read_text(encoding="utf-8")
        raise SystemExit(f"a night ended with {night.code}: {' '.join(command(drops, lake, tps, *options))}\n{said}")
    return night


def summary(lake: Path) -> RunSummary:
    """The last run's, as the ledger keeps it."""
    record = open_lake(str(lake), create=False)[1].ledger().runs()[-1].record
    assert record is not None
    return RunRecord.from_dict(record).summary


def published(lake: Path) -> list[dict[str, Any]]:
    """What readers see of every date: status, language and redacted text of each document."""
    columns = ["document_id", "status", "error_code", "language", "redacted_text"]
    layout, stores = open_lake(str(lake), create=False)
    seen = published_files(layout, stores.ledger().publications())
    files = [file for files in seen.values() for file in files]
    return [row for file in files for row in pq.read_table(file, columns=columns, partitioning=None).to_pylist()]


def texts_of(rows: Sequence[dict[str, Any]]) -> int:
    """How many texts it takes to score published rows: distinct, white space aside, in pieces that fit a call.

    Counted without the job's content keys, its cache or the server.
    """
    max_bytes = scorer_type("comprehend").max_bytes
    texts: set[tuple[str, str]] = set()
    for row in rows:
        if row["status"] == "SCORED":
            text = unicodedata.normalize("NFC", " ".join(row["redacted_text"].split()))
            texts.update((row["language"], piece) for piece in split_utf8(text, max_bytes))
    return len(texts)


class Quota:
    """How much of a quota is used, by the server's own clock, the first second after the first call left out.

    The server's bucket holds a second's worth of calls at first; counted in, they would flatter.
    """

    def __init__(self, server: Server, tps: float) -> None:
        self._server, self._tps = server, tps
        self._mark: dict[str, Any] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            try:
                usage = self._server.usage()
            except OSError:  # it has ended
                return
            if usage["first_call"] and usage["last_call"] - usage["first_call"] >= 1:
                self._mark = usage
                return

    def share(self) -> float:
        """Calls answered / (quota x seconds), from the first call a second after the first to the last."""
        self._stop.set()
        self._thread.join()
        usage = self._server.usage()
        if self._mark is None:
            raise SystemExit("the drop is too small to say what share of the quota is used")
        seconds = usage["last_call"] - self._mark["last_call"]
        share: float = (answered(usage) - answered(self._mark)) / (self._tps * seconds)
        return share


def answered(usage: dict[str, Any]) -> int:
    """Calls that were answered, or are still being."""
    counts = usage["operations"]["BatchDetectSentiment"]
    return int(counts["calls"] - counts["throttled"] - counts["failed"])


def throttled(usage: dict[str, Any]) -> int:
    """Calls that were refused for their rate."""
    return sum(int(counts["throttled"]) for counts in usage["operations"].values())


@contextmanager
def comprehend(tps: float | None, latency: float = LATENCY, faults: Path | None = None) -> Iterator[Server]:
    """A server that answers from hashes."""
    options = ["--answers", "hash", "--latency", str(latency)]
    options += ["--tps", str(tps)] if tps else []
    options += ["--faults", str(faults)] if faults else []
    with serving(*options) as server:
        yield server


def write_key(folder: Path, seed: int) -> Path:
    """A file for --key-file, the same for the same seed: so a drop falls to workers as it did."""
    path = folder / "key"
    path.touch(0o600)
    path.write_bytes(random.Random(seed).randbytes(32))
    return path
