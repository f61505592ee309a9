"""Numbers that a state gives."""

from __future__ import annotations

from transforms.pii.detectors.detector import NUMBER, SEPARATOR, Detector
from transforms.pii.validators import government

ROWS = (
    Detector(
        name="ssn",
        type="SSN",
        pattern=r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b",
        trigger=NUMBER,
        confidence=0.85,
        validator=government.ssn,
    ),
    Detector(
        name="ssn_context",
        type="SSN",
        pattern=rf"[0-9]{{3}}{SEPARATOR}?[0-9]{{2}}{SEPARATOR}?[0-9]{{4}}\b",
        trigger=NUMBER,
        confidence=0.9,
        validator=government.ssn,
        context=("ssn", "social", "social security", "soc sec"),
    ),
)
