"""Personal data goes out of ids, sources and names of files; what machines make of letters and digits stays."""

from __future__ import annotations

import hashlib
import random
import re
import uuid
from dataclasses import replace

import pyarrow as pa
import pytest
from ulid import ULID

from transforms.pii.columns import found, shown, treat
from transforms.pii.policy import DEFAULT_POLICY, Columns, Policy, Replacement, Treatment
from transforms.pii.policy_file import parse_policy

KEY = b"a key of 16 bytes or more"
PSEUDONYM = r"\[{}:[a-z]{{16}}\]"


def treated(
    *values: str | None,
    treatment: Treatment = Treatment.PSEUDONYM,
    policy: Policy = DEFAULT_POLICY,
    key: bytes = KEY,
) -> list[str | None]:
    column = pa.array(values, pa.string())
    once = treat(column, treatment, policy, key)
    assert not any(found(once, treatment, policy).to_pylist())
    assert treat(once, treatment, policy, key).equals(once)
    result: list[str | None] = once.to_pylist()
    return result


@pytest.mark.parametrize(
    ("value", "pii_type"),
    [
        ("ann.lee@example.com", "EMAIL"),
        ("ann_lee@example.com", "EMAIL"),
        ("mail_ann.lee@example.com_2026.jsonl", "EMAIL"),
        ("ann.lee%40example.com", "EMAIL"),
        ("212-555-0187", "PHONE"),
        ("+12125550187", "PHONE"),
        ("call_2125550187.txt", "PHONE"),
        ("030/1234567", "PHONE"),
        ("078-05-1120", "SSN"),
        ("ssn_078051120", "SSN"),
        ("card_4111111111111111.txt", "CREDIT_DEBIT_NUMBER"),
        ("iban_DE89370400440532013000.csv", "INTERNATIONAL_BANK_ACCOUNT_NUMBER"),
        ("ip_192.168.0.17", "IP_ADDRESS"),
        ("nino_AB123456C", "UK_NATIONAL_INSURANCE_NUMBER"),
        ("Anna Ruiz", "NAME"),
        ("anna_ruiz_complaint.txt", "NAME"),
        ("Anna%20Ruiz%20letter.txt", "NAME"),
        ("Anna+Ruiz.txt", "NAME"),
        ("Anna_Ruiz_12_Main_Street_Springfield.txt", "NAME"),
        ("12_Main_Street.txt", "ADDRESS"),
    ],
)
def test_personal_data_in_an_id_is_a_pseudonym_and_in_a_label_its_type(value: str, pii_type: str) -> None:
    (name,) = treated(value)
    assert re.fullmatch(PSEUDONYM.format(pii_type), name or "")
    (label,) = treated(value, treatment=Treatment.REDACT)
    assert label == f"[{pii_type}]"
    assert treat(pa.array([value]), Treatment.KEEP, DEFAULT_POLICY, KEY).to_pylist() == [value]


def made_ids() -> list[str]:
    chance = random.Random(7)
    numbers = [chance.getrandbits(256) for _ in range(200)]
    return [
        *(str(uuid.UUID(int=number >> 128)) for number in numbers),
        *(str(ULID.from_bytes((number >> 128).to_bytes(16, "big"))) for number in numbers),
        *(hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest() for number in numbers),
        *(f"{number:064x}" for number in numbers),
        *(f"{number >> 160:024x}" for number in numbers),
        *(str(number % 10 ** (3 + number % 7)) for number in numbers),
        *(f"ticket-{number % 10**6:06d}" for number in numbers),
        *(f"t-2026-11-{1 + number % 28:02d}-{number % 10**4:04d}" for number in numbers),
        *(f"2026-11-22-{number % 10**7:07d}" for number in numbers),
    ]


PATHS = [
    "/data/drops/ds=2026-11-22/part-0001.jsonl.gz",
    "s3://bucket/2026/11/22/x.jsonl",
    "/home/jobs/x.jsonl",
    *(f"ds=2026-11-{day:02}/{letter}.jsonl" for day in range(1, 29) for letter in "abcdefghijklmnopqrstuvwxyz"),
    *("region=eu/ds=2026-11-22/chat.csv", "year=2026/month=11/day=22/x.csv", "letters/one.txt"),
    "/data/in/export_20261120_093000.csv",
    "s3://bucket/raw/part-00017-6513270e-269e-4d37-b2a7-4de452e6b438-c000.snappy.parquet",
    "https://www.example.com/r/reviews/17",
    "sample-17",
    "o1",
]


def test_ordinary_ids_and_paths_stay() -> None:
    values = [*made_ids(), *PATHS, None]
    assert treated(*values) == values


def test_of_a_path_the_part_with_the_find_goes() -> None:
    (name,) = treated("/data/drops/ds=2026-11-22/ann.lee@example.com.jsonl.gz")
    assert re.fullmatch(rf"/data/drops/ds=2026-11-22/{PSEUDONYM.format('EMAIL')}", name or "")
    (name,) = treated("x/Anna Ruiz/212-555-0187/y.txt")
    assert re.fullmatch(rf"x/{PSEUDONYM.format('NAME')}/{PSEUDONYM.format('PHONE')}/y\.txt", name or "")


def test_pseudonyms_are_stable_under_a_key_and_tell_all_values_apart() -> None:
    # Also those that the redactor takes for one: an id is another where any character is.
    values = ["ann.lee@example.com", "Ann.Lee@example.com", "annlee@example.com", "a/ann.lee@example.com", "d1"]
    names = treated(*values)
    assert len({*names}) == len(values)
    assert treated(*reversed(values)) == names[::-1]
    assert treated(values[0]) == names[:1]  # whatever stands beside it
    assert treated(values[0], key=b"another key of 16") != names[:1]


def test_a_label_keeps_what_is_no_find() -> None:
    assert treated("Chat with Anna Ruiz", "chat", None, treatment=Treatment.REDACT) == [
        "Chat with [NAME]", "chat", None,
    ]  # fmt: skip


def test_what_the_policy_keeps_or_allows_is_no_find() -> None:
    policy = replace(DEFAULT_POLICY, replacements=(("EMAIL", Replacement.KEEP), ("PHONE", Replacement.DROP)))
    assert treated("ann.lee@example.com", policy=policy) == ["ann.lee@example.com"]
    assert treated("212-555-0187", treatment=Treatment.REDACT, policy=policy) == ["[PHONE]"]
    allowed = replace(DEFAULT_POLICY, allow=frozenset({"help@example.com"}))
    assert treated("help@example.com", policy=allowed) == ["help@example.com"]
    keeping = Policy("1", default=Replacement.KEEP, replacements=(("PHONE", Replacement.MASK),))
    assert treated("ann.lee@example.com", "212-555-0187", treatment=Treatment.REDACT, policy=keeping) == [
        "ann.lee@example.com", "[PHONE]",
    ]  # fmt: skip


def test_a_policys_own_patterns_and_lists_count() -> None:
    policy = parse_policy(
        'version = "1"\n[deny]\nPROJECT = ["Blue Heron"]\n'
        '[[custom]]\nname = "ticket"\ntype = "TICKET"\npattern = \'TCK-[0-9]{6}\'',
        "policy.toml",
    )
    assert treated("blue_heron.csv", "TCK-123456", "17", treatment=Treatment.REDACT, policy=policy) == [
        "[PROJECT]", "[TICKET]", "17",
    ]  # fmt: skip


def test_where_something_is_laid_open_the_whole_value_goes() -> None:
    # London is a place to the tagger once no name stands beside it.
    (name,) = treated("London/Anna/Bill")
    assert re.fullmatch(PSEUDONYM.format("NAME"), name or "")


def test_a_slice_of_a_column_is_treated_as_the_whole() -> None:
    column = pa.array(["a", "ann.lee@example.com", None, "d1", "ann.lee@example.com"])
    whole = treat(column, Treatment.PSEUDONYM, DEFAULT_POLICY, KEY)
    assert treat(column.slice(1, 3), Treatment.PSEUDONYM, DEFAULT_POLICY, KEY).equals(whole.slice(1, 3))
    assert found(column, Treatment.REDACT, DEFAULT_POLICY).to_pylist() == [False, True, False, False, True]
    assert found(column, Treatment.KEEP, DEFAULT_POLICY).to_pylist() == [False] * 5
    assert found(pa.array([None], pa.string()), Treatment.REDACT, DEFAULT_POLICY).to_pylist() == [False]


def test_words_that_end_in_a_number_are_no_names() -> None:
    """They are what programs call their folders; the tagger takes some for places."""
    paths = [
        f"/tmp/run-{number}/{name}{number}/drops/a.jsonl" for number in (0, 7) for name in ("golden", "clean", "lake")
    ]
    assert treat(pa.array(paths), Treatment.PSEUDONYM, DEFAULT_POLICY, KEY).to_pylist() == paths
    assert "Novak" not in treat(pa.array(["Kim Novak1"]), Treatment.PSEUDONYM, DEFAULT_POLICY, KEY)[0].as_py()


def test_messages_show_the_name_of_a_file_without_its_finds() -> None:
    assert shown("/drops/Kim_Novak/ann.lee@example.com.crc", DEFAULT_POLICY) == "/drops/[NAME]/[EMAIL]"
    kept = replace(DEFAULT_POLICY, columns=Columns(source_file=Treatment.KEEP))
    assert shown("/drops/ann.lee@example.com", kept) == "/drops/ann.lee@example.com"
