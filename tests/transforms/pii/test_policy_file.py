"""A policy file says what is taken out and what takes its place; what is wrong in it is said, all at once."""

from __future__ import annotations

import pickle

import pyarrow as pa
import pytest

from transforms.errors import UsageError
from transforms.pii.policy import Columns, Replacement, Treatment
from transforms.pii.policy_file import parse_policy
from transforms.pii.redactor import find, redact

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
        [allow]
        values = ["Help@Example.com "]
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
    assert policy.languages == {"en"}
    assert policy.allow == {"help@example.com"}
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


def test_thresholds_and_languages_leave_detectors_out() -> None:
    assert redacted("see example.com", VERSION) == "see [URL]"
    assert redacted("see example.com", VERSION + "[threshold]\nURL = 0.8") == "see example.com"
    assert redacted("see http://example.com", VERSION + "[threshold]\nURL = 0.8") == "see [URL]"
    assert redacted("see http://example.com", VERSION + 'languages = ["de"]') == "see [URL]"


@pytest.mark.parametrize(
    ("policy_file", "mistakes"),
    [
        ("version = ", ["Invalid value"]),
        ("", ["version: Field required"]),
        ("version = 1", ["version: Input should be a valid string"]),
        (VERSION + "typo = 1", ["typo: Extra inputs"]),
        (VERSION + 'second_opinion = "macie"', ["second_opinion: Input should be 'comprehend'"]),
        (VERSION + "[threshold]\nNAME = 2", ["threshold.NAME", "less than or equal to 1"]),
        (
            VERSION + '[replace]\nNAMES = "type"\nEMAIL = "hide"',
            ["replace.NAMES", "mean NAME?", "replace.EMAIL"],
        ),
        (VERSION + '[replace]\ndefault = "keep"', ["replace.default: keep would leave in whatever is found"]),
        (VERSION + f"[threshold]\nNAME = {'1' * 5000}", ["Exceeds the limit"]),
        (VERSION + f"[threshold]\nNAME = 0.{'1' * 5000}\nX = 1", ["threshold.X: there is no such type"]),
        (VERSION + "[threshold]\nNAME = nan", ["threshold.NAME"]),
        (VERSION + f"typo = {'[' * 5000}", ["recursion"]),
        (VERSION + '[deny]\nproject = ["x"]', ["deny.project: a type is written in capitals"]),
        (CUSTOM, ["custom.0.pattern: Field required"]),
        (CUSTOM + "pattern = 'a(?=b)'", ["custom.0.pattern: RE2 cannot run it", "no look-around"]),
        (CUSTOM + r"pattern = '(a)\1'", ["custom.0.pattern: RE2 cannot run it"]),
        (CUSTOM + "pattern = '(a{1000}){1000}'", ["custom.0.pattern: RE2 cannot run it"]),
        (CUSTOM + "pattern = '(a)(b)'", ["several groups"]),
        (CUSTOM + "pattern = 'a*'", ["it can match nothing at all"]),
        (CUSTOM + r"pattern = '\b'", ["it can match nothing at all"]),
        (CUSTOM.replace("ticket", "email") + "pattern = 'a'", ["there is a detector email already"]),
        (CUSTOM.replace("TICKET_NUMBER", "ticket") + "pattern = 'a'", ["custom.0.type"]),
        (CUSTOM.replace("TICKET_NUMBER", "TICKET_1") + "pattern = 'a'", ["custom.0.type"]),
    ],
)
def test_mistakes_are_said(policy_file: str, mistakes: list[str]) -> None:
    with pytest.raises(UsageError) as error:
        parse_policy(policy_file, "policy.toml")
    assert str(error.value).startswith("policy.toml: ")
    for mistake in mistakes:
        assert mistake in str(error.value)


def test_mistakes_about_columns_are_told_together() -> None:
    columns = 'text = "keep"\nsource = "hide"\ndocument_id = "redact"\nsource_file = "redact"\nlanguage = "keep"'
    with pytest.raises(UsageError) as told:
        parse_policy(f"{VERSION}[columns]\n{columns}", "policy.toml")
    assert str(told.value) == (
        "policy.toml: columns.text: write one of document_id, source, source_file, language; "
        "columns.source: write one of keep, redact, pseudonym; "
        "columns.document_id: redact would give many documents one document_id: write pseudonym or keep; "
        "columns.source_file: redact would give many documents one source_file: write pseudonym or keep"
    )
