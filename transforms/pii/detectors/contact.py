"""Mail addresses and telephone numbers."""

from __future__ import annotations

from transforms.pii.detectors.detector import JOIN, LETTERS, NUMBER, SEPARATOR, SPACE, Detector
from transforms.pii.validators import contact

_HOST = "A-Za-z0-9\u00c0-\u1fff\u3040-\U0010ffff-"  # any script but punctuation, for what stands after an @
_AT = r"[^ ]@"
_EXTENSION = rf"(?:{SPACE}*(?i:x|ext\.?|extension){SPACE}*[0-9]{{1,6}})?\b"
_PHONE_WORDS = (
    "call", "cell", "cell ?phone", "celular", "cellulare", "dial", "fax", "fono", "handy", "mobil", "mobile",
    "m[oóÓ]vil", "phone", "portable", "reach", "ring", "sms", "t[eéÉ]l", "t[eéÉ]l[eéÉ]phone", "telefax", "telefon",
    "telefone", "telefonnummer", "tel[eéÉ]fono", "telf", "text", "tfno", "tlf", "whats ?app",
)  # fmt: skip

ROWS = (
    Detector(
        name="email",
        type="EMAIL",
        pattern=rf"[{LETTERS}0-9_][{LETTERS}0-9!#$%&'*+./=?^_`{{|}}~-]*@"
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
        trigger=NUMBER,
        confidence=0.95,
        validator=contact.phone,
    ),
    Detector(
        name="phone_us",
        type="PHONE",
        pattern=rf"(?:\b1{JOIN})?(?:\([0-9]{{3}}\){SPACE}*-?{SPACE}*|\b[0-9]{{3}}{SEPARATOR})[0-9]{{3}}{SEPARATOR}[0-9]{{4}}{_EXTENSION}",
        trigger=NUMBER,
        confidence=0.85,
        validator=contact.phone_us,
    ),
    Detector(
        name="phone_trunk",
        type="PHONE",
        pattern=rf"(?:\(0[0-9]{{1,5}}\){SPACE}*|\b0[1-9](?:{SPACE}+|[-./])?)[0-9](?:(?:{SPACE}+|[-./])?[0-9]){{4,8}}[0-9]\b",
        trigger=NUMBER,
        confidence=0.75,
        validator=contact.phone_trunk,
    ),
    Detector(
        name="phone_nine",
        type="PHONE",
        pattern=rf"\b[6-9][0-9]{{2}}{SPACE}+[0-9]{{3}}{SPACE}+[0-9]{{3}}\b",
        trigger=NUMBER,
        confidence=0.6,
        validator=contact.phone_nine,
    ),
    Detector(
        name="phone_context",
        type="PHONE",
        pattern=rf"\(?[0-9](?:{JOIN}[0-9]){{5,13}}[0-9]{_EXTENSION}",
        trigger=NUMBER,
        confidence=0.65,
        validator=contact.phone,
        context=_PHONE_WORDS,
    ),
)
