"""How often the view `movers` calls a quiet night's chance a change, and how often it finds a change that is there.

    python -m tests.benchmarks.movers [--months 400] [--sql OTHER/movers.sql]

Makes months of 29 nights whose nights differ as a scenario says (beta-binomial, so many times as far as by chance),
asks the view's own SQL, and prints the share of quiet months with any row beyond chance (0.01 is what the view claims),
and of months with a change of 42 points since five nights in one source, how many tell of it.
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

NIGHTS, DOCUMENTS, SHARE, CHANGE, SINCE = 29, 44, 0.5, 0.42, 5
# How far the nights of each of twelve sources lie apart.
SCENARIOS = {
    "as chance has it": [1.0] * 12,
    "1.3 times as far": [1.3] * 12,
    "twice as far": [2.0] * 12,
    "every second twice, not the one that changes": [1.0, 2.0] * 6,
    "one three times, not the one that changes": [1.0] * 11 + [3.0],
    "all but the one that changes three times": [1.0] + [3.0] * 11,
}


def month(random: np.random.Generator, dispersions: list[float], change: float) -> pa.Table:
    """`daily_sentiment` as far as the view reads it: a row a night and source, in one language."""
    dispersion = np.array(dispersions)[:, None]
    within = np.maximum((dispersion**2 - 1) / (DOCUMENTS - 1), 1e-12)  # correlation of two documents of a night
    size = 1 / within - 1
    shares = np.where(dispersion > 1, random.beta(SHARE * size, SHARE * size, (len(dispersions), NIGHTS)), SHARE)
    shares[0, -SINCE:] += change
    negative = random.binomial(DOCUMENTS, np.clip(shares, 0, 1))
    days = [date(2026, 11, 1) + timedelta(night) for night in range(NIGHTS)]
    rows = len(dispersions) * NIGHTS
    return pa.table(
        {
            "ds": pa.array(days * len(dispersions), pa.date32()),
            "source": np.repeat([f"s{each:02}" for each in range(len(dispersions))], NIGHTS),
            "language": ["en"] * rows,
            "scored": [DOCUMENTS] * rows,
            "negative": negative.ravel(),
            "positive": (DOCUMENTS - negative).ravel(),
            "neutral": [0] * rows,
            "mixed": [0] * rows,
        }
    )


def told(sql: str, daily_sentiment: pa.Table) -> set[str]:
    """The sources, `*` for all of them, of which the view says that something is beyond chance."""
    with duckdb.connect() as connection:
        connection.register("daily_sentiment", daily_sentiment)
        found = connection.execute(f"SELECT DISTINCT source FROM ({sql}) WHERE beyond_chance").fetchall()
    return {source for (source,) in found}


def main() -> None:
    """Print a row a scenario."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--months", type=int, default=400)
    parser.add_argument("--sql", type=Path, default=Path("transforms/sql/movers.sql"))
    options = parser.parse_args()
    sql = options.sql.read_text(encoding="utf-8")
    print("| nights differ | quiet months with an alarm | changes found |\n|---|---|---|")
    for name, dispersions in SCENARIOS.items():
        random = np.random.default_rng(1)
        alarms = sum(bool(told(sql, month(random, dispersions, 0))) for _ in range(options.months))
        found = sum("s00" in told(sql, month(random, dispersions, CHANGE)) for _ in range(options.months))
        print(f"| {name} | {alarms / options.months:.3f} | {found / options.months:.2f} |", flush=True)


if __name__ == "__main__":
    main()
