"""Cards and bank accounts."""

from __future__ import annotations

import hashlib
import string
from functools import cache

import re2

from transforms.pii.validators import SEPARATORS, Span, digits_of, luhn, weighted

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

# ISO 3166-1 alpha-2, and XK as SWIFT uses it.
_COUNTRIES = frozenset(
    b"AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ "
    b"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO "
    b"FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE "
    b"JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO "
    b"MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW "
    b"PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM "
    b"TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW".split()
)

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


def misread(text: bytes, start: int, end: int) -> Span | None:
    """A number of which no more than a quarter are letters that look like digits."""
    value = digits_of(text, start, end)
    letters = len(value.translate(None, b"0123456789"))
    return (start, end) if 4 * letters <= len(value) else None


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


def upi(text: bytes, start: int, end: int) -> Span | None:
    """No part of a mail address, whose host goes on."""
    return None if text[end : end + 1] in (b".", b"-", b"@") and text[end + 1 : end + 2].isalnum() else (start, end)


def routing(text: bytes, start: int, end: int) -> Span | None:
    """Nine digits of a bank in the United States: a Federal Reserve prefix and the check digit (ABA, 3-7-1)."""
    digits = digits_of(text, start, end)
    prefix = int(digits[:2])
    known = prefix <= 12 or 21 <= prefix <= 32 or 61 <= prefix <= 72 or prefix == 80
    return (start, end) if known and int(digits) and weighted(digits, (3, 7, 1) * 3) % 10 == 0 else None


def ccc(text: bytes, start: int, end: int) -> Span | None:
    """A Spanish account as banks wrote it before the IBAN: bank and branch, two check digits, account (AEB, mod 11)."""
    digits = digits_of(text, start, end)
    weights = (1, 2, 4, 8, 5, 10, 9, 7, 3, 6)
    checks = [11 - weighted(part, weights) % 11 for part in (b"00" + digits[:8], digits[10:])]
    written = b"".join(b"%d" % {10: 1, 11: 0}.get(check, check) for check in checks)
    return (start, end) if digits[8:10] == written else None


def swift(text: bytes, start: int, end: int) -> Span | None:
    """Letters five and six are a country (ISO 9362)."""
    return (start, end) if text[start + 4 : start + 6].upper() in _COUNTRIES else None


_BANK = re2.compile(r"(?i:banc[ao]|bank|banque|iban|wire)")


def swift_near(text: bytes, start: int, end: int) -> Span | None:
    """The same, with a digit in it, for nothing but capitals may be a word, and a bank within sixty bytes before it."""
    digit = any(48 <= character <= 57 for character in text[start:end])
    return swift(text, start, end) if digit and _BANK.search(text[max(0, start - 60) : start]) else None


_BASE58 = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_RIPPLE = b"rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_FROM_RIPPLE = bytes.maketrans(_RIPPLE, _BASE58)
_BECH32 = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def base58check(text: bytes, start: int, end: int) -> Span | None:
    """An address of Bitcoin, Litecoin, Dogecoin, Dash, Tron or XRP: 21 bytes and four of their hash (Base58Check)."""
    address = text[start:end]
    if address[:1] == b"r":
        address = address.translate(_FROM_RIPPLE)
    number = 0
    for character in address:
        number = number * 58 + _BASE58.index(character)
    if number >> 200:
        return None
    data = number.to_bytes(25, "big")
    check = hashlib.sha256(hashlib.sha256(data[:21]).digest()).digest()[:4]
    return (start, end) if data[21:] == check else None


def bech32(text: bytes, start: int, end: int) -> Span | None:
    """An address of Bitcoin or Litecoin of the later kind: a check sum over all of it (BIP 173 and BIP 350)."""
    address = text[start:end]
    if address != address.lower() and address != address.upper():
        return None
    prefix, _, data = address.lower().rpartition(b"1")
    values = [byte >> 5 for byte in prefix] + [0] + [byte & 31 for byte in prefix]
    values += [_BECH32.find(byte) for byte in data]
    if -1 in values:
        return None
    check = 1
    for value in values:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    return (start, end) if check in (1, 0x2BC830A3) else None


def alone(text: bytes, start: int, end: int) -> Span | None:
    """Not the beginning of a longer number, date or amount."""
    after = text[end : end + 2]
    return None if after[:1] in (b"/", b"-", b".", b",", b":", b"%") and after[1:].isdigit() else (start, end)


def after_card(text: bytes, start: int, end: int) -> Span | None:
    """A month and a year with a card's number, of twelve digits or more, just before them."""
    before = text[max(0, start - 32) : start].rstrip(b" \t\n\v\f\r,;|-")
    digits = before.translate(None, b" -.")
    last = digits[-12:]
    return alone(text, start, end) if len(last) == 12 and last.isdigit() else None
