"""The policies of `infra/template.yaml`, from the roles in `jobs/permissions/`.

python -m infra.policies    writes them anew, below the line of the template that says so; a test compares
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).with_name("template.yaml")
PERMISSIONS = Path(__file__).parents[1] / "jobs" / "permissions"
# Role -> what its policy is for. `create` and `repair` are whoever deploys.
POLICIES = {
    "night": "nightly, rollback",
    "plan": "plan",
    "verify": "verify",
    "reader": "sql --engine duckdb, runs",
    "analyst": "sql, by Athena",
}
BEGIN, END = "  # ---- written by python -m infra.policies\n", "  # ---- to here\n"
# What a role's file says, as the template has it; the longer before what it begins with.
_NAMES = {
    "arn:aws:secretsmanager:${Region}:${Account}:secret:${Secret}-??????": "${ContentKey}",  # its whole ARN
    "${KmsKey}": "${LakeKey}",
    "${ComprehendRole}": "${ComprehendRole.Arn}",
    "arn:aws:": "arn:${AWS::Partition}:",
    "${Region}": "${AWS::Region}",
    "${Account}": "${AWS::AccountId}",
    "${Lake}": "${LakeBucket}/main",
    "${Drops}": "${DropsBucket}",
}


def granted(role: str) -> dict[str, list[str]]:
    """The actions of a role with their resources, as the template names them."""
    told = json.loads((PERMISSIONS / f"{role}.json").read_text(encoding="utf-8"))
    found: dict[str, set[str]] = {action: {*map(_named, each)} for action, each in told["recorded"].items()}
    for action, each in told["reasoned"].items():
        found.setdefault(action, set()).update(map(_named, each["resources"]))
    return {action: sorted(found[action]) for action in sorted(found)}


def _named(resource: str) -> str:
    for said, name in _NAMES.items():
        resource = resource.replace(said, name)
    return resource


def written() -> str:
    """The policies, as the template's text."""
    return "".join(line for role, use in POLICIES.items() for line in _policy(role, use, granted(role)))


def _policy(role: str, use: str, actions: Mapping[str, list[str]]) -> Iterator[str]:
    allowed_on: dict[str, list[str]] = {}
    for action, resources in actions.items():
        for resource in resources:
            allowed_on.setdefault(resource, []).append(action)
    # By resource: that is shorter than by action, and a policy has 6,144 characters at most.
    together: dict[tuple[str, ...], list[str]] = {}
    for resource, allowed in allowed_on.items():
        together.setdefault(tuple(allowed), []).append(resource)
    yield f"  {role.title()}Policy:\n"
    yield "    Type: AWS::IAM::ManagedPolicy\n    Properties:\n"
    yield f'      Description: "{use}: jobs/permissions/{role}.json"\n'
    yield '      PolicyDocument:\n        Version: "2012-10-17"\n        Statement:\n'
    for allowed_together, resources in together.items():
        yield "          - Effect: Allow\n"
        yield f"            Action: {_listed(allowed_together)}\n"
        if resources == ["*"]:
            yield '            Resource: "*" # Comprehend\'s actions on texts know no resources\n'
        else:
            yield "            Resource:\n"
            yield from (f'              - !Sub "{resource}"\n' for resource in resources)


def _listed(names: Iterable[Any]) -> str:
    return "[" + ", ".join(json.dumps(name) for name in names) + "]"


def renewed(template: str) -> str:
    """A template's text with its policies anew."""
    before, begin, rest = template.partition(BEGIN)
    _, end, after = rest.partition(END)
    return before + begin + written() + end + after


if __name__ == "__main__":
    TEMPLATE.write_text(renewed(TEMPLATE.read_text(encoding="utf-8")), encoding="utf-8")
