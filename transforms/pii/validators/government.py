"""Numbers that a state gives."""

from __future__ import annotations

import re2

from transforms.pii.validators import Span, digits_of, luhn, shaped, weighted

_VERHOEFF_TIMES = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_VERHOEFF_TURNS = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip
_NINO_PREFIXES_NEVER_GIVEN = frozenset([b"BG", b"GB", b"NK", b"KN", b"TN", b"NT", b"ZZ"])
_PASSPORT = re2.compile(r"(?i)^[^.;:!?\n\[\]]*(?:passport|pasaporte|passeport|reisepass|passaport[oe])")


def passport(text: bytes, start: int, end: int) -> Span | None:
    """A passport's number, three digits or more, that is no year."""
    return None if _YEAR.search(text[start:end]) else shaped(text, start, end)


def passport_before(text: bytes, start: int, end: int) -> Span | None:
    """A code with its passport named within forty bytes after it, in the same sentence."""
    return (start, end) if _PASSPORT.search(text[end : end + 40]) else None


def ssn(text: bytes, start: int, end: int) -> Span | None:
    """Nine digits outside the ranges never given: area 000, 666, 9xx; group 00; serial 0000 (SSA)."""
    digits = digits_of(text, start, end)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    refused = area in (b"000", b"666") or area >= b"900" or group == b"00" or serial == b"0000"
    return None if refused else (start, end)


def ssn_announced(text: bytes, start: int, end: int) -> Span | None:
    """Nine digits of which a few may be letters that look like them; as they are announced, of any range."""
    letters = digits_of(text, start, end).translate(None, b"0123456789")
    return (start, end) if len(letters) <= 3 else None


def ssn_spaced(text: bytes, start: int, end: int) -> Span | None:
    """The same, with dots or spaces, and no further group of digits before it or after."""
    before, after = text[max(0, start - 2) : start].strip()[-1:], text[end : end + 2].strip()[:1]
    return None if before.isdigit() or after.isdigit() else ssn(text, start, end)


def itin(text: bytes, start: int, end: int) -> Span | None:
    """Nine digits that begin with 9 and have a group that is given: 50-65, 70-88, 90-92, 94-99 (IRS)."""
    group = int(digits_of(text, start, end)[3:5])
    return (start, end) if 50 <= group <= 65 or 70 <= group <= 88 or (group >= 90 and group != 93) else None


def sin(text: bytes, start: int, end: int) -> Span | None:
    """A Canadian social insurance number: Luhn, and no 0 or 8 in front (Service Canada)."""
    digits = digits_of(text, start, end)
    return (start, end) if digits[:1] not in (b"0", b"8") and luhn(digits) else None


def verhoeff(digits: bytes) -> bool:
    """Whether the last digit is the check digit of those before it (J. Verhoeff, Error detecting decimal codes)."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = int(_VERHOEFF_TIMES[check][int(_VERHOEFF_TURNS[place % 8][digit - 48])])
    return check == 0


def aadhaar(text: bytes, start: int, end: int) -> Span | None:
    """Twelve digits with Verhoeff's check digit; no palindrome (UIDAI)."""
    digits = digits_of(text, start, end)
    return (start, end) if verhoeff(digits) and digits != digits[::-1] else None


def nino(text: bytes, start: int, end: int) -> Span | None:
    """A prefix that is given (HMRC, NIM39110); the pattern says which letters there may be."""
    return None if text[start : start + 2].upper() in _NINO_PREFIXES_NEVER_GIVEN else (start, end)


def utr(text: bytes, start: int, end: int) -> Span | None:
    """Ten digits of which the first is the check digit, modulo 11 (HMRC)."""
    digits = digits_of(text, start, end)
    check = b"21987654321"[weighted(digits[1:], (6, 7, 8, 9, 10, 5, 4, 3, 2)) % 11]
    return (start, end) if digits[0] == check else None


def nhs(text: bytes, start: int, end: int) -> Span | None:
    """Ten digits, the last the check digit modulo 11 (NHS Data Dictionary); not all the same."""
    digits = digits_of(text, start, end)
    holds = weighted(digits, range(10, 0, -1)) % 11 == 0
    return (start, end) if holds and len(set(digits)) > 1 else None


def npi(text: bytes, start: int, end: int) -> Span | None:
    """A United States health provider's number: Luhn with 80840 in front (CMS)."""
    return (start, end) if luhn(b"80840" + digits_of(text, start, end)) else None


def dea(text: bytes, start: int, end: int) -> Span | None:
    """A prescriber's number in the United States: odd digits plus twice the even ones end in the seventh (DEA)."""
    digits = text[end - 7 : end]
    return (start, end) if weighted(digits, (1, 2, 1, 2, 1, 2)) % 10 == digits[6] - 48 and int(digits) else None


def ohip(text: bytes, start: int, end: int) -> Span | None:
    """An Ontario health card: ten digits with Luhn, then a version of two letters or none (Ontario health ministry)."""
    return (start, end) if luhn(digits_of(text, start, end)[:10]) else None


def tfn(text: bytes, start: int, end: int) -> Span | None:
    """An Australian tax file number: modulo 11 (ATO)."""
    holds = weighted(digits_of(text, start, end), (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0
    return (start, end) if holds else None


def medicare_au(text: bytes, start: int, end: int) -> Span | None:
    """An Australian Medicare card: the ninth digit checks the eight before it (Services Australia)."""
    digits = digits_of(text, start, end)
    return (start, end) if weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == digits[8] - 48 else None


def sin_bare(text: bytes, start: int, end: int) -> Span | None:
    """The same, where no word announces it: no round amount, and no group of three before it or after."""
    before, after = text[max(0, start - 4) : start].rstrip()[-1:], text[end : end + 2].lstrip()[:1]
    amount = text[end - 3 : end] == b"000" or before.isdigit() or before == b"$" or after.isdigit()
    return None if amount else sin(text, start, end)


def driver_id_uk(text: bytes, start: int, end: int) -> Span | None:
    """A British licence: five characters of the name, year, month (a woman's plus 50), day, year (DVLA)."""
    number = text[start:end]
    month = int(number[6:8]) if number[5:11].isdigit() else 0
    return (start, end) if len(number) in (16, 18) and 1 <= month % 50 <= 12 else None


_YEAR = re2.compile(r"^(?:19|20)[0-9]{2}$")
_OTHER_LICENCE = re2.compile(
    r"(?i:medical|nurs\w*|physician|professional|business|software|product|pharmacy|fishing"
    r"|state)[ -]+licen"
)


def driver_id(text: bytes, start: int, end: int) -> Span | None:
    """A licence's number, three digits or more, that is no year, and not said to be a profession's or a product's."""
    other = _OTHER_LICENCE.search(text[max(0, start - 48) : start])
    return None if other or _YEAR.search(text[start:end]) else shaped(text, start, end)
