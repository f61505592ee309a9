"""Numbers in words."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import re2

from transforms.pii.validators import Span, luhn

# English, Spanish, French, German, Italian, Portuguese.
WORDS = {
    word: number
    for number, words in {
        0: "zero oh o nought naught cero zéro null",
        1: "one uno un eins um",
        2: "two dos deux zwei zwo due dois duas",
        3: "three tres trois drei tre três",
        4: "four cuatro quatre vier quattro quatro",
        5: "five cinco cinq fünf fuenf cinque",
        6: "six seis sechs sei meia",
        7: "seven siete sept sieben sette sete",
        8: "eight ocho huit acht otto oito",
        9: "nine nueve neuf neun nove",
        10: "ten diez dix zehn dieci dez",
        11: "eleven once onze elf undici",
        12: "twelve doce douze zwölf dodici doze",
        13: "thirteen trece treize dreizehn tredici treze",
        14: "fourteen catorce quatorze vierzehn quattordici catorze",
        15: "fifteen quince quinze fünfzehn quindici",
        16: "sixteen dieciséis dieciseis seize sechzehn sedici dezesseis dezasseis",
        17: "seventeen diecisiete siebzehn diciassette dezessete dezassete",
        18: "eighteen dieciocho achtzehn diciotto dezoito",
        19: "nineteen diecinueve neunzehn diciannove dezenove dezanove",
        20: "twenty veinte vingt zwanzig venti vinte",
        30: "thirty treinta trente dreißig dreissig trenta trinta",
        40: "forty cuarenta quarante vierzig quaranta quarenta",
        50: "fifty cincuenta cinquante fünfzig cinquanta cinquenta",
        60: "sixty sesenta soixante sechzig sessanta sessenta",
        70: "seventy setenta septante siebzig settanta",
        80: "eighty ochenta octante achtzig ottanta oitenta",
        90: "ninety noventa nonante neunzig novanta",
    }.items()
    for word in words.split()
}
# In one word: ventuno, veintiuno; siebenundachtzig.
_STEMS = {
    "vent": 20, "veint": 20, "trent": 30, "quarant": 40, "cinquant": 50, "sessant": 60, "settant": 70, "ottant": 80,
    "novant": 90,
}  # fmt: skip
TIMES = {"double": 2, "doble": 2, "doppel": 2, "doppelt": 2, "doppio": 2, "duplo": 2, "dobro": 2, "triple": 3}
HUNDRED = "hundred"
_ONES = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"
ORDINAL = (
    rf"(?:(?:twenty|thirty)[ -](?:{_ONES})|{_ONES}|tenth|eleventh|twelfth|(?:thir|four|fif|six|seven|eigh|nine)teenth"
    r"|twentieth|thirtieth)"
)
MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre"
    r"|janvier|f[eé]vrier|mars|avril|mai|juin|juillet|ao[uû]t|septembre|octobre|novembre|d[eé]cembre"
    r"|januar|februar|m[aä]rz|juni|juli|oktober|dezember"
    r"|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre"
    r"|janeiro|fevereiro|mar[cç]o|maio|junho|julho|setembro|outubro|novembro|dezembro)"
)

_NEAR = 400  # bytes that a number in words is at most
_WORDS_SAID = re.compile(rb"[^\W\d_]{2,}")  # but `o`, which is a word for "or"
_ENDLESS = 60  # digits in a row that nobody says; taken as they are, for to try at each word costs its square
_SINGLES = 3  # digits said one by one in a row: a telephone number is read like that, a list of counts is not
_TOKENS = re.compile(r"[0-9]+|[^\W\d_]+")
_COMPOUND = re.compile(
    rf"(?P<ten>{'|'.join(_STEMS)})[aio]?(?P<one>uno|due|dos|tres?|quattro|cuatro|cinque|cinco|seis?|sette|siete|otto"
    r"|ocho|nove|nueve)$"
)
_UP = "".join(map(str, range(21)))
_DOWN = "".join(map(str, range(20, -1, -1)))
_MONTHS_OR_WORDS = frozenset({"may", "march", "mars", "mai"})
_AGAIN = re2.compile(rb"(?s)([A-Za-z]+).*?((?:[A-Za-z]-)+[A-Za-z])$")
_AS_IN_APART = 8  # characters between one letter and the next
_AS_IN = re.compile(r"(?i)\b(\w) (?:as in|for|like|wie|comme|de|como|come) (\w+)")


_COMPOUNDS = rf"(?:[a-zß-ü]{{3,6}}und(?:{'|'.join(WORDS)})|(?:{'|'.join(_STEMS)})[aio]?(?:{'|'.join(WORDS)}))"
_ANY_WORD = rf"(?:{'|'.join(WORDS)}|{_COMPOUNDS})\b"


@cache
def _run() -> Any:
    """A number in words, as far as it goes: of thousands of states, so made where a text needs it."""
    said = rf"(?:{_ANY_WORD}|[0-9]{{1,4}}\b|{HUNDRED}\b|(?:{'|'.join(TIMES)})\b)"
    between = (
        r"[-,.;:/() \n]{1,3}(?:(?:dash|minus|hyphen|then|and|space|pause|y|e|et|und|dann|luego|puis|gui[oó]n|tiret"
        r"|strich|bindestrich|trattino|tra[cç]o|area code)[-,.;:/ \n]{1,3})?"
    )
    return _large(rf"(?i){said}(?:{between}{said})*")


@cache
def _year() -> Any:
    """A year in words or digits, after a day."""
    more = rf"(?:[ -](?:(?:y|et?) )?{_ANY_WORD})"
    tens = "|".join(word for word, number in WORDS.items() if number >= 10)
    return _large(
        rf"(?i)(?:,? (?:of |del? )?|,)(?:(?:nineteen|twenty|eighteen)(?:[ -](?:hundred|oh)(?: and)?)?{more}{{1,2}}"
        rf"|nineteen hundred\b|two thousand\b(?: and\b)?{more}{{0,2}}"
        rf"|(?:mil nov[ei]ci?entos|mille neuf cents?)\b(?: e\b)?{more}{{1,4}}"
        rf"|(?:dos|deux|dois) mill?e?\b(?: e\b)?{more}{{0,4}}"
        r"|(?:neunzehnhundert|zweitausend|millenovecento|duemila)[a-zß-ü]{0,24}|(?:19|20)[0-9]{2}\b|'?[0-9]{2}\b"
        rf"|(?:{tens})\b{more}{{0,2}}|quatre-vingts?\b{more}{{0,2}}|{_COMPOUNDS}\b)"
    )


def _large(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem = 64 << 20
    return re2.compile(pattern, options)


def read(spoken: str) -> tuple[str, int]:
    """The digits that words say, and how many of them at most are said one by one in a row."""
    digits, open_ten, times, row, longest = "", False, 1, 0, 0
    for token in _TOKENS.findall(spoken.lower()):
        said, single = _said(token)
        if token in TIMES:
            times = TIMES[token]
            continue
        if not said:
            digits, open_ten = digits + ("00" if token == HUNDRED and digits else ""), False
            continue
        if open_ten and single and said != "0":
            digits, row, open_ten = digits[:-1] + said, 0, False
            continue
        digits += said * times
        row = row + times if single else 0
        longest, times = max(longest, row), 1
        open_ten = len(said) == 2 and said[1] == "0" and said != "10" and not token.isdigit()
    return digits, longest


def _said(token: str) -> tuple[str, bool]:
    """The digits of one word, and whether it is one alone."""
    if token.isdigit():
        return token, False
    if token in WORDS:
        number = WORDS[token]
        return str(number), number < 10
    one, und, ten = token.partition("und")
    if und and ten in WORDS and (one in WORDS or one == "ein"):
        return str(WORDS[ten] + WORDS.get(one, 1)), False
    compound = _COMPOUND.match(token)
    return (str(_STEMS[compound["ten"]] + WORDS[compound["one"]]), False) if compound else ("", False)


def phone(text: bytes, start: int, end: int) -> Span | None:
    """7 to 15 digits (ITU-T E.164), some of them said one by one, or the first of all zero, or ten of which some are
    written; no counting, and not one digit again and again. Goes on as far as the number does."""
    end, (digits, row) = _whole(text, start)
    if len(digits) > _ENDLESS:
        return start, end
    mixed = len(digits) == 10 and any(48 <= sign <= 57 for sign in text[start:end])
    telling = row >= _SINGLES or digits[:1] == "0" or (mixed and digits[0] not in "01")
    telling = telling and len(_WORDS_SAID.findall(text[start:end])) > 1
    return (start, end) if telling and 7 <= len(digits) <= 15 and not _counting(digits) else None


def card(text: bytes, start: int, end: int) -> Span | None:
    """13 to 19 digits with the check digit of a card (ISO/IEC 7812-1)."""
    end, (digits, _) = _whole(text, start)
    if len(digits) > _ENDLESS:
        return start, end
    valid = 13 <= len(digits) <= 19 and luhn(digits.encode()) and not _counting(digits)
    return (start, end) if valid else None


def social(text: bytes, start: int, end: int) -> Span | None:
    """Nine digits, or the last four."""
    end, (digits, _) = _whole(text, start)
    return (start, end) if len(digits) in (4, 9) else None


def code(text: bytes, start: int, end: int) -> Span | None:
    """Three to eight digits."""
    end, (digits, _) = _whole(text, start)
    return (start, end) if 3 <= len(digits) <= 8 else None


def postal_code(text: bytes, start: int, end: int) -> Span | None:
    """Five digits or six, or nine of the United States."""
    end, (digits, _) = _whole(text, start)
    return (start, end) if len(digits) in (5, 6, 9) else None


def _whole(text: bytes, start: int) -> tuple[int, tuple[str, int]]:
    said = _run().match(text[start : start + _NEAR])
    return start + said.end(), read(said[0].decode())


def date(text: bytes, start: int, end: int) -> Span | None:
    """A day and a month, and the year after it; where the month in small letters is another word, with a year alone."""
    year = _year().match(text[end : end + _NEAR])
    words = text[start:end].decode().replace("-", " ").split()
    doubtful = not _MONTHS_OR_WORDS.isdisjoint(words) or not (_said(words[0].lower())[0] or words[0].isascii())
    return (start, end + year.end()) if year else None if doubtful else (start, end)


def spelled_again(text: bytes, start: int, end: int) -> Span | None:
    """A word, and its letters."""
    word, letters = _AGAIN.match(text[start:end]).groups()
    return (start, end) if word.lower() == letters.replace(b"-", b"").lower() else None


def alphabet(text: bytes, start: int, end: int) -> Span | None:  # noqa: ARG001 - it goes on past its first letters
    """Letters that each begin the word after them, as far as they go."""
    data = text[start : start + _NEAR].decode(errors="ignore")
    letters = spelled = 0
    for part in _AS_IN.finditer(data):
        if part.start() - spelled > _AS_IN_APART or part[1].lower() != part[2][0].lower():
            break
        letters, spelled = letters + 1, part.end()
    return (start, start + len(data[:spelled].encode())) if letters > 1 else None


def _counting(digits: str) -> bool:
    """Whether numbers are said in their order, or one digit again and again."""
    return digits in _UP or digits in _DOWN or len(set(digits)) == 1
