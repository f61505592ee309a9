"""Dates that are whole and sure move by some days; no others."""

from __future__ import annotations

import pytest

from transforms.pii.shifting import days, shifted


@pytest.mark.parametrize(
    ("value", "moved"),
    [
        ("1985-02-03", "1985-02-13"),
        ("1985-02-03T10:30:00Z", "1985-02-13"),
        ("1985/2/3", "1985-02-13"),
        ("13/04/1985", "1985-04-23"),
        ("04/13/1985", "1985-04-23"),
        ("3.4.1985", "1985-04-13"),
        ("04/04/1985", "1985-04-14"),
        ("3 February 1985", "1985-02-13"),
        ("3rd of Feb. 1985", "1985-02-13"),
        ("Feb 3, 1985", "1985-02-13"),
        ("3 de febrero de 1985", "1985-02-13"),
        ("1er août 1985", "1985-08-11"),
        ("3. März 1985", "1985-03-13"),
        ("22\u00a0JUILLET 1985", "1985-08-01"),
        ("22 juin 1985", "1985-07-02"),
        ("28 dicembre 1999", "2000-01-07"),
        ("03/04/1985", None),  # of March or of April
        ("3/4/85", None),
        ("3 February", None),
        ("February 1985", None),
        ("31 February 1985", None),
        ("3 Brumaire 1985", None),
        ("9999-12-31", None),
        ("10:30", None),
    ],
)
def test_ten_days_later(value: str, moved: str | None) -> None:
    assert shifted(value, 10) == moved


@pytest.mark.parametrize(
    ("value", "day_first", "moved"),
    [
        ("03/04/1985", True, "1985-04-13"),
        ("03/04/1985", False, "1985-03-14"),
        ("04/13/1985", True, "1985-04-23"),
        ("13/04/1985", False, "1985-04-23"),
        ("3.4.1985", False, "1985-04-13"),
    ],
)
def test_a_policy_may_say_which_of_two_dates_is_meant(value: str, day_first: bool, moved: str) -> None:
    assert shifted(value, 10, day_first=day_first) == moved


def test_dates_never_stay_and_move_a_year_at_most() -> None:
    moves = {days(number.to_bytes(8) + bytes(24)) for number in range(2000)}
    assert moves == {*range(-365, 0), *range(1, 366)}
