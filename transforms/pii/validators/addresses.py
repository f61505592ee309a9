"""Streets and postal codes."""

from __future__ import annotations

import re2

from transforms.pii.validators import Span

# Words between a number and what looks like the end of a street: 24 Hour Drive, 2 Way Street.
_NO_STREETS = frozenset(
    b"and block blocks cent cents class day days different dollar euro feet floor foot for great hour hours in"
    b" inch km lane lanes main-floor meter mile miles million min mins minute minutes month months more other"
    b" people percent pm am star stars step steps the times top way ways week weeks wheel year years".split()
)
_COURTS = frozenset(
    b"high divisional supreme district federal crown appeal county circuit tax superior constitutional".split()
)
_MONTHS = frozenset(
    b"january february march april may june july august september october november december janvier mars avril"
    b" mai juin juillet octobre novembre enero febrero marzo abril mayo junio julio agosto septiembre octubre"
    b" noviembre diciembre".split()
)
_PREPOSITIONS = frozenset(b"at by for from hi in is live near of outside the to visit yes".split())
_NO_TOWNS = frozenset(
    b"am americans and april august black december dollars eur euro euros february friday germans i in january"
    b" july june march may monday november october people pm saturday september sunday the thursday tuesday"
    b" usd wednesday".split()
)
_AREAS_UK = frozenset(
    b"AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN"
    b" EX FK FY G GIR GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME"
    b" MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY"
    b" TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE".split()
)
_PLACED = re2.compile(
    r"(?i)(?:post ?code|zip|address|london|manchester|leeds|birmingham|glasgow|sheffield|liverpool)[^a-z0-9]*$"
)
_NO_NAMES = frozenset(
    b"about across after along an and are as at away before but by down for from if in into is it my near off"
    b" on onto or our over per she since than that then they this through to toward towards under until up via"
    b" was we were when where which while who with without you your".split()
)
_COUNTED = re2.compile(rb" (?:rows|files|lines|items|records|entries|pages|people|units|bytes|[kmg]b|dollars|euros?)\b")
_NO_PLACES = frozenset(b"all any choose na no none other required same select unknown various yes".split())
_DIGITS = b"0123456789"
_LABEL = re2.compile(rb"[.!?](?:[ \t\v\f\r]+[A-Z]|$)|[ \t\v\f\r.,]+$")
_NEXT = re2.compile(rb"[.,]?[ \t\v\f\r]+[A-Z][A-Za-z /]{0,24}$")  # the next label, before its colon


def _words(text: bytes, start: int, end: int) -> list[bytes]:
    return [word.strip(b".,").lower() for word in text[start : min(end, start + 80)].split()]


def street(text: bytes, start: int, end: int) -> Span | None:
    """A house number and a street: not a year before a name, nor a count before its unit."""
    words = _words(text, start, end)
    year = len(words[0]) == 4 and 1900 <= int(words[0].translate(None, b"abcdefghijklmnopqrstuvwxyz-") or 0) < 2030
    court = b"court" in words and not _COURTS.isdisjoint(words)
    counted = words[1] in _NO_STREETS or words[1] in _MONTHS or (year and b"," not in text[start:end])
    amount = text[max(0, start - 1) : start] in (b"$", b".", b",")
    return None if court or counted or amount else (start, end)


def street_lower(text: bytes, start: int, end: int) -> Span | None:
    """As `street`, and no word of a sentence between number and street: 3 emails on the road."""
    return street(text, start, end) if _NO_NAMES.isdisjoint(_words(text, start, end)[1:6]) else None


def street_romance(text: bytes, start: int, end: int) -> Span | None:
    """A street's kind, its name and a number: not a count of something, nor a time."""
    after = text[end : end + 3].lstrip()[:1]
    return None if after in (b"%", b":", "€".encode()[:1]) else (start, end)


def city(text: bytes, start: int, end: int) -> Span | None:
    """A town before its state, less a preposition that begins the sentence."""
    if text[start:end].isupper():
        return None  # capitals throughout say nothing
    first = text[start:end].split()[0]
    if first.lower() not in _PREPOSITIONS:
        return start, end
    rest = text[start + len(first) : end]
    begin = end - len(rest.lstrip())
    return (begin, end) if rest.lstrip()[:1] != b"," and rest[:1] != b"," else None


def town(text: bytes, start: int, end: int) -> Span | None:
    """Five digits before a town: not a count of something, nor a day."""
    return None if _words(text, start, end)[1] in _NO_TOWNS else (start, end)


def code_alone(text: bytes, start: int, end: int) -> Span | None:
    """Digits with a dash that are no part of a longer number."""
    before, after = text[max(0, start - 1) : start], text[end : end + 2]
    longer = after[:1] in (b"-", b".") and after[1:].isdigit()
    return None if longer or before in (b"-", b".", b"+", b"/", b"#") else (start, end)


def postal_code(text: bytes, start: int, end: int) -> Span | None:
    """What a word announces, and no count: a zip file of 12345 rows."""
    return None if _COUNTED.match(text[end : end + 24]) else (start, end)


def postcode_uk(text: bytes, start: int, end: int) -> Span | None:
    """A postcode whose area there is (Royal Mail, PAF); no amount of memory after a chip (M1 8GB), unless its town or
    a word says that it is a place."""
    code = text[start:end]
    chip = code[-2:] in (b"GB", b"TB") and code[1:2].isdigit()
    if chip and not _PLACED.search(text[max(0, start - 24) : start].decode(errors="ignore")):
        return None
    return (start, end) if code[:2].rstrip(_DIGITS) in _AREAS_UK or code[:3] == b"GIR" else None


def postcode_nl(text: bytes, start: int, end: int) -> Span | None:
    """Four digits and two letters before a town: not a year, and not the letters that are never given (PostNL)."""
    letters = text[start + 4 : end].split()[0][:2]
    year = b"1900" <= text[start : start + 4] < b"2030"
    return None if year or letters in (b"SA", b"SD", b"SS", b"AM", b"PM", b"KM", b"HP") else (start, end)


def labelled(text: bytes, start: int, end: int) -> Span | None:
    """What stands after `Address:`, to the end of the line, the sentence or the next label: words and a digit,
    so that it is no address on a network."""
    value = text[start : min(end, start + 120)]
    if text[end : end + 1] == b":":
        label = _NEXT.search(value)
        value = value[: label.start()] if label else value
    cut = _LABEL.search(value)
    value = value[: cut.start()] if cut else value
    words = value.split()
    holds = len(words) > 1 and any(48 <= byte <= 57 for byte in value) and not b"".join(words).isdigit()
    return (start, start + len(value)) if holds else None


def place(text: bytes, start: int, end: int) -> Span | None:
    """What stands after `City:` on its line, less the label of the next; not that there is none."""
    line = text[start:end].split(b"\n")[0].rstrip(b" .,")
    return None if line.lower() in _NO_PLACES else (start, start + len(line))


def postcode_canada(text: bytes, start: int, end: int) -> Span | None:
    """With a space or a dash; written in one it may be a code of another kind: T4N1M0 is a stage of a cancer."""
    return (start, end) if end - start > 6 or text[start : start + 1] not in b"TG" else None
