"""Puts AuraStream into an account, and takes it away: what `make deploy` and `make destroy` run.

python -m infra.deploy up ENV         builds, uploads, deploys by change sets; again: changes nothing
python -m infra.deploy destroy ENV    takes away what works on data, and leaves the data; refuses prod

Two stacks: `aurastream-ENV-data` (infra/data.yaml) holds what is kept, `aurastream-ENV` (infra/template.yaml) all else.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from infra.environment import Environment, load
from infra.glue.build import NAME, ROOT, build
from infra.policies import TEMPLATE
from jobs.lake.catalog import repair
from jobs.lake.config import LakeConfig, name_role, read_config, write_config
from jobs.stores.open import open_lake
from transforms.clocks import next_time
from transforms.errors import AuraStreamError, ServiceError, UsageError

DATA = TEMPLATE.with_name("data.yaml")
MACHINES = ("night.asl.json", "stop.asl.json")
# What data.yaml is told; template.yaml is told all else, and data.yaml's outputs.
OF_DATA = {"Env", "DropsDays", "OldVersionsDays", "LogDays"}
OF_BOTH = {"Env", "LogDays"}
_NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed", "no changes")
# Of a stack that is deployed, waited for so many times 5 seconds.
_WAIT = {"Delay": 5, "MaxAttempts": 360}


def up(env: str) -> None:
    """Deploy an environment. Raises UsageError, ServiceError, LakeError."""
    environment = load(env)
    _use(environment.region)
    _say("building", "script, wheels and definitions")
    folder = ROOT / "dist"
    build(folder)
    told = environment.parameters(env)
    outputs = deploy(env, told, folder)
    _say("lake", _have_lake(outputs))
    _tell(environment, outputs)


def deploy(env: str, told: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Deploy both stacks of what was built; the outputs of both. Raises ServiceError."""
    kept = {name: value for name, value in told.items() if name in OF_DATA}
    of_data = _deploy_stack(f"aurastream-{env}-data", {"TemplateBody": DATA.read_text(encoding="utf-8")}, kept)
    release, uploaded = upload(folder, of_data["ArtifactsBucket"])
    _say("release", f"{release}, {uploaded} files uploaded")
    template = _put_template(of_data["ArtifactsBucket"])
    working = {name: value for name, value in told.items() if name not in OF_DATA - OF_BOTH}
    return of_data | _deploy_stack(
        f"aurastream-{env}", {"TemplateURL": template}, working | of_data | {"Release": release}
    )


def destroy(env: str) -> None:
    """Take away what works on data. Raises UsageError for prod, ServiceError."""
    if env == "prod":
        raise UsageError(
            "prod is not destroyed by a command: delete its stack aurastream-prod in the console, if you mean it"
        )
    environment = load(env)
    _use(environment.region)
    name = f"aurastream-{env}"
    with _told(f"stack {name}"):
        cloudformation = _client("cloudformation")
        kept = _outputs(f"{name}-data")
        cloudformation.delete_stack(StackName=name)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=_WAIT)
    _say("deleted", f"stack {name}: jobs, schedule, state machines, roles, alarms, the catalog's database")
    for what in ("DropsBucket", "LakeBucket", "LedgerTable", "CacheTable", "ContentKey", "ArtifactsBucket"):
        _say("kept", f"{what} {kept[what]}")
    _say("", "docs/operations.md#taking-it-away says how to delete these, too")


def released(folder: Path) -> dict[str, bytes]:
    """What is uploaded: the script and the zip that were built, byte for byte, and the definitions."""
    built = {name: (folder / name).read_bytes() for name in (NAME, "glue.py")}
    return built | {name: TEMPLATE.with_name(name).read_bytes() for name in MACHINES}


def upload(folder: Path, bucket: str) -> tuple[str, int]:
    """Put what is not there yet below its digest; the digest, and how many files. Raises ServiceError."""
    files = released(folder)
    each = [hashlib.sha256(name.encode() + hashlib.sha256(files[name]).digest()).digest() for name in sorted(files)]
    release = hashlib.sha256(b"".join(each)).hexdigest()[:16]
    uploaded = sum(_put(bucket, f"{release}/{name}", content) for name, content in files.items())
    return release, uploaded


def _put_template(bucket: str) -> str:
    """Put the template, which is too long to be handed over; its address. Raises ServiceError."""
    content = TEMPLATE.read_bytes()
    key = f"templates/{hashlib.sha256(content).hexdigest()[:16]}.yaml"
    _put(bucket, key, content)
    client = _client("s3")
    if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
        return f"{endpoint}/{bucket}/{key}"
    return f"https://{bucket}.s3.{client.meta.region_name}.amazonaws.com/{key}"


def _put(bucket: str, key: str, content: bytes) -> bool:
    """Put an object where there is none; whether it was put."""
    with _told(f"s3://{bucket}/{key}"):
        try:
            _client("s3").put_object(Bucket=bucket, Key=key, Body=content, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
            return False
    return True


def _deploy_stack(name: str, template: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str]:
    """Have a stack say what its template says; its outputs. A change that fails is rolled back. Raises ServiceError."""
    cloudformation = _client("cloudformation")
    with _told(f"stack {name}"):
        status = _status(name)
        if status == "ROLLBACK_COMPLETE":  # its creation failed: nothing is there, and it can only be deleted
            cloudformation.delete_stack(StackName=name)
            cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=_WAIT)
            status = None
        new = status in (None, "REVIEW_IN_PROGRESS")
        change = f"deploy-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        cloudformation.create_change_set(
            StackName=name,
            ChangeSetName=change,
            ChangeSetType="CREATE" if new else "UPDATE",
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in sorted(told.items())],
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Tags=[{"Key": "application", "Value": "aurastream"}],
            **template,
        )
        if not _has_changes(cloudformation, name, change):
            cloudformation.delete_change_set(StackName=name, ChangeSetName=change)
            _say("unchanged", f"stack {name}")
            return _outputs(name)
        _say("changing", f"stack {name}")
        cloudformation.execute_change_set(StackName=name, ChangeSetName=change)
        waiter = cloudformation.get_waiter("stack_create_complete" if new else "stack_update_complete")
        try:
            waiter.wait(StackName=name, WaiterConfig=_WAIT)
        except WaiterError:
            raise ServiceError(
                f"stack {name} is {_status(name)}, what was changed is rolled back: {'; '.join(_why(name))}"
            ) from None
        if new:
            cloudformation.update_termination_protection(
                StackName=name, EnableTerminationProtection=name.endswith("-data")
            )
    _say("deployed", f"stack {name}")
    return _outputs(name)


def _has_changes(cloudformation: Any, name: str, change: str) -> bool:
    try:
        cloudformation.get_waiter("change_set_create_complete").wait(
            StackName=name, ChangeSetName=change, WaiterConfig={"Delay": 2, "MaxAttempts": 300}
        )
    except WaiterError:
        found = cloudformation.describe_change_set(StackName=name, ChangeSetName=change)
        reason = found.get("StatusReason", "")
        if any(said in reason for said in _NOTHING_TO_DO):
            return False
        raise ServiceError(f"stack {name} cannot be changed: {reason or found['Status']}") from None
    return True


def _why(name: str) -> Iterator[str]:
    """What failed of a stack's last change, resource by resource."""
    events = _client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    failed = [each for each in events if each["ResourceStatus"].endswith("_FAILED")]
    for each in failed[:5]:
        yield f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason', each['ResourceStatus'])}"


def _status(name: str) -> str | None:
    try:
        (stack,) = _client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    return str(stack["StackStatus"])


def _outputs(name: str) -> dict[str, str]:
    (stack,) = _client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}


def lake_config(outputs: Mapping[str, str]) -> LakeConfig:
    """What the lake.toml of a deployed lake says."""
    return LakeConfig(
        ledger_table=outputs["LedgerTable"],
        cache_table=outputs["CacheTable"],
        database=outputs["Database"],
        workgroup=outputs["Workgroup"],
        secret=outputs["Secret"],
        kms_key=outputs["KmsKey"],
        comprehend_role=outputs["ComprehendRole"],
    )


def _have_lake(outputs: Mapping[str, str]) -> str:
    """Have lake.toml, the key's value, tables and views. Raises LakeError."""
    root, wanted = outputs["Lake"], lake_config(outputs)
    _have_config(root, wanted)
    lake, stores = open_lake(root, create=False)
    stores.keys().content_key()
    repair(lake, stores.ledger())
    return f"{root}, its key, tables and views are there"


def _have_config(root: str, wanted: LakeConfig) -> None:
    """Have lake.toml; of one that is there, the role of Comprehend's jobs alone is brought up to date."""
    try:
        if write_config(root, wanted) or name_role(root, wanted):
            return
    except OSError as error:  # which names the file
        raise ServiceError(f"the lake cannot be written: {error}") from None
    found = read_config(root) or wanted
    others = [
        f"{name} = {its}, and not {ours}"
        for (name, its), (_, ours) in zip(found, wanted, strict=True)
        if its != ours and name != "comprehend_role"
    ]
    raise ServiceError(
        f"{root}/lake.toml names other things than the stack: {'; '.join(others)}; if nothing uses them, remove it, "
        "and deploy again"
    )


def _tell(environment: Environment, outputs: Mapping[str, str]) -> None:
    """Where things are, and when the next night is."""
    region, stack = environment.region, outputs["NightJob"].removesuffix("-night")
    console = f"https://{region}.console.aws.amazon.com"
    when = next_time(environment.night_at, environment.time_zone, datetime.now(UTC))
    _say("drops", outputs["Drops"])
    _say("lake", outputs["Lake"])
    _say("dashboard", f"{console}/cloudwatch/home?region={region}#dashboards/dashboard/{stack}")
    _say("nights", f"{console}/states/home?region={region}#/statemachines/view/{outputs['NightMachine']}")
    if environment.schedule == "ENABLED":
        _say("next night", f"{when:%Y-%m-%d %H:%M} {environment.time_zone}")
    else:
        _say("next night", "none: schedule is DISABLED in the environment's file")


def _use(region: str) -> None:
    """Every client of this process asks this region."""
    os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = region


def _client(service: str) -> Any:
    return boto3.session.Session().client(service)


@contextmanager
def _told(what: str) -> Iterator[None]:
    """What AWS refuses is a ServiceError that says of what."""
    try:
        yield
    except ClientError as error:
        told = error.response["Error"]
        raise ServiceError(f"{what}: {told['Code']}: {told['Message']}") from None
    except (BotoCoreError, WaiterError) as error:
        raise ServiceError(f"{what}: {error}") from None


def _say(what: str, line: str) -> None:
    click.echo(f"{what:<16}{line}")


if __name__ == "__main__":
    commands = {"up": up, "destroy": destroy}
    if len(sys.argv) != 3 or sys.argv[1] not in commands:
        sys.exit("usage: python -m infra.deploy up|destroy ENV")
    try:
        commands[sys.argv[1]](sys.argv[2])
    except AuraStreamError as failed:
        click.echo(f"Error: {failed}", err=True)
        sys.exit(failed.ending)
