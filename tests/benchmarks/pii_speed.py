"""How fast the redactor is: CPU time of one process, everything on."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import orjson
import pyarrow as pa

from transforms.pii.policy import DEFAULT_POLICY
from transforms.pii.redactor import redact

# Much personal data, and hardly any.
MIXES = {"support, bank and medical notes": "pii/kurkowski_dev", "product reviews": "sentiment/vader_amazon"}
LENGTH = 300  # characters of a document
DOCUMENTS = 4_000
BATCH = 2_000
ROUNDS = 3
OTHERS_DOCUMENTS = 200
LONG = 1 << 20  # characters of the long document
# What is all candidates, or nearly one, again and again.
SLOW_UNITS = [
    *("1 ", "1", "00 ", "4111 ", "a@", "a@b.cc", "x.com-", "www.", "http://a ", "::", "1:", "1.2.3.4.", "((((", "é1 "),
    *("call 1", "card 1234 ", "GB82 1", "iban GB82 1", "212-555-0187", "joe@example.com212-555-0187", "\u200b1"),
    *("é joe@example.com ", "joe@example.com1", "\u200b212-555-0187 "),
]
SLOW_SIZES = 5_000, 1_000_000  # characters
MEMORY_DOCUMENTS = 20_000


def documents(path: Path, count: int) -> list[str]:
    """So many documents of `LENGTH` characters: a file's texts on end, cut; again from elsewhere until they suffice."""
    joined = "\n".join(orjson.loads(line)["text"] for line in path.read_bytes().splitlines())
    cut: list[str] = []
    for offset in range(0, LENGTH, 7):
        cut += [joined[start : start + LENGTH] for start in range(offset, len(joined) - LENGTH, LENGTH)]
        if len(cut) >= count:
            break
    return cut[:count]


def _redact(texts: Sequence[str], batch: int) -> None:
    for first in range(0, len(texts), batch):
        redact(pa.array(texts[first : first + batch], pa.string()), DEFAULT_POLICY)


def _seconds(texts: Sequence[str], batch: int) -> float:
    """CPU seconds of redacting all the texts, the median of some rounds."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        _redact(texts, batch)
        rounds.append(time.process_time() - started)
    return statistics.median(rounds)


def peak_memory(path: Path) -> int:
    """The most memory this process has held, in bytes, after redacting `MEMORY_DOCUMENTS`.

    From /proc, for `getrusage` begins with what the parent had.
    """
    _redact(documents(path, MEMORY_DOCUMENTS), BATCH)
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def report(data: Path, others: Mapping[str, Callable[[Sequence[str]], float]]) -> None:
    """Print documents a second, the ratio to other tools on some of the same documents, a long document, memory.

    `others` give the CPU seconds that a tool takes for some texts.
    """
    _redact(["warm up: a@example.com"], 1)
    for mix, name in MIXES.items():
        path = data / f"{name}.jsonl"
        texts = documents(path, DOCUMENTS)
        print(f"\nspeed: {mix}, {len(texts):,} documents of {LENGTH} characters, documents a CPU second")
        batched = len(texts) / _seconds(texts, BATCH)
        single = len(texts) / _seconds(texts, 1)
        print(f"{f'in batches of {BATCH:,}':<24}{batched:>10,.0f}   {1e6 / batched:,.0f} µs a document")
        print(f"{'one at a time':<24}{single:>10,.0f}")
        for tool, seconds in others.items():
            theirs = OTHERS_DOCUMENTS / seconds(texts[:: len(texts) // OTHERS_DOCUMENTS][:OTHERS_DOCUMENTS])
            print(f"{tool:<24}{theirs:>10,.0f}   1/{batched / theirs:,.0f} of that in batches")
        joined = "\n".join(documents(path, 2 * LONG // LENGTH))
        for size in (LONG // 4, LONG):
            print(f"{f'one of {size:,} chars':<24}{_seconds([joined[:size]], 1):>10.2f} s")
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            peak = pool.submit(peak_memory, path).result()
        print(f"{'peak memory':<24}{peak / 2**20:>10,.0f} MiB after {MEMORY_DOCUMENTS:,} documents, alone in a process")
    print("\nmade to be slow: CPU time of a document, the slowest first")
    slow = {unit: [_seconds([(unit * size)[:size]], 1) for size in SLOW_SIZES] for unit in SLOW_UNITS}
    for unit, (short, long) in sorted(slow.items(), key=lambda each: -each[1][0]):
        print(f"{unit!r:<40}{1e3 * short:>6.1f} ms for {SLOW_SIZES[0]:,} chars{long:>8.2f} s for {SLOW_SIZES[1]:,}")
