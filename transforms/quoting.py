"""What the writer of a mail wrote: without the earlier mail below it, the signature and the disclaimer.

By lines alone, each looked at once, and only by marks that mail programs set. Where nothing would be left, the mail is
one that was forwarded, and all of it counts.
"""

from __future__ import annotations

import re

from transforms.mail_marks import DIVIDER, FORWARDED, HEADER, OPENS, SENDER, SENT_FROM, WROTE

_LONGEST = 400  # characters of a line that may be a mark
# The line that mail programs put before a quote: it says who wrote when, and ends in a colon.
_WROTE = re.compile(rf".{{0,200}}\b(?:{WROTE})\b.{{0,150}}:\s*", re.IGNORECASE)
_OPENS = re.compile(rf"(?:{OPENS})\b")  # one of two lines
_WHEN = re.compile(r"\d{1,4}[./-]\d{1,2}|\d{1,2}:\d\d|\b(?:19|20)\d\d\b|@")
_DIVIDER = re.compile(rf"[-_ ]{{2,}}\s*(?:{DIVIDER})\s*[-_ ]{{2,}}|(?:{FORWARDED})\s?:", re.IGNORECASE)
# Outlook has no divider but the headers of the earlier mail, in a row.
_HEADER = re.compile(rf"\*?(?:({SENDER})|{HEADER})\s?:\*?\s.*")
_HEADERS = 3
_SIGNATURE = re.compile(r"--\s?")  # RFC 3676, 4.3; programs lose the space at its end
_SENT_FROM = re.compile(rf"(?:{SENT_FROM})\b.{{0,60}}", re.IGNORECASE)
_CONFIDENTIAL = re.compile(
    r"(?=.*\b(?:e-?mail|message|communication|Nachricht|courriel|mensaje)\b)"
    r"(?=.*\b(?:confidential|privileged|intended (?:only|solely)|vertraulich|confidentiel|confidencial)\b)"
    r"(?=.*\b(?:recipient|addressee|Empfänger|destinataire|destinatario|notify|delete|disclos\w+)\b)",
    re.IGNORECASE,
)
_LEAST_DISCLAIMER = 120  # characters


def own_words(text: str) -> str:
    """The text that a mail adds to a correspondence; all of it where that is nothing."""
    lines = text.split("\n")
    end = _end(lines)
    kept = _without_disclaimer(_unquoted(lines[:end]))
    own = "\n".join(kept).strip()
    return own or text


def _end(lines: list[str]) -> int:
    """The number of the line that the earlier mail, or the signature, begins with."""
    headers = 0
    last_quoted = max((number for number, line in enumerate(lines) if line.lstrip().startswith(">")), default=-1)
    for number, line in enumerate(lines):
        mark = line.strip()
        if not mark or len(mark) > _LONGEST:
            headers = headers if not mark else 0
            continue
        found = _HEADER.fullmatch(mark)
        headers = headers + 1 if found and (headers or found[1]) else 0
        if headers == _HEADERS:
            return _first_of(lines, number, _HEADERS)
        if _DIVIDER.fullmatch(mark) or _SIGNATURE.fullmatch(line) or _SENT_FROM.fullmatch(mark):
            return number
        if number > last_quoted and _is_attribution(lines, number):
            return number
    return len(lines)


def _first_of(lines: list[str], last: int, count: int) -> int:
    """The first of so many lines that are not blank, up to the last one."""
    number = last
    while count > 1:
        number -= 1
        count -= bool(lines[number].strip())
    return number


def _is_attribution(lines: list[str], number: int) -> bool:
    """Whether a line, or it with the next one, says who wrote what follows."""
    if len(lines[number]) > _LONGEST:
        return False
    one = lines[number].strip()
    goes_on = number + 1 < len(lines) and _OPENS.match(one)
    two = f"{one} {lines[number + 1].strip()[:_LONGEST]}" if goes_on else one
    return any(_WHEN.search(each) is not None and _WROTE.fullmatch(each) is not None for each in (one, two))


def _unquoted(lines: list[str]) -> list[str]:
    """The lines that are not quoted, nor say who wrote what is."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        if line.lstrip().startswith(">"):
            continue
        following = next((each for each in lines[number + 1 : number + 4] if each.strip()), "")
        second = next((each for each in lines[number + 2 : number + 5] if each.strip()), "")
        quotes = following.lstrip().startswith(">") or second.lstrip().startswith(">")
        if quotes and line.strip() and _is_attribution(lines, number):
            continue
        if kept and following.lstrip().startswith(">") and number and _is_attribution(lines, number - 1):
            continue  # the second line of it
        kept.append(line)
    return kept


def _without_disclaimer(lines: list[str]) -> list[str]:
    """Without the last paragraphs that say for whom the mail is meant."""
    while lines:
        start = len(lines)
        while start and not lines[start - 1].strip():
            start -= 1
        end = start
        while start and lines[start - 1].strip():
            start -= 1
        paragraph = " ".join(lines[start:end])
        if not _LEAST_DISCLAIMER <= len(paragraph) <= 10 * _LONGEST or not _CONFIDENTIAL.match(paragraph):
            return lines
        lines = lines[:start]
    return lines
