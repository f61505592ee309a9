"""An environment's file, and its times of day on the two days when clocks change."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from infra import environment
from infra.environment import cron, days_without, load, next_time
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


def test_a_schedule_is_of_every_day() -> None:
    assert (cron("01:30"), cron("07:00")) == ("cron(30 1 * * ? *)", "cron(0 7 * * ? *)")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            ('night_at = "01:30"', 'night_at = "02:30"'),
            r"night_at 02:30 is not there on \d{4}-03-\d\d in Europe/Berlin",
        ),
        (('watch_at = "07:00"', 'watch_at = "7"'), "watch_at"),
        (('budget_dollars = "5.00"', ""), "budget_dollars: Field required"),
        (("workers = 2", "workers = 1"), "workers"),
        (("workers = 2", "workers = 2\nworker = 2"), "worker: Extra inputs"),
        (('vpc_id = ""', 'vpc_id = "vpc-1"'), "vpc_id and subnet_ids go together"),
        (("workers = 2", "workers ="), "dev.toml: Invalid value"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(
    changed: tuple[str, str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (environment.FOLDER / "dev.toml").read_text(encoding="utf-8")
    assert changed[0] in content
    (tmp_path / "dev.toml").write_text(content.replace(*changed), encoding="utf-8")
    monkeypatch.setattr(environment, "FOLDER", tmp_path)

    with pytest.raises(UsageError, match=words):
        load("dev")


@pytest.mark.parametrize("env", ["", "../dev", "test", "DEV"])
def test_an_environment_that_is_none_is_said(env: str) -> None:
    with pytest.raises(UsageError, match="one of dev, prod, staging"):
        load(env)
