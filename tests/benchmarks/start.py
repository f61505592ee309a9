"""How long commands take from the start to the end where there is little to do: a night of 300 documents, and others.

    python -m tests.benchmarks.start --rounds 5 --against ../other-checkout

Prints wall and CPU seconds (of all processes that a command starts, until the last has ended): median, least and most.
With another checkout, its commands run turn by turn with ours, by the same interpreter, and the median of the ratios
of each two turns is printed as well: below 1, we are faster. A busy machine moves seconds far more than ratios.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

OURS = Path(__file__).parents[2]
DOCUMENTS = 300
TEXT = "I love it, call me on 212-555-0187"
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of Linux: a child's orphans become ours, and their time is told


class Spent(NamedTuple):
    """Seconds that one command took."""

    wall: float
    cpu: float


def spent(checkout: Path, command: Sequence[str]) -> Spent:
    """Run a command of a checkout to its end, and whatever it leaves behind."""
    before, clock = _cpu(), time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "jobs.cli", *command],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    _, said = process.communicate()
    wall = time.monotonic() - clock
    assert process.returncode == 0, said.decode()
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return Spent(wall, _cpu() - before)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def commands(folder: Path, lake: Path) -> Mapping[str, Sequence[str]]:
    """By name, what is measured; `nightly` makes the lake of the others."""
    text = folder / "text.txt"
    text.write_text(TEXT, encoding="utf-8")
    return {
        "nightly": ["nightly", "--drops", str(folder / "drops"), "--lake", str(lake)],
        "nothing new": ["nightly", "--drops", str(folder / "drops"), "--lake", str(lake)],
        "--help": ["--help"],
        "sql": ["sql", "--lake", str(lake), "select * from daily_sentiment"],
        "runs": ["runs", "--lake", str(lake)],
        "analyze": ["analyze", TEXT],
        "redact": ["redact", "--in", str(text)],
    }


def line(name: str, values: Sequence[float]) -> str:
    return f"{name} {statistics.median(values):6.2f} ({min(values):.2f} to {max(values):.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="turns that count, after one that warms up")
    parser.add_argument("--against", type=Path, help="another checkout, run turn by turn with this one")
    arguments = parser.parse_args()
    if ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0):
        parser.error("the time of a command's orphans cannot be measured here")
    checkouts = [OURS, *([arguments.against.resolve()] if arguments.against else [])]
    folder = Path(tempfile.mkdtemp(prefix="aurastream-benchmark-"))
    try:
        spent(OURS, ["sample", "--documents", str(DOCUMENTS), "--out", str(folder / "drops")])
        found: dict[str, dict[Path, list[Spent]]] = {}
        for turn in range(arguments.rounds + 1):
            # Who comes first in one turn is last in the next.
            for checkout in checkouts if turn % 2 else checkouts[::-1]:
                lake = folder / "lake"
                shutil.rmtree(lake, ignore_errors=True)
                for name, command in commands(folder, lake).items():
                    took = spent(checkout, command)
                    if turn:
                        found.setdefault(name, {}).setdefault(checkout, []).append(took)
        for name, by_checkout in found.items():
            for checkout, turns in by_checkout.items():
                walls, cpus = zip(*turns, strict=True)
                who = "ours" if checkout == OURS else "other"
                print(f"{name:<12}{who:<6}{line('wall', walls)}   {line('CPU', cpus)}")
            if arguments.against:
                ours, others = (by_checkout[checkout] for checkout in checkouts)
                pairs = list(zip(ours, others, strict=True))
                print(
                    f"{'':<12}ratio {line('wall', [our.wall / other.wall for our, other in pairs])}   "
                    f"{line('CPU', [our.cpu / other.cpu for our, other in pairs])}"
                )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
