"""Cards and bank accounts."""

from __future__ import annotations

import string
from functools import cache

from transforms.pii.validators import SEPARATORS, Span, digits_of, luhn

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


@cache
def _card_lengths(prefix: bytes) -> frozenset[int]:
    """How many digits a card number that begins with four digits may have."""
    return frozenset(
        length for low, high, lengths in _ISSUERS if low <= prefix[: len(low)] <= high for length in lengths
    )


def card(text: bytes, start: int, end: int) -> Span | None:
    """The longest run of whole groups from `start` that is a card number: an issuer's range and length, and Luhn."""
    digits = digits_of(text, start, end)
    lengths = _card_lengths(digits[:4])
    while lengths and len(digits) >= min(lengths):
        if len(digits) in lengths and luhn(digits):
            return start, end
        while text[end - 1] not in SEPARATORS and end > start:
            end -= 1
            digits = digits[:-1]
        while text[end - 1] in SEPARATORS and end > start:
            end -= 1
    return None


def _iban(text: bytes, start: int, end: int) -> tuple[bytes, Span] | None:
    """The characters and the span of as many characters as the country's IBANs have."""
    length = _IBAN_LENGTHS.get(text[start : start + 2].upper())
    characters = text[start:end].translate(None, SEPARATORS)
    if length is None or len(characters) < length:
        return None
    for _ in range(len(characters) - length):
        end -= 1
        while text[end - 1] in SEPARATORS:
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
