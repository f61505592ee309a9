"""How often an ordinary id is taken for personal data, and what the search of ids costs a document.

`python -m tests.benchmarks.pii_columns`: the table of docs/redaction.md, in CPU time of one process.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable

import pyarrow as pa
from ulid import ULID

from transforms.pii.columns import treat
from transforms.pii.policy import DEFAULT_POLICY, Treatment

IDS = 50_000
KEY = b"a key of 16 bytes or more"
_CHANCE = random.Random(7)
_WORD = "abcdefghijklmnopqrstuvwxyz0123456789"


def _digits(count: int) -> str:
    return str(_CHANCE.randrange(10 ** (count - 1), 10**count))


KINDS: dict[str, Callable[[int], str]] = {
    "UUID": lambda _: str(uuid.UUID(int=_CHANCE.getrandbits(128), version=4)),
    "ULID": lambda _: str(ULID.from_bytes(_CHANCE.randbytes(16))),
    "24 hex digits": lambda _: _CHANCE.randbytes(12).hex(),
    "12 hex digits": lambda _: _CHANCE.randbytes(6).hex(),
    "ticket-000123": lambda number: f"ticket-{number:06}",
    "2026-11-22-0000017": lambda number: f"2026-11-22-{number:07}",
    "ORD-10000017": lambda number: f"ORD-{10_000_000 + number}",
    "seconds since 1970": lambda number: str(1_764_000_000 + number),
    "10 letters and digits": lambda _: "".join(_CHANCE.choices(_WORD, k=10)),
    "e-mail": lambda number: f"user{number}@example.com",
    "path": lambda number: f"/data/drops/ds=2026-11-{1 + number % 28:02}/part-{number:05}.jsonl.gz",
    "path of Spark": lambda _: f"s3://bucket/part-00017-{uuid.UUID(int=_CHANCE.getrandbits(128))}-c000.snappy.parquet",
    **{f"{count} digits": lambda _, count=count: _digits(count) for count in range(3, 20)},  # type: ignore[misc] # mypy knows no default of a lambda
}


def main() -> None:
    treat(pa.array(["warm up: a@example.com"]), Treatment.PSEUDONYM, DEFAULT_POLICY, KEY)
    for kind, made in KINDS.items():
        ids = pa.array([made(number) for number in range(IDS)])
        started = time.process_time()
        treated = treat(ids, Treatment.PSEUDONYM, DEFAULT_POLICY, KEY)
        cost = (time.process_time() - started) / IDS * 1e6
        taken = sum(one != other for one, other in zip(ids.to_pylist(), treated.to_pylist(), strict=True)) / IDS
        print(f"{kind:24} {taken:7.2%} {cost:7.1f} µs")


if __name__ == "__main__":
    main()
