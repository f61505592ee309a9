"""What it takes to read one JSON array: `python -m tests.benchmarks.array --gigabytes 2`.

The file is made in a folder that goes again; the peak is this process's own, which reads and does nothing else.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

from jobs.drops import find_drop, plan_splits, recognised
from jobs.readers import read_split

_AT_ONCE = 10_000  # records that are written together
_TEXT = "The parcel came two weeks late and nobody answered my calls, so that I write once more. " * 3


def write_array(path: Path, size: int) -> None:
    """An object that holds an array of records, of so many bytes or a little more."""
    number = 0
    with path.open("wb") as file:
        file.write(b'{"tickets": [\n')
        while file.tell() < size:
            rows = [
                json.dumps({"document_id": str(each), "text": f"{each} {_TEXT}", "source": "mail"}).encode()
                for each in range(number, number + _AT_ONCE)
            ]
            file.write((b",\n" if number else b"") + b",\n".join(rows))
            number += _AT_ONCE
        file.write(b"\n]}\n")


def peak() -> int:
    """The most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def main() -> None:
    """Write, read, and say what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    size = int(parser.parse_args().gigabytes * (1 << 30))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tickets.json")
        write_array(path, size)
        [file] = recognised(find_drop(str(path), "2026-11-22", file_format=None, date_pattern=None).files)
        before, start = peak(), time.process_time()
        rows = rejected = 0
        for split in plan_splits([file], 64 << 20):
            for batch in read_split(split, {}):
                rows += batch.num_rows
                rejected += batch.num_rows - batch["error_code"].null_count
        seconds = time.process_time() - start
    print(
        f"{file.size:,} bytes of {file.format}: {rows:,} documents, {rejected:,} of them rejected; "
        f"{seconds:,.0f} s of CPU, {1e6 * seconds / rows:.1f} µs a document; "
        f"peak {peak():,} MB, {before:,} MB before it was read"
    )


if __name__ == "__main__":
    main()
