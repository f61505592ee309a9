"""Dates, times and ages: ranges, and what stands around."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.pii.validators import Validator, dates


def kept(validator: Validator, marked: str) -> bool:
    before, value, after = marked.replace("»", "«").split("«")
    start = len(before.encode())
    end = start + len(value.encode())
    return validator((before + value + after).encode(), start, end) == (start, end)


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)))
def test_numeric_takes_every_day(day: datetime.date) -> None:
    for form in ("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%y", "%d-%m-%y", "%d.%m.%y"):
        assert kept(dates.numeric, f"«{day.strftime(form)}»")


@pytest.mark.parametrize(
    ("validator", "marked", "expected"),
    [
        (dates.numeric, "«2026-13-01»", False),
        (dates.numeric, "«2026-12-32»", False),
        (dates.numeric, "«13/13/2026»", False),
        (dates.numeric, "«00/01/2026»", False),
        (dates.numeric, "«1.2.10»", False),
        (dates.numeric, "«21.5.21»", True),
        (dates.numeric, "«3/4/78»", True),
        (dates.numeric, "«01.02.2026».3", False),
        (dates.numeric, "1.«01.02.2026»", False),
        (dates.numeric, "«2026-01-02»-3", False),
        (dates.numeric, "«01/02/2026»-03/02/2026", True),
        (dates.numeric, "01/02/2026-«03/02/2026»", True),
        (dates.numeric, "«2026-11-22T10:00:00Z»", True),
        (dates.numeric, "«2026-1-5T10:00»", True),
        (dates.numeric, "«21.6.10,\n21:26»", True),
        (dates.numeric, "«8.60.10,\n21:26»", False),
        (dates.month, "«05/2021»", True),
        (dates.month, "/«05/2021»", False),
        (dates.short, "«5/21»", True),
        (dates.short, "«24/7»", False),
        (dates.short, "«9/11»", False),
        (dates.short, "«1/2»", False),
        (dates.short, "«31/31»", False),
        (dates.birth, "«1978»", True),
        (dates.birth, "«1978»-1", False),
        (dates.birth, "«3/4/78»", True),
        (dates.birth, "«31/31/78»", False),
        (dates.day, "«June 10»,000", False),
        (dates.day, "«March 3.»5", False),
        (dates.day, "«March 3.» Then", True),
        (dates.day, "«May 5»%", False),
        (dates.day, "3.«5 May»", False),
        (dates.clock, "«10:15 AM»", True),
        (dates.clock, "«10:15 AM»]", False),
        (dates.age, "«34 years old»", True),
        (dates.age, "«121 years old»", False),
        (dates.age, "2.«5 years old»", False),
        (dates.age, "«thirty years old»", True),
        (dates.age_romance, "de «34 años»", True),
        (dates.age_romance, "hace «34 años»", False),
        (dates.age_romance, "il y a «34 ans»", False),
        (dates.age_romance, "«34 años» después", False),
        (dates.age_romance, "a los «34 meses»", False),
    ],
)
def test_what_is_kept(validator: Validator, marked: str, expected: bool) -> None:
    assert kept(validator, marked) is expected
