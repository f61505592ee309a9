"""What a text costs to redact, here and in another checkout, turn by turn in processes that hold the same texts.

    python -m tests.benchmarks.pii_turns --data DIR --against ../other-checkout

Prints of each kind of text the least CPU time of the turns, and the median of the turns' ratios. `new`: each turn has
texts that the process has not seen, for what is looked for is learned of as texts come; the others are the same in all.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

import orjson

from jobs.sample import documents
from tests.benchmarks.pii_speed import MIXES
from tests.benchmarks.pii_speed import documents as cut

OURS = Path(__file__).parents[2]
ASKED = """
import sys, time, orjson
import pyarrow as pa
from transforms.pii.policy import DEFAULT_POLICY
from transforms.pii.redactor import redact
redact(pa.array(["warm up: a@example.com"]), DEFAULT_POLICY)
for line in sys.stdin.buffer:
    texts, batch = orjson.loads(line)
    started = time.process_time()
    for first in range(0, len(texts), batch):
        redact(pa.array(texts[first : first + batch], pa.string()), DEFAULT_POLICY)
    print((time.process_time() - started) / len(texts) * 1e6, flush=True)
"""
COUNT = 3_000


def turns(data: Path, count: int) -> dict[str, list[tuple[list[str], int]]]:
    """For each kind the texts and the size of a batch, turn by turn; the first turn warms up."""
    night = list(dict.fromkeys(row["text"] for row in documents(2 * COUNT * count, "2026-11-22", 7) if row["text"]))
    kinds = {"the nightly benchmark's": [(night[:COUNT], 1_500)] * count}
    kinds["the nightly benchmark's, one at a time"] = [(night[:100], 1)] * count
    kinds["the nightly benchmark's, new"] = [(night[turn::count][:COUNT], 1_500) for turn in range(count)]
    for mix, name in MIXES.items():
        texts = cut(data / f"{name}.jsonl", COUNT)
        kinds[mix] = [(texts, 2_000)] * count
        kinds[f"{mix}, one at a time"] = [(texts[:100], 1)] * count
        kinds[f"{mix}, new"] = [(texts[turn::count], 2_000) for turn in range(count)]
    joined = "\n".join(cut(data / f"{next(iter(MIXES.values()))}.jsonl", 1_000))
    return kinds | {"256 KB of the first": [([joined[: 1 << 18]], 1)] * count}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds pii/ and sentiment/")
    parser.add_argument("--against", type=Path, required=True, help="another checkout")
    parser.add_argument("--turns", type=int, default=5)
    arguments = parser.parse_args()
    print(f"{'µs of CPU a text':<50}{'there':>9}{'here':>9}{'ratio':>7}")
    for kind, its in turns(arguments.data, arguments.turns + 1).items():
        asked = [
            subprocess.Popen(
                [sys.executable, "-c", ASKED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=checkout.resolve()
            )
            for checkout in (arguments.against, OURS)
        ]
        costs: list[list[float]] = []
        for turn in its:
            costs.append([])
            for process in asked:
                assert process.stdin
                assert process.stdout
                process.stdin.write(orjson.dumps(turn) + b"\n")
                process.stdin.flush()
                costs[-1].append(float(process.stdout.readline()))
        for process in asked:
            process.communicate()
        there, here = map(min, zip(*costs[1:], strict=True))
        ratio = statistics.median(ours / theirs for theirs, ours in costs[1:])
        print(f"{kind:<50}{there:>9,.1f}{here:>9,.1f}{ratio:>7.2f}", flush=True)


if __name__ == "__main__":
    main()
