"""The tables of docs/scale.md are what the formula says. `python -m tests.test_scale` writes them anew."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from transforms import scale
from transforms.cost import DEFAULT_TPS, GLUE_DPU_HOUR, GLUE_FLEX_DPU_HOUR
from transforms.scale import Drop, Night, night, quota_for, workers_for

PAGE = Path(__file__).parents[1] / "docs" / "scale.md"
SIZES = (1_000_000, 10_000_000, 100_000_000)
# Hours that a night has.
HOURS = 4.0
# The share of different texts that the cache has, where it has any.
HITS = 0.5
GB = 1e9
GB_MONTH = {"cache": Decimal("0.25"), "rows": Decimal("0.023")}  # dollars, of DynamoDB and of S3
COPIES_OF_IDS = 6  # of a document's hash on the driver: as written, as read, each put together, and sorted


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
    "share",
]


def nights(hits: float, tps: float | None, dpu_hour: Decimal = GLUE_DPU_HOUR, already: int = 0) -> list[list[str]]:
    """A night of each size; at a quota, or at the one that HOURS need."""
    rows = [HEAD]
    for documents in SIZES:
        drop = Drop(documents, hits=hits)
        rate = tps or quota_for(drop, HOURS)
        workers = workers_for(drop, max(HOURS, drop.calls / rate / 3600))
        rows.append(row_of(documents, drop, workers, rate, night(drop, workers, rate, dpu_hour, already)))
    return rows


def growing() -> list[list[str]]:
    """What grows with a night."""
    rows = [["documents", "cache, GB", "a month", "rows, GB", "a month", "hashes on the driver, GB", "calls a second"]]
    for documents in SIZES:
        drop = Drop(documents)
        cache, kept = drop.bought * scale.ENTRY_BYTES / GB, documents * scale.ROW_BYTES / GB
        rows.append(
            [
                f"{documents / 1e6:,.0f} million",
                f"{cache:.2f}",
                money(Decimal(cache) * GB_MONTH["cache"]),
                f"{kept:.2f}",
                money(Decimal(kept) * GB_MONTH["rows"]),
                f"{documents * 8 * COPIES_OF_IDS / GB:.2f}",
                f"{quota_for(drop, HOURS)}",
            ]
        )
    return rows


TABLES: dict[str, Callable[[], list[list[str]]]] = {
    "default quota": lambda: nights(0.0, DEFAULT_TPS),
    "four hours": lambda: nights(0.0, None),
    "four hours, half of the texts known": lambda: nights(HITS, None),
    "four hours, flex, at the month's lowest price": lambda: nights(0.0, None, GLUE_FLEX_DPU_HOUR, 50_000_000),
    "what grows": growing,
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
        page = between(name).sub(lambda found, rows=rows: found[1] + markdown(rows()), page)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    rewrite()
