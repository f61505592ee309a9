"""Vehicle numbers."""

from __future__ import annotations

from transforms.pii.validators import Span, weighted

_VALUES = bytes.maketrans(b"ABCDEFGHJKLMNPRSTUVWXYZ", b"12345678123457923456789")
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def vin(text: bytes, start: int, end: int) -> Span | None:
    """The ninth character checks the others (ISO 3779; 49 CFR 565.15, North America); it holds letters and digits."""
    number = text[start:end].upper()
    mixed = not number.isdigit() and not number.isalpha()
    check = b"0123456789X"[weighted(number.translate(_VALUES), _WEIGHTS) % 11]
    return (start, end) if mixed and number[8] == check else None


def vin_announced(text: bytes, start: int, end: int) -> Span | None:
    """Letters and digits, whatever the check digit: only North America has one."""
    number = text[start:end]
    return None if number.isdigit() or number.isalpha() else (start, end)


def plate_announced(text: bytes, start: int, end: int) -> Span | None:
    """At least two digits, and four characters of which not all may be digits unless there are five."""
    plate = text[start:end].translate(None, b" \t\n\v\f\r-")
    digits = sum(48 <= character <= 57 for character in plate)
    return (start, end) if 4 <= len(plate) <= 10 and digits >= 2 and (digits < len(plate) or digits >= 5) else None


def plate_uk(text: bytes, start: int, end: int) -> Span | None:
    """A registration of the form in use since 2001: the age mark is a year that was (DVLA INF104)."""
    age = int(text[start + 2 : start + 4])
    return (start, end) if 2 <= age <= 29 or 51 <= age <= 79 else None
