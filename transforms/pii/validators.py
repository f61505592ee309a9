"""Checks that a regular expression cannot express: check sums, number ranges, what stands around a match.

A validator takes the folded text as UTF-8 and the span of a match in it, and returns the span to keep (it may be
shorter than the match) or None to refuse it.
"""

from __future__ import annotations

import ipaddress
import string
from collections.abc import Callable
from functools import cache

import re2

Span = tuple[int, int]
Validator = Callable[[bytes, int, int], Span | None]

_SEPARATORS = b" \t\n\v\f\r-./()"

# First digits (from, to) -> how many digits such a number has. Sources: ISO/IEC 7812 and the issuers' published ranges.
_ISSUERS: tuple[tuple[bytes, bytes, range], ...] = (
    (b"1", b"1", range(15, 16)),  # UATP
    (b"1800", b"1800", range(15, 16)),  # JCB
    (b"2131", b"2131", range(15, 16)),  # JCB
    (b"2200", b"2204", range(16, 20)),  # Mir
    (b"2221", b"2720", range(16, 17)),  # Mastercard
    (b"300", b"305", range(14, 20)),  # Diners Club
    (b"3095", b"3095", range(14, 20)),  # Diners Club
    (b"34", b"34", range(15, 16)),  # American Express
    (b"3528", b"3589", range(16, 20)),  # JCB
    (b"36", b"36", range(14, 20)),  # Diners Club
    (b"37", b"37", range(15, 16)),  # American Express
    (b"38", b"39", range(14, 20)),  # Diners Club
    (b"4", b"4", range(13, 20, 3)),  # Visa
    (b"50", b"50", range(12, 20)),  # Maestro, RuPay, Verve
    (b"51", b"55", range(16, 17)),  # Mastercard
    (b"56", b"69", range(12, 20)),  # Maestro, Discover, UnionPay, RuPay
    (b"81", b"82", range(16, 20)),  # UnionPay, RuPay
    (b"9792", b"9792", range(16, 17)),  # Troy
)

# Country -> characters of an IBAN. Source: SWIFT IBAN Registry.
_IBAN_LENGTHS = {
    country.encode(): length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}

_IBAN_VALUES = {ord(letter): str(value) for value, letter in enumerate(string.ascii_uppercase, 10)}

_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")  # digit sum of twice a digit

_DATE = re2.compile(
    rb"(?:0?[1-9]|[12][0-9]|3[01])(?:-(?:0?[1-9]|1[0-2])-|/(?:0?[1-9]|1[0-2])/|\.(?:0?[1-9]|1[0-2])\.)(?:19|20)[0-9]{2}(?:[^0-9]|$)"
    # A two-digit year ends where the separator changes: 02.02.26-05.02.26 is dates, 06.12.34.56.78 a French number.
    rb"|[0-3][0-9](?:-[01][0-9]-[0-9]{2}(?:[^-0-9]|$)|/[01][0-9]/[0-9]{2}(?:[^/0-9]|$)|\.[01][0-9]\.[0-9]{2}(?:[^.0-9]|$))"
    rb"|(?:19|20)[0-9]{2}[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12][0-9]|3[01])(?:[^0-9]|$)"
)


def _digits(text: bytes, start: int, end: int) -> bytes:
    return text[start:end].translate(None, _SEPARATORS)


def luhn(digits: bytes) -> bool:
    """Whether the last digit is the check digit of those before it (ISO/IEC 7812-1, annex B)."""
    total = sum(digits[-1::-2]) + sum(digits[-2::-2].translate(_DOUBLED)) - 48 * len(digits)
    return total % 10 == 0


@cache
def _card_lengths(prefix: bytes) -> frozenset[int]:
    """How many digits a card number that begins with four digits may have."""
    return frozenset(
        length for low, high, lengths in _ISSUERS if low <= prefix[: len(low)] <= high for length in lengths
    )


def card(text: bytes, start: int, end: int) -> Span | None:
    """The longest run of whole groups from `start` that is a card number: an issuer's range and length, and Luhn."""
    digits = _digits(text, start, end)
    lengths = _card_lengths(digits[:4])
    while lengths and len(digits) >= min(lengths):
        if len(digits) in lengths and luhn(digits):
            return start, end
        while text[end - 1] not in _SEPARATORS and end > start:
            end -= 1
            digits = digits[:-1]
        while text[end - 1] in _SEPARATORS and end > start:
            end -= 1
    return None


def _iban(text: bytes, start: int, end: int) -> tuple[bytes, Span] | None:
    """The characters and the span of as many characters as the country's IBANs have."""
    length = _IBAN_LENGTHS.get(text[start : start + 2].upper())
    characters = text[start:end].translate(None, _SEPARATORS)
    if length is None or len(characters) < length:
        return None
    for _ in range(len(characters) - length):
        end -= 1
        while text[end - 1] in _SEPARATORS:
            end -= 1
    return None if text[end : end + 1].isalnum() else (characters[:length].upper(), (start, end))


def iban_length(text: bytes, start: int, end: int) -> Span | None:
    """As many characters as the country's IBANs have, whatever the check digits."""
    found = _iban(text, start, end)
    return found[1] if found else None


def iban(text: bytes, start: int, end: int) -> Span | None:
    """As many characters as the country's IBANs have, with check digits that hold (ISO 13616, ISO 7064 mod 97-10)."""
    found = _iban(text, start, end)
    if not found:
        return None
    characters, span = found
    return span if int((characters[4:] + characters[:4]).decode().translate(_IBAN_VALUES)) % 97 == 1 else None


def ssn(text: bytes, start: int, end: int) -> Span | None:
    """Nine digits outside the ranges never given: area 000, 666, 9xx; group 00; serial 0000 (SSA)."""
    digits = _digits(text, start, end)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    refused = area in (b"000", b"666") or area >= b"900" or group == b"00" or serial == b"0000"
    return None if refused else (start, end)


def ipv4(text: bytes, start: int, end: int) -> Span | None:
    """Octets of at most 255 (the pattern's digits; leading zeros are read as decimal) in no longer dotted number."""
    if any(int(octet) > 255 for octet in text[start:end].split(b".")):
        return None
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    longer = (before[-1:] == b"." and before[:1].isdigit()) or (after[:1] == b"." and after[1:].isdigit())
    return None if longer else (start, end)


def ipv6(text: bytes, start: int, end: int) -> Span | None:
    """What `ipaddress` reads, in no longer word, and not code: one-letter names around `::`."""
    if text[max(0, start - 1) : start].isalnum() or text[end : end + 1].isalnum():
        return None
    if text[max(0, start - 1) : start] == b":":
        return None
    address = text[start:end]
    try:
        ipaddress.IPv6Address(address.decode())
    except ipaddress.AddressValueError:
        return None
    groups = [group for group in address.split(b":") if group]
    telling = any(len(group) > 1 or group.isdigit() for group in groups)
    return (start, end) if telling else None


def phone(text: bytes, start: int, end: int) -> Span | None:
    """7 to 15 digits (ITU-T E.164) that are no date."""
    digits = text[start:end].translate(None, b"+" + _SEPARATORS)
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
    digits = _digits(text, start, end)
    number = text[start:end]
    grouped = len(digits) < len(number) and not (b"." in number and b"-" in number)
    return phone(text, start, end) if grouped and 9 <= len(digits) <= 11 else None


def phone_nine(text: bytes, start: int, end: int) -> Span | None:
    """Nine digits as 3-3-3 that are no amount: no round thousand, no further group, no decimals."""
    before, after = text[max(0, start - 9) : start].rstrip()[-1:], text[end : end + 2]
    # No further group may stand before: 1 650 300 200 is an amount.
    amount = text[end - 3 : end] == b"000" or before.isdigit() or (after[:1] in (b".", b",") and after[1:].isdigit())
    return None if amount else (start, end)
