"""Surrogates read like what they stand for, are nobody's, and are told from text."""

from __future__ import annotations

import csv
import re
import unicodedata
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.pii.policy import Policy, Replacement
from transforms.pii.redactor import find, redact
from transforms.pii.replacements import Cut, Held, render, spots
from transforms.pii.surrogates import SURROGATES, surrogates
from transforms.pii.validators.finance import card

KEY = b"a key of 16 bytes or more"
POLICY = Policy("1", replacements=tuple((each, Replacement.SURROGATE) for each in sorted(SURROGATES)))
NAMES = Path(__file__).parents[4] / "shared" / "data" / "names"


def rendered(marked: str, pii_type: str = "NAME", key: bytes = KEY) -> str:
    """A text whose finds are marked, with their surrogates."""
    cuts, text = [], ""
    for number, part in enumerate(marked.split("|")):
        cuts += [Cut(len(text), len(text) + len(part), pii_type)] if number % 2 else []
        text += part
    return render(text, cuts, POLICY, key)


@pytest.mark.parametrize(
    ("marked", "read"),
    [
        ("|Kim Novak| and |Kim|", "Lorvildre Eldrornstead and Lorvildre"),
        ("|Novak|: |Kim Novak|, Mr |Novak|", "Eldrornstead: Lorvildre Eldrornstead, Mr Eldrornstead"),
        ("Dear Mrs. |Novak|,", "Dear Mrs. Eldrornstead,"),
        ("|KIM NOVAK|", "LORVILDRE ELDRORNSTEAD"),
        ("|kim  novak|'s", "Lorvildre Eldrornstead's"),
    ],
)
def test_names(marked: str, read: str) -> None:
    assert rendered(marked) == read


@pytest.mark.parametrize(("marked", "script"), [("|Иван Петров|", "CYRILLIC"), ("|Ελένη Παπαδάκη|", "GREEK")])
def test_names_keep_their_script(marked: str, script: str) -> None:
    name = rendered(marked)
    assert len(name.split()) == 2
    assert all(unicodedata.name(each).startswith(script) for each in name if each != " ")


@pytest.mark.parametrize("name", ["王小明", "محمد علي", "דוד לוי", "123"])
def test_names_of_scripts_without_surrogates_have_none(name: str) -> None:
    assert rendered(f"|{name}|") == "[NAME]"


@pytest.mark.parametrize(
    ("value", "pii_type", "form"),
    [
        ("(512) 867-5309", "PHONE", r"[0-9]{3}-555-01[0-9]{2}"),
        ("+34 600 123 456", "PHONE", r"\+44 7700 900[0-9]{3}"),
        ("kim@acme.com", "EMAIL", r"[a-z]+\.[a-z]+@example\.org"),
        ("4012 8888 9999 1111", "CREDIT_DEBIT_NUMBER", "[0-9]{13,16}"),
        ("8.8.4.4", "IP_ADDRESS", r"(192\.0\.2|198\.51\.100|203\.0\.113)\.[0-9]+"),
    ],
)
def test_numbers_and_addresses_are_reserved_ones(value: str, pii_type: str, form: str) -> None:
    made = rendered(f"|{value}|", pii_type)
    assert re.fullmatch(form, made)
    assert rendered(f"|{value}|", pii_type) == made
    assert {rendered(f"|{value}|", pii_type, KEY + bytes([number])) for number in range(9)} != {made}
    assert pii_type != "CREDIT_DEBIT_NUMBER" or card(made.encode(), 0, len(made))


def test_a_number_is_the_same_however_it_is_written() -> None:
    assert rendered("|(512) 867-5309|", "PHONE") == rendered("|+1 512.867.5309|", "PHONE")


@pytest.mark.parametrize(
    "marked", ["x|Kim Novak|", "|Kim|@here", "|Kim|-|Novak|", "|Kim (x)||(Lee)|", "a.|Kim|", "|Kim|.b"]
)
def test_where_a_surrogate_could_not_be_told_the_type_stands(marked: str) -> None:
    assert "[NAME]" in rendered(marked)


def test_only_what_the_policy_writes_counts() -> None:
    text = rendered("|Kim Novak|") + ", " + rendered("|kim@acme.com|", "EMAIL")
    assert len(spots(text, Held({"NAME", "EMAIL"}, surrogates={"NAME", "EMAIL"}))) == 2
    assert len(spots(text, Held({"NAME", "EMAIL"}, surrogates={"EMAIL"}))) == 1
    assert spots(text, Held({"NAME", "EMAIL"})) == []
    assert find(pa.array([text]), Policy("1")).to_pylist() != [[]]


VALUES = ["Kim Novak", "Иван Петров", "KIM", "+34 600 123 456", "512-867-5309", "kim@acme.com", "4111-1111-1111-1112"]
VALUES += [
    "(512) 867-5309",
    "8.8.4.4",
    "12 Main Street",
    "3 May 1985",
    "(212) 555-0187",
    "[NAME]",
    "SSN",
    "call",
    "Dr.",
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(VALUES), st.sampled_from([" ", ", ", ".", "\n", "-", "", ": ", "'s ", "@"]))))
def test_redacting_twice_changes_nothing(parts: list[tuple[str, str]]) -> None:
    once = redact(pa.array(["".join(map("".join, parts))]), POLICY, KEY).texts.array
    assert redact(once, POLICY, KEY).texts.array.equals(once)
    assert find(once, POLICY).to_pylist() == [[]]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text", ["Tavandre " * 100_000, "Tav" * 300_000, "tavandre." * 100_000, "+44 7700 90" * 90_000]
)
def test_what_looks_like_surrogates_is_told_in_time(text: str) -> None:
    held = spots(text, Held(frozenset(SURROGATES), surrogates=frozenset(SURROGATES)))
    assert len(held) == text.count("Tavandre ")


@pytest.mark.skipif(not NAMES.is_dir(), reason=f"there is no {NAMES}")
def test_nobody_is_known_to_bear_a_name_that_is_made_up() -> None:
    pattern = surrogates(frozenset({"NAME"}))
    for file in NAMES.glob("*.csv"):
        with file.open(encoding="utf-8-sig") as rows:
            for row in csv.DictReader(rows):
                for column in ("Localized Name", "Romanized Name"):
                    assert not pattern.fullmatch(row[column] or ""), row
