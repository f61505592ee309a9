"""What a job is told: checked once, before any work."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from jobs.settings import ASK, DETECT, ScoringSettings, given_key, parse_mapping, resolve
from tests.conftest import write_key
from transforms.errors import UsageError


@pytest.mark.parametrize("deadline", ["24:00", "5.30", "soon", "05:30:00"])
def test_what_is_no_time_of_day_is_a_usage_error(deadline: str) -> None:
    with pytest.raises(UsageError, match="such as 05:30"):
        resolve(ScoringSettings(deadline=deadline))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"scorer": "magic"}, "--scorer magic: the scorers are local"),
        ({"cache": "redis"}, "--cache redis"),
        ({"language": ASK}, "is paid for like the scorer comprehend"),
        ({"quota_tps": float("nan")}, "--quota-tps nan: give a number of calls a second, such as"),
        ({"quota_tps": float("inf")}, "--quota-tps inf: give a number"),
        ({"quota_tps": 0.0}, "--quota-tps 0.0: give a number"),
        ({"budget": Decimal("1E+999999")}, "--budget: give at most 1,000,000,000 dollars"),
        ({"budget": Decimal(-1)}, "--budget: give at most"),
    ],
)
def test_what_cannot_be_is_said(told: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        resolve(ScoringSettings(**told))


def test_a_second_opinion_is_for_redact_alone(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('version = "1"\nsecond_opinion = "comprehend"\n')
    with pytest.raises(UsageError, match="leave second_opinion to `redact`"):
        resolve(ScoringSettings(policy=policy))


def test_documents_without_a_language_are_what_suits_the_scorer() -> None:
    assert resolve(ScoringSettings()).language == DETECT
    assert resolve(ScoringSettings(scorer="comprehend")).language == DETECT
    assert resolve(ScoringSettings(scorer="comprehend", language=ASK)).language == ASK
    assert resolve(ScoringSettings(language="de")).language == "de"


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    write_key(tmp_path / "key").chmod(0o640)
    with pytest.raises(UsageError, match=r"--key-file .*key: others can read it; `chmod 600` it"):
        given_key(tmp_path / "key")


@pytest.mark.parametrize(("content", "complaint"), [(None, "No such file"), (b"short", "at least 16 bytes")])
def test_a_given_key_is_checked(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    if content is not None:
        write_key(tmp_path / "key", content)
    with pytest.raises(UsageError, match=complaint):
        given_key(tmp_path / "key")


def test_a_given_key_is_used_as_it_is(tmp_path: Path) -> None:
    write_key(tmp_path / "key", b"sixteen bytes ok")
    assert resolve(ScoringSettings(key_file=tmp_path / "key")).key == b"sixteen bytes ok"


def test_policy_and_key_may_be_uris(tmp_path: Path) -> None:
    write_key(tmp_path / "a key", b"sixteen bytes ok")
    (tmp_path / "policy.toml").write_text('version = "1"\n[replace]\nNAME = "number"\n')
    told = resolve(ScoringSettings(key_file=f"file://{tmp_path}/a%20key", policy=f"file://{tmp_path}/policy.toml"))
    assert told.key == b"sixteen bytes ok"
    assert told.policy.id != resolve(ScoringSettings()).policy.id


def test_a_mapping_names_our_columns_once() -> None:
    assert parse_mapping(("text=body", "document_id=the ticket")) == {"text": "body", "document_id": "the ticket"}
    for pair in (("text",), ("text=",), ("magic=body",), ("text=a", "text=b")):
        with pytest.raises(UsageError, match="--map"):
            parse_mapping(pair)
