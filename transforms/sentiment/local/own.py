"""What of a text its writer says: not what is quoted below, nor a signature, nor what an agent says in a transcript.

By lines alone, in UTF-8. Where nothing would be left, all of it counts.
"""

from __future__ import annotations

import re
from typing import Final

from transforms.mail_marks import FORWARDED, HEADER, OPENS, SENDER, SENT_FROM, WROTE
from transforms.roles import AGENTS, CUSTOMERS

# What an earlier mail begins with: any divider, two headers, the line that says who wrote it; what a device signs with.
_EARLIER: Final = re.compile(
    r"\n *(?:[-_]{3,} ?[a-z][^\n]{2,40}?[-_]{3,} *(?=\n|\Z)"
    rf"|(?:{FORWARDED}) ?:"
    rf"|\*?(?:{SENDER}) ?:[^\n]+\n\*?(?:{HEADER}) ?:"
    rf"|(?:{OPENS})\b[^\n]{{4,120}}\b(?:{WROTE}|schrieb[^\n]{{0,40}}) ?: *\n"
    rf"|(?:{SENT_FROM})\b[^\n]{{0,60}}(?=\n|\Z)"
    r")".encode(),
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(rb"(?m)^>[^\n]*")
# A line that ends a letter, and nothing else; what follows it is a name, an office and what they say of themselves.
_REGARDS: Final = "|".join(
    (
        "-- ?",
        "(?:with )?(?:(?:my|our|kind|best|warm|kindest|warmest) )*(?:regards|wishes)",
        "(?:yours )?(?:sincerely|faithfully|truly)(?: yours)?|yours|(?:all the )?best",
        "(?:mit )?(?:(?:freundlichen?|viele|liebe|beste|herzliche|schöne) )+gr(?:ü|Ü)(?:ß|ss)en?",
        "gruß|grüße|lg|mfg|hochachtungsvoll",
        "(?:bien )?cordialement|bien à vous|(?:(?:sincères|meilleures|cordiales) )?salutations",
        "(?:un )?(?:(?:cordial|cordiales|atentos?) )?saludos?(?: cordial(?:es)?)?|atentamente",
        "(?:(?:cordiali|distinti) )?saluti|cordialmente|un saluto",
        "(?:com os )?(?:melhores )?cumprimentos|atenciosamente|(?:um )?abraços?",
    )
)
_THANKS: Final = "cheers|(?:many )?thanks|thank you|danke|vielen dank|merci|gracias|grazie|obrigad[oa]"
_CLOSING: Final = re.compile(rf"\n(?:(?:{_REGARDS}) ?[,.!]?|(?:{_THANKS}) ?,) *\n".encode(), re.IGNORECASE)
_POSTSCRIPT: Final = re.compile(rb"\n(?:P\.? ?S|P\.? ?D|N\.? ?B)\b", re.IGNORECASE)
_MOST_SIGNED: Final = 700  # bytes: a letter may go on below what only looks like its end

# `14:02 Customer: …`: a time, who speaks, a colon.
_TIME: Final = r"(?:\[?\d{1,2}[:.]\d\d(?:[:.]\d\d)?\]?|\[DATE_TIME\]) +"
_TURN: Final = re.compile(rf"(?m)^(?:{_TIME})?([A-Za-z\x80-\xff\[][^\n:]{{0,30}}?) ?: +(?=\S)".encode("latin-1"))
# Of a line a customer may also be called by what is no role in a field, where `member` may be staff.
_CUSTOMERS: Final = CUSTOMERS | frozenset(("me", "ich", "yo", "moi", "io", "eu", "member", "tenant"))


def own_words(text: bytes) -> bytes:
    """The lines of a text that count."""
    if b"\n" not in text:
        return text
    own = _QUOTED.sub(b"", text) if text[:1] == b">" or b"\n>" in text else text
    if earlier := _EARLIER.search(own):
        own = own[: earlier.start()]
    own = _unsigned(own)
    if b": " in own:
        own = _customers(own)
    return own if own.strip() else text


def _unsigned(text: bytes) -> bytes:
    """Without what stands below the closing line, but with a postscript."""
    closing = _CLOSING.search(text)
    if closing is None or len(text) - closing.end() > _MOST_SIGNED:
        return text
    after = _POSTSCRIPT.search(text, closing.end() - 1)
    return text[: closing.end()] + (text[after.start() :] if after else b"")


def _customers(text: bytes) -> bytes:
    """Of a transcript the turns that are not an agent's: who else speaks is one where a customer is named as such."""
    turns = list(_TURN.finditer(text))
    if len(turns) < 2:
        return text
    speakers = [_speaker(turn[1]) for turn in turns]
    customers, agents = set(speakers) & _CUSTOMERS, set(speakers) & AGENTS
    if not agents and not any(speakers.count(each) > 1 for each in customers):
        return text  # a form may have a line `Customer: …`, too
    ends = [*(turn.start() for turn in turns[1:]), len(text)]
    kept = [text[: turns[0].start()]]
    for turn, speaker, end in zip(turns, speakers, ends, strict=True):
        if speaker in customers if customers else speaker not in AGENTS:
            kept.append(text[turn.end() : end])
    return b"".join(kept)


def _speaker(label: bytes) -> str:
    """`Agent 2` and `AGENT` are one; so is the agent of `Agent Smith`."""
    words = label.decode().lower().split()
    return words[0].rstrip("0123456789#") if words else ""
