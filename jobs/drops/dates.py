"""The date that a file's path names."""

from __future__ import annotations

import re
from datetime import date, datetime

from transforms.errors import UsageError

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# Directories as Hive and Athena name them, whole or in parts, and as Firehose does.
_WHOLE = re.compile(r"(?<=/)(?:dt|date|day)=(\d{4})-?(\d\d)-?(\d\d)(?=/)", re.ASCII)
_PARTS = re.compile(r"(?<=/)year=(\d{4})/(?:.*?/)?month=(\d{1,2})/(?:.*?/)?day=(\d{1,2})(?=/)", re.ASCII)
_NUMBERS = re.compile(r"(?<=/)(20\d\d|19\d\d)/(\d\d)/(\d\d)(?=/)", re.ASCII)
_DIGITS = {"Y": 4, "m": 2, "d": 2, "j": 3, "y": 2, "H": 2}

DatePattern = tuple[re.Pattern[str], str]  # what finds a date in a path, and its strftime form


def day(text: str) -> date | None:
    """The date that YYYY-MM-DD names, or None where it is written otherwise or there is no such day."""
    return _parsed(text, "%Y-%m-%d") if _DAY.fullmatch(text) else None


def compile_date_pattern(pattern: str) -> DatePattern:
    """A strftime pattern as what finds it in a path. Raises UsageError where it does not name a full date."""
    form = pattern.strip("/").replace("%F", "%Y-%m-%d")
    tokens = re.findall(r"%(.?)", form)
    unknown = set(tokens) - set(_DIGITS) - {"%"}
    whole = ({"Y", "y"} & set(tokens)) and ({"m", "d"} <= set(tokens) or "j" in tokens)
    if unknown or not whole or len(set(tokens)) < len(tokens):
        raise UsageError(
            f"--date-pattern {pattern!r} does not name a full date: "
            "use %Y (or %y), %m and %d (or %j), each once, such as %Y/%m/%d"
        )
    source = "".join(
        rf"\d{{{_DIGITS[part[1]]}}}" if part[0] == "%" and part[1] in _DIGITS else re.escape(part.replace("%%", "%"))
        for part in re.split("(%.)", form)
        if part
    )
    return re.compile(rf"(?<!\d){source}(?!\d)", re.ASCII), form


def date_of(uri: str, pattern: DatePattern | None) -> tuple[bool, date | None]:
    """Whether a path names a date, and which; None where there is no such day.

    `ds=2026-11-22` comes before the pattern, that before `dt=2026-11-22` (or `date=`, `day=`, also 20261122), that
    before `year=2026/month=11/day=22`, and that before 2026/11/22, which an hour may follow; of several, the nearest to
    the file counts. Last comes a file that is called by its date alone, as those of a Slack export are.
    """
    directories, _, base = uri.rpartition("/")
    named = [part.removeprefix("ds=") for part in directories.split("/") if part.startswith("ds=")]
    if named:
        return True, day(named[-1])
    if pattern is not None and (found := [match.group() for match in pattern[0].finditer(directories)]):
        return True, _parsed(found[-1], pattern[1])
    if parts := _WHOLE.findall(f"{directories}/") or _PARTS.findall(f"{directories}/"):
        return True, _parsed("-".join(f"{int(part):02}" for part in parts[-1]), "%Y-%m-%d")
    days = [_parsed("-".join(parts), "%Y-%m-%d") for parts in _NUMBERS.findall(f"{directories}/")]
    found_days = [each for each in (day(base.partition(".")[0]), *days) if each]  # other numbers are no dates
    return (True, found_days[-1]) if found_days else (False, None)


def _parsed(text: str, form: str) -> date | None:
    try:
        return datetime.strptime(text, form).date()  # noqa: DTZ007 (a date has no zone)
    except ValueError:
        return None
