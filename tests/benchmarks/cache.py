"""What a lookup in the score cache costs, and from how many keys on the join with the published scores is cheaper.

    python -m tests.benchmarks.cache --rows 100000 500000 --keys 1000 10000 100000

Seven of ten keys are known. Prints microseconds a key, of the clock and of this process's CPU, for the local cache, for
DynamoDB Local asked in calls of 100, and for the join with as many published rows as given; what the join costs of what
DynamoDB costs; and where the two meet. DynamoDB costs the same for each key however many are asked for, so it is asked
for `DYNAMO_KEYS` alone. The best of `TURNS`, taken in turn.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.stores.aws.cache import DynamoScoreCache
from jobs.stores.local.cache import LocalScoreCache
from jobs.stores.published import JoinedCache
from tests.jobs.stores.dynamodb import dynamodb_local
from transforms.schemas import SCORES
from transforms.sentiment.protocols import Cached, Scores

KNOWN = 0.7
TURNS = 3
DYNAMO_KEYS = 5_000
BATCH = 2_000
ROWS_A_FILE = 100_000
SCORED_AT = datetime(2026, 11, 1, tzinfo=UTC)
ENTRY = Cached(Scores(0.7012345678901, 0.1012345678901, 0.1, 0.0975308642198), "en", "comprehend-2017-11-27")


class Cost(NamedTuple):
    """Seconds."""

    wall: float
    cpu: float


class Nothing:
    """The cache behind the join, which is measured alone."""

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Cached]:
        """Nothing."""
        return {}

    def put(self, entries: object) -> None:
        """Keep nothing."""

    def close(self) -> None:
        """Nothing to let go of."""


def measure(keys: Sequence[bytes], get: Callable[[Sequence[bytes]], object]) -> Cost:
    """One lookup."""
    wall, cpu = time.perf_counter(), time.process_time()
    get(keys)
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def best(costs: Sequence[Cost]) -> Cost:
    """The least of each."""
    return Cost(min(cost.wall for cost in costs), min(cost.cpu for cost in costs))


def asked(known: Sequence[bytes], number: int) -> list[bytes]:
    """That many keys, of which a part is known."""
    hits = random.Random(number).sample(known, round(number * KNOWN))
    return hits + [os.urandom(32) for _ in range(number - len(hits))]


def publish(folder: Path, keys: Sequence[bytes]) -> list[str]:
    """Files of `scores`, a row for each key."""
    row: dict[str, Any] = dict.fromkeys(SCORES.names) | {
        "document_id": "mail-000000000", "source": "mail", "status": "SCORED", "sentiment": "POSITIVE",
        "language": ENTRY.language, "scorer_version": ENTRY.scorer_version, "scored_at": SCORED_AT,
    }  # fmt: skip
    files = []
    for start in range(0, len(keys), ROWS_A_FILE):
        part = keys[start : start + ROWS_A_FILE]
        columns = {name: [value] * len(part) for name, value in row.items()}
        columns |= {"content_key": [key.hex() for key in part]}
        for name in ("score_positive", "score_negative", "score_neutral", "score_mixed"):
            columns[name] = [random.random() for _ in part]
        files.append(str(folder / f"{start}.parquet"))
        pq.write_table(pa.table(columns, schema=SCORES), files[-1], compression="zstd")
    return files


@contextmanager
def dynamo_cache() -> Iterator[DynamoScoreCache]:
    """A cache on DynamoDB Local."""
    with dynamodb_local() as server:
        server.create("CacheTable", "cache-benchmark")
        os.environ.update(server.environment)
        with closing(DynamoScoreCache("cache-benchmark")) as cache:
            yield cache


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 500_000])
    parser.add_argument("--keys", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, dynamo_cache() as dynamo:
        for rows in arguments.rows:
            (Path(folder) / str(rows)).mkdir()
            compare(Path(folder) / str(rows), rows, arguments.keys, dynamo)


def compare(folder: Path, rows: int, numbers: Sequence[int], dynamo: DynamoScoreCache) -> None:
    """All of them, for one number of published rows."""
    known = [os.urandom(32) for _ in range(rows)]
    files = publish(folder, known)
    batch = dict.fromkeys(known[:DYNAMO_KEYS], ENTRY)
    put = measure(known[:DYNAMO_KEYS], lambda _: dynamo.put(batch))
    joined = JoinedCache(Nothing(), files, above=0, not_before=SCORED_AT)
    numbers = [number for number in numbers if number * KNOWN <= rows]
    with closing(LocalScoreCache(folder / "cache.sqlite")) as local:
        for start in range(0, rows, BATCH):
            local.put(dict.fromkeys(known[start : start + BATCH], ENTRY))
        joins = {number: list[Cost]() for number in numbers}
        locals_ = {number: list[Cost]() for number in numbers}
        dynamos: list[Cost] = []
        for _ in range(TURNS):
            dynamos.append(measure(asked(known[:DYNAMO_KEYS], DYNAMO_KEYS), dynamo.get))
            for number in numbers:
                keys = asked(known, number)
                locals_[number].append(measure(keys, local.get))
                joins[number].append(measure(keys, joined.get))
    a_key = best(dynamos)
    print(f"\n{rows:,} published rows in {len(files)} files")
    print(f"{'µs a key: clock / CPU':<28}{'keys':>10}{'join':>18}{'of DynamoDB':>18}")
    print(row_of("DynamoDB Local, put", DYNAMO_KEYS, put))
    print(row_of("DynamoDB Local, get", DYNAMO_KEYS, a_key))
    for number in numbers:
        print(row_of("local cache", number, best(locals_[number])))
    for number in numbers:
        cost = best(joins[number])
        scale = number / DYNAMO_KEYS
        part = f"{cost.wall / (a_key.wall * scale):.1%} / {cost.cpu / (a_key.cpu * scale):.1%}"
        print(f"{row_of('join', number, cost)}{part:>18}")
    few, many = numbers[0], numbers[-1]
    for name in Cost._fields:
        first, last = getattr(best(joins[few]), name), getattr(best(joins[many]), name)
        key = (last - first) / (many - few)
        row = (first - key * few) / rows
        meet = row * rows / (getattr(a_key, name) / DYNAMO_KEYS - key)
        print(f"{name}: {row * 1e6:.2f} µs a row and {key * 1e6:.1f} µs a key; pays from {meet:,.0f} keys on")


def row_of(name: str, keys: int, cost: Cost) -> str:
    """A line of the table."""
    figures = f"{cost.wall / keys * 1e6:.1f} / {cost.cpu / keys * 1e6:.1f}"
    return f"{name:<28}{keys:>10,}{figures:>18}"


if __name__ == "__main__":
    main()
