"""A policy file says what is taken out and what takes its place; what is wrong in it is said, all at once."""

from __future__ import annotations

import dataclasses
import pickle
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, get_args, get_origin

import pyarrow as pa
import pytest
from pydantic import BaseModel

from transforms.errors import UsageError
from transforms.pii import policy_file
from transforms.pii.policy import Columns, Keys, Replacement, Treatment
from transforms.pii.policy_file import parse_policy
from transforms.pii.policy_words import WRITE
from transforms.pii.redactor import Opinion, find, redact

pytestmark = pytest.mark.usefixtures("no_tagger")

KEY = b"a key of 16 bytes or more"
VERSION = 'version = "1"\n'
CUSTOM = VERSION + '[[custom]]\nname = "ticket"\ntype = "TICKET_NUMBER"\n'


def redacted(text: str, policy_file: str) -> str | None:
    policy = parse_policy(policy_file, "policy.toml")
    once = redact(pa.array([text]), policy, KEY)
    # Whatever stands in place of a find, nothing finds anything in it.
    assert redact(once.texts.array, policy, KEY).texts.array.equals(once.texts.array)
    assert not any(find(once.texts.array, policy).to_pylist())
    result: str | None = once.texts.array[0].as_py()
    return result


def test_everything_a_file_can_say() -> None:
    policy = parse_policy(
        """
        version = "2026-11"
        languages = ["en"]
        second_opinion = "comprehend"
        [replace]
        default = "number"
        PHONE = "mask"
        [threshold]
        default = 0.4
        URL = 0.9
        [columns]
        document_id = "keep"
        source = "pseudonym"
        [keys]
        search = ["subject"]
        never = ["id", "to.*.id"]
        always = {EMAIL = ["from"]}
        [allow]
        values = ["Help@Example.com "]
        patterns = ["A-[0-9]+"]
        [deny]
        PROJECT = ["Falcon"]
        [[custom]]
        name = "ticket"
        type = "TICKET_NUMBER"
        pattern = 'TCK-[0-9]+'
        context = ["case"]
        confidence = 0.7
        """,
        "policy.toml",
    )
    assert policy.version == "2026-11"
    assert policy.replacement("PHONE") is Replacement.MASK
    assert policy.replacement("EMAIL") is Replacement.NUMBER
    assert (policy.least_confidence("URL"), policy.least_confidence("PHONE")) == (0.9, 0.4)
    assert policy.columns == Columns(document_id=Treatment.KEEP, source=Treatment.PSEUDONYM)
    assert policy.keys == Keys(("subject",), ("id", "to.*.id"), (("EMAIL", ("from",)),))
    assert policy.languages == {"en"}
    assert policy.allow == {"help@example.com"}
    assert policy.allow_patterns == ("A-[0-9]+",)
    assert [(row.name, row.type, row.confidence) for row in policy.custom] == [
        ("ticket", "TICKET_NUMBER", 0.7),
        ("deny_project", "PROJECT", 1.0),
    ]
    assert policy.second_opinion == "comprehend"
    again = pickle.loads(pickle.dumps(policy))  # workers get it so
    assert again == policy
    assert again.id == policy.id


@pytest.mark.parametrize(
    ("pattern", "text", "result"),
    [
        ("TCK-[0-9]{4}", "see TCK-1234, TCK-12345", "see [TICKET_NUMBER], [TICKET_NUMBER]5"),
        (r"\bTCK_[0-9]{4}\b", "see TCK_1234", "see [TICKET_NUMBER]"),  # an underscore is an underscore here
        ("ref (?:no )?([0-9]{3})", "ref no 123", "ref no [TICKET_NUMBER]"),  # the group is the find
        ("^x[0-9]$", "x1\nax2\nx3", "[TICKET_NUMBER]\nax2\n[TICKET_NUMBER]"),  # a line's edges
        ("NUMBER|TICKET", "TICKET joe@example.com", "[TICKET_NUMBER] [EMAIL]"),  # not its own placeholder again
        (".+", "all of it\nand this", "[TICKET_NUMBER]\n[TICKET_NUMBER]"),
        ("(?s).+", "all [of]\nit", "[TICKET_NUMBER]"),
        (r"(?i:x)\W*[0-9]+", "x joe@example.com 12, x[12", "x [EMAIL] 12, [TICKET_NUMBER]"),  # not over a placeholder
        ("n°[0-9]+", "n°\uff11\uff12\uff13 est là", "[TICKET_NUMBER] est là"),  # over folded text
    ],
)
def test_custom_patterns(pattern: str, text: str, result: str) -> None:
    assert redacted(text, f"{CUSTOM}pattern = '{pattern}'") == result


def test_custom_patterns_with_a_context() -> None:
    policy = CUSTOM + 'pattern = \'[0-9]{4}\'\ncontext = ["case", "no."]'
    assert (
        redacted("case is 1234, No. 2345, in 3456", policy) == "case is [TICKET_NUMBER], No. [TICKET_NUMBER], in 3456"
    )


def test_custom_patterns_keep_to_their_text() -> None:
    policy = parse_policy(CUSTOM + "pattern = '(?s)a.*b'", "policy.toml")
    column = pa.array(["xa", "bx", None, "a1b"])
    assert redact(column, policy).texts.array.to_pylist() == ["xa", "bx", None, "[TICKET_NUMBER]"]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("ask Falcon or FALCON  X.", "ask [PROJECT] or [PROJECT]."),
        ("Falconer, e-falcon", "Falconer, e-[PROJECT]"),
        ("at café C++ now", "at [PROJECT] [PROJECT] now"),
    ],
)
def test_denied_values(text: str, result: str) -> None:
    assert redacted(text, VERSION + '[deny]\nPROJECT = ["falcon x", "Falcon", "café", "C++"]') == result


def test_allowed_values() -> None:
    policy = VERSION + '[allow]\nvalues = ["help@example.com", "212-555-0100"]'
    assert redacted("HELP@example.com joe@example.com, 212-555-0100, 212-555-0101", policy) == (
        "HELP@example.com [EMAIL], 212-555-0100, [PHONE]"
    )


ALLOW = (
    VERSION
    + """[allow]
values = ["New York Times", "Blue Hill", "Hill Road", "Dr Pepper", "Ann", "Åre",
    "acme.example", "help@acme.example", "555-0100"]
patterns = ['ACME-[0-9]+', "build ([0-9-]+)", "(?i)[a-z]+@shop\\\\.example"]
[deny]
PROJECT = ["New York", "Blue Hill Road", "Pepper tastes", "Ann Lee", "ACME", "project ACME-7 plan", "in Årevik", "Åre"]
"""
)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("the new  york\ntimes, New York", "the new york\ntimes, [PROJECT]"),  # wider than a find
        ("Blue Hill Road", "Blue Hill Road"),  # by two that overlap
        ("Dr Pepper tastes", "Dr Pepper [PROJECT]"),  # beside a find
        ("so Ann Lee", "so Ann [PROJECT]"),  # inside a find
        ("Anne Lee Ann", "Anne Lee Ann"),
        ("project ACME-7 plan, ACME", "[PROJECT] ACME-7 [PROJECT], [PROJECT]"),
        ("help@acme.example or HELP@acme.example.", "help@acme.example or HELP@acme.example."),
        ("ann.help@acme.example, help@acme.example.org", "[PROJECT], [PROJECT]"),  # not part of another
        ("Joe@shop.example xi.joe@shop.example", "Joe@shop.example [EMAIL]joe@shop.example"),
        ("212-555-0100", "[PHONE]"),
        ("see build 212-555-0187, 212-555-0187", "see build 212-555-0187, [PHONE]"),  # the group of a pattern
        ("Åre, in Årevik", "Åre, [PROJECT]"),
    ],
)
def test_what_is_allowed_stays_and_what_stands_beside_it_goes(text: str, result: str) -> None:
    assert redacted(text, ALLOW) == result


@pytest.mark.parametrize(
    ("kinds", "text", "result"),
    [
        ({"DATE_TIME": "shift"}, "on 03/04/1985", "on [DATE_TIME]"),
        ({"DATE_TIME": "year"}, "born 3 May 1985, 3/4/85", "born [DATE_TIME:1985], [DATE_TIME]"),
        ({"AGE": "band"}, "I am 34 years old, he is 91 years old", "I am [AGE:30-39], he is [AGE:90+]"),
        ({"ADDRESS": "area"}, "12 Main Street, Austin, TX 78704", "[ADDRESS:787]"),
        # What others may have written is text.
        (
            {"AGE": "band"},
            "[AGE:34] [ADDRESS:787] [DATE_TIME:1985-05-03]",
            "[AGE:[AGE:30-39]] [ADDRESS:787] [DATE_TIME:[DATE_TIME]]",
        ),
        ({"DATE_TIME": "shift"}, "[DATE_TIME:1985-05-03:abcd]", "[DATE_TIME:[DATE_TIME:1984-08-13:mbzi]:abcd]"),
        (
            {"DATE_TIME": "year"},
            "on [DATE_TIME:1985] and [DATE_TIME:3 May 1985]",
            "on [DATE_TIME:1985] and [DATE_TIME:[DATE_TIME:1985]]",
        ),
    ],
)
def test_less_instead_of_nothing(kinds: dict[str, str], text: str, result: str) -> None:
    lines = "".join(f'{key} = "{kind}"\n' for key, kind in kinds.items())
    assert redacted(text, f"{VERSION}[replace]\n{lines}") == result


def test_a_date_that_may_be_either_of_two_moves_where_the_policy_says_which() -> None:
    shift = '[replace]\nDATE_TIME = "shift"'
    first, second = (redacted("on 03/04/1985", f"{VERSION}day_first = {each}\n{shift}") for each in ("true", "false"))
    assert len({first, second, "on [DATE_TIME]"}) == 3


def test_what_is_allowed_stays_for_a_second_opinion_too() -> None:
    policy = parse_policy(ALLOW + '[replace]\nPHONE = "keep"\n', "policy.toml")
    policy = dataclasses.replace(policy, second_opinion="comprehend")
    text = "é Dr Pepper of the New York Times, Kim"

    def opinion(texts: Sequence[str], languages: Sequence[str]) -> list[list[Opinion]]:
        return [[Opinion("NAME", each.index("Pepper"), len(each), 0.9)] for each in texts]

    once = redact(pa.array([text]), policy, second_opinion=opinion, languages=["en"])
    assert once.texts.array.to_pylist() == ["é Dr Pepper [NAME] New York Times[NAME]"]


def test_eponyms_of_medicine_stay_unless_the_policy_says_otherwise() -> None:
    deny = '\n[deny]\nNAME = ["Crohn", "Parkinson", "Down", "Murphy"]'
    text = "Crohn's disease, mal de Parkinson, Down syndrome; Dr Parkinson let Murphy sign Crohn's note. Let Down"
    assert redacted(text, VERSION + deny) == (
        "Crohn's disease, mal de Parkinson, Down syndrome; Dr [NAME] let [NAME] sign [NAME]'s note. Let [NAME]"
    )
    assert redacted("Crohn's disease", VERSION + "keep_eponyms = false" + deny) == "[NAME]'s disease"


def test_thresholds_and_languages_leave_detectors_out() -> None:
    assert redacted("see example.com", VERSION) == "see [URL]"
    assert redacted("see example.com", VERSION + "[threshold]\nURL = 0.8") == "see example.com"
    assert redacted("see http://example.com", VERSION + "[threshold]\nURL = 0.8") == "see [URL]"
    assert redacted("see http://example.com", VERSION + 'languages = ["de"]') == "see [URL]"


@pytest.mark.parametrize(
    ("policy_file", "mistake"),
    [
        ("version = ", "it is not TOML: Invalid value (at end of document)"),
        ("", 'version is missing; write a text of your choosing, such as "2026-11"'),
        ("version = 1", 'version holds 1; write a text of your choosing, such as "2026-11"'),
        (VERSION + "vresion = 1", "vresion: there is no such key; do you mean version?"),
        (VERSION + "[keys]\nxyz = 1", "keys.xyz: there is no such key; write one of search, never, always"),
        (VERSION + "languages = 'en'", 'languages holds "en"; write a list of codes, such as ["en", "es"]'),
        (VERSION + "languages = ['EN']", 'languages.0 holds "EN"; write a code of two small letters, such as "en"'),
        (VERSION + 'second_opinion = "macie"', 'second_opinion holds "macie"; write "comprehend", or leave it out'),
        (VERSION + "keep_eponyms = 'no'", 'keep_eponyms holds "no"; write true or false'),
        (VERSION + "day_first = 1", "day_first holds 1; write true or false, or leave it out"),
        (VERSION + "replace = 'type'", 'replace holds "type"; write [replace] and below it a line for each type'),
        (VERSION + "[replace]\nNAME = ['x']", "replace.NAME holds a list; write one of type, number"),
        (VERSION + '[replace]\nNAMES = "type"', "replace.NAMES: there is no such type; do you mean NAME?"),
        (VERSION + '[replace]\nQWXYZ = "type"', "replace.QWXYZ: there is no such type; write one of docs/redaction.md"),
        (VERSION + '[replace]\nEMAIL = "hide"', 'replace.EMAIL holds "hide"; write one of type, number, mask'),
        (VERSION + '[replace]\nPHONE = "year"', "replace.PHONE: year is for DATE_TIME alone"),
        (VERSION + '[replace]\ndefault = "shift"', "replace.default: shift is for DATE_TIME alone"),
        (
            VERSION + '[replace]\nSSN = "surrogate"',
            "replace.SSN: surrogate is for CREDIT_DEBIT_NUMBER, EMAIL, IP_ADDRESS,",
        ),
        (VERSION + '[replace]\ndefault = "keep"', "replace.default: keep would leave in whatever is found"),
        (VERSION + "threshold = 1", "threshold holds 1; write [threshold] and below it"),
        (VERSION + "[threshold]\nNAME = 2", "threshold.NAME holds 2; write a number from 0 to 1"),
        (VERSION + "[threshold]\nNAME = true", "threshold.NAME holds true; write a number from 0 to 1"),
        (VERSION + "[threshold]\nNAME = 2026-11-22", "threshold.NAME holds a date or time; write a number"),
        (VERSION + "[threshold]\nNAME = nan", "threshold.NAME holds nan; write a number from 0 to 1"),
        (VERSION + f"[threshold]\nNAME = {'1' * 5000}", "a number in it has too many digits"),
        (VERSION + f"[threshold]\nNAME = 0.{'1' * 5000}\nX = 1", "threshold.X: there is no such type"),
        (VERSION + f"typo = {'[' * 5000}", "its lists or tables are nested too deep"),
        (VERSION + f"languages = '{'x' * 99}'", f'languages holds "{"x" * 38}…; write'),
        (VERSION + "[columns]\nsource = 1", "columns.source holds 1; write one of keep, redact, pseudonym"),
        (VERSION + "[columns]\ntext = 'keep'", "columns.text: there is no such column; write one of document_id,"),
        (VERSION + "keys = ['id']", "keys holds a list; write [keys] and below it search, never or always"),
        (VERSION + "[keys]\nnever = 'id'", 'keys.never holds "id"; write a list of keys, such as ["id"]'),
        (VERSION + "[keys]\nnever = ['a..b']", 'keys.never holds "a..b"; write a key, such as "id" or "to.*.address"'),
        (VERSION + "[keys]\nsearch = ['']", 'keys.search.0 holds ""; write a key, such as "id" or "to.*.address"'),
        (VERSION + "[keys]\nalways = ['from']", "keys.always holds a list; write a list of keys for each type"),
        (VERSION + "[keys]\nalways = {EMAIL = 'from'}", 'keys.always.EMAIL holds "from"; write a list of keys'),
        (VERSION + "[keys]\nalways = {EMAIL = [1]}", "keys.always.EMAIL.0 holds 1; write a key"),
        (VERSION + "[keys]\nalways = {MAIL = ['from']}", "keys.always.MAIL: there is no such type; do you mean EMAIL?"),
        (VERSION + "[keys]\nalways = {default = ['a']}", "keys.always.default: there is no such type"),
        (
            VERSION + "[keys]\nalways = {URL = ['a']}\n[replace]\nURL = 'keep'",
            "keys.always.URL: [replace] keeps URL; give one of both up",
        ),
        (VERSION + "allow = ['x']", "allow holds a list; write [allow] and below it values"),
        (VERSION + "[allow]\nvalues = 'x'", 'allow.values holds "x"; write a list of texts'),
        (VERSION + "[allow]\nvalues = [' ']", 'allow.values.0 holds " "; write a text that is not blank'),
        (VERSION + "[allow]\npatterns = 'x'", 'allow.patterns holds "x"; write a list of RE2 patterns'),
        (VERSION + "[allow]\npatterns = ['a', '(']", "allow.patterns.1: RE2 cannot run it"),
        (VERSION + "[allow]\npatterns = ['x*']", "allow.patterns.0: it can match nothing at all"),
        (VERSION + "deny = 1", "deny holds 1; write [deny] and below it a list for each type"),
        (VERSION + "[deny]\nPROJECT = 'x'", 'deny.PROJECT holds "x"; write a list of texts'),
        (VERSION + "[deny]\nPROJECT = [{}]", "deny.PROJECT.0 holds a table; write a text that is not blank"),
        (VERSION + '[deny]\nproject = ["x"]', "deny.project: a type is written in capitals"),
        (VERSION + "custom = 1", "custom holds 1; write [[custom]] above each name"),
        (VERSION + "[custom]\nname = 'x'", "custom holds a table; write [[custom]] above each name, type and pattern"),
        (CUSTOM, "custom.0.pattern is missing; write an RE2 pattern, such as 'TCK-[0-9]{6}'"),
        (CUSTOM + "pattern = 'a'\ncontext = 'x'", 'custom.0.context holds "x"; write a list of words'),
        (CUSTOM + "pattern = 'a'\nconfidence = '1'", 'custom.0.confidence holds "1"; write a number from 0 to 1'),
        (CUSTOM + "pattern = 'a(?=b)'", "custom.0.pattern: RE2 cannot run it: "),
        (CUSTOM + r"pattern = '(a)\1'", "custom.0.pattern: RE2 cannot run it"),
        (CUSTOM + "pattern = '(a{1000}){1000}'", "custom.0.pattern: RE2 cannot run it"),
        (CUSTOM + "pattern = '(a)(b)'", "custom.0.pattern: it has several groups"),
        (CUSTOM + "pattern = 'a*'", "it can match nothing at all"),
        (CUSTOM + r"pattern = '\b'", "it can match nothing at all"),
        (CUSTOM.replace("ticket", "email") + "pattern = 'a'", "there is a detector email already"),
        (CUSTOM.replace("ticket", "A B") + "pattern = 'a'", 'custom.0.name holds "A B"; write small letters'),
        (CUSTOM.replace("TICKET_NUMBER", "ticket") + "pattern = 'a'", 'custom.0.type holds "ticket"; write capitals'),
        (CUSTOM.replace("TICKET_NUMBER", "TICKET_1") + "pattern = 'a'", 'custom.0.type holds "TICKET_1"; write'),
    ],
)
def test_mistakes_are_said(policy_file: str, mistake: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_policy(policy_file, "policy.toml")
    assert str(error.value).startswith(f"policy.toml: {mistake}") or f": {mistake}" in str(error.value)
    assert not re.search("(?i)input|field required|valid (dictionary|string)|extra inputs", str(error.value))


def places(model: type[BaseModel], before: str = "") -> Iterator[str]:
    """Every place of a file where something may be wrong."""
    for name, field in model.model_fields.items():
        yield from _places(field.annotation, f"{before}{name}")


def _places(kind: Any, place: str) -> Iterator[str]:
    yield place
    origin, inner = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from places(kind, f"{place}.")
    elif origin in (list, dict):
        yield from _places(inner[-1], f"{place}.{'#' if origin is list else '*'}")
    elif origin is Annotated:
        yield from _places(inner[0], place)


def test_every_mistake_has_words() -> None:
    assert {*places(policy_file._File)} == {*WRITE}


def test_mistakes_about_columns_are_told_together() -> None:
    columns = 'text = "keep"\nsource = "hide"\ndocument_id = "redact"\nsource_file = "redact"\nlanguage = "keep"'
    with pytest.raises(UsageError) as told:
        parse_policy(f"{VERSION}[columns]\n{columns}", "policy.toml")
    assert str(told.value) == (
        "policy.toml: columns.text: there is no such column; write one of document_id, source, source_file, language; "
        'columns.source holds "hide"; write one of keep, redact, pseudonym; '
        "columns.document_id: redact would give many documents one document_id: write pseudonym or keep; "
        "columns.source_file: redact would give many documents one source_file: write pseudonym or keep"
    )
