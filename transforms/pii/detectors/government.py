"""Numbers that a state gives, in the English-speaking countries and India, and papers of any country."""

from __future__ import annotations

from transforms.pii.detectors import government_abroad, identity
from transforms.pii.detectors.detector import CODE, OF, SEPARATOR, SPACE, Detector, announced
from transforms.pii.validators import government, shaped

_SEP = rf"(?:{SPACE}+|[-.])?"
_PASSPORT_WORDS = (
    rf"(?:travel{OF})?passports?(?:{OF}(?:no|number|num|id|card|book|details))?|travel{OF}document|pasaporte"
    rf"|passeport|reise?pass(?:nummer|-?nr)?"
    rf"|pass-?(?:nr|nummer)|passaporto|passaporte|paszport"
)
_LICENCE_WORDS = (
    rf"driv(?:er'?s?|ers'|ing){OF}(?:licen[cs]e|permit|lic)(?:{OF}(?:no|number|num|id))?|licen[cs]e{OF}(?:no|number"
    rf"|num|id)|licen[cs]e"
    rf"|dl{OF}(?:no|number|num)|dl|d\.l\.|permiso{OF}de{OF}(?:conducir|circulaci[oó]n)|carn[eé]t?{OF}de{OF}conducir"
    rf"|licencia{OF}de{OF}(?:conducir|manejo)"
    rf"|permis{OF}de{OF}conduire|f[uü]hrerschein(?:nummer|-?nr)?|fahrerlaubnis|patente(?:{OF}di{OF}guida)?"
    rf"|carta{OF}de{OF}condu[cç][aã]o"
    rf"|carteira{OF}(?:nacional{OF})?de{OF}(?:habilita[cç][aã]o|motorista)|cnh"
)

ROWS = (
    Detector(
        name="ssn",
        type="SSN",
        pattern=r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b",
        confidence=0.85,
        validator=government.ssn,
    ),
    Detector(
        name="ssn_spaced",
        type="SSN",
        pattern=rf"\b[0-9]{{3}}(?:{SPACE}+[0-9]{{2}}{SPACE}+|\.[0-9]{{2}}\.)[0-9]{{4}}\b",
        confidence=0.77,
        validator=government.ssn_spaced,
    ),
    Detector(
        name="ssn_context",
        type="SSN",
        pattern=rf"[0-9]{{3}}{SEPARATOR}?[0-9]{{2}}{SEPARATOR}?[0-9]{{4}}\b",
        confidence=0.9,
        context=("ssn", "social", "social security", "soc sec", "ss"),
    ),
    Detector(
        name="itin",
        type="US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER",
        pattern=r"\b9[0-9]{2}-[0-9]{2}-[0-9]{4}\b",
        confidence=0.8,
        validator=government.itin,
    ),
    Detector(
        name="itin_context",
        type="US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER",
        pattern=announced(
            rf"itin|individual{OF}tax(?:payer)?{OF}(?:id|identification)(?:{OF}(?:no|number))?|tax{OF}id(?:{OF}(?:no"
            rf"|number))?",
            rf"9[0-9]{{2}}{_SEP}[0-9]{{2}}{_SEP}[0-9]{{4}}\b",
        ),
        confidence=0.92,
    ),
    Detector(
        name="passport",
        type="PASSPORT_NUMBER",
        pattern=announced(_PASSPORT_WORDS, CODE),
        confidence=0.85,
        validator=shaped,
    ),
    Detector(
        name="passport_korean",
        type="PASSPORT_NUMBER",
        pattern=r"\b[DGMORSdgmors][0-9]{3}[A-Za-z][0-9]{4}\b",
        confidence=0.6,
    ),
    Detector(
        name="passport_before",  # the word follows: AAA123456 is my passport number
        type="PASSPORT_NUMBER",
        pattern=r"\b[A-Za-z]{2,3}[0-9]{6,7}\b",
        confidence=0.7,
        validator=government.passport_before,
    ),
    Detector(
        name="passport_mrz",
        type="PASSPORT_NUMBER",
        pattern=rf"\b(?:P[A-Z<][A-Z]{{3}}[A-Z<]{{39}}(?:{SPACE}+[A-Z0-9<]{{44}})?"
        rf"|[A-Z0-9<]{{9}}[0-9][A-Z<]{{3}}[0-9]{{7}}[MFX<][0-9]{{7}}[A-Z0-9<]{{14}}[0-9<]{{2}})",
        trigger=r"[A-Z0-9<]{30}",
        confidence=0.99,
    ),
    Detector(
        name="driver_id",
        type="DRIVER_ID",
        pattern=announced(_LICENCE_WORDS, CODE),
        confidence=0.8,
        validator=government.driver_id,
    ),
    Detector(
        name="driver_id_uk",
        type="DRIVER_ID",
        pattern=r"\b[A-Z]{1,5}9{0,4}[0-9][0156][0-9](?:0[1-9]|[12][0-9]|3[01])[0-9][A-Z9]{2}[A-Z0-9]{3}(?:[0-9]{2})?\b",
        confidence=0.9,
        validator=government.driver_id_uk,
    ),
    Detector(
        name="driver_id_kr",
        type="DRIVER_ID",
        pattern=r"\b(?:1[1-9]|2[0-6]|28)[ -][0-9]{2}[ -][0-9]{6}[ -][0-9]{2}\b",
        confidence=0.6,
    ),
    Detector(
        name="sin",
        type="CA_SOCIAL_INSURANCE_NUMBER",
        pattern=rf"\b[1-79][0-9]{{2}}(?:-[0-9]{{3}}-|{SPACE}+[0-9]{{3}}{SPACE}+)[0-9]{{3}}\b",
        confidence=0.62,
        validator=government.sin_bare,
    ),
    Detector(
        name="sin_context",
        type="CA_SOCIAL_INSURANCE_NUMBER",
        pattern=announced(
            rf"sin|social{OF}insurance|num[eé]ro{OF}d{OF}assurance{OF}sociale|nas",
            rf"[0-9]{{3}}{_SEP}[0-9]{{3}}{_SEP}[0-9]{{3}}\b",
        ),
        confidence=0.85,
    ),
    Detector(
        name="ca_health",
        type="CA_HEALTH_NUMBER",
        pattern=announced(
            rf"ohip|hcn|health{OF}card|ontario{OF}health|carte{OF}sant[eé]|ramq|phn",
            rf"[0-9]{{4}}{_SEP}[0-9]{{3}}{_SEP}[0-9]{{3}}(?:{_SEP}[A-Z]{{2}})?\b"
            rf"|[A-Z]{{4}}{_SEP}[0-9]{{4}}{_SEP}[0-9]{{4}}\b",
        ),
        confidence=0.87,
    ),
    Detector(
        name="aadhaar",
        type="IN_AADHAAR",
        pattern=rf"\b[2-9][0-9]{{3}}(?:{SPACE}+[0-9]{{4}}{SPACE}+|-[0-9]{{4}}-)[0-9]{{4}}\b",
        confidence=0.7,
        validator=government.aadhaar,
    ),
    Detector(
        name="aadhaar_context",
        type="IN_AADHAAR",
        pattern=announced(
            rf"a+dh?aa?r(?:{OF}(?:card|id|no|number))*|uid(?:ai)?", rf"[0-9]{{4}}{_SEP}[0-9]{{4}}{_SEP}[0-9]{{4}}\b"
        ),
        confidence=0.85,
    ),
    Detector(
        name="pan",
        type="IN_PERMANENT_ACCOUNT_NUMBER",
        pattern=r"\b[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]\b",
        confidence=0.85,
    ),
    Detector(
        name="pan_context",
        type="IN_PERMANENT_ACCOUNT_NUMBER",
        pattern=announced(rf"pan(?:{OF}card)?|permanent{OF}account{OF}(?:number|no)", r"[A-Za-z]{5}[0-9]{4}[A-Za-z]\b"),
        confidence=0.85,
    ),
    Detector(
        name="nrega",
        type="IN_NREGA",
        pattern=r"\b[A-Z]{2}-[0-9]{2}-[0-9]{3}-[0-9]{3}-[0-9]{3}/[0-9]{1,6}\b",
        confidence=0.96,
    ),
    Detector(
        name="voter",
        type="IN_VOTER_NUMBER",
        pattern=announced(rf"voters?(?:{OF}(?:id|card|identity|no|number))*|epic(?:{OF}(?:no|number))?"
        rf"|electors?{OF}photo{OF}identity(?:{OF}card)?", r"[A-Za-z]{3}[0-9]{7}\b"),
        confidence=0.9,
    ),
    Detector(
        name="nino",
        type="UK_NATIONAL_INSURANCE_NUMBER",
        pattern=rf"\b[A-CEGHJ-PR-TW-Za-ceghj-pr-tw-z][A-CEGHJ-NPR-TW-Za-ceghj-npr-tw-z](?:{_SEP}[0-9]{{2}}){{3}}{_SEP}[A-Da-d]\b",
        confidence=0.9,
        validator=government.nino,
    ),
    Detector(
        name="utr",
        type="UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER",
        pattern=announced(rf"utr|unique{OF}tax(?:payer)?'?s?{OF}(?:reference|ref)|tax(?:payer)?{OF}reference"
        rf"|self{OF}assessment", rf"[0-9]{{5}}{_SEP}[0-9]{{5}}K?\b"),
        confidence=0.85,
    ),
    Detector(
        name="nhs",  # a group that begins with 0 or 1: no telephone number of North America
        type="UK_NATIONAL_HEALTH_SERVICE_NUMBER",
        pattern=rf"\b(?:[01][0-9]{{2}}(?:-[0-9]{{3}}-|{SPACE}+[0-9]{{3}}{SPACE}+)|[0-9]{{3}}(?:-[01][0-9]{{2}}-"
        rf"|{SPACE}+[01][0-9]{{2}}{SPACE}+))[0-9]{{4}}\b",
        confidence=0.88,
        validator=government.nhs,
    ),
    Detector(
        name="nhs_context",
        type="UK_NATIONAL_HEALTH_SERVICE_NUMBER",
        pattern=announced(rf"nhs|national{OF}health{OF}service", rf"[0-9]{{3}}{_SEP}[0-9]{{3}}{_SEP}[0-9]{{4}}\b"),
        confidence=0.88,
    ),
    *government_abroad.ROWS,
    *identity.ROWS,
)  # fmt: skip
