"""What AWS charges: Amazon Comprehend for its units, and other services for what a night asks of them.

Amazon Comprehend's list prices for sentiment and for the dominant language (aws.amazon.com/comprehend/pricing): a unit
is 100 characters, a document has at least 3; the price of a unit falls with the units of a month.

Others are list prices in dollars of us-east-1, without what is free at first: aws.amazon.com/glue/pricing,
aws.amazon.com/dynamodb/pricing/on-demand (since November 2024) and aws.amazon.com/s3/pricing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

CHARACTERS_A_UNIT = 100
LEAST_UNITS = 3
# Calls a second that each batch operation is allowed unless Amazon grants more.
DEFAULT_TPS = 10.0
# Texts of one call, the most that Amazon Comprehend's batch operations take
# (docs.aws.amazon.com/comprehend/latest/dg/guidelines-and-limits.html).
ITEMS_A_CALL = 25
# Up to how many units of a month (None: any number) a unit costs how many dollars.
TIERS: tuple[tuple[int | None, Decimal], ...] = (
    (10_000_000, Decimal("0.0001")),
    (50_000_000, Decimal("0.00005")),
    (None, Decimal("0.000025")),
)

GLUE_DPU_HOUR = Decimal("0.44")
GLUE_FLEX_DPU_HOUR = Decimal("0.29")
# A run of Glue is billed by the second, from so many on.
GLUE_LEAST_SECONDS = 60
# An item of up to 1 KB is a unit to write, two in a transaction; one of 4 KB a unit to read, half of one if the read
# need not be consistent.
DYNAMODB_WRITE_UNIT = Decimal("0.625e-6")
DYNAMODB_READ_UNIT = Decimal("0.125e-6")
S3_PUT = Decimal("0.005e-3")  # also COPY, POST and LIST
S3_GET = Decimal("0.0004e-3")  # and all others, but for deletes, which are free
CATALOG_REQUEST = Decimal("1e-6")  # of the Glue catalog


class TierCost(NamedTuple):
    """What falls into one tier."""

    price: Decimal  # dollars a unit
    units: int
    dollars: Decimal


class Requests(NamedTuple):
    """What is asked of the services that are billed by the request; any of it may be a mean, such as for a document."""

    s3_puts: float = 0.0
    s3_gets: float = 0.0
    write_units: float = 0.0  # of DynamoDB
    read_units: float = 0.0
    catalog: float = 0.0

    def times(self, number: float) -> Requests:
        """So many times as much."""
        return Requests(*(each * number for each in self))

    def plus(self, other: Requests) -> Requests:
        """This and another."""
        return Requests(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    @property
    def s3_dollars(self) -> Decimal:
        """What S3 charges, and the Glue catalog."""
        return Decimal(self.s3_puts) * S3_PUT + Decimal(self.s3_gets) * S3_GET + Decimal(self.catalog) * CATALOG_REQUEST

    @property
    def dynamodb_dollars(self) -> Decimal:
        """What DynamoDB charges."""
        return Decimal(self.write_units) * DYNAMODB_WRITE_UNIT + Decimal(self.read_units) * DYNAMODB_READ_UNIT

    @property
    def dollars(self) -> Decimal:
        """What all of them charge."""
        return self.s3_dollars + self.dynamodb_dollars


def text_units(text: str) -> int:
    """Billing units of one text that is sent."""
    return max(LEAST_UNITS, -(-len(text) // CHARACTERS_A_UNIT))


def by_tier(units: int, already: int = 0) -> list[TierCost]:
    """What units cost tier by tier, after `already` units of the same month; tiers that nothing falls into left out."""
    tiers = []
    below = 0  # where this tier begins
    for end, price in TIERS:
        last = already + units if end is None else min(already + units, end)
        count = max(0, last - max(already, below))
        if count:
            tiers.append(TierCost(price, count, count * price))
        below = end or last
    return tiers


def dollars(units: int, already: int = 0) -> Decimal:
    """What units cost, exactly, after `already` units of the same month."""
    return sum((tier.dollars for tier in by_tier(units, already)), Decimal(0))


def affordable(budget: Decimal, already: int = 0) -> int:
    """The most units that `budget` dollars buy after `already` units of the same month."""
    units = 0
    left = budget
    for end, price in TIERS:
        here = already + units
        if end is not None and here >= end:
            continue
        most = int(left // price)
        if end is None or most <= end - here:
            return units + most
        units += end - here
        left -= (end - here) * price
    return units
