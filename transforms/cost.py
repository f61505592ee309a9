"""Billing units -> money.

Amazon Comprehend's list prices for sentiment and for the dominant language (aws.amazon.com/comprehend/pricing): a unit
is 100 characters, a document has at least 3; the price of a unit falls with the units of a month.
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


class TierCost(NamedTuple):
    """What falls into one tier."""

    price: Decimal  # dollars a unit
    units: int
    dollars: Decimal


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
