"""The labelled sets: what each label says in the project's types, and what other tools' types are called there.

Everything that `tests.benchmarks.pii` counts is decided in these tables. A label of a set is one of four things:

- personal: it counts in the set's total, and is found as the types beside it;
- apart: personal too, judged and printed, but not part of the total (places in a set of which people are asked);
- neutral: what overlaps it is neither right nor wrong (a case number, a hospital, a relation);
- none of these (an organisation, a job, an amount): no personal data. A name or an address found there is wrong, for
  an organisation is no person; a find of another type is left out.

Only finds of types that a set's labels are found as can be judged on it; the others are counted as unjudged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class LabelledSet:
    """One file of labelled documents, and what its labels mean."""

    name: str
    personal: Mapping[str, str]  # label -> the types it is found as, with spaces between
    apart: Mapping[str, str] = field(default_factory=dict)
    neutral: frozenset[str] = frozenset()
    measuring: bool = False  # nothing was trained on it nor tuned to it: all its rows are counted

    @cached_property
    def types(self) -> dict[str, frozenset[str]]:
        """The types that each label, personal or apart, is found as."""
        return {label: frozenset(types.split()) for label, types in {**self.personal, **self.apart}.items()}


_PRESIDIO = {
    "PERSON": "NAME",
    "STREET_ADDRESS": "ADDRESS",
    "ADDRESS": "ADDRESS",
    "GPE": "ADDRESS",
    "LOCATION": "ADDRESS",
    "ZIP_CODE": "ADDRESS",
    "CREDIT_CARD": "CREDIT_DEBIT_NUMBER",
    "DATE_TIME": "DATE_TIME CREDIT_DEBIT_EXPIRY",
    "AGE": "AGE",
    "PHONE_NUMBER": "PHONE",
    "EMAIL_ADDRESS": "EMAIL",
    "DOMAIN_NAME": "URL",
    "IBAN_CODE": "INTERNATIONAL_BANK_ACCOUNT_NUMBER",
    "US_SSN": "SSN",
    "IP_ADDRESS": "IP_ADDRESS",
    "US_DRIVER_LICENSE": "DRIVER_ID",
}

_KURKOWSKI = {
    "NAME": "NAME",
    "CLIENT_NAME": "NAME",
    "DOCTOR": "NAME",
    "EMAIL": "EMAIL",
    "PHONE": "PHONE",
    "USERNAME": "USERNAME",
    "DATE": "DATE_TIME",
    "TIME": "DATE_TIME",
    "ADDRESS": "ADDRESS",
    "LOCATION": "ADDRESS",
    "CITY": "ADDRESS",
    "STATE": "ADDRESS",
    "ZIP": "ADDRESS",
    "LINK": "URL",
    "WEBSITE": "URL",
    "PASSWORD": "PASSWORD",
    "ACCOUNT": "BANK_ACCOUNT_NUMBER INTERNATIONAL_BANK_ACCOUNT_NUMBER ID_NUMBER",
    "POLICY_NUMBER": "ID_NUMBER",
    "CLAIM_ID": "ID_NUMBER",
    "PESEL": "PL_PESEL",
    "NIP": "PL_NIP",
}
# Numbers and days of things, which nobody need take out and which harm nobody when they are.
_KURKOWSKI_NEUTRAL = (
    "TICKET_ID TRANSACTION_ID ORDER_NUMBER CASE_NUMBER CASE_ID CHAT_ID FLIGHT_ID CODE NUMBER REFERENCE DAY PLACE"
    " LANDMARK BRANCH RELATIONSHIP MENTION"
)

_MEDDOCAN = {
    "NOMBRE_SUJETO_ASISTENCIA": "NAME",
    "NOMBRE_PERSONAL_SANITARIO": "NAME",
    "CALLE": "ADDRESS",
    "TERRITORIO": "ADDRESS",
    "PAIS": "ADDRESS",
    "FECHAS": "DATE_TIME",
    "EDAD_SUJETO_ASISTENCIA": "AGE",
    "ID_SUJETO_ASISTENCIA": "ID_NUMBER ES_DNI ES_NIE",
    "ID_ASEGURAMIENTO": "ID_NUMBER",
    "ID_TITULACION_PERSONAL_SANITARIO": "ID_NUMBER",
    "ID_CONTACTO_ASISTENCIAL": "ID_NUMBER",
    "CORREO_ELECTRONICO": "EMAIL",
    "NUMERO_TELEFONO": "PHONE",
    "NUMERO_FAX": "PHONE",
}
# Labelled as what might tell who a patient is, but of no type that is taken out.
_MEDDOCAN_NEUTRAL = (
    "SEXO_SUJETO_ASISTENCIA FAMILIARES_SUJETO_ASISTENCIA OTROS_SUJETO_ASISTENCIA PROFESION HOSPITAL INSTITUCION"
    " CENTRO_SALUD ID_EMPLEO_PERSONAL_SANITARIO"
)

_ECHR = {
    "PER": "NAME",
    "LEGAL_PROFESSIONAL": "NAME",  # judges and lawyers by name
    "LOC": "ADDRESS",
    "DATE": "DATE_TIME",
    "TIME": "DATE_TIME",
    "DATETIME": "DATE_TIME",
}
_ECHR_NEUTRAL = frozenset(["CODE"])  # numbers of applications and of sections

_PEOPLE = {"PERSON": "NAME"}
_PLACES = {"LOCATION": "ADDRESS"}

_UNIT_CASES = {
    "ABA_ROUTING_NUMBER": "BANK_ROUTING",
    "CA_SIN": "CA_SOCIAL_INSURANCE_NUMBER",
    "CREDIT_CARD": "CREDIT_DEBIT_NUMBER",
    "CRYPTO": "CRYPTO_WALLET_ADDRESS",
    "DATE_TIME": "DATE_TIME",
    "DE_FUEHRERSCHEIN": "DRIVER_ID",
    "DE_KFZ": "LICENSE_PLATE",
    "DE_PASSPORT": "PASSPORT_NUMBER",
    "DE_PLZ": "ADDRESS",
    "DE_TAX_ID": "DE_TAX_ID",
    "EMAIL_ADDRESS": "EMAIL",
    "ES_NIE": "ES_NIE",
    "ES_NIF": "ES_DNI",
    "ES_PASSPORT": "PASSPORT_NUMBER",
    "IBAN_CODE": "INTERNATIONAL_BANK_ACCOUNT_NUMBER",
    "IN_AADHAAR": "IN_AADHAAR",
    "IN_PAN": "IN_PERMANENT_ACCOUNT_NUMBER",
    "IN_PASSPORT": "PASSPORT_NUMBER",
    "IN_VEHICLE_REGISTRATION": "LICENSE_PLATE",
    "IN_VOTER": "IN_VOTER_NUMBER",
    "IP_ADDRESS": "IP_ADDRESS",
    "IT_DRIVER_LICENSE": "DRIVER_ID",
    "IT_FISCAL_CODE": "IT_FISCAL_CODE",
    "IT_PASSPORT": "PASSPORT_NUMBER",
    "KR_DRIVER_LICENSE": "DRIVER_ID",
    "KR_PASSPORT": "PASSPORT_NUMBER",
    "MAC_ADDRESS": "MAC_ADDRESS",
    "NG_VEHICLE_REGISTRATION": "LICENSE_PLATE",
    "PHONE_NUMBER": "PHONE",
    "PH_MOBILE_NUMBER": "PHONE",
    "PL_PESEL": "PL_PESEL",
    "TR_LICENSE_PLATE": "LICENSE_PLATE",
    "TR_PHONE_NUMBER": "PHONE",
    "UK_DRIVING_LICENCE": "DRIVER_ID",
    "UK_NHS": "UK_NATIONAL_HEALTH_SERVICE_NUMBER",
    "UK_NINO": "UK_NATIONAL_INSURANCE_NUMBER",
    "UK_PASSPORT": "PASSPORT_NUMBER",
    "UK_POSTCODE": "ADDRESS",
    "UK_VEHICLE_REGISTRATION": "LICENSE_PLATE",
    "URL": "URL",
    "US_BANK_NUMBER": "BANK_ACCOUNT_NUMBER",
    "US_DRIVER_LICENSE": "DRIVER_ID",
    "US_ITIN": "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER",
    "US_PASSPORT": "PASSPORT_NUMBER",
    "US_SSN": "SSN",
}
# Numbers of kinds that have no type of their own: found where a word announces them, and most of these lines have none.
_UNIT_CASES_NUMBERS = (
    "AU_ABN AU_ACN AU_MEDICARE AU_TFN DE_BSNR DE_HANDELSREGISTER DE_HEALTH_INSURANCE DE_ID_CARD DE_LANR"
    " DE_SOCIAL_SECURITY DE_TAX_NUMBER DE_VAT_ID FI_PERSONAL_IDENTITY_CODE IN_GSTIN IT_IDENTITY_CARD IT_VAT_CODE"
    " KR_BRN KR_FRN KR_RRN MEDICAL_LICENSE NG_NIN PH_TIN SE_ORGANISATIONSNUMMER SE_PERSONNUMMER SG_NRIC_FIN SG_UEN"
    " TH_TNIN TR_NATIONAL_ID US_MBI US_NPI ZA_ID_NUMBER"
)

SETS = (
    LabelledSet("presidio_synth_v2", _PRESIDIO, measuring=True),
    LabelledSet("presidio_generated_large", _PRESIDIO, measuring=True),
    LabelledSet("presidio_unit_cases", _UNIT_CASES, dict.fromkeys(_UNIT_CASES_NUMBERS.split(), "ID_NUMBER")),
    LabelledSet("kurkowski_dev", _KURKOWSKI, neutral=frozenset(_KURKOWSKI_NEUTRAL.split())),
    LabelledSet("uner_ewt_dev", _PEOPLE, _PLACES, measuring=True),
    LabelledSet("btc_h_dev", _PEOPLE, _PLACES | {"HANDLE": "USERNAME"}),
    LabelledSet("wnut17_dev", _PEOPLE, _PLACES),
    LabelledSet("wnut17_train", _PEOPLE, _PLACES),
    LabelledSet("meddocan_es_dev", _MEDDOCAN, neutral=frozenset(_MEDDOCAN_NEUTRAL.split())),
    LabelledSet("meddocan_es_train", _MEDDOCAN, neutral=frozenset(_MEDDOCAN_NEUTRAL.split())),
    LabelledSet("echr_es_manual", _ECHR, neutral=_ECHR_NEUTRAL),
    LabelledSet("echr_fr_manual", _ECHR, neutral=_ECHR_NEUTRAL),
)

# Texts of users' kind without labels. They hold some personal data, so a share of them is changed rightly.
UNLABELLED = ("vader_amazon", "goemotions_dev", "mams_val", "xed_en", "xed_es", "xed_fr", "xed_de", "xed_it", "xed_pt")

# What has a form of its own, and the types that it is found as.
STRUCTURED = {
    "cards": frozenset(["CREDIT_DEBIT_NUMBER"]),
    "IBAN": frozenset(["INTERNATIONAL_BANK_ACCOUNT_NUMBER"]),
    "SSN": frozenset(["SSN"]),
    "e-mail": frozenset(["EMAIL"]),
    "IP": frozenset(["IP_ADDRESS"]),
    "URL": frozenset(["URL"]),
    "phone": frozenset(["PHONE"]),
    "keys": frozenset(["API_KEY", "AWS_ACCESS_KEY", "AWS_SECRET_KEY", "CRYPTO_WALLET_ADDRESS", "JSON_WEB_TOKEN"]),
}

# Each tool's types under the project's names; None is no personal data here, and such finds are left out.
OTHERS: dict[str, dict[str, str | None]] = {
    "presidio": {
        "PERSON": "NAME",
        "LOCATION": "ADDRESS",
        "ORGANIZATION": None,
        "NRP": None,
        "ID": "ID_NUMBER",
        "UUID": None,
        "AGE": "AGE",
        "DATE_TIME": "DATE_TIME",
        "EMAIL": "EMAIL",
        "EMAIL_ADDRESS": "EMAIL",
        "PHONE_NUMBER": "PHONE",
        "URL": "URL",
        "IP_ADDRESS": "IP_ADDRESS",
        "MAC_ADDRESS": "MAC_ADDRESS",
        "CREDIT_CARD": "CREDIT_DEBIT_NUMBER",
        "CRYPTO": "CRYPTO_WALLET_ADDRESS",
        "IBAN_CODE": "INTERNATIONAL_BANK_ACCOUNT_NUMBER",
        "MEDICAL_LICENSE": "ID_NUMBER",
        "UK_NHS": "UK_NATIONAL_HEALTH_SERVICE_NUMBER",
        "US_BANK_NUMBER": "BANK_ACCOUNT_NUMBER",
        "US_DRIVER_LICENSE": "DRIVER_ID",
        "US_ITIN": "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER",
        "US_PASSPORT": "PASSPORT_NUMBER",
        "US_SSN": "SSN",
    },
    "scrubadub": {
        "credential": "PASSWORD",
        "credit_card": "CREDIT_DEBIT_NUMBER",
        "email": "EMAIL",
        "phone": "PHONE",
        "social_security_number": "SSN",
        "twitter": "USERNAME",
        "url": "URL",
    },
    "datafog": {
        "CREDIT_CARD": "CREDIT_DEBIT_NUMBER",
        "DATE": "DATE_TIME",
        "EMAIL": "EMAIL",
        "IP_ADDRESS": "IP_ADDRESS",
        "PHONE": "PHONE",
        "SSN": "SSN",
        "ZIP_CODE": "ADDRESS",
    },
}
