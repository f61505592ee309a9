"""Positions on the globe."""

from __future__ import annotations

from transforms.pii.detectors.detector import SPACE, Detector
from transforms.pii.validators import positions

_O = rf"{SPACE}?"
_MINUTES, _SECONDS = "'\u2019\u2032", '"\u201d\u2033'
_DECIMAL = r"-?[0-9]{1,3}\.[0-9]{3,15}"
_DEGREES = (
    rf"[0-9]{{1,3}}(?:\.[0-9]+)?{_O}[°º]{_O}(?:[0-9]{{1,2}}(?:\.[0-9]+)?{_O}(?:[{_MINUTES}]|min)?{_O}"
    rf"(?:[0-9]{{1,2}}(?:\.[0-9]+)?{_O}(?:''|[{_SECONDS}])?{_O})?)?"
)
_CODE = "[23456789CFGHJMPQRVWX]"  # Open Location Code

ROWS = (
    Detector(
        name="coordinates",
        type="ADDRESS",
        pattern=rf"{_DECIMAL}{_O}°?{_O}[NS]?{_O}[,;/ ]{_O}{_DECIMAL}(?:{_O}°?{_O}[EWO]\b)?",
        confidence=0.75,
        validator=positions.coordinates,
    ),
    Detector(
        name="coordinate_key",
        type="ADDRESS",
        pattern=rf"(?i:\b(?:lat(?:itude?)?|lng|long?(?:itude?)?|latitud|longitud|breite(?:ngrad)?|l[äa]nge(?:ngrad)?))"
        rf"[\"':= \n]{{1,4}}({_DECIMAL})\b",
        confidence=0.8,
    ),
    Detector(
        name="coordinates_degrees",
        type="ADDRESS",
        pattern=rf"{_DEGREES}[NS][,;/]?{_O}{_DEGREES}[EWO]\b|\b[NS]{_O}{_DEGREES}[,;/]?{_O}[EWO]{_O}{_DEGREES}",
        trigger="[°º]",
        confidence=0.85,
    ),
    Detector(
        name="what3words",
        type="ADDRESS",
        pattern=r"///[a-zà-ÿ]{2,20}\.[a-zà-ÿ]{2,20}\.[a-zà-ÿ]{2,20}\b"
        rf"|\b(?i:what3words|w3w){_O}(?:\.com/|[:=]|is)?{_O}[a-zà-ÿ]{{2,20}}\.[a-zà-ÿ]{{2,20}}\.[a-zà-ÿ]{{2,20}}\b",
        trigger="///|(?i:what3words|w3w)",
        confidence=0.85,
    ),
    Detector(
        name="plus_code",
        type="ADDRESS",
        pattern=rf"\b(?:{_CODE}{{4}}){{1,2}}\+{_CODE}{{2,3}}\b",
        confidence=0.75,
        validator=positions.plus_code,
    ),
)
