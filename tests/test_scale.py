"""The tables of docs/scale.md are what the formula says. `python -m tests.test_scale` writes them anew."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from math import ceil
from pathlib import Path

import pytest

from jobs.run.compaction import TARGET_BYTES
from jobs.run.intake import TASK_BYTES
from jobs.stores.steps import CACHE_LIFETIME
from transforms import scale
from transforms.cost import DEFAULT_TPS, GLUE_DPU_HOUR, GLUE_FLEX_DPU_HOUR, ITEMS_A_CALL
from transforms.scale import Drop, Night, night, quota_for, workers_for

PAGE = Path(__file__).parents[1] / "docs" / "scale.md"
SIZES = (1_000_000, 10_000_000, 100_000_000)
# Hours that a night has.
HOURS = 4.0
# The share of different texts that the cache has, where it has any.
HITS = 0.5
GB = 1e9
# Dollars a month in us-east-1, of DynamoDB without the first 25 GB that are free.
CACHE_GB_MONTH, S3_GB_MONTH = Decimal("0.25"), Decimal("0.023")
HASH_BYTES = 8  # of a document's id
COPIES_OF_IDS = 6  # of it on the driver: as written, as read, each put together, and sorted
DOCUMENT_BYTES = 451  # of JSON Lines
CALLS_WRITES = 3  # places that each call writes to: its turn's item, its units' and the end of the log of claims
NEW_TABLE_WRITES, ITEM_WRITES = 4_000, 1_000  # units a second that DynamoDB takes
TURN_SECONDS = 0.005  # a conditional write, as jobs/stores/aws/client.py has it
ASYNC_LINES = 1_000_000
LISTED_FILES = 10_000  # docs/ledger.md


def money(dollars: Decimal) -> str:
    return f"${dollars:,.2f}" if dollars < 10 else f"${dollars:,.0f}"


def row_of(documents: int, drop: Drop, workers: int, tps: float, found: Night) -> list[str]:
    return [
        f"{documents / 1e6:,.0f} million",
        f"{drop.calls:,}",
        f"{tps:g}",
        f"{workers}",
        f"{found.hours:,.1f}",
        money(found.comprehend),
        money(found.glue),
        money(found.dynamodb),
        money(found.s3),
        money(found.dollars),
        f"{found.share_of_others:.1%}",
    ]


HEAD = [
    "documents",
    "calls",
    "calls a second",
    "workers",
    "hours",
    "Comprehend",
    "Glue",
    "DynamoDB",
    "S3",
    "all",
    "others",
]


def nights(hits: float, tps: float | None, dpu_hour: Decimal = GLUE_DPU_HOUR, already: int = 0) -> list[list[str]]:
    """A night of each size; at a quota, or at the one that HOURS need."""
    rows = [HEAD]
    for documents in SIZES:
        drop = Drop(documents, hits=hits)
        rate = tps or max(DEFAULT_TPS, quota_for(drop, HOURS))
        workers = workers_for(drop, max(HOURS, drop.calls / rate / 3600))
        rows.append(row_of(documents, drop, workers, rate, night(drop, workers, rate, dpu_hour, already)))
    return rows


def growing() -> list[list[str]]:
    """What grows with a night."""
    rows = [["documents", "cache, GB", "a month", "of 400 days", "rows, GB", "a month", "hashes, GB", "tasks", "files"]]
    for documents in SIZES:
        drop = Drop(documents)
        cache, kept = drop.bought * scale.ENTRY_BYTES / GB, documents * scale.ROW_BYTES / GB
        monthly = Decimal(cache) * CACHE_GB_MONTH
        rows.append(
            [
                f"{documents / 1e6:,.0f} million",
                f"{cache:.2f}",
                money(monthly),
                money(monthly * CACHE_LIFETIME.days),
                f"{kept:.2f}",
                money(Decimal(kept) * S3_GB_MONTH),
                f"{documents * HASH_BYTES * COPIES_OF_IDS / GB:.2f}",
                f"{ceil(documents * DOCUMENT_BYTES / TASK_BYTES):,}",
                f"{ceil(documents * scale.ROW_BYTES / TARGET_BYTES):,}",
            ]
        )
    return rows


def limits() -> list[list[str]]:
    """At how many documents a night comes to a limit, the first one first."""
    seconds = HOURS * 3600
    texts_a_document = Drop(SIZES[0]).distinct
    by_calls = ITEMS_A_CALL / texts_a_document  # documents of a call
    calls_units = scale.A_CALL.write_units / ITEMS_A_CALL  # of the ledger's table, a text
    found = [
        ("one of Comprehend's asynchronous jobs, a million lines", ASYNC_LINES / texts_a_document),
        ("Glue's 480 minutes, at 10 calls a second", scale.GLUE_TIMEOUT_MINUTES * 60 * DEFAULT_TPS * by_calls),
        (
            "a new ledger table's 4,000 write units a second",
            NEW_TABLE_WRITES / calls_units * seconds / texts_a_document,
        ),
        ("a new cache table's 4,000 write units a second", NEW_TABLE_WRITES * seconds / texts_a_document),
        ("turns one after the other, 5 ms each", 1 / TURN_SECONDS * seconds * by_calls),
        (
            "1,000 write units a second of one item",
            ITEM_WRITES / (scale.A_CALL.write_units / CALLS_WRITES) * seconds * by_calls,
        ),
        ("the laptop's JVM of 512 MB, for hashes of one stage", (512 << 20) / HASH_BYTES),
        ("`spark.driver.maxResultSize`, 1 GB", (1 << 30) / HASH_BYTES),
        ("16 GB of a driver, for hashes alone", 16 * GB / HASH_BYTES / COPIES_OF_IDS),
        ("a date's list of 10,000 files of 256 MB", LISTED_FILES * TARGET_BYTES / scale.ROW_BYTES),
    ]
    rows = [["limit", "documents a night"]]
    for name, documents in sorted(found, key=lambda each: each[1]):
        rows.append([name, f"{documents / 1e6:,.{0 if documents >= 10e6 else 1}f} million"])
    return rows


TABLES: dict[str, Callable[[], list[list[str]]]] = {
    "default quota": lambda: nights(0.0, DEFAULT_TPS),
    "four hours": lambda: nights(0.0, None),
    "four hours, half of the texts known": lambda: nights(HITS, None),
    "four hours, flex, at the month's lowest price": lambda: nights(0.0, None, GLUE_FLEX_DPU_HOUR, 50_000_000),
    "what grows": growing,
    "limits": limits,
}


def markdown(rows: Sequence[Sequence[str]]) -> str:
    head, *rest = rows
    lines = [head, ["---"] * len(head), *rest]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def between(name: str) -> re.Pattern[str]:
    """The table that stands below a comment of its name."""
    return re.compile(rf"(<!-- {re.escape(name)} -->\n)((?:\|.*\n)*)")


@pytest.mark.parametrize("name", TABLES)
def test_the_page_says_what_the_formula_says(name: str) -> None:
    found = between(name).search(PAGE.read_text(encoding="utf-8"))
    assert found, f"docs/scale.md has no table {name}"

    assert found[2] == markdown(TABLES[name]()), "`python -m tests.test_scale` writes it anew"


def test_the_page_has_no_other_tables_of_the_formula() -> None:
    assert re.findall(r"<!-- (.*) -->", PAGE.read_text(encoding="utf-8")) == list(TABLES)


def rewrite() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name, rows in TABLES.items():
        pattern = between(name)
        assert pattern.search(page), f"docs/scale.md has no place for {name}"
        page = pattern.sub(rf"\g<1>{markdown(rows())}", page)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    rewrite()
