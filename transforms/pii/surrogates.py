"""Made-up values that read like real ones and are nobody's, so that text stays text where its people are gone.

They stand without brackets, and are told from text by what they are: numbers, addresses and domains that are reserved
for examples and fiction, and names put together of syllables so that nobody bears them. Whoever writes one of them into
a text hides nothing by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple


def _words(written: str) -> list[str]:
    return written.split()


# 10 x 10 x 8 given names and as many family names: Tavanlis Corvimford.
_GIVEN = (
    _words("Tav Kel Brim Jorv Mav Zel Drav Fen Lorv Quil"),
    _words("an el or in ar ev il om us ad"),
    _words("dre lis mond na rik sha ven wyn"),
)
_FAMILY = (
    _words("Brund Corv Dorn Eldr Falv Grim Hask Ister Kellv Marn"),
    _words("ebr ec im ov ul ark est ink orn usk"),
    _words("aby ette ford holm ick oway stead wright"),
)
_LATIN = _words("a b c d e f g h i j k l m n o q r s t u v w y z sh")
_CYRILLIC = dict(zip(_LATIN, _words("а б к д е ф г х и й к л м н о к р с т у в в и з ш"), strict=True))  # noqa: RUF001
_GREEK = dict(zip(_LATIN, _words("α μπ κ δ ε φ γ χ ι γι κ λ μ ν ο κ ρ σ τ ου β β ι ζ σ"), strict=True))  # noqa: RUF001
_SCRIPTS = ((re.compile("[\u0370-\u03ff\u1f00-\u1fff]"), _GREEK), (re.compile("[\u0400-\u052f]"), _CYRILLIC))
_OTHER_SCRIPTS = re.compile("[^\u0000-\u024f\u0300-\u052f\u1e00-\u1fff\u2010-\u201f]")
_TITLE = re.compile(
    r"(?i:\b(?:mrs?|ms|miss|dr|prof|sir|se[ñn]or(?:a|ita)?|sra?|mme|mlle|monsieur|madame|herrn?|frau|sig(?:nor[ae]?)?|"
    r"sig\.ra|dott|senhora?)\.?[ \n]*)\Z|(?:г-н|г-жа|господин|госпожа|κ\.|κύριος|κυρία)[ \n]*\Z"  # noqa: RUF001
)
# Numbers that are never given out: 555-0100 to 0199 of any area of North America (NANPA), and Ofcom's of mobile phones.
_AREAS = _words(
    "201 202 205 206 212 213 214 215 216 217 225 228 240 248 252 253 254 256 260 262 267 269 270 276 281 301 302 "
    "303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 330 334 336 337 339 347 351 352 360 361"
)
# Numbers of cards that processors publish to test with; no account has them.
_CARDS = _words(
    "4111111111111111 4012888888881881 4222222222222 4242424242424242 4000056655665556 5555555555554444 "
    "5105105105105100 5200828282828210 2223003122003222 378282246310005 371449635398431 6011111111111117 "
    "6011000990139424 3056930009020004 3566002020360505 6200000000000005"
)
_NETS = ("192.0.2", "198.51.100", "203.0.113")  # of documentation (RFC 5737)


class Context(NamedTuple):
    """Where a value stands: what is before it, and the last words of the full names beside it, as they compare."""

    before: str
    families: frozenset[str]


def _name(value: str, drawn: Callable[[str], int], context: Context) -> str | None:
    words = re.findall(r"[^\W\d_](?:[^\W\d_]|['\u2019\-\u0300-\u036f])*", value)
    if not words or _OTHER_SCRIPTS.search(value):
        return None
    first, last = words[0].casefold(), words[-1].casefold()
    family = _drawn_name(_FAMILY, drawn(f"family {last}"))
    if len(words) > 1:
        name = f"{_drawn_name(_GIVEN, drawn(f'given {first}'))} {family}"
    elif _TITLE.search(context.before) or last in context.families:
        name = family
    else:
        name = _drawn_name(_GIVEN, drawn(f"given {first}"))
    table = next((letters for script, letters in _SCRIPTS if script.search(value)), None)
    name = _written(name, table) if table else name
    return name.upper() if value.isupper() and len(value) > 1 else name


def _drawn_name(parts: tuple[list[str], ...], number: int) -> str:
    syllables = []
    for each in parts:
        number, which = divmod(number, len(each))
        syllables.append(each[which])
    return "".join(syllables)


def _written(name: str, letters: dict[str, str]) -> str:
    return re.sub("(?i)sh|[a-z]", lambda match: _cased(letters[match[0].lower()], match[0][0].isupper()), name)


def _cased(letter: str, upper: bool) -> str:
    return letter.capitalize() if upper else letter


def _phone(value: str, drawn: Callable[[str], int], _: Context) -> str:
    number = drawn(re.sub("[^0-9]", "", value)[-9:])  # however it is dialled
    if value.lstrip("( ").startswith("+") and not value.lstrip("( ").startswith("+1"):
        return f"+44 7700 900{number % 1000:03}"
    number, line = divmod(number, 100)
    return f"{_AREAS[number % len(_AREAS)]}-555-01{line:02}"


def _email(value: str, drawn: Callable[[str], int], _: Context) -> str:
    number, of_given = divmod(drawn(value.casefold()), 800)
    name = f"{_drawn_name(_GIVEN, of_given)}.{_drawn_name(_FAMILY, number)}".lower()
    return f"{name}@example.org"


def _card(value: str, drawn: Callable[[str], int], _: Context) -> str:
    return _CARDS[drawn(re.sub("[^0-9]", "", value)) % len(_CARDS)]


def _ip(value: str, drawn: Callable[[str], int], _: Context) -> str | None:
    number, host = divmod(drawn(value), 254)
    return f"{_NETS[number % len(_NETS)]}.{host + 1}"


def _any(parts: tuple[list[str], ...], letters: dict[str, str] | None = None) -> str:
    names = [[_written(each, letters) if letters else each for each in part] for part in parts]
    return "".join(f"(?:{'|'.join(part)})" for part in names)


def _names() -> str:
    forms = []
    for letters in (None, _CYRILLIC, _GREEK):
        given, family = _any(_GIVEN, letters), _any(_FAMILY, letters)
        full = f"(?:{given}(?: {family})?|{family})"
        forms += [full, full.upper()]
    return "|".join(forms)


_LOWER_GIVEN, _LOWER_FAMILY = _any(_GIVEN).lower(), _any(_FAMILY).lower()


class Surrogate(NamedTuple):
    """How a type's surrogates are drawn, and all that they can be."""

    of: Callable[[str, Callable[[str], int], Context], str | None]
    form: str


SURROGATES = {
    "NAME": Surrogate(_name, _names()),
    "PHONE": Surrogate(_phone, rf"\+44[ ]7700[ ]900[0-9]{{3}}|(?:{'|'.join(_AREAS)})-555-01[0-9]{{2}}"),
    "EMAIL": Surrogate(_email, rf"{_LOWER_GIVEN}\.{_LOWER_FAMILY}@example\.org"),
    "CREDIT_DEBIT_NUMBER": Surrogate(_card, "|".join(_CARDS)),
    "IP_ADDRESS": Surrogate(
        _ip, rf"(?:{'|'.join(map(re.escape, _NETS))})\.(?:[1-9][0-9]?|1[0-9]{{2}}|2[0-4][0-9]|25[0-4])"
    ),
}

# What may not stand right before and after a surrogate, for it would be part of something longer.
_BEFORE, _AFTER = r"[\w@.+/~-]", r"[\w@/~]|[.+-]\w"


@cache
def surrogates(types: frozenset[str]) -> re.Pattern[str]:
    """A pattern of all that can stand for finds of some types."""
    forms = "|".join(SURROGATES[each].form for each in sorted(types))
    return re.compile(f"(?<!{_BEFORE})(?:{forms})(?!{_AFTER})")


def stands_alone(before: str, after: str) -> bool:
    """Whether a surrogate can be told between the character before it and the two after it."""
    return not (re.fullmatch(_BEFORE, before) or re.match(_AFTER, after))
