"""What looks like an address and is none; where one ends."""

from __future__ import annotations

import pytest

from transforms.pii.validators import Validator, addresses


@pytest.mark.parametrize(
    ("validator", "good", "bad"),
    [
        (addresses.street, "24 Oak Drive", "24 Hour Drive"),
        (addresses.street, "2008 Wall Street, New York, NY", "2008 Wall Street"),
        (addresses.street, "12 Crown Street", "12 mai 2004, la High Court"),
        (addresses.town, "28013 Madrid", "28013 Americans"),
        (addresses.postcode_uk, "SW1A 1AA", "XA1 1AA"),
        (addresses.postcode_nl, "1012 AB Amsterdam", "1995 VW Golf"),
        (addresses.postcode_canada, "H0H0H0", "T4N1M0"),
        (addresses.code_alone, "62704-1234", "62704-1234-5"),
        (addresses.street_romance, "Calle Mayor 5", "Calle Mayor 5%"),
        (addresses.city, "Riverside, CA", "RIVERSIDE, CA"),
    ],
)
def test_addresses(validator: Validator, good: str, bad: str) -> None:
    assert validator(good.encode(), 0, len(good)) == (0, len(good))
    assert validator(bad.encode(), 0, len(bad.removesuffix("%").removesuffix("-5"))) is None


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("Maple House 4, Metropolis", "Maple House 4, Metropolis"),
        ("Maple House 4, Metropolis, Phone:", "Maple House 4, Metropolis"),
        ("Maple House 4. Then we left", "Maple House 4"),
        ("unknown to us", None),
        ("10.0.0.1", None),
    ],
)
def test_an_announced_address_ends_with_its_line_sentence_or_the_next_label(line: str, kept: str | None) -> None:
    end = len(line.removesuffix(":"))
    assert addresses.labelled(line.encode(), 0, end) == (kept and (0, len(kept)))


def test_a_preposition_is_no_part_of_a_town() -> None:
    assert addresses.city(b"In Los Angeles, CA", 0, 18) == (3, 18)
