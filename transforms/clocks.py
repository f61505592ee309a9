"""Times of day in a zone, on the two days of a year when its clocks are put forward or back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from transforms.errors import UsageError

# Years that are looked ahead for changes of clocks.
_YEARS = 5


def days_without(at: str, zone: str, since: date) -> list[date]:
    """The days of the next years that lack a time of day in a zone. Raises UsageError for a zone that is none."""
    return [day for day in _days(since) if _moments(at, zone, day) == 0]


def _moments(at: str, zone: str, day: date) -> int:
    """How often a zone's clocks show a time on a day: once, but for the two days when they are put forward or back."""
    local = datetime.combine(day, time.fromisoformat(at), _zone(zone))
    folds = {local.replace(fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sum(
        moment.astimezone(_zone(zone)).replace(fold=0, tzinfo=None) == local.replace(tzinfo=None) for moment in folds
    )


def next_time(at: str, zone: str, now: datetime) -> datetime:
    """When a zone's clocks next show a time of day that no change leaves out, in that zone. `now` bears a zone."""
    here = now.astimezone(_zone(zone))
    days = (here.date() + timedelta(days=ahead) for ahead in range(3))
    moments = (datetime.combine(day, time.fromisoformat(at), _zone(zone)) for day in days if _moments(at, zone, day))
    return next(moment for moment in moments if moment > here)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise UsageError(f"time_zone {name!r} is no time zone: write it as Europe/Berlin") from None


def _days(since: date) -> list[date]:
    return [since + timedelta(days=day) for day in range(366 * _YEARS)]
