"""Mail addresses and telephone numbers."""

from __future__ import annotations

from transforms.pii.detectors.detector import JOIN, LETTERS, SEPARATOR, SPACE, Detector
from transforms.pii.validators import contact

_HOST = "A-Za-z0-9\u00c0-\u1fff\u3040-\U0010ffff-"  # any script but punctuation, for what stands after an @
_AT = r"[^ ]@"
_O = rf"{SPACE}?"
_EXTENSION = rf"(?:{SPACE}*(?i:x|ext\.?|extension){SPACE}*[0-9]{{1,6}})?\b"
_PHONE_WORDS = (
    "call", "cell", "cel", "cell ?phone", "celular", "cellulare", "contact", "contacto", "contatto", "contact number",
    "(?:best|good|call-?back|contact|daytime|home|work) number", "number to (?:call|reach|text|use)",
    "dial", "direct line", "direct number", "fax", "fono", "handy", "handynummer", "hotline", "landline", "mobil",
    "mobile", "mobilnummer", "m[oóÓ]vil", "my number", "phone", "phones", "portable", "reach", "ring", "rufnummer",
    "sms", "t[eéÉ]l", "t[eéÉ]l[eéÉ]phone", "telefax", "telefon", "telefone", "telefonnummer", "tel[eéÉ]fonos?",
    "telefono", "telem[oóÓ]vel", "telfs?", "tel-nr", "text", "tfnos?", "tlfn?o?s?", "txt", "whats ?app",
    "numer telefonu", "puhelin", "тел", "телефон", "моб", "мобильный", "факс", "звоните", "позвоните", "τηλ",
    "τηλέφωνο", "κινητό", "電話", "电话", "手机", "手機", "携帯", "联系", "聯絡", "拨打",
    "전화", "연락처", "핸드폰", "휴대폰",
    "फोन", "मोबाइल", "هاتف", "جوال",
)  # fmt: skip
_NUMBERS = rf"[(+]?[0-9](?:{SPACE}?[().]?{SPACE}?-?[0-9]){{6,13}}"
_AND = rf"{SPACE}*(?:[-/,;&]|{SPACE}(?:and|or|y|o|et|ou|und|oder|e){SPACE}){SPACE}*"
# As some countries write their numbers; d is a digit.
_SHAPES = (
    "[6-9]dd dd dd dd",  # Spain
    "9d ddd dd dd",
    "[5-9]dd(?: |-)dddddd",
    "3dd[-./]ddddddd",  # Italy
    "3dd ddddddd",
    "3dd dd dd ddd",
    "5dd ddd dd dd",  # Turkey
    "[1-9]d dddd dddd",  # Mexico, Brazil, Argentina
    "[1-9]d 9dddd-dddd",
    "[6-9]dddd(?: |-)ddddd",  # India
    "[49]dd dd ddd",  # Norway, Denmark
    "[2-9]d dd dd dd",
    "[2-9]ddd dddd",  # Singapore, Hong Kong
    "[1-9]d dddddd",
    "1[3-9]d(?: |-)dddd(?: |-)dddd",  # China
    "8 ddd ddd(?: |-)dd(?: |-)dd",  # Russia
)
# Between the groups of a number, where someone means that no machine reads it; the last three are between counts, too.
_MARK = "[|~/\\\\^•·●→\u2600-\u27bf\U0001f000-\U0001faff,:;]"
_MISREAD = "[0-9OoIlSBZ]"  # as a scanner reads digits
_LETTERED = rf"(?:[OoIlSBZ]{_MISREAD}{{2}}|{_MISREAD}[OoIlSBZ]{_MISREAD}|{_MISREAD}{{2}}[OoIlSBZ])"
# Words that a number in a hurry runs into.
_RUN_INTO = "(?:or|and|o|y|e|et|ou|oder|und|is|call|text|thanks?|thx|pls|please|after|before|anytime|asap)"
_HAN = "\u3400-\u9fff"

ROWS = (
    Detector(
        name="email",
        type="EMAIL",
        pattern=rf"[{LETTERS}0-9_][{LETTERS}0-9!#$%&'*+./=?^_`{{|}}~-]*@@?"
        rf"(?:[{_HOST}]+\.)+(?:xn--[a-z0-9-]+|[{LETTERS}]{{2,}})",
        trigger=_AT,
        confidence=0.99,
    ),
    Detector(
        name="phone_international",
        type="PHONE",
        pattern=rf"(?:\+{SPACE}*1{JOIN}[0-9]{{3}}{JOIN}[0-9]{{3}}{JOIN}[0-9]{{4}}"
        rf"|\+{SPACE}*[1-9](?:{JOIN}[0-9]){{5,11}}[0-9]|\+[1-9][0-9]{{6,14}}"
        rf"|\b00{SPACE}*[1-9][0-9]{{0,2}}{SEPARATOR}[0-9](?:{JOIN}[0-9]){{4,9}}[0-9]){_EXTENSION}",
        trigger=rf"\+{SPACE}*[1-9]|00",
        confidence=0.95,
        validator=contact.phone_international,
    ),
    Detector(
        name="phone_us",
        type="PHONE",
        pattern=rf"(?:\b1{JOIN}|\b[2-9][0-9]{SEPARATOR})?"
        rf"(?:(?:\([0-9]{{3}}\)|\[[0-9]{{3}}\]){SPACE}*[-/.]?{SPACE}*|\b[0-9]{{3}}(?:{SEPARATOR}|/|\){SPACE}?))[0-9]{{3}}{SEPARATOR}[0-9]{{4}}{_EXTENSION}"
        rf"|\([2-9][0-9]{{2}}\){_O}[2-9][0-9]{{6}}{_EXTENSION}",
        confidence=0.85,
        validator=contact.phone_us,
    ),
    Detector(
        name="phone_trunk",
        type="PHONE",
        pattern=rf"(?:\(0[0-9]{{1,5}}\){SPACE}*|\b0{SPACE}*\([0-9]{{2,5}}\){SPACE}*"
        rf"|\b0(?:{SPACE}+|-)?\(?[1-9](?:\)?{SPACE}*|{SPACE}+|[-./])?)"
        rf"[0-9](?:(?:{SPACE}+|[-./])?[0-9]){{4,8}}[0-9]\b",
        confidence=0.75,
        validator=contact.phone_trunk,
    ),
    Detector(
        name="phone_nine",
        type="PHONE",
        pattern=rf"\b[5-9][0-9]{{2}}{SPACE}+[0-9]{{3}}{SPACE}+[0-9]{{3}}\b",
        confidence=0.6,
        validator=contact.phone_nine,
    ),
    Detector(
        name="phone_context",
        type="PHONE",
        pattern=rf"\(?[0-9](?:{JOIN}[0-9]){{5,13}}[0-9]{_EXTENSION}",
        confidence=0.65,
        validator=contact.phone,
        context=_PHONE_WORDS,
    ),
    Detector(
        name="phone_list",
        type="PHONE",
        pattern=rf"(?i:(?:^|[^A-Za-z0-9~\[])(?:{'|'.join(_PHONE_WORDS)}))[^A-Za-z0-9\x00]+"
        rf"({_NUMBERS}(?:{_AND}{_NUMBERS}){{1,4}})\b",
        confidence=0.7,
    ),
    Detector(
        name="phone_national",
        type="PHONE",
        pattern=rf"\b(?:{'|'.join(_SHAPES).replace(' ', f'{SPACE}+').replace('d', '[0-9]')})\b",
        confidence=0.6,
        validator=contact.phone_national,
    ),
    Detector(
        name="phone_area",
        type="PHONE",
        pattern=rf"\([0-9]{{2,4}}\){SPACE}*[0-9]{{3,5}}(?:(?:{SPACE}+|[-.])[0-9]{{2,5}}){{1,3}}\b"
        r"|\b[0-9]{2}(?:-[0-9]{2}){3}\b"
        rf"|\b8{SPACE}*(?:\([0-9]{{3}}\){SPACE}*|-[0-9]{{3}}-)[0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}\b",
        confidence=0.6,
        validator=contact.phone_area,
    ),
    Detector(
        name="phone_bare",
        type="PHONE",
        pattern=rf"\b([2-9][0-9]{{9}}|0[1-9][0-9]{{8,9}})(?:{_RUN_INTO}|{_O}(?i:x|ext\.?){_O}[0-9]{{1,5}})?\b",
        confidence=0.5,
        validator=contact.phone_bare,
    ),
    Detector(
        name="phone_local",
        type="PHONE",
        pattern=rf"\b[2-9][0-9]{{2}}(?:-|{SPACE}+)[0-9]{{4}}\b",
        confidence=0.5,
        validator=contact.phone_local,
    ),
    Detector(
        name="phone_marked",  # 212|555|0187
        type="PHONE",
        pattern=rf"\b[2-9][0-9]{{2}}{_O}{_MARK}{{1,3}}{_O}[2-9][0-9]{{2}}{_O}{_MARK}{{1,3}}{_O}[0-9]{{4}}\b",
        confidence=0.65,
        validator=contact.phone_marked,
    ),
    Detector(
        name="phone_digits",  # 2 1 2 5 5 5 0 1 8 7
        type="PHONE",
        pattern=r"\b[0-9](?:(?: [0-9]){9,10}|(?:\.[0-9]){9,10}|(?:-[0-9]){9,10})\b",
        confidence=0.6,
        validator=contact.phone_digits,
    ),
    Detector(
        name="phone_misread",
        type="PHONE",
        pattern=rf"(?:\b|\()(?:{_LETTERED}\)?[-. ]{{1,2}}{_MISREAD}{{3}}[-. ]{_MISREAD}{{4}}"
        rf"|{_MISREAD}{{3}}\)?[-. ]{{1,2}}(?:{_LETTERED}[-. ]{_MISREAD}{{4}}"
        rf"|{_MISREAD}{{3}}[-. ](?:{_LETTERED}{_MISREAD}|{_MISREAD}{_LETTERED})))\b",
        trigger=rf"{_MISREAD}{{3}}\)?[-. ]{{1,2}}(?:{_LETTERED}[-. ]|{_MISREAD}{{3}}[-. ]{_MISREAD}?{_LETTERED})"
        rf"|{_LETTERED}\)?[-. ]{{1,2}}{_MISREAD}{{3}}[-. ]{_MISREAD}{{4}}",
        confidence=0.65,
        validator=contact.phone_misread,
    ),
    Detector(
        name="phone_chinese",
        type="PHONE",
        pattern=rf"[{_HAN}][ \n:,.、。]{{0,3}}(1[3-9][0-9]{{9}})\b",
        confidence=0.7,
        validator=contact.phone_chinese,
    ),
)
