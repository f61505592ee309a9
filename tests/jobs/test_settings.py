"""What a job is told: checked once, before any work."""

from pathlib import Path

import pytest

from jobs.settings import ASK, DETECT, ScoringSettings, given_key, parse_mapping, resolve
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
    ],
)
def test_what_cannot_be_is_said(told: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        resolve(ScoringSettings(**told))  # type: ignore[arg-type] # strings, each of its field


def test_a_second_opinion_is_for_redact_alone(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('version = "1"\nsecond_opinion = "comprehend"\n')
    with pytest.raises(UsageError, match="leave second_opinion to `redact`"):
        resolve(ScoringSettings(policy=policy))


def test_documents_without_a_language_are_what_suits_the_scorer() -> None:
    assert resolve(ScoringSettings()).language == "en"
    assert resolve(ScoringSettings(scorer="comprehend")).language == DETECT
    assert resolve(ScoringSettings(scorer="comprehend", language=ASK)).language == ASK
    assert resolve(ScoringSettings(language="de")).language == "de"


@pytest.mark.parametrize(("content", "complaint"), [(None, "No such file"), (b"short", "at least 16 bytes")])
def test_a_given_key_is_checked(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(UsageError, match=complaint):
        given_key(tmp_path / "key")


def test_a_given_key_is_used_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"sixteen bytes ok")
    assert resolve(ScoringSettings(key_file=tmp_path / "key")).key == b"sixteen bytes ok"


def test_policy_and_key_may_be_uris(tmp_path: Path) -> None:
    (tmp_path / "a key").write_bytes(b"sixteen bytes ok")
    (tmp_path / "policy.toml").write_text('version = "1"\n[replace]\nNAME = "number"\n')
    told = resolve(ScoringSettings(key_file=f"file://{tmp_path}/a%20key", policy=f"file://{tmp_path}/policy.toml"))
    assert told.key == b"sixteen bytes ok"
    assert told.policy.id != resolve(ScoringSettings()).policy.id


def test_a_mapping_names_our_columns_once() -> None:
    assert parse_mapping(("text=body", "document_id=the ticket")) == {"text": "body", "document_id": "the ticket"}
    for pair in (("text",), ("text=",), ("magic=body",), ("text=a", "text=b")):
        with pytest.raises(UsageError, match="--map"):
            parse_mapping(pair)
