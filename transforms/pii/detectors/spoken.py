"""What is said aloud or spelled: numbers, dates and names in words, mail addresses with words or spaces in them."""

from __future__ import annotations

from transforms.pii.detectors.detector import LETTERS, SPACE, Detector
from transforms.pii.validators import mail, spoken
from transforms.pii.validators.spoken import HUNDRED, MONTH, ORDINAL, TIMES, WORDS

_S = rf"{SPACE}+"
_O = rf"{SPACE}?"
_ONE = rf"(?:{'|'.join(word for word, number in WORDS.items() if number < 10)})"
_WORD = rf"(?:{'|'.join(WORDS)})"
_PART = "[-,.;:/() \n]{1,3}"

_AT_WORD = "(?:at(?: sign| symbol)?|ät|arroba|arobase|chiocciola)"
_DOT_WORD = "(?:dot|punto|point|punkt|ponto)"
_OPEN, _SHUT = r"[(\[{<]", r"[)\]}>]"
_AT_BRACKETS = rf"{_O}{_OPEN}{_O}(?i:{_AT_WORD}|a|@){_O}{_SHUT}{_O}|{_O}[~-](?i:at)[~-]{_O}"
_DOT_SPELLED = (
    rf"(?:{_O}{_OPEN}{_O}(?i:{_DOT_WORD}|\.){_O}{_SHUT}{_O}|{_S}(?i:{_DOT_WORD}){_S}|{_S}(?i:dot)"
    rf"|{_O}[~-](?i:dot)[~-]{_O})"
)
# No ending that is a word too (at, de, it, me): "at that point it".
_ENDINGS = "com|net|org|edu|gov|io|co|info|biz|es|fr|uk|eu|pt|br|pl|nl|mx|ar|ca|dev|app|jp|ch|au|ru|cn|in"
_OF_PLACES = rf"{_S}(?:dot{_S}(?:de|ch|be)|punkt{_S}(?:de|at|ch)|punto{_S}it)"  # and those in their own languages
_SURE_ENDINGS = "com|net|org|edu|gov|info|biz|io|app|dev"
_HOST = "[A-Za-z0-9-]+"
_LOCAL_WORD = rf"[{LETTERS}0-9](?:[{LETTERS}0-9.~+'-]*[{LETTERS}0-9])?"
_LOCAL = (
    rf"(?:(?:[A-Za-z0-9]{SPACE}){{2,20}}[A-Za-z0-9]|{_LOCAL_WORD})"
    rf"(?:{_S}(?i:{_ONE}|[0-9]{{1,4}}|(?:{_DOT_WORD}|underscore|under{_S}score|dash|hyphen|minus|plus|gui[oó]n(?:{_S}bajo)?"
    rf"|tiret(?:{_S}(?:bas|du{_S}bas))?|unterstrich|bindestrich|trattino(?:{_S}basso)?|tra[cç]o){_S}[A-Za-z0-9.~-]+)){{0,8}}"
)
_GERMAN_DAY = (
    "(?:ers|zwei|drit|vier|fünf|sechs|sieb(?:en)?|ach|neun|zehn|elf|zwölf|[a-zß-ü]{2,8}(?:zehn|zigs|ßigs))te[rn]?"
)
# The first two words of a number; how far it goes, its validator says.
_TIMES = rf"(?:{'|'.join(TIMES)})"
_SAID = rf"\b(?i:(?:[0-9]{{1,4}}{_PART})*(?:{_TIMES}{_S})?{_WORD}{_PART}(?:{_WORD}|{_TIMES}|{HUNDRED}|[0-9]{{1,4}})\b)"
_TWO_WORDS = rf"(?i:\b{_WORD}{_PART}(?:{_WORD}|{_TIMES}|{HUNDRED}|[0-9]))"  # a trigger; one such word is in every text
_LETTER_AS_IN = rf"[A-Za-z]{_S}(?i:as{_S}in|for|like|wie|comme|de|como|come){_S}[{LETTERS}]+"

ROWS = (
    Detector(
        name="email_spelled",
        type="EMAIL",
        pattern=rf"\b{_LOCAL}(?:{_AT_BRACKETS}|{_S}(?i:{_AT_WORD}){_S}|{_O}@{_O}){_HOST}"
        rf"(?:(?:{_DOT_SPELLED}|\.){_HOST}){{0,2}}(?:{_DOT_SPELLED}(?i:{_ENDINGS})|(?i:{_OF_PLACES}))\b",
        trigger=rf"(?i:{_DOT_WORD}|[(\[{{<]{_O}\.)(?:[)\]}}>~-]|{SPACE}|(?i:{_ENDINGS})|$)",
        confidence=0.8,
        validator=mail.spelled,
    ),
    Detector(
        name="email_bracketed",  # the sign is, the dots are not
        type="EMAIL",
        pattern=rf"\b{_LOCAL}{_O}{_OPEN}{_O}(?i:{_AT_WORD}|@){_O}{_SHUT}{_O}(?:{_HOST}\.)+[A-Za-z]{{2,}}\b",
        trigger=rf"(?i:{_AT_WORD}|@){_O}{_SHUT}",
        confidence=0.8,
    ),
    Detector(
        name="email_spaced",  # or a comma for the last dot
        type="EMAIL",
        pattern=rf"\b(?:(?:[A-Za-z0-9]{SPACE}){{2,20}})?{_LOCAL_WORD}(?:{SPACE}@{_O}|@{SPACE})(?:{_HOST}{_O}\.)*{_HOST}{_O}\.{_O}"
        rf"(?:{_SURE_ENDINGS}|co{_O}\.{_O}uk)\b"
        rf"|\b{_LOCAL_WORD}@[A-Za-z]{_HOST}(?:{SPACE}\.{_O}|\.{SPACE}|,)(?:{_SURE_ENDINGS}|co[.,]uk)\b",
        trigger=rf"{SPACE}@|@{SPACE}|@[A-Za-z0-9.-]+(?:,|{SPACE}\.{_O}|\.{SPACE})[a-z]",
        confidence=0.8,
        validator=mail.spaced,
    ),
    Detector(
        name="email_at",  # the word for the sign, and a host as it is: a place to buy at as well
        type="EMAIL",
        pattern=rf"\b{_LOCAL}{_S}(?i:{_AT_WORD}){_S}(?:{_HOST}\.)+(?:{_ENDINGS}|de|it|ch|be|us|me)\b",
        trigger=rf"(?i:{_AT_WORD}){_S}{_HOST}\.[A-Za-z0-9-]",
        confidence=0.7,
        validator=mail.at_word,
    ),
    Detector(
        name="email_provider",  # a host everyone knows, without its ending
        type="EMAIL",
        pattern=rf"\b{_LOCAL_WORD}(?:{_O}@{_O}|{_S}at{_S})(?i:g(?:oogle)?mail|hotmail|icloud|proton(?:mail)?|outlook|yahoo|ymail)\b",
        trigger=rf"(?:@{_O}|at{_S})(?i:g(?:oogle)?mail|hotmail|icloud|proton|outlook|y(?:ahoo|mail))",
        confidence=0.75,
        validator=mail.provider,
    ),
    Detector(
        name="email_capitals",  # danaATexampleDOTcom
        type="EMAIL",
        pattern=rf"\b[a-z0-9][a-z0-9.~+-]+AT[a-z0-9-]+(?:DOT[a-z0-9-]+)*(?:DOT|\.)(?:{_ENDINGS})\b",
        confidence=0.8,
    ),
    Detector(
        name="email_literal",  # RFC 5321, section 4.1.3
        type="EMAIL",
        pattern=rf"{_LOCAL_WORD}@\[(?:IPv6:)?[0-9A-Fa-f]{{0,4}}(?:[.:]{{1,2}}[0-9A-Fa-f]{{1,4}}){{2,8}}\]",
        trigger=r"@\[",
        confidence=0.97,
    ),
    Detector(
        name="phone_spoken",
        type="PHONE",
        pattern=_SAID,
        trigger=_TWO_WORDS,
        confidence=0.7,
        validator=spoken.phone,
    ),
    Detector(
        name="code_spoken",
        type="PIN",
        pattern=_SAID,
        trigger=_TWO_WORDS,
        confidence=0.75,
        validator=spoken.code,
        context=("pin", "pass ?code", "security code", "verification code", "otp", "cvv", "cvc"),
    ),
    Detector(
        name="social_spoken",
        type="SSN",
        pattern=_SAID,
        trigger=_TWO_WORDS,
        confidence=0.85,
        validator=spoken.social,
        context=("ssn", "social(?: security)?(?: number)?"),
    ),
    Detector(
        name="postal_code_spoken",
        type="ADDRESS",
        pattern=_SAID,
        trigger=_TWO_WORDS,
        confidence=0.75,
        validator=spoken.postal_code,
        context=("zip", "zip code", "post(?:al)? ?code"),
    ),
    Detector(
        name="card_spoken",
        type="CREDIT_DEBIT_NUMBER",
        pattern=_SAID,
        trigger=_TWO_WORDS,
        confidence=0.8,
        validator=spoken.card,
    ),
    Detector(
        name="date_spoken",
        type="DATE_TIME",
        pattern=rf"\b(?i:{ORDINAL}{_S}(?:of{_S})?{MONTH}|{MONTH}{_S}(?:the{_S})?{ORDINAL}"
        rf"|(?:{_WORD}{_S}(?:[ye]|et){_S})?(?:{_WORD}|premier|primero|primo|primeiro|{_GERMAN_DAY}){_S}(?:de{_S})?{MONTH})\b",
        trigger=rf"(?i:[a-zß-ü]{_S}(?:(?:of|de){_S})?{MONTH}|{MONTH}{_S}(?:the{_S})?{ORDINAL})\b",
        confidence=0.8,
        validator=spoken.date,
    ),
    Detector(
        name="name_spelled",
        type="NAME",
        pattern=rf"(?i:(?:^|[^A-Za-z0-9\x00])(?:spell(?:ed|s|ing)?|spelt|(?:sur|last{_O}|first{_O}|family{_O}|full{_O})?name"
        rf"|apellidos?|nombre|nom|pr[eé]nom|nachname|vorname|cognome|nome|sobrenome|apelido|(?:se{_S})?escribe|deletre(?:o|a|ado)"
        rf"|[eé]pelle|buchstabiert))[^A-Za-z0-9\x00]{{1,3}}(?:(?i:is|es|est|ist|it|as|that's|it's|[eé]){_S})?"
        rf"([A-Z](?:-[A-Z]){{2,20}}|[A-Z](?:\.{_O}[A-Z]){{3,20}}|[A-Z](?:{SPACE}[A-Z]){{2,20}}|[a-z](?:(?:-|{SPACE})[a-z]){{3,20}})\b",
        confidence=0.75,
    ),
    Detector(
        name="name_repeated",  # Leighton, L-E-I-G-H-T-O-N
        type="NAME",
        pattern=rf"\b[A-Za-z]{{3,20}}[^A-Za-z0-9\x00]{{1,4}}(?:(?:that's|spelled|it's){_S})?[A-Za-z](?:-[A-Za-z]){{2,20}}\b",
        trigger="[A-Za-z]-[A-Za-z]-[A-Za-z]",
        confidence=0.75,
        validator=spoken.spelled_again,
    ),
    Detector(
        name="name_as_in",  # D as in David, A as in apple
        type="NAME",
        pattern=rf"\b{_LETTER_AS_IN}[ ,.;\n]{{1,3}}(?:(?:and|then|y|et|und|e){_S})?{_LETTER_AS_IN}",
        trigger=rf"\b[A-Za-z]{_S}(?i:as{_S}in|for|like|wie|comme|de|como|come){_S}[{LETTERS}]",
        confidence=0.75,
        validator=spoken.alphabet,
    ),
)
