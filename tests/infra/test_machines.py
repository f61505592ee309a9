"""The state machines as they stand: every transition leads somewhere, and every way to an end is told."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.infra.cloudformation import named, properties, said

INFRA = Path(__file__).parents[2] / "infra"
MACHINES = {"night": "NightMachine", "stop": "StopMachine"}
# What a state of each type has, and what it may hold in JSONata (Amazon States Language).
NEEDED = {
    "Task": {"Resource", "Arguments"},
    "Choice": {"Choices", "Default"},  # without a default, what no choice fits fails without a word
    "Wait": {"Seconds"},
    "Map": {"Items", "ItemProcessor"},
    "Fail": {"Error", "Cause"},
}
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


def ends(state: dict[str, Any]) -> bool:
    return state["Type"] in ("Succeed", "Fail") or bool(state.get("End", False))


def reached(states: dict[str, Any], start: str, but: Collection[str] = ()) -> set[str]:
    """What is reached from a state, itself among it, by ways that go through none of some others."""
    found: set[str] = set()
    todo = [start]
    while todo:
        at = todo.pop()
        if at not in found and at not in but:
            found.add(at)
            todo += leads_to(states[at])
    return found


def leads_to(state: dict[str, Any]) -> list[str]:
    said = [state.get("Next"), state.get("Default"), *(each["Next"] for each in state.get("Choices", []))]
    return [*filter(None, said), *(each["Next"] for each in state.get("Catch", []))]


@pytest.mark.parametrize("name", MACHINES)
def test_every_transition_leads_somewhere_and_every_state_is_reached(name: str) -> None:
    for level in levels(machine(name)):
        states = level["States"]
        assert reached(states, level["StartAt"]) == set(states)
        for called, state in states.items():
            kind = state["Type"]
            assert set(state) - {"Type", "Comment"} <= FIELDS[kind], called
            assert NEEDED.get(kind, set()) <= set(state), called
            assert ends(state) != bool(leads_to(state)), called
            assert all(each.get("ErrorEquals") for each in [*state.get("Retry", []), *state.get("Catch", [])]), called


@pytest.mark.parametrize("name", MACHINES)
def test_every_way_ends(name: str) -> None:
    """From every state an end is reached, and no state goes round without a wait, a job or a message."""
    for level in levels(machine(name)):
        states = level["States"]
        for called in states:
            assert any(ends(states[each]) for each in reached(states, called)), called
        waits = {called for called, state in states.items() if state["Type"] in ("Task", "Wait", "Map")}
        for called, state in states.items():
            if called not in waits:
                assert all(called not in reached(states, after, but=waits) for after in leads_to(state)), called


def test_what_a_job_fails_with_is_told_or_tried_again() -> None:
    """From every Catch, each way to an end tells somebody, but where a job is run once more."""
    states = machine("night")["States"]
    jobs = {name for name, state in states.items() if "glue:startJobRun" in state.get("Resource", "")}
    tells = {name for name, state in states.items() if state.get("Resource", "").endswith(":sns:publish")}
    caught = {each["Next"] for name in jobs for each in states[name]["Catch"]}
    assert caught
    for name in caught:
        assert not [each for each in reached(states, name, but=jobs | tells) if ends(states[each])], name
    # What tells is no job: where even that fails, the night ends as it would have, and an alarm is left.
    for name in tells:
        for each in states[name]["Catch"]:
            assert ends(states[each["Next"]])
            assert each["Next"] == states[name]["Next"]


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
