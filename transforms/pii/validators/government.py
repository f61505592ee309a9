"""Numbers that a state gives."""

from __future__ import annotations

from transforms.pii.validators import Span, digits_of


def ssn(text: bytes, start: int, end: int) -> Span | None:
    """Nine digits outside the ranges never given: area 000, 666, 9xx; group 00; serial 0000 (SSA)."""
    digits = digits_of(text, start, end)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    refused = area in (b"000", b"666") or area >= b"900" or group == b"00" or serial == b"0000"
    return None if refused else (start, end)
