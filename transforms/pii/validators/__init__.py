"""Checks that a regular expression cannot express: check sums, number ranges, what stands around a match.

A validator takes the folded text as UTF-8 and the span of a match in it, and returns the span to keep (it may be
shorter than the match, or longer where the pattern finds but the beginning) or None to refuse it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

Span = tuple[int, int]
Validator = Callable[[bytes, int, int], Span | None]

SEPARATORS = b" \t\n\v\f\r-./()"

_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")  # digit sum of twice a digit


def digits_of(text: bytes, start: int, end: int) -> bytes:
    """The match without its separators."""
    return text[start:end].translate(None, SEPARATORS)


def luhn(digits: bytes) -> bool:
    """Whether the last digit is the check digit of those before it (ISO/IEC 7812-1, annex B)."""
    total = sum(digits[-1::-2]) + sum(digits[-2::-2].translate(_DOUBLED)) - 48 * len(digits)
    return total % 10 == 0


def weighted(digits: bytes, weights: Iterable[int]) -> int:
    """The sum of the digits, each times its weight; digits past the last weight do not count."""
    return sum((digit - 48) * weight for digit, weight in zip(digits, weights, strict=False))


def shaped(text: bytes, start: int, end: int) -> Span | None:
    """A value that a word announces: three digits or more, so that no word or small count is taken for one."""
    value = text[start:end]
    return (start, end) if len(value) - len(value.translate(None, b"0123456789")) >= 3 else None
