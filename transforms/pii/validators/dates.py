"""Dates, times and ages."""

from __future__ import annotations

import re2

from transforms.pii.validators import Span

_TO_SPACES = bytes(each if each in b"0123456789" else ord(" ") for each in range(256))
# Pairs of numbers that are sayings.
_SAYINGS = {(24, 7), (9, 11), (7, 11), (50, 50), (20, 20)}

# What makes a number of years a time that went by: before it, and after it.
_SINCE = re2.compile(
    r"(?i)(?:y (?:a|avait)|m[aá]s de|menos de|mayor(?:es)? de|menor(?:es)? de|hace|depuis|desde hace|durante"
    r"|pendant|partir de|cabo de"
    r"|plus de|moins de|pi[uù] di|meno di|mais de|menos de|despu[eé]s de|antes de|há|da) ?$"
)
_AFTERWARDS = re2.compile(
    r"(?i) ?(?:antes|atr[aá]s|despu[eé]s|apr[eè]s|dopo|depois|m[aá]s tarde|plus tard|tras|del "
    r"|de (?:seguimiento|evoluci|experiencia"
    r"|tratamiento|permiso|garant|prisi|c[aá]rcel|matrimonio|casad)|d'exp[eé]|di esperienza|de exp)"
)

_SENTENCES = re2.compile(rb"[.!?;\n\x00]")
_CLAUSES = re2.compile(rb"[.,!?;\n\x00]")
_SO_OLD = re2.compile(
    rb"(?:[^a-z]+(?:which|that|now|only|also|already|just))*[^a-z]+(?:is|was|are|were|be|been|being|isn't)\b|[ ,(:-]*$"
)
_COUNTS = re2.compile(rb" ?(?:%|(?:million|billion|thousand|hundred|percent|times|minutes|hours|pages|of|out)\b)")
_WORKERS = (b"er", b"or", b"ist", b"ian", b"man", b"woman", b"ant")
_WORDS = re2.compile(rb"[a-z']+")
# Who an age is of, and what; of a row of words the nearest tells.
_PEOPLE = frozenset(
    b"i i'm me he he's him his she she's her who we they they're you you're adult aunt baby babies boy boys"
    b" bride brother child children colleague couple cousin customer dad daughter driver employee father"
    b" female gentleman girl girls girlfriend boyfriend grandchild grandfather grandma grandmother grandpa"
    b" grandson granddaughter groom guy husband infant infants kid kids lady lad ladies male males man men mom"
    b" mother mr mrs ms mum neighbor neighbour nephew newborn niece parent parents partner patient patients"
    b" people person pupil resident roommate sibling sister sisters son sons student students teen teenager"
    b" toddler toddlers twins uncle victim wife woman women worker youth pt".split()
)
_THINGS = frozenset(
    b"account airline album antique app apartment appliance article bag band bank battery beer bed bike boat"
    b" boiler book bottle box brand bread bridge bug building bus business cabinet cake camera car carpet case"
    b" cheese chair city charger church coat code codebase coffee collection company computer console contract"
    b" cooker couch cv data database debt desk device dishwasher document dress drive dryer edition engine"
    b" equipment fan faucet file film filter firmware firm flat floor food fridge freezer fruit fund furniture"
    b" furnace game garage glass guitar hardware heater home hotel house industry installation instrument"
    b" invoice issue item jacket kettle keyboard kitchen kit lamp laptop law lease leather lens license"
    b" licence machine malt mattress meat milk mobile model monitor motor motorbike motorcycle movie news oil"
    b" oven order pair pan paper part pc phone photo piano picture plane plant plan policy post pool port"
    b" printer product program project property pump record refrigerator restaurant review roof router rum"
    b" scotch school screen server shirt shoe shop show site smartphone sofa software song speaker stock store"
    b" story stove study subscription system table tablet tank tape technology tequila test thing thread"
    b" ticket tire toilet tool toy tractor tradition train tree truck tv tyre unit update van vehicle version"
    b" video vintage warranty washer washing watch website whiskey whisky wine wood".split()
)
_IT = frozenset(b"it it's its this that these those which".split())
# Words after an age that do not say what it is of.
_ENDS = frozenset(
    b"and as at but by for from had has have in is living lives of on or presented presents that to was were"
    b" when who whose with works".split()
)


def _alone(text: bytes, start: int, end: int, marks: bytes = b"-/.:,") -> bool:
    """Whether no number goes on after a mark at either side; what was taken out there counts as one (or else taking out
    the last of a row of numbers would lay open the one before, again and again)."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    goes_on = after[:1] in marks and (after[1:].isdigit() or after[1:] == b"[") if after else False
    return not goes_on and not (before[-1:] in marks and before[:1].isdigit() if before else False)


def _parts(text: bytes, start: int, end: int) -> list[bytes]:
    """The numbers of a date; those of a time after it are left out."""
    return text[start:end].translate(_TO_SPACES).split()[:3]


def _is_day(first: int, second: int) -> bool:
    """Whether two numbers are a day and a month, in either order."""
    return 0 < min(first, second) <= 12 and 0 < max(first, second) <= 31


def numeric(text: bytes, start: int, end: int) -> Span | None:
    """Year, month and day in one of the written orders. With a year of two digits, dots and dashes need two digits of
    the others too, or a day over 12: 1.2.10 is a version."""
    parts = _parts(text, start, end)
    first, second, third = map(int, parts)
    mark = text[start + len(parts[0]) : start + len(parts[0]) + 1]
    if not _alone(text, start, end, mark + b".:,"):  # another mark parts two dates
        return None
    if len(parts[0]) == 4:
        return (start, end) if 0 < second <= 12 and 0 < third <= 31 else None
    telling = len(parts[2]) == 4 or text[start + len(parts[0])] == ord("/")
    telling = telling or len(parts[0]) == len(parts[1]) == 2 or first > 12 or (len(parts[0]) == 2 and second > 12)
    return (start, end) if _is_day(first, second) and telling else None


def month(text: bytes, start: int, end: int) -> Span | None:
    """A month and a year, alone."""
    return (start, end) if _alone(text, start, end) and text[start - 1 : start] != b"/" else None


def short(text: bytes, start: int, end: int) -> Span | None:
    """A day and a month that a word announces: no saying, and no fraction of one digit over one."""
    first, second = map(int, _parts(text, start, end))
    small = end - start == 3
    refused = small or (first, second) in _SAYINGS or not _is_day(first, second) or not _alone(text, start, end)
    return None if refused else (start, end)


def birth(text: bytes, start: int, end: int) -> Span | None:
    """Whatever reads as a date after a word for birth; a year alone too."""
    parts = text[start:end].replace(b"O", b"0").translate(_TO_SPACES).split()[:3]
    if len(parts) == 1 or len(parts[0]) == 4:
        return (start, end) if _alone(text, start, end) else None
    named = len(parts) == 2 and b"/" not in text[start:end]
    return (start, end) if named or _is_day(int(parts[0]), int(parts[1])) else None


def day(text: bytes, start: int, end: int) -> Span | None:
    """A day and a month by name: no number goes on after it, and no percentage."""
    decimal = text[end - 1 : end] == b"." and text[end : end + 1].isdigit()
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    goes_on = after[:1] in (b".", b",", b":") and after[1:].isdigit()
    began = text[start : start + 1].isdigit() and before[-1:] in (b".", b",", b":") and before[:1].isdigit()
    return None if decimal or goes_on or began or after[:1] == b"%" else (start, end)


def clock(text: bytes, start: int, end: int) -> Span | None:
    """A time of day, but the stamps in brackets that a chat's log begins its lines with."""
    stamp = text[max(0, start - 1) : start] == b"[" or text[end : end + 1] == b"]"
    return None if stamp or not _alone(text, start, end) else (start, end)


def age(text: bytes, start: int, end: int) -> Span | None:
    """No more than 120, and no decimal."""
    number = text[start : start + 3]
    return None if (number.isdigit() and int(number) > 120) or not _alone(text, start, end) else (start, end)


def age_announced(text: bytes, start: int, end: int) -> Span | None:
    """As `age`, and no count: turning 3 million heads."""
    return None if _COUNTS.match(text[end : end + 12]) else age(text, start, end)


def age_english(text: bytes, start: int, end: int) -> Span | None:
    """An age that is a person's: not a car's, nor a whisky's. What it is of stands after it (a 3-year-old car), or
    before it as what is so old (the laptop is 5 years old)."""
    if _of_thing(text, start, end):
        return None
    return age(text, start, end)


def _of_thing(text: bytes, start: int, end: int) -> bool:
    following: list[bytes] = _WORDS.findall(_CLAUSES.split(text[end : end + 48].lower())[0])[:4]
    for word, after in zip(following[:3], [*following[1:], b""], strict=False):
        if word in _ENDS:
            break
        if word in _PEOPLE:
            return False
        if _thing(word):
            return _thing(after) or not (after in _PEOPLE or after.endswith(_WORKERS))
    clause = _SENTENCES.split(text[max(0, start - 64) : start].lower())[-1]
    for word in reversed(list(_WORDS.finditer(clause))[-7:]):
        if word[0] in _PEOPLE:
            return False
        if _thing(word[0]) or word[0] in _IT:
            return word[0] == b"it's" or _SO_OLD.match(clause[word.end() :]) is not None
    return False


def _thing(word: bytes) -> bool:
    return word in _THINGS or word.removesuffix(b"s") in _THINGS


def age_romance(text: bytes, start: int, end: int) -> Span | None:
    """An age, and no time that went by: "hace 3 años", "il y a 3 ans", "3 años después", "a los 3 meses"."""
    passed = _SINCE.search(text[max(0, start - 16) : start]) or _AFTERWARDS.match(text[end : end + 20])
    passed = passed or (text[start - 4 : start - 1].lower() == b"los" and b"mes" in text[start:end].lower())
    return None if passed else age(text, start, end)
