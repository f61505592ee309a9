"""What the paid path does: how much of a quota it uses, what it buys twice, what it survives, how fast it is.

    python -m tests.benchmarks.comprehend
    python -m tests.benchmarks.comprehend --only quota --only load

Every figure is of whole nights, `aurastream nightly` on two cores, against `aurastream-local comprehend` in another
process, and what that counted decides. Each gate ends in PASS or short; nothing is asserted.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import psutil

from jobs.sample import write_sample
from tests.benchmarks.comprehend_kills import kill_tree, run_and_kill
from tests.benchmarks.comprehend_nights import (
    CORES,
    DS,
    LATENCY,
    Ended,
    Quota,
    comprehend,
    distinct_documents,
    english_documents,
    finish,
    nightly,
    published,
    start,
    summary,
    texts_of,
    throttled,
    write_drop,
    write_key,
    write_skewed_drop,
)
from transforms.cost import ITEMS_A_CALL

OTHER_DS = "2026-11-23"

# One call in twenty fails, one in fifty is reset (one half of these after it was billed), one in a hundred stalls (the
# same), one in a hundred is refused by a proxy.
FAULTS = """
[[fault]]
kind = "error"
status = 500
share = 0.025
[[fault]]
kind = "error"
status = 503
share = 0.025
[[fault]]
kind = "reset"
share = 0.01
[[fault]]
kind = "reset"
billed = true
share = 0.01
[[fault]]
kind = "stall"
seconds = 30
share = 0.005
[[fault]]
kind = "stall"
seconds = 30
billed = true
share = 0.005
[[fault]]
kind = "throttle"
share = 0.01
"""


@dataclass
class Table:
    """The gates, as they were met or not; each is printed when it is known, and all again at the end."""

    lines: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)  # clean runs': all, and throttled
    lost: int = 0

    def note(self, text: str) -> None:
        """A line that explains a figure."""
        print(f"    {text}", flush=True)

    def gate(self, name: str, figure: str, gate: str, *, met: bool) -> None:
        """A gate and its figure."""
        self.lines.append(f"{'PASS ' if met else 'short'}  {name:<52} {figure:<26} gate {gate}")
        print(self.lines[-1], flush=True)

    def clean(self, usage: dict[str, Any], rows: Sequence[dict[str, Any]], documents: int) -> None:
        """Count in what a run without faults had throttled and lost."""
        self.calls.update(all=usage["calls"], throttled=throttled(usage))
        self.lost += lost(rows, documents)


def lost(rows: Sequence[dict[str, Any]], documents: int) -> int:
    """Documents of a drop, none of which is bad, that readers do not see scored."""
    return documents - sum(1 for row in rows if row["status"] == "SCORED")


def quota(folder: Path, table: Table, scale: float) -> None:
    """The share of 10 calls a second that is used."""
    tps, texts = 10.0, round(10_000 * scale)

    def measure(name: str, runs: Callable[[Any, Path], None]) -> None:
        lake = Path(tempfile.mkdtemp(dir=folder)) / "lake"
        with comprehend(tps) as server:
            used = Quota(server, tps)
            runs(server, lake)
            share, usage = used.share(), server.usage()
        table.clean(usage, published(lake), texts)
        table.note(
            f"{usage['calls']} calls in {usage['last_call'] - usage['first_call']:.1f} s, {throttled(usage)} throttled"
        )
        table.gate(f"share of {tps:g} calls/s, {name}", f"{share:.1%}", ">= 97%", met=share >= 0.97)

    drops = write_drop(folder / "drops", distinct_documents(texts))
    measure("balanced", lambda server, lake: _discard(nightly(server, drops, lake, tps)))

    key = write_key(folder, 1)
    split = write_skewed_drop(folder / "skewed", texts, key, 0.75)
    table.note(
        f"skewed: texts chosen so that the job's own cut sends {split[0]} to one worker and {split[1]} to the other"
    )
    options = ("--key-file", str(key))
    measure("skewed 75/25", lambda server, lake: _discard(nightly(server, folder / "skewed", lake, tps, *options)))

    first = write_drop(folder / "first", distinct_documents(texts // 2))
    second = write_drop(folder / "second", distinct_documents(texts - texts // 2, OTHER_DS, first=texts), OTHER_DS)

    def both(server: Any, lake: Path) -> None:
        nights = [start(server, drops, lake, tps, "--key-file", str(key)) for drops in (first, second)]
        try:
            if any(finish(night, lake, time.time()).code for night in nights):
                raise SystemExit("one of two nights at once did not end well")
        finally:
            for night in nights:
                kill_tree(night)

    measure("two jobs at once", both)


def _discard(_: object) -> None:
    pass


def once(folder: Path, table: Table, scale: float) -> None:
    """Each text is bought once, and never again."""
    count = round(10_000 * scale)
    write_sample(str(folder / "drops"), count, DS, 7)
    lake = folder / "lake"
    with comprehend(None, latency=0.05) as server:
        nightly(server, folder / "drops", lake, 50)
        usage, rows = server.usage(), published(lake)
        texts = texts_of(rows)
        statuses = Counter(row["error_code"] or row["status"] for row in rows)
        table.note(
            f"a sample drop of {len(rows):,} rows: {', '.join(f'{n:,} {code}' for code, n in statuses.most_common())}"
        )
        table.note(f"{usage['billed']:,} texts billed, the most for one text: {usage['most_billed']} times")
        table.gate(
            "texts billed / distinct new texts",
            f"{usage['billed']:,} / {texts:,} = {usage['billed'] / texts:.3f}",
            "1.000 exactly",
            met=usage["billed"] == texts,
        )
        for name, options in {"second run": (), "second run, --reprocess": ("--reprocess",)}.items():
            server.reset()
            nightly(server, folder / "drops", lake, 50, *options)
            calls = server.usage()["calls"]
            table.gate(f"calls of the {name}", str(calls), "0", met=calls == 0)


def kills(folder: Path, table: Table, scale: float, seed: int) -> None:
    """What ten kills cost."""
    tps, wanted = 50.0, 10
    texts = round(30_000 * scale)
    drops = write_drop(folder / "drops", distinct_documents(texts))
    with comprehend(tps) as server:
        ended = run_and_kill(server, drops, folder / "lake", tps, wanted, seed)
        usage = server.usage()
    rows = published(folder / "lake") if ended.published else []
    count = ended.kills.total()
    extra = usage["billed"] - usage["texts_billed"]
    most = ITEMS_A_CALL * usage["peak_in_flight"] * count
    table.note(
        f"{ended.kills['driver']} drivers and {ended.kills['worker']} workers killed (seed {seed}), {ended.failed} "
        f"nights failed by themselves; {usage['billed']:,} texts billed, {usage['texts_billed']:,} distinct, "
        f"{usage['peak_in_flight']} calls in flight at most"
    )
    table.note(f"documents lost {lost(rows, texts)}; {extra / count if count else 0:.1f} extra texts a kill")
    table.gate(
        f"extra texts billed after {count} kills",
        f"{extra}",
        f"<= {ITEMS_A_CALL} x {usage['peak_in_flight']} x {count} = {most}",
        met=count == wanted and ended.published and not lost(rows, texts) and extra <= most,
    )


def faults(folder: Path, table: Table, scale: float) -> None:
    """A night on which much goes wrong, beside the same one on which nothing does."""
    tps, texts = 20.0, round(10_000 * scale)
    drops = write_drop(folder / "drops", distinct_documents(texts))
    schedule = folder / "faults.toml"
    schedule.write_text(FAULTS, encoding="utf-8")
    with comprehend(tps) as server:
        start_up = _start_up(server, folder, tps)
        server.reset()
        clean = nightly(server, drops, folder / "lake-clean", tps)
        calls = server.usage()["calls"]
    with comprehend(tps, faults=schedule) as server:
        faulty = nightly(server, drops, folder / "lake-faulty", tps)
        usage = server.usage()
    rows = published(folder / "lake-faulty")
    missing = lost(rows, texts)
    counts = usage["operations"]["BatchDetectSentiment"]
    table.note(
        f"clean {clean.wall:.1f} s, {calls} calls; with faults {faulty.wall:.1f} s, {counts['calls']} calls, of which "
        f"{counts['failed']} failed and {counts['throttled']} throttled; start-up {start_up.wall:.1f} s"
    )
    table.note(f"billed twice, as the answer was lost: {usage['billed'] - usage['texts_billed']} texts")
    table.gate("scored, with faults", f"{1 - missing / texts:.2%}", "100%", met=not missing)
    ratio = (faulty.wall - start_up.wall) / (clean.wall - start_up.wall)
    table.gate(
        "wall with faults / clean, less start-up",
        f"{ratio:.2f} (with it {faulty.wall / clean.wall:.2f})",
        "<= 2",
        met=ratio <= 2,
    )


def load(folder: Path, table: Table, scale: float, rounds: int) -> None:
    """50,000 documents at 200 calls a second: how near to 5,000 documents a second."""
    count = round(50_000 * scale)
    _load(folder / "distinct", table, distinct_documents(count), count, "all different", rounds)
    sample = islice(english_documents(), count)
    _load(folder / "sample", table, sample, count, "40% of them copies", rounds)


def _load(folder: Path, table: Table, rows: Iterable[dict[str, str]], texts: int, kind: str, rounds: int) -> None:
    tps = 200.0
    drops = write_drop(folder / "drops", rows)
    walls, start_ups = [], []
    for turn in range(rounds):
        lake = folder / f"lake-{turn}"
        with comprehend(tps, latency=0) as server:
            start_up = _start_up(server, folder, tps)
            server.reset()
            before = _cpu(server.process.pid)
            night = nightly(server, drops, lake, tps)
            served, usage = _cpu(server.process.pid) - before, server.usage()
        table.clean(usage, published(lake), texts)
        wall = night.wall - start_up.wall
        walls.append(night.wall)
        start_ups.append(start_up.wall)
        per = 1e6 / texts
        table.note(
            f"{kind}, turn {turn}: {texts / wall:,.0f} documents/s; wall {night.wall:.1f} s, "
            f"start-up {start_up.wall:.1f} s; before the first call {usage['first_call'] - night.began:.1f} s, buying "
            f"{usage['last_call'] - usage['first_call']:.1f} s (at the quota {usage['calls'] / tps:.1f}), after it "
            f"{night.ended - usage['last_call']:.1f} s"
        )
        fixed = summary(start_up.lake).stages
        stages = {stage: seconds - fixed.get(stage, 0.0) for stage, seconds in summary(lake).stages.items()}
        most_first = sorted(stages.items(), key=lambda item: -item[1])
        split = ", ".join(f"{stage} {seconds * per:.0f}" for stage, seconds in most_first)
        table.note(
            f"CPU, µs a document: the job {(night.cpu - start_up.cpu) * per:.0f} less start-up ({split}), the server "
            f"{served * per:.0f}; {(night.cpu - start_up.cpu + served) / (CORES * wall):.0%} of {CORES} cores"
        )
    speed = texts / (statistics.median(walls) - statistics.median(start_ups))  # start-up alone varies by a second
    table.gate(
        f"{texts:,} documents at {tps:g} calls/s, {kind}",
        f"{speed:,.0f} documents/s",
        f">= 80% of {tps * ITEMS_A_CALL:,.0f}",
        met=speed >= 0.8 * tps * ITEMS_A_CALL,
    )


def _start_up(server: Any, folder: Path, tps: float) -> Ended:
    """What a night of two documents takes: to start Python, Java and Spark, to judge and to publish."""
    aside = Path(tempfile.mkdtemp(dir=folder))
    drops = write_drop(aside / "drops", distinct_documents(2))
    nightly(server, drops, aside / "warm", tps)
    return nightly(server, drops, aside / "lake", tps)


def _cpu(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ("quota", "once", "kills", "faults", "load")
    parser.add_argument("--only", action="append", choices=names, help="these alone; may be given again")
    parser.add_argument("--scale", type=float, default=1.0, help="drops so many times as large, for a try")
    parser.add_argument("--rounds", type=int, default=3, help="turns of load, whose median counts")
    parser.add_argument("--seed", type=int, default=1, help="of the kills")
    arguments = parser.parse_args()
    scale: float = arguments.scale
    parts: dict[str, Callable[[Path, Table], None]] = {
        "quota": lambda folder, table: quota(folder, table, scale),
        "once": lambda folder, table: once(folder, table, scale),
        "kills": lambda folder, table: kills(folder, table, scale, arguments.seed),
        "faults": lambda folder, table: faults(folder, table, scale),
        "load": lambda folder, table: load(folder, table, scale, arguments.rounds),
    }
    table = Table()
    print(f"{CORES} cores for each job; a call takes {LATENCY} s, but where it is said otherwise", flush=True)
    for name in arguments.only or names:
        folder = Path(tempfile.mkdtemp(prefix=f"aurastream-{name}-"))
        try:
            print(f"{name}: {(globals()[name].__doc__ or '').strip()}", flush=True)
            parts[name](folder, table)
        finally:
            shutil.rmtree(folder)
    if table.calls["all"]:
        share = table.calls["throttled"] / table.calls["all"]
        table.gate(
            "throttled calls, of all runs without faults",
            f"{table.calls['throttled']} of {table.calls['all']:,} = {share:.2%}",
            "< 0.5%",
            met=share < 0.005,
        )
        table.gate("documents lost, the same runs", str(table.lost), "0", met=not table.lost)
    print("\n" + "\n".join(table.lines))


if __name__ == "__main__":
    main()
