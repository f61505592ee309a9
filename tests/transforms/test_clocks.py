"""Times of day on the two days when clocks change."""

from datetime import UTC, date, datetime

import pytest

from transforms.clocks import days_without, next_time
from transforms.errors import UsageError

SPRING, AUTUMN = date(2027, 3, 28), date(2027, 10, 31)  # 02:00 becomes 03:00; 03:00 becomes 02:00


@pytest.mark.parametrize(
    ("at", "zone", "missing"),
    [
        ("02:00", "Europe/Berlin", True),
        ("02:59", "Europe/Berlin", True),
        ("01:59", "Europe/Berlin", False),
        ("03:00", "Europe/Berlin", False),
        ("02:30", "UTC", False),
        ("02:30", "America/New_York", True),
        ("02:15", "Australia/Lord_Howe", True),  # by half an hour
        ("01:45", "Australia/Lord_Howe", False),
        ("00:30", "America/Havana", True),
    ],
)
def test_a_time_that_a_change_of_clocks_leaves_out_is_known(at: str, zone: str, missing: bool) -> None:
    assert bool(days_without(at, zone, date(2027, 1, 1))) == missing


def test_the_day_is_told() -> None:
    assert days_without("02:30", "Europe/Berlin", date(2027, 1, 1))[0] == SPRING


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "../etc", ""])
def test_what_is_no_zone_is_usage(zone: str) -> None:
    with pytest.raises(UsageError, match="no time zone"):
        days_without("02:30", zone, SPRING)


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        ("2027-03-27T23:00+00:00", "Europe/Berlin", "2027-03-28T01:30+01:00"),
        ("2027-03-28T00:30+00:00", "Europe/Berlin", "2027-03-29T01:30+02:00"),  # it is that time now
        ("2027-10-30T22:00+00:00", "Europe/Berlin", "2027-10-31T01:30+02:00"),
        ("2027-10-31T00:00+00:00", "Europe/Berlin", "2027-11-01T01:30+01:00"),
    ],
)
def test_the_next_time_is_that_of_the_zone(now: str, zone: str, expected: str) -> None:
    found = next_time("01:30", zone, datetime.fromisoformat(now))
    assert found == datetime.fromisoformat(expected)
    assert found.isoformat(timespec="minutes") == expected


def test_the_doubled_hour_is_run_once() -> None:
    first = next_time("02:30", "Europe/Berlin", datetime(2027, 10, 30, 22, tzinfo=UTC))
    after = next_time("02:30", "Europe/Berlin", first)
    assert (first.date(), after.date()) == (AUTUMN, date(2027, 11, 1))
