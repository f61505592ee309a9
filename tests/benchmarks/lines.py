"""What it takes to read JSON Lines: `python -m tests.benchmarks.lines --documents 250000`.

To hold two commits against each other, put this file into the checkout of either and run them in turn.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from statistics import median

from jobs.drops import list_drop, plan_splits
from jobs.readers import read_split

_TEXT = "The parcel came two weeks late and nobody answered my calls, so that I write once more. "
_TIMES = 5


def main() -> None:
    """Write, read some times, and say the median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=250_000)
    count = parser.parse_args().documents
    taken: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mails.jsonl")
        with path.open("w", encoding="utf-8") as file:
            for number in range(count):
                row = {
                    "document_id": f"m-{number}",
                    "text": f"{number} {_TEXT * (number % 5 + 1)}",
                    "source": "mail",
                    "created_at": f"2026-11-22T{number % 24:02}:00:00Z",
                }
                file.write(json.dumps(row) + "\n")
        splits = plan_splits(list_drop(str(path), "2026-11-22", file_format=None, date_pattern=None).files, 64 << 20)
        for _ in range(_TIMES):
            start = time.process_time()
            rows = sum(batch.num_rows for split in splits for batch in read_split(split, {}))
            taken.append(time.process_time() - start)
        assert rows == count
    print(f"{count:,} documents: {median(taken):.2f} s of CPU ({min(taken):.2f} to {max(taken):.2f})")


if __name__ == "__main__":
    main()
