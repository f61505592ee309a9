"""What `doctor` says of this machine; tests/stack has it look at an account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from jobs.doctor import here
from jobs.doctor.account import looked
from jobs.doctor.finding import Finding, Verdict
from jobs.doctor.here import look_here
from jobs.doctor.stack import judged_by_clocks
from jobs.stores.open import open_lake
from tests.environment import known
from tests.jobs.commands.running import invoke
from transforms.errors import AuraStreamError


def verdicts(lake: str | None = None) -> dict[str, Verdict]:
    return {each.what: each.verdict for each in look_here(lake)}


def test_what_is_too_little_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(here, "LEAST_MEMORY", 0)
    monkeypatch.setattr(here, "LEAST_DISK", 0)
    assert set(verdicts().values()) == {Verdict.OK}

    def no_java() -> Path:
        raise AuraStreamError("there is no Java 17")

    monkeypatch.setattr(here, "java_home", no_java)
    monkeypatch.setattr(here, "LEAST_MEMORY", 2**60)
    monkeypatch.setattr(here, "LEAST_DISK", 2**60)
    monkeypatch.setattr("locale.getpreferredencoding", lambda _: "ANSI_X3.4-1968")
    ill = {what for what, verdict in verdicts().items() if verdict is Verdict.FAILED}
    assert ill == {"java", "memory", "disk", "locale"}
    monkeypatch.setenv("SPARK_LOCAL_DIRS", str(tmp_path / "none"))
    (disk,) = [each for each in look_here(None) if each.what == "disk"]
    assert "No such file" in disk.said


def test_a_lake_on_this_machine_is_looked_at(tmp_path: Path) -> None:
    assert verdicts(str(tmp_path / "lake"))["lake"] is Verdict.FAILED
    open_lake(str(tmp_path / "lake"), create=True)[1].ledger()
    assert verdicts(str(tmp_path / "lake"))["lake"] is Verdict.OK


def test_json_is_a_line_a_finding_and_a_failure_is_the_exit_code(tmp_path: Path) -> None:
    result = invoke("doctor", "--json", "--lake", str(tmp_path / "lake"))
    told = [json.loads(line) for line in result.stdout.splitlines()]

    assert {"what", "verdict", "said", "do"} == set(told[0])
    assert (told[-1]["what"], told[-1]["verdict"]) == ("lake", "failed")
    assert result.exit_code == 1
    assert "would have a night fail" in result.stderr


def test_what_could_not_be_looked_at_is_not_well() -> None:
    nobody = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    with known({**nobody, "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1"}):
        result = invoke("doctor", "--env", "dev")

    assert result.exit_code == 1
    assert "unknown  environment dev: Could not connect" in result.stdout
    assert result.stderr == "Error: 1 of these could not be looked at\n"


@pytest.mark.parametrize(
    ("code", "verdict", "do"),
    [
        ("AccessDeniedException", Verdict.UNKNOWN, "run doctor as somebody who may look"),
        ("ResourceNotFoundException", Verdict.FAILED, "make it"),
    ],
)
def test_what_may_not_be_looked_at_is_unknown_and_what_is_not_there_has_failed(
    code: str, verdict: Verdict, do: str
) -> None:
    def look() -> Iterator[Finding]:
        yield Finding("first", Verdict.OK, "well")
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeTable")

    first, second = looked("table", "make it", look)
    assert first.verdict is Verdict.OK
    assert (second.what, second.verdict, second.do) == ("table", verdict, do)
    assert "DescribeTable" in second.said


@pytest.mark.parametrize(("at", "verdict"), [("02:30", Verdict.FAILED), ("01:30", Verdict.OK)])
def test_a_schedule_in_the_hour_that_is_left_out_is_told(at: str, verdict: Verdict) -> None:
    assert judged_by_clocks("schedule", at, "Europe/Berlin").verdict is verdict
