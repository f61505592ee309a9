"""Vehicle numbers and plates."""

from __future__ import annotations

import pytest

from transforms.pii.validators import Validator, vehicles


@pytest.mark.parametrize(
    ("validator", "good", "bad"),
    [
        (vehicles.vin, "1M8GDM9AXKP042788", "1M8GDM9A1KP042788"),
        (vehicles.vin, "1HGCM82633A004352", "11111111111111111"),
        (vehicles.vin_announced, "WVWZZZ1JZ3W386752", "12345678901234567"),
        (vehicles.plate_announced, "1234 BCD", "1234"),
        (vehicles.plate_announced, "7ABC123", "A1"),
        (vehicles.plate_uk, "AB51 ABC", "AB80 ABC"),
    ],
)
def test_vehicles(validator: Validator, good: str, bad: str) -> None:
    assert validator(good.encode(), 0, len(good)) == (0, len(good))
    assert validator(bad.encode(), 0, len(bad)) is None
