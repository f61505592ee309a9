"""A policy file in the nightly job: what readers see, and what becomes of dates that another policy published."""

from pathlib import Path

import pytest

from tests.conftest import document, write_json_lines
from tests.integration.lakes import DS, nightly, published, statuses

pytestmark = pytest.mark.usefixtures("spark")

POLICY = """version = "1"
[replace]
EMAIL = "number"
PHONE = "encrypt"
SSN = "drop"
[deny]
PROJECT = ["kettle"]
"""


def drop(folder: Path, **texts: str) -> None:
    rows = [document(document_id=document_id, text=text) for document_id, text in texts.items()]
    write_json_lines(folder / f"ds={DS}" / f"{'-'.join(texts)}.jsonl", rows)


def test_a_policy_says_what_readers_see(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(POLICY)
    drop(tmp_path / "drops", d1="joe@example.com and ann@example.com, JOE@example.com", d2="my ssn is 123-45-6789")
    drop(tmp_path / "drops", d3="call 212-555-0187 about the kettle")

    night = nightly(tmp_path / "drops", tmp_path / "lake", policy=tmp_path / "policy.toml")

    rows = {row["document_id"]: row for row in published(tmp_path / "lake")}
    assert rows["d1"]["redacted_text"] == "[EMAIL_1] and [EMAIL_2], [EMAIL_1]"
    assert rows["d3"]["redacted_text"].startswith("call [PHONE:")
    assert rows["d3"]["redacted_text"].endswith("] about the [PROJECT]")
    assert statuses(list(rows.values()))["d2"] == ("REJECTED", "DROPPED_BY_POLICY")
    assert (rows["d2"]["redacted_text"], rows["d2"]["pii"], rows["d2"]["content_key"]) == (None, None, None)
    assert night is not None
    assert night.summary.reasons == {"DROPPED_BY_POLICY": 1}


def test_a_date_that_another_policy_published_is_completed(tmp_path: Path) -> None:
    drop(tmp_path / "drops", d1="a lovely kettle, joe@example.com")
    first = nightly(tmp_path / "drops", tmp_path / "lake")
    (tmp_path / "policy.toml").write_text(POLICY)
    drop(tmp_path / "drops", d2="a lovely kettle, joe@example.com")

    second = nightly(tmp_path / "drops", tmp_path / "lake", policy=tmp_path / "policy.toml")

    # Rows that are carried forward keep what their own run's policy made of them.
    assert [row["redacted_text"] for row in published(tmp_path / "lake")] == [
        "a lovely kettle, [EMAIL]",
        "a lovely [PROJECT], [EMAIL_1]",
    ]
    assert first is not None
    assert second is not None
    assert second.summary.carried == 1
    assert first.summary.policy != second.summary.policy
