"""Roles: what a command may do on AWS, recorded of one that does it, and held to by one that acts under it.

python -m tests.roles    writes jobs/permissions/ anew, of all that tests/integration/test_permissions.py does, and the
                         table of docs/s3.md

A role is a file: `recorded` is what the command was seen to need, action by action; `reasoned` what it needs and this
machine cannot show, each with its reason. Placeholders stand for what is a lake's own.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from jobs.lake.config import LakeConfig
from tests.aws import Aws
from tests.iam import Need, needs
from tests.proxy import Request, proxy

PERMISSIONS = Path(__file__).parents[1] / "jobs" / "permissions"
SERVICES = ("S3", "DYNAMODB", "GLUE", "SECRETS_MANAGER", "COMPREHEND", "ATHENA")


DOCUMENT = PERMISSIONS.parents[1] / "docs" / "s3.md"
# Each role's commands.
COMMANDS = {
    "create": "lake create",
    "night": "nightly, rollback",
    "plan": "plan",
    "repair": "lake repair",
    "reader": "sql --engine duckdb, runs",
    "verify": "lake verify",
    "analyst": "sql",
}


def documented() -> str:
    """The table of docs/s3.md."""
    lines = ["| role | commands | needs |", "|---|---|---|"]
    for name, commands in COMMANDS.items():
        services: dict[str, list[str]] = {}
        for action in sorted(role(name)):
            services.setdefault(action.partition(":")[0], []).append(action)
        needed = "; ".join(", ".join(f"`{each}`" for each in actions) for actions in services.values())
        lines.append(f"| [{name}](../jobs/permissions/{name}.json) | `{commands.replace(', ', '`, `')}` | {needed} |")
    return "\n".join(lines) + "\n"


def role(name: str) -> dict[str, list[str]]:
    """The actions of a role, with their resources."""
    told = json.loads((PERMISSIONS / f"{name}.json").read_text(encoding="utf-8"))
    reasoned = {action: each["resources"] for action, each in told["reasoned"].items()}
    return {
        action: sorted({*told["recorded"].get(action, []), *reasoned.get(action, [])})
        for action in {**told["recorded"], **reasoned}
    }


@dataclass(frozen=True)
class Ground:
    """A lake and a drop, by what stands for them in a role's file."""

    lake: str
    drops: str
    config: LakeConfig

    @property
    def names(self) -> dict[str, str]:
        """Placeholder -> what it stands for, the longer before what it begins with."""
        lake, drops = (uri.removeprefix("s3://") for uri in (self.lake, self.drops))
        return {
            "${Lake}": lake,
            "${Drops}": drops,
            "${LakeBucket}": lake.partition("/")[0],
            "${DropsBucket}": drops.partition("/")[0],
            "${LedgerTable}": self.config.ledger_table,
            "${CacheTable}": self.config.cache_table,
            "${Database}": self.config.database,
            "${Workgroup}": self.config.workgroup,
            "${Secret}": self.config.secret,
            **({"${ComprehendRole}": self.config.comprehend_role} if self.config.comprehend_role else {}),
        }

    def filled(self, pattern: str) -> str:
        """A pattern for this lake."""
        for placeholder, name in self.names.items():
            pattern = pattern.replace(placeholder, name)
        return pattern

    def general(self, resource: str) -> str:
        """The pattern of a resource: of objects, the folder below the lake or the drop."""
        for placeholder, name in self.names.items():
            if resource.startswith("arn:aws:s3:::"):
                resource = re.sub(rf"(?<=:::){re.escape(name)}(?=/|$)", placeholder, resource)
            else:
                resource = re.sub(rf"(?<=[:/]){re.escape(name)}(?=/|-\?|$)", placeholder, resource)
        if resource == self.config.comprehend_role:
            return "${ComprehendRole}"
        resource = re.sub(r"(?<=:sentiment-detection-job/).*", "*", resource)
        resource = re.sub(r"^(arn:aws:s3:::\$\{Drops\})/.*", r"\1/*", resource)
        return re.sub(r"^(arn:aws:s3:::\$\{Lake\}/[^/]+)/(?!README\.txt$).*", r"\1/*", resource)


@dataclass
class Seen:
    """What was asked for, by whichever process, and what of it was refused."""

    environment: dict[str, str]
    needed: set[Need] = field(default_factory=set)
    refused: set[Need] = field(default_factory=set)

    def permissions(self, ground: Ground) -> dict[str, list[str]]:
        """As a role has them."""
        found: dict[str, set[str]] = {}
        for need in self.needed:
            found.setdefault(need.action, set()).add(ground.general(need.resource))
        return {action: sorted(found[action]) for action in sorted(found)}


@contextmanager
def acting(aws: Aws, ground: Ground, allowed: Mapping[str, list[str]] | None = None) -> Iterator[Seen]:
    """An environment for processes whose requests are written down, and refused where they are not `allowed`."""
    lock = threading.Lock()
    seen = Seen(dict(aws.environment))
    patterns = allowed and {action: [*map(ground.filled, each)] for action, each in allowed.items()}

    def decide(request: Request, body: bytes) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        wanted = needs(request.command, request.path, headers, body)
        lacking = [
            need
            for need in wanted
            if patterns is not None
            and not any(fnmatchcase(need.resource, each) for each in patterns.get(need.action, ()))
        ]
        with lock:
            seen.needed.update(wanted)
            seen.refused.update(lacking)
        if lacking:
            request.refuse(*_denial(request, lacking[0]))
        else:
            request.forward(body)

    with ExitStack() as running:
        for service in SERVICES:
            name = f"AWS_ENDPOINT_URL_{service}"
            seen.environment[name] = running.enter_context(
                proxy(aws.environment.get(name, aws.environment["AWS_ENDPOINT_URL"]), decide)
            )
        yield seen


def _denial(request: Request, need: Need) -> tuple[int, bytes]:
    """As each service says it."""
    said = f"User: role is not authorized to perform: {need.action} on resource: {need.resource}"
    if not need.action.startswith("s3:"):
        return 400, json.dumps({"__type": "AccessDeniedException", "message": said}).encode()
    error = f"<Error><Key>a</Key><Code>AccessDenied</Code><Message>{said}</Message></Error>"
    if request.command == "POST" and "delete" in request.path:
        return 200, f"<DeleteResult>{error}</DeleteResult>".encode()
    return 403, error.encode()


def write(name: str, permissions: dict[str, list[str]]) -> None:
    """Keep what was recorded of a role; what is reasoned stays as it stands."""
    path = PERMISSIONS / f"{name}.json"
    reasoned = json.loads(path.read_text(encoding="utf-8"))["reasoned"] if path.exists() else {}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"recorded": permissions, "reasoned": reasoned}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    import os
    import sys

    import pytest

    os.environ["AURASTREAM_RECORD_PERMISSIONS"] = "1"
    code = pytest.main(["-q", "tests/integration/test_permissions.py", "-k", "recorded", "-p", "no:cacheprovider"])
    said = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(re.sub(r"\| role \| commands \|.*?\n\n", lambda _: documented() + "\n", said, flags=re.DOTALL))
    sys.exit(code)
