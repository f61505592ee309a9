"""The state machines as they stand: every transition leads somewhere, and every way to an end is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.infra.cloudformation import named, properties, said

INFRA = Path(__file__).parents[2] / "infra"
MACHINES = {"night": "NightMachine", "stop": "StopMachine"}
# What a state of each type may hold in JSONata (Amazon States Language).
FIELDS = {
    "Pass": {"Output", "Assign", "Next", "End"},
    "Task": {"Resource", "Arguments", "Output", "Assign", "Retry", "Catch", "Next", "End"},
    "Choice": {"Choices", "Default", "Assign", "Output"},
    "Wait": {"Seconds", "Assign", "Output", "Next", "End"},
    "Map": {"Items", "ItemProcessor", "Assign", "Output", "Next", "End"},
    "Succeed": {"Output"},
    "Fail": {"Error", "Cause"},
}


def machine(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((INFRA / f"{name}.asl.json").read_text(encoding="utf-8"))
    return found


def levels(told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A machine, and those within it."""
    yield told
    for state in told["States"].values():
        if "ItemProcessor" in state:
            yield from levels(state["ItemProcessor"])


def leads_to(state: dict[str, Any]) -> list[str]:
    said = [state.get("Next"), state.get("Default"), *(each["Next"] for each in state.get("Choices", []))]
    return [*filter(None, said), *(each["Next"] for each in state.get("Catch", []))]


@pytest.mark.parametrize("name", MACHINES)
def test_every_transition_leads_somewhere_and_every_state_is_reached(name: str) -> None:
    for level in levels(machine(name)):
        states = level["States"]
        reached, todo = set(), [level["StartAt"]]
        while todo:
            at = todo.pop()
            if at not in reached:
                reached.add(at)
                todo += leads_to(states[at])
        assert reached == set(states)
        for called, state in states.items():
            assert set(state) - {"Type", "Comment"} <= FIELDS[state["Type"]], called
            ends = state["Type"] in ("Succeed", "Fail") or state.get("End", False)
            assert ends != bool(leads_to(state)), called


@pytest.mark.parametrize(("name", "resource"), MACHINES.items())
def test_what_is_substituted_is_what_the_template_gives(name: str, resource: str) -> None:
    told = said(properties(resource))
    assert named((INFRA / f"{name}.asl.json").read_text(encoding="utf-8")) == set(told["DefinitionSubstitutions"]) - (
        {"Env"} if "${Env}" not in (INFRA / f"{name}.asl.json").read_text(encoding="utf-8") else set()
    )
    assert told["DefinitionS3Location"]["Key"] == f"${{Release}}/{name}.asl.json"


def test_a_job_is_tried_again_by_the_service_for_two_reasons_alone() -> None:
    jobs = [each for each in machine("night")["States"].values() if "glue:startJobRun" in each.get("Resource", "")]
    assert len(jobs) == 4
    for job in jobs:
        assert job["Resource"] == "arn:aws:states:::glue:startJobRun.sync"
        assert [each["ErrorEquals"] for each in job["Retry"]] == [
            ["Glue.ConcurrentRunsExceededException", "Glue.ThrottlingException"]
        ]
        assert [each["ErrorEquals"] for each in job["Catch"]] == [["States.ALL"]]


def test_no_way_to_the_failed_end_passes_by_the_message() -> None:
    states = machine("night")["States"]
    into = [name for name, state in states.items() if "Failed" in leads_to(state)]
    assert into == ["Tell of failure"]
