from __future__ import annotations

from itertools import combinations

import pytest

from jobs.lake.config import default_config

# Places that are one where what a name cannot hold is left out, or where it is cut.
ALIKE = [
    "a/b-c",
    "a-b/c",
    "a.b/c",
    "a/b/c",
    "a/B-c",
    "a/b_c",
    f"a/{'x' * 300}/1",
    f"a/{'x' * 300}/2",
    "a/данные",
    "a/数据",
]


@pytest.mark.parametrize(("one", "other"), list(combinations(ALIKE, 2)))
def test_two_lakes_share_nothing(one: str, other: str) -> None:
    first, second = (
        default_config(f"s3://{place}").model_dump(exclude={"version", "kms_key", "comprehend_role"})
        for place in (one, other)
    )
    assert not set(first.values()) & set(second.values())


def test_names_are_those_of_the_same_lake_however_it_is_written() -> None:
    assert default_config("s3://acme-lake/mail/") == default_config("s3://acme-lake/mail")


def test_names_say_which_lake_it_is() -> None:
    assert default_config("s3://acme-lake/mail", "alias/acme").model_dump() == {
        "version": 1,
        "ledger_table": "aurastream-acme-lake-mail-924a7c73-ledger",
        "cache_table": "aurastream-acme-lake-mail-924a7c73-cache",
        "database": "aurastream_acme_lake_mail_924a7c73",
        "workgroup": "aurastream-acme-lake-mail-924a7c73",
        "secret": "aurastream/acme-lake-mail-924a7c73/content-key",
        "kms_key": "alias/acme",
        "comprehend_role": None,
    }
