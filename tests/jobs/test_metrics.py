"""What CloudWatch is told of a run, and that nothing of it holds a night up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from infra.local.aws import moto
from infra.local.aws.process import serving
from jobs import metrics
from jobs.lake.verify import Verified
from tests.environment import known
from tests.transforms.runs import RUN
from transforms.schemas import RunState


def values(data: list[dict[str, Any]]) -> dict[str, float]:
    """Each metric by name, with what it is of."""
    return {
        each["MetricName"] + "".join(f"/{of['Value']}" for of in each["Dimensions"]): each["Value"] for each in data
    }


NIGHT = replace(
    RUN,
    run_id="night",
    documents=200,
    scored=180,
    rejected=10,
    failed=4,
    deferred=6,
    pii={"NAME": 7},
    stages={"redact": 1.5},
    billed_units=30,
    unconfirmed_units=3,
    calls=8,
    throttles=2,
    dollars=4.5,
    budget=5.0,
)


def test_a_run_is_told_in_numbers() -> None:
    told = values(metrics.of_run(NIGHT, []))

    assert {key: told[key] for key in told if "/" in key} == {
        "Documents/SCORED": 180,
        "Documents/REJECTED": 10,
        "Documents/FAILED": 4,
        "Documents/DEFERRED": 6,
        "PersonalData/NAME": 7,
        "StageSeconds/redact": 1.5,
    }
    assert (told["ShareRejected"], told["ShareFailed"], told["Units"]) == (5, 2, 33)
    assert told["Dollars"] == NIGHT.dollars
    assert {"CacheHits", "Calls", "Throttles"} <= set(told)
    assert (told["ShareOfBudget"], told["ShareThrottled"]) == (90, 25)
    assert "TimesUsual" not in told


def test_what_is_usual_is_the_median_of_published_runs_before() -> None:
    def before(*documents: int, outcome: RunState = RunState.PUBLISHED) -> list[Any]:
        return [replace(RUN, documents=each, outcome=outcome) for each in documents]

    def usual(known: list[Any]) -> float | None:
        return values(metrics.of_run(NIGHT, known)).get("TimesUsual")

    assert usual(before(100, 100, 100, 100)) is None
    assert usual(before(100, 100, 100, 100, 9000)) == 2
    assert usual(before(400, 400, 400, 400, 400, outcome=RunState.FAILED)) is None
    # Of fourteen: what was usual a month ago is not.
    assert usual(before(*[10] * 30, *[400] * 14)) == 2
    assert usual(before(*[200] * 5)) == 1


def test_a_run_without_documents_has_no_shares() -> None:
    told = values(metrics.of_run(replace(NIGHT, documents=0, calls=0, budget=None), []))
    assert not {name for name in told if name.startswith("Share")}


def test_how_old_is_what_readers_see() -> None:
    today = date(2026, 11, 24)
    assert values(metrics.of_readers(Verified([], 0, "2026-11-22"), today)) == {"AgeOfLastPublishedDate": 2}
    assert values(metrics.of_readers(Verified([], 0, "2026-11-25"), today)) == {"AgeOfLastPublishedDate": 0}
    assert metrics.of_readers(Verified([], 0, None), today) == []


def test_metrics_are_put_by_stack(tmp_path: Path) -> None:
    import boto3

    with serving(moto.PART, tmp_path) as server, known({**server.endpoints, **KEYS}):
        metrics.put("aurastream-dev", metrics.of_run(NIGHT, []))
        found = boto3.client("cloudwatch").list_metrics(Namespace=metrics.NAMESPACE)["Metrics"]

    assert len(found) == len(metrics.of_run(NIGHT, []))
    assert {"Name": "Stack", "Value": "aurastream-dev"} in found[0]["Dimensions"]
    assert all({"Name": "Stack", "Value": "aurastream-dev"} in each["Dimensions"] for each in found)


KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
}


def test_a_night_goes_on_without_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    nobody = {"AWS_ENDPOINT_URL_CLOUDWATCH": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    with known({**KEYS, **nobody}):
        metrics.put("aurastream-dev", metrics.of_run(NIGHT, []))
    assert "could not be put (EndpointConnectionError)" in capsys.readouterr().err
