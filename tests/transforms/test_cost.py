"""Units and dollars, held to Amazon's own examples of its list."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.cost import Requests, affordable, by_tier, dollars, text_units


@pytest.mark.parametrize(("characters", "units"), [(1, 3), (300, 3), (301, 4), (550, 6), (5000, 50)])
def test_a_unit_is_a_hundred_characters_and_a_text_has_three_at_least(characters: int, units: int) -> None:
    assert text_units("é" * characters) == units


def test_the_price_falls_with_the_units_of_the_month() -> None:
    assert dollars(10_000) == Decimal("1.0000")
    # 10 million at $0.0001, 40 million at $0.00005, 10 million at $0.000025
    assert dollars(60_000_000) == 1000 + 2000 + 250
    assert dollars(2_000_000, already=9_000_000) == 100 + 50
    assert [(tier.units, int(tier.dollars)) for tier in by_tier(2_000_000, already=49_000_000)] == [
        (1_000_000, 50),
        (1_000_000, 25),
    ]
    assert by_tier(0, already=5) == []


@given(st.integers(0, 60_000_000_000).map(lambda amount: Decimal(amount).scaleb(-7)), st.integers(0, 70_000_000))
def test_a_budget_buys_all_that_it_can_and_no_more(budget: Decimal, already: int) -> None:
    units = affordable(budget, already)

    assert dollars(units, already) <= budget < dollars(units + 1, already)


@given(st.integers(0, 80_000_000), st.integers(0, 80_000_000), st.integers(0, 80_000_000))
def test_two_purchases_cost_what_one_does(first: int, second: int, already: int) -> None:
    assert dollars(first, already) + dollars(second, already + first) == dollars(first + second, already)


def test_requests_cost_what_the_lists_say() -> None:
    """A million of each: S3's $5 and $0.40, the catalog's $1, DynamoDB's $0.625 and $0.125."""
    asked = Requests(s3_puts=0.5, s3_gets=1, write_units=2, read_units=1, catalog=1).times(1_000_000)

    assert float(asked.s3_dollars) == pytest.approx(2.5 + 0.4 + 1)
    assert float(asked.dynamodb_dollars) == pytest.approx(1.25 + 0.125)
    assert asked.plus(asked).dollars == 2 * asked.dollars
