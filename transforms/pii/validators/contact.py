"""Telephone numbers."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import re2

from transforms.pii.validators import SEPARATORS, Span, digits_of

_DATE = re2.compile(
    rb"(?:0?[1-9]|[12][0-9]|3[01])(?:-(?:0?[1-9]|1[0-2])-|/(?:0?[1-9]|1[0-2])/|\.(?:0?[1-9]|1[0-2])\.)(?:19|20)[0-9]{2}(?:[^0-9]|$)"
    # A two-digit year ends where the separator changes: 02.02.26-05.02.26 is dates, 06.12.34.56.78 a French number.
    rb"|[0-3][0-9](?:-[01][0-9]-[0-9]{2}(?:[^-0-9]|$)|/[01][0-9]/[0-9]{2}(?:[^/0-9]|$)|\.[01][0-9]\.[0-9]{2}(?:[^.0-9]|$))"
    rb"|(?:19|20)[0-9]{2}[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12][0-9]|3[01])(?:[^0-9]|$)"
)


# Words that announce a number of another kind.
_OTHER_NUMBER = re2.compile(
    r"(?i)(?:^|[^a-z])(?:order|size|resolution|dimensions?|firmware|pedido|commande|bestellung|bestellnummer|ordine|invoice|factura|facture|rechnung"
    r"|fattura|fatura|ticket|case"
    r"|claim|policy|p[oó]liza|account|acct|cuenta|compte|konto|conto|conta|ref(?:erence|erencia)?|tracking|isbn|issn|ean|upc|asin|sku"
    r"|serial|model|version|ver|v|build|id|ids|nhc|nass|nuss|nif|nie|cif|dni|nip|regon|pesel|nhs|npi|ssn|sin|tfn|abn|acn|siret|siren"
    r"|ice|iban|bic|swift|routing|vin|imei|passport|passeport|reisepass|pasaporte|licen[sc]e|card|visa|mastercard|amex|col"
    r"|colegiado|expediente|historia|record|mrn|patient|member|customer|client|employee|student|chapter|page|section|article|art"
    r"|req(?:uest|u[eê]te)?|application|transaction|trx|txn|parcel|item|part|lot|batch|serie|code|epoch|timestamp|port|pnr|steuernummer"
    r"|cpf|cnpj|cep|cp|rg|piva|partita iva|codice|codigo|matricula|kundennummer|vorgangsnummer|aktenzeichen)\.?"
    r"(?:[ ~-]?(?:no|nos|nr|num|number|n[oº°]|id|code|nummer|numero|number is|is|es|ist|est))*"
    r"[^a-z0-9]*(?:is[^a-z0-9]+)?$"
)
# Where numbers that begin with the trunk prefix 0, with no prefix, or as two groups of five are dialled.
_TRUNK = (
    "GB",
    "FR",
    "DE",
    "IT",
    "PH",
    "TR",
    "AU",
    "NL",
    "BE",
    "CH",
    "AT",
    "JP",
    "ZA",
    "RO",
    "IN",
    "BR",
    "IE",
    "SE",
    "MX",
    "KR",
)
_GROUPED = (
    "ES",
    "TR",
    "IT",
    "PT",
    "PL",
    "MX",
    "BR",
    "AR",
    "IN",
    "CO",
    "DK",
    "NO",
    "SG",
    "HK",
    "NZ",
    "CR",
    "BE",
    "CH",
    "CN",
    "RU",
)

_NAME_BEFORE = re2.compile(r"(?:^|[^A-Za-z])[A-Z][a-z]+[.,]?[ \t\n\v\f\r]+$")
_NAME_AFTER = re2.compile(r",?[ \t\n\v\f\r]*[A-Z]")

_BETWEEN = SEPARATORS + b","
_UNIT = re2.compile(
    r"(?i) ?(?:[mckn]m|px|[km]g|lbs|oz|[kmg]?hz|[kmgt]i?b|[mkg]w|kv|ml|[mk]bps|fps|dpi|rpm|pixels?|usd|eur|gbp|dollars?"
    r"|euros?|pounds|°[cf]?|€|£|people|units|pieces|pcs|steps|points|words|votes)(?:[^a-z]|$)"
)
_PHONE_WORD = re2.compile(
    r"(?i)(?:^|[^a-z])(?:call|cell|ph|phone|tel|telephone|telefon[eo]?|tel[eé]fono|t[eé]l[eé]phone|mobile|m[oó]vil|handy|text|txt|sms"
    r"|ring|dial|fax|whats ?app|reach|contact)[^0-9]{0,16}$"
)
_SCREENS = {(b"2560", b"1440"), (b"3440", b"1440"), (b"3840", b"2160"), (b"5120", b"2880"), (b"7680", b"4320")}
_MARKED = re2.compile(rb"([0-9]{3})([^0-9]+)([0-9]{3})([^0-9]+)([0-9]{4})")
_READ = bytes.maketrans(b"OoIlSBZ", b"0011582")
# What says of eleven digits in a Chinese text that they are no telephone number: order, number, parcel, account.
_ORDER_CHINESE = re2.compile("(?:订单|訂單|单号|單號|编号|編號|快递|运单|账号|帳號|卡号|流水|代码|序列)[^0-9]*$")
_NEAR_CHINESE = 24  # bytes, eight characters
_CHINESE = re2.compile("[\u3400-\u9fff]")


@cache
def _rules() -> Any:
    # Half a second of work and 20 MB, for what most texts never need.
    import phonenumbers

    return phonenumbers


@lru_cache(maxsize=1 << 14)
def _dialled(digits: bytes, regions: tuple[str, ...]) -> bool:
    """Whether a number is one that is given out in one of some countries, by the rules of Google's libphonenumber."""
    rules = _rules()
    for region in regions:
        try:
            if rules.is_valid_number(rules.parse(digits.decode(), region)):
                return True
        except rules.NumberParseException:
            continue
    return False


def _went_on(text: bytes, start: int) -> bool:
    """Whether a number begins earlier, with one to four digits; more are a number of their own, or a postal code."""
    before = text[max(0, start - 24) : start]
    if not before.rstrip(_BETWEEN)[-1:].isdigit():
        return False
    return len(before[len(before.rstrip(_BETWEEN + b"0123456789")) :].translate(None, _BETWEEN)) < 5


def _longer(text: bytes, start: int, end: int) -> bool:
    """Whether a number begins earlier or ends later, with one to four digits; more are another number."""
    after = text[end : end + 24]
    following = after[: len(after) - len(after.lstrip(_BETWEEN + b"0123456789"))].translate(None, _BETWEEN)
    return 0 < len(following) < 5 or _went_on(text, start)


def _announced(text: bytes, start: int) -> bool:
    """Whether a word or a sign before says that a number is of another kind."""
    return text[start - 1 : start] == b"#" or _OTHER_NUMBER.search(text[max(0, start - 32) : start]) is not None


def phone(text: bytes, start: int, end: int) -> Span | None:
    """7 to 15 digits (ITU-T E.164) that are no date, and no count of something."""
    digits = text[start:end].translate(None, b"+" + SEPARATORS)
    return None if len(digits) < 7 or _date(text, start, end) or _counted(text, end) else (start, end)


def phone_international(text: bytes, start: int, end: int) -> Span | None:
    """As `phone`, and no sum: 2+3 4 5 6 7 8."""
    before = text[max(0, start - 1) : start]
    decimals = before in (b".", b",") and text[max(0, start - 2) : start - 1].isdigit()
    wrong = before.isalpha() or decimals or (before.isdigit() and _went_on(text, start))
    return None if wrong else phone(text, start, end)


def _date(text: bytes, start: int, end: int) -> bool:
    # A date's first separator is its second, third or fifth character: a cheap test before the pattern.
    parted = text[start + 1] in b"-./" or text[start + 2] in b"-./" or text[start + 4] in b"-./"
    return parted and _DATE.match(text[start : end + 1]) is not None


def phone_us(text: bytes, start: int, end: int) -> Span | None:
    """Ten digits as 3-3-4; with nothing but spaces between, area and exchange must begin with 2 to 9 (NANP)."""
    groups = text[start:end].split()
    abroad = len(groups) == 4 and groups[0] != b"1"
    if (
        len(groups) > 2
        and not abroad
        and b"".join(groups).isdigit()
        and any(group[:1] in b"01" for group in groups[-3:-1])
    ):
        return None
    rounded = text[start:end].replace(b" ", b"").isdigit() and all(group[-1:] == b"0" for group in groups)
    return None if rounded or _announced(text, start) or _counted(text, end) else (start, end)


def phone_marked(text: bytes, start: int, end: int) -> Span | None:
    """Ten digits as 3-3-4 with the same marks twice, given out in the United States; with marks that stand between
    counts as well, after a word for telephones."""
    first, mark, second, again, third = _MARKED.match(text[start:end]).groups()
    doubtful = mark.strip() in (b",", b";", b":", b"/")
    longer = text[max(0, start - 2) : start - 1].isdigit() and text[max(0, start - 1) : start] == mark
    longer = longer or (text[end : end + len(mark)] == mark and text[end + len(mark) : end + len(mark) + 1].isdigit())
    refused = mark != again or longer
    if refused or (doubtful and not _PHONE_WORD.search(text[max(0, start - 32) : start].decode(errors="ignore"))):
        return None
    return (start, end) if _dialled(first + second + third, ("US",)) else None


def phone_digits(text: bytes, start: int, end: int) -> Span | None:
    """Ten or eleven digits one by one, given out in the United States or with the trunk prefix."""
    digits = digits_of(text, start, end)
    if _longer(text, start, end) or _goes_on(text, end) or _announced(text, start):
        return None
    return (start, end) if _dialled(digits, _TRUNK if digits[:1] == b"0" else ("US",)) else None


def phone_misread(text: bytes, start: int, end: int) -> Span | None:
    """As `phone_us`, some digits read as the letters that look like them, given out in the United States."""
    number = text[start:end]
    letters = sum(chr(sign).isalpha() for sign in number)
    beside = text[max(0, start - 1) : start] + text[end : end + 1]
    marks = set(number[3:9].translate(None, b"0123456789OoIlSBZ() "))
    refused = not 1 <= letters <= 4 or len(marks) > 1 or b"-" in beside or _announced(text, start)
    digits = digits_of(number.translate(_READ), 0, len(number))
    return (start, end) if not refused and _dialled(digits, ("US",)) else None


def phone_chinese(text: bytes, start: int, end: int) -> Span | None:
    """A mobile number given out in China, beside Chinese words that do not say it is another number."""
    before = text[max(0, start - _NEAR_CHINESE) : start].decode(errors="ignore")
    beside = before + text[end : end + 6].decode(errors="ignore")
    if not _CHINESE.search(beside) or _ORDER_CHINESE.search(before) or text[start - 1 : start] == b"#":
        return None
    return (start, end) if _dialled(text[start:end], ("CN",)) else None


def phone_trunk(text: bytes, start: int, end: int) -> Span | None:
    """A national number: 9 to 12 digits from the trunk prefix 0 on, in groups (without groups it may be any number),
    not parted by both dots and dashes, as two dates are; of 12, one that is given out in Germany or Austria."""
    digits = digits_of(text, start, end)
    number = text[start:end]
    grouped = len(digits) < len(number) and not (b"." in number and b"-" in number)
    if len(number.split()) == 2 and len(number.split()[0]) == 5 and _NAME_AFTER.match(text[end : end + 8]):
        return None  # the end of an address: 01234 4567 Springfield
    if len(digits) == 12 and not _dialled(digits, ("DE", "AT")):
        return None
    if not grouped or not 9 <= len(digits) <= 12 or _announced(text, start) or _longer(text, start, end):
        return None
    return phone(text, start, end)


def phone_nine(text: bytes, start: int, end: int) -> Span | None:
    """Nine digits as 3-3-3 that are no amount: no round thousand, no further group, no decimals."""
    after = text[end : end + 2]
    # No further group may stand before: 1 650 300 200 is an amount.
    amount = (
        text[end - 3 : end] == b"000" or _went_on(text, start) or (after[:1] in (b".", b",") and after[1:].isdigit())
    )
    return None if amount or _announced(text, start) or _counted(text, end) else (start, end)


def phone_national(text: bytes, start: int, end: int) -> Span | None:
    """A number in groups as some country writes it, and given out there."""
    if (
        _announced(text, start)
        or _longer(text, start, end)
        or _goes_on(text, end)
        or _plain(text, start, end)
        or _counted(text, end)
    ):
        return None
    return (start, end) if _dialled(digits_of(text, start, end), _GROUPED) else None


def phone_bare(text: bytes, start: int, end: int) -> Span | None:
    """Ten or eleven digits without a word or a group, that are given out in the United States, or begin with 0 and are
    given out in one of the countries with that prefix."""
    before = text[max(0, start - 1) : start]
    longer = before in (b".", b"-", b"/", b"=", b"$", b"~") or _goes_on(text, end) or _went_on(text, start)
    digits = text[start:end]
    # After a colon stands what a word names, and the words for telephones have a row of their own.
    named = digits[:1] != b"0" and text[max(0, start - 3) : start].strip()[-1:] == b":"
    if longer or named or _announced(text, start):
        return None
    return (start, end) if _dialled(digits, _TRUNK if digits[:1] == b"0" else ("US",)) else None


def phone_local(text: bytes, start: int, end: int) -> Span | None:
    """A local number as 3-4 digits, standing alone; parted by a space, it must be no pair of round numbers or years."""
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    longer = before in (b"-", b".", b"/", b"+", b"~", b"$", b":", b"(", b"<") or after == b")"
    longer = longer or _longer(text, start, end) or _goes_on(text, end)
    ranged = text[start + 2] == text[end - 1] == ord("0")  # 800-1000
    spaced = text[start + 3] != ord("-") and (_plain(text, start, end) or after.isalpha())
    return None if longer or ranged or spaced or _announced(text, start) or _counted(text, end) else (start, end)


def phone_area(text: bytes, start: int, end: int) -> Span | None:
    """7 to 11 digits with the area in parentheses, or four pairs with dashes."""
    count = len(digits_of(text, start, end))
    longer = _goes_on(text, end) or (text[start : start + 1] != b"(" and _went_on(text, start))
    return (start, end) if 7 <= count <= 11 and not longer and not _announced(text, start) else None


def _plain(text: bytes, start: int, end: int) -> bool:
    """Whether a number in two groups ends round, or a group of it reads as a year, or names stand
    beside it, as in an address (Elm Street 123, 4567 Springfield)."""
    groups = text[start:end].split()
    if len(groups) == 2 and _in_address(text, start, end):
        return True
    if tuple(groups) in _SCREENS:
        return True
    year = any(len(group) == 4 and group[:2] in (b"19", b"20") for group in groups)
    return year or groups[-1][-2:] == b"00"


def _in_address(text: bytes, start: int, end: int) -> bool:
    near = _NAME_AFTER.match(text[end : end + 8]) or _NAME_BEFORE.search(text[max(0, start - 24) : start])
    return near is not None


def _counted(text: bytes, end: int) -> bool:
    """Whether a unit stands after a number."""
    return _UNIT.match(text[end : end + 10].decode(errors="ignore")) is not None


def _goes_on(text: bytes, end: int) -> bool:
    """Whether something that belongs to a number stands after it: a unit, or a mark and another digit, taken out or not
    (or else taking out the last of a row of numbers would lay open the one before, again and again)."""
    after = text[end : end + 2]
    marked = after[:1] in (b"-", b"/", b".", b",") and (after[1:].isdigit() or after[1:] == b"[")
    return marked or after[:1] in (b"%", b"~", b"$", b"=")
