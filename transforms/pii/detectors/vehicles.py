"""Plates and vehicle numbers."""

from __future__ import annotations

from transforms.pii.context import THINGS
from transforms.pii.detectors.detector import LONG_WORD, OF, SPACE, Detector
from transforms.pii.validators import vehicles

_DOTLESS = "\u0131"
_GAP = rf"(?:{SPACE}+|-)?"
_PLATE_WORDS = (
    rf"(?:licen[cs]e|number|registration|vehicle|car|reg){OF}plates?|plates?{OF}(?:no|number|num)|plates?|(?:vehicle"
    rf"|car){OF}reg(?:istration)?"
    rf"|reg(?:istration)?{OF}(?:no|number|mark|plate)|vrn|vrm|tag{OF}(?:no|number)|licen[cs]e{OF}tag"
    rf"|matr[ií]cula|placas?(?:{OF}de{OF}(?:matr[ií]cula|circulaci[oó]n|carro))?|patente{OF}del{OF}(?:auto|veh[ií]culo)"
    rf"|(?:plaque|num[eé]ro){OF}d{OF}immatriculation|immatricul(?:ation|[eé]e?)|plaque{OF}min[eé]ralogique"
    rf"|kennzeichen|kfz{OF}kennzeichen|nummernschild|amtliches{OF}kennzeichen|targa|targat[ao]"
    rf"|plaka(?:s[{_DOTLESS}i])?(?:{OF}numaras[{_DOTLESS}i])?"
    rf"|tablica|nr{OF}rej"
)
_STATES_IN = (
    "AN|AP|AR|AS|BR|CG|CH|DD|DL|DN|GA|GJ|HP|HR|JH|JK|KA|KL|LA|LD|MH|ML|MN|MP|MZ|NL|OD|OR|PB|PY|RJ|SK|TN|TR|TS|UK|UP|WB"
)
_FR = "A-HJ-NP-TV-Z"

ROWS = (
    Detector(
        name="vin",
        type="VEHICLE_IDENTIFICATION_NUMBER",
        pattern=r"\b[A-HJ-NPR-Za-hj-npr-z0-9]{17}\b",
        trigger=LONG_WORD,
        confidence=0.9,
        validator=vehicles.vin,
        unless=THINGS,
    ),
    Detector(
        name="vin_context",
        type="VEHICLE_IDENTIFICATION_NUMBER",
        pattern=r"[A-Za-z0-9]{17}\b",
        context=(
            (
                rf"vin|vehicle{OF}identification(?:{OF}(?:no|number|code))?|chassis(?:{OF}(?:no|number))?"
                rf"|(?:n[uú]mero|num[eé]ro|n[º°]){OF}de{OF}(?:bastidor|ch[aâ]ssis)|bastidor|fahrgestellnummer|fin|telaio"
                rf"|chassi"
            ),
        ),
        confidence=0.9,
        validator=vehicles.vin_announced,
    ),
    Detector(
        name="plate_context",
        type="LICENSE_PLATE",
        pattern=rf"[A-Z0-9ÄÖÜ]{{1,8}}(?:{_GAP}[A-Z0-9]{{1,5}}){{0,3}}\b"
        rf"|[a-z0-9]{{1,3}}[ -]?[a-z0-9]{{1,4}}(?:[ -]?[a-z0-9]{{1,4}})?\b",
        context=(_PLATE_WORDS,),
        confidence=0.75,
        validator=vehicles.plate_announced,
    ),
    Detector(
        name="plate_uk",
        type="LICENSE_PLATE",
        pattern=rf"\b[A-HJ-PR-Y][A-HJ-PR-Y](?:0[2-9]|[12][0-9]|5[1-9]|[67][0-9]){_GAP}[A-HJ-PR-Z]{{3}}\b",
        confidence=0.7,
        trigger=r"[A-Z]{2}[0-9]{2}",
        validator=vehicles.plate_uk,
        unless=THINGS,
    ),
    Detector(
        name="plate_europe",
        type="LICENSE_PLATE",
        pattern=rf"\b(?:[{_FR}]{{2}}-[0-9]{{3}}-[{_FR}]{{2}}"
        rf"|[A-ZÄÖÜ]{{1,3}}-[A-ZÄÖÜ]{{1,2}}{SPACE}+[1-9][0-9]{{1,3}}[EH]?)\b",
        confidence=0.6,
        trigger="[A-Z\u00c4\u00d6\u00dc]-[0-9A-Z\u00c4\u00d6\u00dc]",
        unless=THINGS,
    ),
    Detector(
        name="plate_far",
        type="LICENSE_PLATE",
        pattern=rf"\b(?:(?:{_STATES_IN}){_GAP}[0-9]{{1,2}}{_GAP}[A-Z]{{1,3}}{_GAP}[0-9]{{4}}"
        rf"|(?:0[1-9]|[1-7][0-9]|8[01]){SPACE}+[A-PR-VYZ]{{3}}{SPACE}+(?:[0-9]{{2,3}}|[03-9][0-9]{{3}}"
        rf"|1[0-8][0-9]{{2}}|2[1-9][0-9]{{2}})|[A-Z]{{3}}-?[0-9]{{3}}[A-Z]{{2}})\b",
        confidence=0.6,
        trigger=r"[A-Z](?:[ \t\n\v\f\r]+|-)?[0-9]",
        unless=THINGS,
    ),
)
