"""What takes a find's place: the same value the same, nothing found in it again, and what can be turned back."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.errors import UsageError
from transforms.pii.policy import Policy, Replacement
from transforms.pii.redactor import find, redact
from transforms.pii.replacements import Cut, Held, outside, render, restore, spots

pytestmark = pytest.mark.usefixtures("no_tagger")

KEY = b"a key of 16 bytes or more"
VALUES = {
    "EMAIL": ["joe@example.com", "Ann.O'Hara@example.org"],
    "PHONE": ["512-867-5309", "+44 20 7946 0958"],
    "CREDIT_DEBIT_NUMBER": ["4111 1111 1111 1111"],
    "SSN": ["123-45-6789"],
    "IP_ADDRESS": ["192.168.0.1"],
}


def policy(kind: Replacement) -> Policy:
    return Policy("1", default=kind)


def rendered(text: str, cuts: list[tuple[str, str]], kind: Replacement) -> str:
    """A text with some of its values, each of a type, replaced; a value is searched after the one before it."""
    found = []
    position = 0
    for value, pii_type in cuts:
        position = text.index(value, position)
        found.append(Cut(position, position + len(value), pii_type))
        position += len(value)
    return render(text, found, policy(kind), KEY)


@pytest.mark.parametrize("kind", [each for each in Replacement if each not in (Replacement.DROP, Replacement.KEEP)])
@pytest.mark.parametrize("value", [value for values in VALUES.values() for value in values])
def test_nothing_is_found_in_a_replacement(kind: Replacement, value: str) -> None:
    text = f"a {value} b {value}; {value} box [{value}] call {value}"
    once = redact(pa.array([text]), policy(kind), KEY)
    assert value not in once.texts.array[0].as_py()
    twice = redact(once.texts.array, policy(kind), KEY)
    assert twice.texts.array.equals(once.texts.array)
    assert find(once.texts.array, policy(kind)).to_pylist() == [[]]


def test_kinds() -> None:
    text, cuts = (
        "pay 4111-1111-1111-1111 to joe@example.com",
        [("4111-1111-1111-1111", "CARD"), ("joe@example.com", "MAIL")],
    )
    assert rendered(text, cuts, Replacement.TYPE) == "pay [CARD] to [MAIL]"
    assert rendered(text, cuts, Replacement.NUMBER) == "pay [CARD_1] to [MAIL_1]"
    assert rendered(text, cuts, Replacement.MASK) == f"pay [CARD:{'*' * 19}] to [MAIL:{'*' * 15}]"
    assert rendered(text, cuts, Replacement.LAST4) == f"pay [CARD:{'*' * 12}1111] to [MAIL:{'*' * 9}ecom]"
    assert re.fullmatch(r"pay \[CARD:[a-z]{16}\] to \[MAIL:[a-z]{16}\]", rendered(text, cuts, Replacement.PSEUDONYM))
    assert re.fullmatch(
        r"pay \[CARD:[a-p]{70}[a-z]{4}\] to \[MAIL:[a-p]{62}[a-z]{4}\]", rendered(text, cuts, Replacement.ENCRYPT)
    )


def test_the_last_four_of_a_short_value_are_not_left() -> None:
    assert rendered("pin 12345678", [("12345678", "PIN")], Replacement.LAST4) == "pin [PIN:********]"


@pytest.mark.parametrize(
    ("text", "cuts", "result"),
    [
        ("a@b.c x@y.z A@B.C", [("a@b.c", "MAIL"), ("x@y.z", "MAIL"), ("A@B.C", "MAIL")], "[MAIL_1] [MAIL_2] [MAIL_1]"),
        ("555-0187 (555) 0187", [("555-0187", "PHONE"), ("(555) 0187", "PHONE")], "[PHONE_1] [PHONE_1]"),
        (
            "Marta Ruiz, Ruiz, marta; Marta Gil",
            [("Marta Ruiz", "NAME"), ("Ruiz", "NAME"), ("marta", "NAME"), ("Marta Gil", "NAME")],
            "[NAME_1], [NAME_1], [NAME_1]; [NAME_2]",
        ),
        ("Ruiz wrote. Marta Ruiz", [("Ruiz", "NAME"), ("Marta Ruiz", "NAME")], "[NAME_1] wrote. [NAME_1]"),
        ("[MAIL_1] a@b.c", [("a@b.c", "MAIL")], "[MAIL_1] [MAIL_2]"),  # from an earlier redaction: another value
    ],
)
def test_the_same_value_has_the_same_number(text: str, cuts: list[tuple[str, str]], result: str) -> None:
    assert rendered(text, cuts, Replacement.NUMBER) == result


def test_pseudonyms_are_stable_under_a_key_and_tell_types_apart() -> None:
    def pseudonym(value: str, pii_type: str, key: bytes = KEY) -> str:
        return render(value, [Cut(0, len(value), pii_type)], policy(Replacement.PSEUDONYM), key)

    assert pseudonym("Joe@Example.com", "EMAIL") == pseudonym("joe@example.com", "EMAIL") == "[EMAIL:mkkgjxbuwpnrjczb]"
    assert pseudonym("212-555-0187", "PHONE") == pseudonym("(212) 555 0187", "PHONE")
    assert pseudonym("Ann  Lee", "NAME") == pseudonym("ann lee", "NAME") != pseudonym("annlee", "NAME")
    assert pseudonym("1", "PIN")[5:] != pseudonym("1", "SSN")[5:]
    assert pseudonym("1", "PIN") != pseudonym("1", "PIN", KEY + b"x")


@pytest.mark.timeout(60)  # of which it takes one: each value compared with all others would take minutes
def test_many_values_are_numbered() -> None:
    names = [f"Ann{number} Lee" for number in range(40_000)]
    text = rendered(" ".join(names), [(name, "NAME") for name in names], Replacement.NUMBER)
    assert text.startswith("[NAME_1] [NAME_2] ")
    assert text.endswith(" [NAME_40000]")


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1, max_size=40), st.sampled_from(["EMAIL", "NAME", "X1"]))
def test_what_is_encrypted_can_be_turned_back(value: str, pii_type: str) -> None:
    text = f"é {value} [PHONE] [NAME_1] [NAME:kqzvbnwtxabc]"
    sealed = render(text, [Cut(2, 2 + len(value), pii_type)], policy(Replacement.ENCRYPT), KEY)
    assert restore(sealed, KEY) == text
    with pytest.raises(UsageError, match="under another key"):
        restore(sealed, KEY + b"x")


def test_a_ciphertext_without_letters_that_check_it_is_turned_back_as_well() -> None:
    """As they were written before version 3."""
    sealed = render("x@y.z", [Cut(0, 5, "EMAIL")], policy(Replacement.ENCRYPT), KEY)
    assert restore(f"{sealed[:-5]}]", KEY) == "x@y.z"


def test_a_ciphertext_of_another_type_is_refused() -> None:
    sealed = render("x@y.z", [Cut(0, 5, "EMAIL")], policy(Replacement.ENCRYPT), KEY)
    with pytest.raises(UsageError):
        restore(sealed.replace("EMAIL", "PHONE"), KEY)


def test_a_policy_that_needs_a_key_says_so() -> None:
    with pytest.raises(UsageError, match="--key-file"):
        redact(pa.array(["plain"]), policy(Replacement.ENCRYPT))


def test_a_text_that_is_dropped_is_null_and_its_finds_are_known() -> None:
    drops = Policy("1", replacements=(("SSN", Replacement.DROP),))
    redaction = redact(pa.array(["a@example.com", None, "ssn 123-45-6789, a@example.com"]), drops)
    assert redaction.texts.array.to_pylist() == ["[EMAIL]", None, None]
    assert redaction.dropped.tolist() == [2]
    assert [each["type"] for each in redaction.pii.to_pylist()[2]] == ["SSN", "EMAIL"]


def test_what_is_kept_is_not_looked_for() -> None:
    keeps = Policy("1", replacements=(("EMAIL", Replacement.KEEP),))
    redaction = redact(pa.array(["a@example.com 212-555-0187"]), keeps)
    assert redaction.texts.array.to_pylist() == ["a@example.com [PHONE]"]


def test_all_types_may_be_kept() -> None:
    every = Policy("1", replacements=tuple((finder.type, Replacement.KEEP) for finder in Policy("1").finders))
    redaction = redact(pa.array(["a@example.com 212-555-0187"]), every)
    assert redaction.texts.array.to_pylist() == ["a@example.com 212-555-0187"]
    assert redaction.pii.to_pylist() == [[]]


@pytest.mark.parametrize(
    ("marked", "parts"),
    [
        ("«x [NAME] y»", ["x ", " y"]),
        ("a [NA«ME_1] y»", [" y"]),
        ("«[NAME_2]»", ["[NAME_2]"]),
        ("«[NAME]»", []),
        ("«, [NAME:kqzvbnwtxabceugn] .»", []),
        ("«[NAME:danaleightonabcd]»", ["[NAME:danaleightonabcd]"]),
        ("«[note]»", ["[note]"]),
    ],
)
def test_what_reaches_into_a_placeholder_is_cut(marked: str, parts: list[str]) -> None:
    start, end = marked.index("«"), marked.index("»") - 1
    text = marked.replace("«", "").replace("»", "")
    assert [text[first:last] for first, last in outside(spots(text, Held({"NAME"})), text, start, end)] == parts


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("[NAME] [NAME_1] [NAME_2] [NAME_1]", ["[NAME]", "[NAME_1]", "[NAME_2]", "[NAME_1]"]),
        ("[NAME_2] [NAME_01] [NAME_0] [NAME_Dana] [NAME_2125550187]", []),
        ("[NAME:***] [NAME:*****anna] [NAME:****anna]", ["[NAME:***]", "[NAME:*****anna]"]),
        ("[EMAIL:*****anna]", []),  # of which the policy shows nothing
        ("[NAME:kqzvbnwtxabceugn] [NAME:kqzvbnwtxabceugm] [EMAIL:kqzvbnwtxabceugn]", ["[NAME:kqzvbnwtxabceugn]"]),
        ("[NAME:danaleighton] [NAME: Dana] [name] [ NAME] [NAME OF] [SHIP] [NAME", []),
    ],
)
def test_what_this_redactor_can_have_written_is_told_from_text(text: str, held: list[str]) -> None:
    assert [text[start:end] for start, end in spots(text, Held({"NAME", "EMAIL"}, {"NAME"}))] == held


@pytest.mark.parametrize(
    ("pii_type", "kind", "held"),
    [
        ("AGE", Replacement.BAND, ["[AGE:30-39]", "[AGE:90+]"]),
        ("ADDRESS", Replacement.AREA, ["[ADDRESS:787]"]),
        ("ADDRESS", Replacement.COUNTRY, ["[ADDRESS:Spain]"]),
        ("DATE_TIME", Replacement.YEAR, ["[DATE_TIME:1985]"]),
    ],
)
def test_what_is_generalised_counts_where_the_policy_does_so(pii_type: str, kind: Replacement, held: list[str]) -> None:
    text = "[AGE:30-39] [AGE:90+] [AGE:30-49] [AGE:34] [ADDRESS:787] [ADDRESS:7870] [ADDRESS:Spain] [ADDRESS:Madrid] "
    text += "[DATE_TIME:1985] [DATE_TIME:0185] [DATE_TIME:1985-05-03]"
    found = spots(text, Held({"AGE", "ADDRESS", "DATE_TIME"}, shown={(pii_type, kind)}))
    assert [text[start:end] for start, end in found] == held
