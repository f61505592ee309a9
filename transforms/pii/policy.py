"""What is looked for, how sure a find must be, and what stands in its place."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from transforms.errors import UsageError
from transforms.pii import tagger
from transforms.pii.detectors import DETECTORS, VERSION, Detector

# Amazon Comprehend's types of personal data, of its API model (DetectPiiEntities).
COMPREHEND_TYPES = frozenset(
    {
        "ADDRESS",
        "AGE",
        "AWS_ACCESS_KEY",
        "AWS_SECRET_KEY",
        "BANK_ACCOUNT_NUMBER",
        "BANK_ROUTING",
        "CA_HEALTH_NUMBER",
        "CA_SOCIAL_INSURANCE_NUMBER",
        "CREDIT_DEBIT_CVV",
        "CREDIT_DEBIT_EXPIRY",
        "CREDIT_DEBIT_NUMBER",
        "DATE_TIME",
        "DRIVER_ID",
        "EMAIL",
        "INTERNATIONAL_BANK_ACCOUNT_NUMBER",
        "IN_AADHAAR",
        "IN_NREGA",
        "IN_PERMANENT_ACCOUNT_NUMBER",
        "IN_VOTER_NUMBER",
        "IP_ADDRESS",
        "LICENSE_PLATE",
        "MAC_ADDRESS",
        "NAME",
        "PASSPORT_NUMBER",
        "PASSWORD",
        "PHONE",
        "PIN",
        "SSN",
        "SWIFT_CODE",
        "UK_NATIONAL_HEALTH_SERVICE_NUMBER",
        "UK_NATIONAL_INSURANCE_NUMBER",
        "UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER",
        "URL",
        "USERNAME",
        "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER",
        "VEHICLE_IDENTIFICATION_NUMBER",
    }
)
# How a type is written; each part begins with a letter, so that a number after it is none of it. Possessive: no text
# makes it slow.
TYPE_NAME = "[A-Z][A-Z0-9]*+(?:_[A-Z][A-Z0-9]*+)*+"
TYPES = COMPREHEND_TYPES | {detector.type for detector in DETECTORS}


class Replacement(StrEnum):
    """What becomes of a find."""

    TYPE = "type"  # [NAME]
    NUMBER = "number"  # [NAME_1], the same value the same number within a document
    MASK = "mask"  # [PHONE:***-***-****]
    LAST4 = "last4"  # [CREDIT_DEBIT_NUMBER:****-****-****-1111]
    PSEUDONYM = "pseudonym"  # [EMAIL:kqzvbnwtxabc], stable under one key
    ENCRYPT = "encrypt"  # [EMAIL:apcfobnk…], which the key turns back
    YEAR = "year"  # [DATE_TIME:1985]
    BAND = "band"  # [AGE:30-39], [AGE:90+]
    AREA = "area"  # [ADDRESS:787], the first three digits of a postal code
    COUNTRY = "country"  # [ADDRESS:Spain]
    SHIFT = "shift"  # [DATE_TIME:1985-03-17:kqzv], some days later or earlier, as many for all dates of a subject
    SURROGATE = "surrogate"  # Tavanlis Corvimford, the same for the same value under one key
    DROP = "drop"  # the whole document is left out
    KEEP = "keep"  # the type is not looked for


class Treatment(StrEnum):
    """What becomes of finds in a column beside the text."""

    KEEP = "keep"  # the column stands as it came
    REDACT = "redact"  # [EMAIL]
    PSEUDONYM = "pseudonym"  # [EMAIL:kqzvbnwtxabc], another for each other value


@dataclass(frozen=True)
class Columns:
    """How the columns beside the text are treated."""

    document_id: Treatment = Treatment.PSEUDONYM
    source: Treatment = Treatment.REDACT
    source_file: Treatment = Treatment.PSEUDONYM
    language: Treatment = Treatment.REDACT  # a label that is no code is none, unless it is kept


@dataclass(frozen=True)
class Keys:
    """Which keys of JSON are searched, which never, and which are taken whole, as `transforms.pii.keys` reads paths."""

    search: tuple[str, ...] = ()  # none: `text` alone
    never: tuple[str, ...] = ()  # above the others
    always: tuple[tuple[str, tuple[str, ...]], ...] = ()  # type -> paths


# Types that names and ids are not searched for: dates, small numbers and addresses are what they are made of.
_ORDINARY = ("AGE", "DATE_TIME", "URL")


class Finder(NamedTuple):
    """Whatever finds something: what a find says of it."""

    name: str
    type: str
    confidence: float  # a detector's; the tagger and a second opinion give each find its own


@dataclass(frozen=True)
class Policy:
    """One policy; all but `columns` and `keys` is part of its id. Types and words are as a policy file gives them."""

    version: str
    default: Replacement = Replacement.TYPE
    replacements: tuple[tuple[str, Replacement], ...] = ()  # for the types that differ from the default
    threshold: float = 0.5  # least confidence of a find that counts
    thresholds: tuple[tuple[str, float], ...] = ()
    languages: frozenset[str] = frozenset()  # leave out detectors made for other languages alone; none: keep all
    allow: frozenset[str] = (
        frozenset()
    )  # what stays, whatever finds it, as `transforms.pii.folding.comparable` writes it
    allow_patterns: tuple[str, ...] = ()  # RE2's, of what stays
    day_first: bool | None = None  # which of two dates `03/04/1985` is; None: it is not moved
    keep_eponyms: bool = True  # allow diseases and signs that bear a name
    custom: tuple[Detector, ...] = ()  # own patterns, and lists of values to take out
    second_opinion: str | None = None  # a service that looks at what was redacted here
    columns: Columns = Columns()  # changes no text that is scored, so no content key either
    keys: Keys = Keys()  # nor does this

    def replacement(self, pii_type: str) -> Replacement:
        """What becomes of finds of a type."""
        return dict(self.replacements).get(pii_type, self.default)

    def least_confidence(self, pii_type: str) -> float:
        """How sure a find of a type must be."""
        return dict(self.thresholds).get(pii_type, self.threshold)

    @cached_property
    def finders(self) -> tuple[Finder, ...]:
        """Everything that can find something, by place: the table, own patterns, the tagger, a second opinion."""
        rows = [(row.name, row.type, row.confidence) for row in (*DETECTORS, *self.custom)]
        rows += [("tagger", pii_type, 0.0) for pii_type in tagger.TYPES]
        if self.second_opinion:
            rows += [(self.second_opinion, pii_type, 0.0) for pii_type in sorted(COMPREHEND_TYPES)]
        return tuple(Finder(*row) for row in rows)

    @cached_property
    def wanted(self) -> tuple[bool, ...]:
        """Of each finder, whether the policy listens to it: its type is not kept, its confidence and language do."""
        said = (*DETECTORS, *self.custom)
        return tuple(
            self.replacement(finder.type) is not Replacement.KEEP
            and (place >= len(said) or self._listens(said[place], finder))
            for place, finder in enumerate(self.finders)
        )

    def _listens(self, row: Detector, finder: Finder) -> bool:
        spoken = not (self.languages and row.languages) or bool(self.languages & set(row.languages))
        return spoken and finder.confidence >= self.least_confidence(row.type)

    @property
    def detectors(self) -> list[tuple[int, Detector]]:
        """The rows of the table that are wanted, each with its place."""
        return [(place, row) for place, row in enumerate(DETECTORS) if self.wanted[place]]

    @property
    def patterns(self) -> list[tuple[int, Detector]]:
        """The policy's own rows that are wanted, each with its place after the table."""
        return [(place, row) for place, row in enumerate(self.custom, len(DETECTORS)) if self.wanted[place]]

    @property
    def tags(self) -> bool:
        """Whether the tagger's finds are wanted."""
        first = len(DETECTORS) + len(self.custom)
        return any(self.wanted[first : first + len(tagger.TYPES)])

    @cached_property
    def of_names(self) -> Policy:
        """What ids, sources and names of files are searched by: the same finds, less those that names are made of."""

        def searched(what: Replacement) -> Replacement:
            return Replacement.KEEP if what is Replacement.KEEP else Replacement.TYPE

        replacements = {pii_type: searched(what) for pii_type, what in self.replacements}
        replacements |= dict.fromkeys(_ORDINARY, Replacement.KEEP)
        default = searched(self.default)
        return replace(self, default=default, replacements=tuple(sorted(replacements.items())), second_opinion=None)

    def require(self, key: bytes) -> None:
        """Raise UsageError where a replacement is made with a key and it is empty."""
        keyed = {Replacement.PSEUDONYM, Replacement.ENCRYPT, Replacement.SHIFT, Replacement.SURROGATE}
        if not key and keyed & {self.default, *dict(self.replacements).values()}:
            raise UsageError("the policy makes pseudonyms or surrogates, shifts or encrypts: give a key by --key-file")

    @property
    def shifts(self) -> bool:
        """Whether what becomes of a text depends on whose it is."""
        return Replacement.SHIFT in dict(self.replacements).values()

    @cached_property
    def id(self) -> str:
        """Twelve hex digits that change with what changes the redacted text: this policy, the detectors, the tagger."""
        rows = [
            (row.name, row.type, row.expression, row.unless, row.confidence, row.validator and row.validator.__name__)
            for _, row in (*self.detectors, *self.patterns)
        ]
        own = (self.version, self.default, sorted(self.replacements), self.threshold, sorted(self.thresholds))
        lists = (
            sorted(self.languages),
            sorted(self.allow),
            self.allow_patterns,
            self.day_first,
            self.keep_eponyms,
            self.second_opinion,
        )
        parts = (own, lists, VERSION, tagger.VERSION, rows)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


DEFAULT_POLICY = Policy(version="2")
