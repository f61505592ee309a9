"""Dates and times as people write them -> timestamps of UTC."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pyarrow as pa
import pyarrow.compute as pc

from transforms.schemas import DOCUMENTS

# The created_at that Arrow and datetime.fromisoformat read alike; every other form goes to the latter.
_ISO = r"^[12]\d{3}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?"
_ISO_ZONED = _ISO + r"(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$"
_ISO_NAIVE = _ISO + "$"

UTC_TIMESTAMP = DOCUMENTS.field("created_at").type
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_DATE = 64  # characters of one that is no ISO 8601: parsers of mail dates are slow
# What a Python datetime can hold, in microseconds since the epoch.
_FIRST = -62_135_596_800_000_000
_LAST = 253_402_300_799_999_999

# Seconds since 1970 that are dates of the years 2000 to 2100, so that no finer unit is taken for them.
_SECONDS = range(946_684_800, 4_102_444_800)
_UNITS = (0, 3, 6, 9)  # digits of a second's part
# 22.11.2026, with or without a time: with dots the day comes first wherever dates are written so. 2026/11/22, and what
# BigQuery, Go and Ruby make of a time: with the year first the month comes next.
_CLOCK = r"(\d{1,2}:\d\d(?::\d\d(?:\.\d{1,6})?)?)(?:(?<=\.\d{6})\d{1,3})? ?(?:([AP])M)?"
_DOTTED = re.compile(rf"(\d{{1,2}})\.(\d{{1,2}})\.(\d{{4}})(?:,?\s+{_CLOCK})?", re.ASCII)
_YEAR_FIRST = re.compile(
    rf"(\d{{4}})[-/](\d{{1,2}})[-/](\d{{1,2}})"
    rf"(?:[ T]{_CLOCK}(?: ?(?:UTC|GMT|Z))?(?: ?([+-])(\d{{1,2}}):?(\d\d)?)?(?: UTC)?)?",
    re.ASCII,
)
# What RFC 2822 and the like have, and ISO 8601 has not: a month's name.
_NAMED = re.compile(r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)", re.IGNORECASE)
_HALF_DAY = re.compile(
    r"\b(\d{1,2})(:\d\d(?::\d\d)?)[ \u202f]?([AP])M\b", re.ASCII | re.IGNORECASE
)  # which mail has not
# `Fri Nov 20 09:00:00 +0000 2026`, as C writes it, with a zone.
_CTIME = re.compile(r"\w{3} (\w{3}) +(\d{1,2}) (\d\d:\d\d:\d\d)(?: ([+-]\d{4}|UTC|GMT))? (\d{4})", re.ASCII)


def read_text(text: pa.Array) -> pa.Array:
    """Timestamps of strings: ISO 8601, RFC 2822, dd.mm.yyyy, yyyy/mm/dd, seconds since 1970 or their thousandths,
    millionths or billionths; of UTC where no zone is named, null where the string is nothing of these.
    """
    for pattern, kind in ((_ISO_ZONED, UTC_TIMESTAMP), (_ISO_NAIVE, pa.timestamp("us"))):
        if pc.all(pc.match_substring_regex(text, pattern)).as_py():  # nulls do not count
            try:
                return text.cast(kind).cast(UTC_TIMESTAMP)
            except pa.ArrowInvalid:
                break  # a thirteenth month
    return pa.array([_instant(value) for value in text.to_pylist()], pa.int64()).cast(UTC_TIMESTAMP)


def read_temporal(values: pa.Array) -> pa.Array:
    """Timestamps of any unit and zone, and dates, as microseconds of UTC; null outside the years 1 to 9999."""
    if pa.types.is_date(values.type):
        values = values.cast(pa.timestamp("s" if pa.types.is_date32(values.type) else "ms"))
    if not pa.types.is_timestamp(values.type):
        return pa.nulls(len(values), UTC_TIMESTAMP)
    scale = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 1 / 1_000}[values.type.unit]
    units = values.cast(pa.int64())
    inside = pc.and_(
        pc.greater_equal(units, math.ceil(max(_FIRST / scale, -(2**63) + 1))),
        pc.less_equal(units, math.floor(min(_LAST / scale, 2**63 - 1))),
    )
    return pc.if_else(inside, values, pa.scalar(None, values.type)).cast(UTC_TIMESTAMP, safe=False)


def _instant(value: str | None) -> int | None:
    """Microseconds since the epoch, or None where the string is no date or time of a form that `read_text` names."""
    if value is None:
        return None
    value = value.strip()
    if (since_epoch := _since_epoch(value)) is not None:
        return since_epoch
    try:
        moment = _otherwise(value) or datetime.fromisoformat(value)
        since = (moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    except (ValueError, OverflowError):
        return None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _since_epoch(value: str) -> int | None:
    """Microseconds, where seconds since 1970 are meant, or thousandths, millionths or billionths of them."""
    if not (9 <= len(value) <= 20 and value.replace(".", "", 1).isdecimal() and value.isascii()):
        return None
    whole, _, fraction = value.partition(".")
    number = int(whole)
    unit = next((digits for digits in _UNITS if number // 10**digits in _SECONDS), None)
    return None if unit is None else int((whole + fraction.ljust(6, "0"))[: len(whole) + 6 - unit])


def _otherwise(value: str) -> datetime | None:
    """A moment that is written in another way than ISO 8601. Raises ValueError where there is none such."""
    if len(value) > _LONGEST_DATE:
        raise ValueError
    if found := _DOTTED.fullmatch(value):
        day, month, year, time, half = found.groups()
        return _moment(year, month, day, time, half)
    if found := _YEAR_FIRST.fullmatch(value):
        year, month, day, time, half, sign, hours, minutes = found.groups()
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        return _moment(year, month, day, time, half) - (-offset if sign == "-" else offset)
    if found := _CTIME.fullmatch(value):
        month, day, time, zone, year = found.groups()
        value = f"{day} {month} {year} {time} {zone or '+0000'}"
    if _NAMED.search(value):
        return parsedate_to_datetime(_HALF_DAY.sub(lambda found: f"{_hour(found[1], found[3]):02}{found[2]}", value))
    return None


def _moment(year: str, month: str, day: str, time: str | None, half: str | None) -> datetime:
    """A moment of a clock of 24 hours, or of 12 and the half of the day. Raises ValueError where there is none such."""
    hour, _, rest = (time or "00:00").partition(":")
    return datetime.fromisoformat(f"{year}-{int(month):02}-{int(day):02}T{_hour(hour, half):02}:{rest}")


def _hour(hour: str, half: str | None) -> int:
    """The hour of a clock of 24 that one of 12 shows, where a half of the day is named."""
    return int(hour) % 12 + (12 if half.upper() == "P" else 0) if half else int(hour)
