"""A second opinion adds its finds, is sent nothing that was found here, and is asked of each text once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jobs.cli import cli
from tests.jobs.scorers.comprehend import Comprehend, serving


@pytest.fixture
def comprehend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Comprehend]:
    with serving(Comprehend({"Zorblax": "NAME", "quux": "PASSPORT_NUMBER", r"\[EMAIL\] by": "EMAIL"})) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL_COMPREHEND", service.url)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        monkeypatch.chdir(tmp_path)
        (tmp_path / "policy.toml").write_text('version = "1"\nsecond_opinion = "comprehend"\n')
        yield service


def redact(stdin: str, *options: str) -> Result:
    return CliRunner().invoke(cli, ["redact", "--policy", "policy.toml", *options], input=stdin)


def test_its_finds_are_added(comprehend: Comprehend) -> None:
    text = "é joe@example.com by quux 212-555-0187"
    result = redact(json.dumps({"text": text}))
    row = json.loads(result.stdout)
    assert (
        row["redacted_text"] == "é [EMAIL][EMAIL] [PASSPORT_NUMBER] [PHONE]"
    )  # what reached into a placeholder is cut
    assert [(each["type"], text[each["start"] : each["end"]], each["detector"]) for each in row["pii"]] == [
        ("EMAIL", "joe@example.com", "email"),
        ("EMAIL", " by", "comprehend"),
        ("PASSPORT_NUMBER", "quux", "comprehend"),
        ("PHONE", "212-555-0187", "phone_us"),
    ]
    assert comprehend.texts == ["é [EMAIL] by quux [PHONE]"]
    assert result.stderr == "second opinion: 1 calls, 3 units\n"


def test_a_text_is_asked_about_once_and_only_in_its_languages(comprehend: Comprehend) -> None:
    lines = [{"text": "quux"}, {"text": "quux"}, {"text": "quux", "language": "de"}, {"text": "quux", "language": "es"}]
    result = redact("\n".join(map(json.dumps, lines)))
    redacted = [json.loads(line)["redacted_text"] for line in result.stdout.splitlines()]
    assert redacted == ["[PASSPORT_NUMBER]", "[PASSPORT_NUMBER]", "quux", "[PASSPORT_NUMBER]"]
    assert comprehend.texts == ["quux", "quux"]
    assert redact("quux", "--language", "fr").stdout == "quux"


def test_a_long_text_is_asked_about_in_parts(comprehend: Comprehend) -> None:
    text = "quux\n" + ("it was fine. " * 9000).strip()
    assert redact(text).stdout == text.replace("quux", "[PASSPORT_NUMBER]")
    assert len(comprehend.texts) == 2


def test_throttling_is_waited_out(comprehend: Comprehend) -> None:
    comprehend.errors = [(400, "ThrottlingException"), (500, "InternalServerException")]
    assert redact("quux").stdout == "[PASSPORT_NUMBER]"


def test_a_refusal_is_said_without_the_text(comprehend: Comprehend) -> None:
    comprehend.errors = [(400, "AccessDeniedException")]
    result = redact("quux here")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: Comprehend refused a second opinion: AccessDeniedException\n"


def test_a_night_does_not_ask_yet(comprehend: Comprehend) -> None:
    for command in (["nightly", "--drops", ".", "--lake", "/tmp/none"], ["analyze", "x"]):
        result = CliRunner().invoke(cli, [*command, "--policy", "policy.toml"])
        assert result.exit_code == 2
        assert "second opinion" in result.stderr
    assert comprehend.texts == []
