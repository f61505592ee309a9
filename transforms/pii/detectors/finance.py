"""Cards and bank accounts."""

from __future__ import annotations

from transforms.pii.detectors.detector import NUMBER, SPACE, Detector
from transforms.pii.validators import finance

_COUNTRY = rf"[A-Za-z]{{2}}[0-9]{{2}}(?:{SPACE}+|-)?[A-Za-z0-9]"

ROWS = (
    Detector(
        name="iban",
        type="INTERNATIONAL_BANK_ACCOUNT_NUMBER",
        pattern=rf"\b[A-Za-z]{{2}}[0-9]{{2}}(?:(?:{SPACE}+|-)?[A-Za-z0-9]){{11,30}}",
        trigger=_COUNTRY,
        confidence=0.99,
        validator=finance.iban,
    ),
    Detector(
        name="iban_context",
        type="INTERNATIONAL_BANK_ACCOUNT_NUMBER",
        pattern=rf"[A-Za-z]{{2}}[0-9]{{2}}(?:(?:{SPACE}+|-)?[A-Za-z0-9]){{11,30}}",
        trigger=_COUNTRY,
        confidence=0.6,
        validator=finance.iban_length,
        context=("iban",),
    ),
    Detector(
        name="card",
        type="CREDIT_DEBIT_NUMBER",
        pattern=rf"\b[0-9]{{3}}(?:(?:{SPACE}+|[-.])?[0-9]){{9,16}}\b",
        trigger=NUMBER,
        confidence=0.95,
        validator=finance.card,
    ),
    Detector(
        name="card_context",
        type="CREDIT_DEBIT_NUMBER",
        pattern=rf"[0-9](?:(?:{SPACE}+|[-.])?[0-9]){{11,18}}\b",
        trigger=NUMBER,
        confidence=0.6,
        context=(
            "amex",
            "card",
            "carte",
            "cc",
            "credit",
            "debit",
            "karte",
            "kreditkarte",
            "mastercard",
            "tarjeta",
            "visa",
        ),
    ),
)
