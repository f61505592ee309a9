"""Telephone numbers."""

from __future__ import annotations

import re2

from transforms.pii.validators import SEPARATORS, Span, digits_of

_DATE = re2.compile(
    rb"(?:0?[1-9]|[12][0-9]|3[01])(?:-(?:0?[1-9]|1[0-2])-|/(?:0?[1-9]|1[0-2])/|\.(?:0?[1-9]|1[0-2])\.)(?:19|20)[0-9]{2}(?:[^0-9]|$)"
    # A two-digit year ends where the separator changes: 02.02.26-05.02.26 is dates, 06.12.34.56.78 a French number.
    rb"|[0-3][0-9](?:-[01][0-9]-[0-9]{2}(?:[^-0-9]|$)|/[01][0-9]/[0-9]{2}(?:[^/0-9]|$)|\.[01][0-9]\.[0-9]{2}(?:[^.0-9]|$))"
    rb"|(?:19|20)[0-9]{2}[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12][0-9]|3[01])(?:[^0-9]|$)"
)


def phone(text: bytes, start: int, end: int) -> Span | None:
    """7 to 15 digits (ITU-T E.164) that are no date."""
    digits = text[start:end].translate(None, b"+" + SEPARATORS)
    return None if len(digits) < 7 or _date(text, start, end) else (start, end)


def _date(text: bytes, start: int, end: int) -> bool:
    # A date's first separator is its second, third or fifth character: a cheap test before the pattern.
    parted = text[start + 1] in b"-./" or text[start + 2] in b"-./" or text[start + 4] in b"-./"
    return parted and _DATE.match(text[start : end + 1]) is not None


def phone_us(text: bytes, start: int, end: int) -> Span | None:
    """Ten digits as 3-3-4; with nothing but spaces between, area and exchange must begin with 2 to 9 (NANP)."""
    groups = text[start:end].split()
    if len(groups) > 2 and b"".join(groups).isdigit() and any(group[:1] in b"01" for group in groups[-3:-1]):
        return None
    return start, end


def phone_trunk(text: bytes, start: int, end: int) -> Span | None:
    """A national number: 9 to 11 digits from the trunk prefix 0 on, in groups (without groups it may be any number),
    not parted by both dots and dashes, as two dates are."""
    digits = digits_of(text, start, end)
    number = text[start:end]
    grouped = len(digits) < len(number) and not (b"." in number and b"-" in number)
    return phone(text, start, end) if grouped and 9 <= len(digits) <= 11 else None


def phone_nine(text: bytes, start: int, end: int) -> Span | None:
    """Nine digits as 3-3-3 that are no amount: no round thousand, no further group, no decimals."""
    before, after = text[max(0, start - 9) : start].rstrip()[-1:], text[end : end + 2]
    # No further group may stand before: 1 650 300 200 is an amount.
    amount = text[end - 3 : end] == b"000" or before.isdigit() or (after[:1] in (b".", b",") and after[1:].isdigit())
    return None if amount else (start, end)
