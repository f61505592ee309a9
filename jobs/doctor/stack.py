"""What a night needs of an environment that `make deploy` has deployed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files

from jobs.doctor.account import Account, looked
from jobs.doctor.comprehend import look_at_comprehend
from jobs.doctor.finding import Finding, Verdict, judged
from jobs.spark.session import glue_conf
from transforms.clocks import days_without
from transforms.errors import UsageError


def outputs(account: Account, env: str) -> dict[str, str]:
    """The outputs of an environment's stacks. Raises UsageError where they are not there, ClientError."""
    from botocore.exceptions import ClientError

    found: dict[str, str] = {}
    for name in (f"aurastream-{env}-data", f"aurastream-{env}"):
        try:
            (stack,) = account.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                raise UsageError(f"--env {env}: there is no stack {name}; `make deploy ENV={env}` makes it") from None
            raise
        found |= {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
        found[f"status of {name}"] = stack["StackStatus"]
    return found


def look_at_stack(account: Account, env: str, told: Mapping[str, str]) -> Iterator[Finding]:
    """Look at what stands around the lake of an environment, whose outputs are given."""
    deploy = f"`make deploy ENV={env}`"
    for name in (f"aurastream-{env}-data", f"aurastream-{env}"):
        status = told[f"status of {name}"]
        well = status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
        yield judged(f"stack {name}", well, status, f"read its events, then {deploy}")
    for job in (told["NightJob"], told["LookJob"]):
        yield from looked(f"job {job}", deploy, partial(_job, account, job, deploy))
    for name, roles in (("NightRole", ["night"]), ("LookRole", ["plan", "verify"])):
        look = partial(_permissions, account, name, roles, told)
        yield from looked(f"permissions of {name}", deploy, look)
    yield from looked("schedule", deploy, lambda: _schedule(account, env))
    yield from looked("topic", deploy, lambda: _topic(account, told["Topic"]))
    if told["Scorer"] != "local":
        yield from look_at_comprehend(account, told, deploy)


def _job(account: Account, name: str, deploy: str) -> Iterator[Finding]:
    job = account.client("glue").get_job(JobName=name)["Job"]
    arguments = job["DefaultArguments"]
    yield judged(f"job {name}", job["GlueVersion"] == "5.1", f"Glue {job['GlueVersion']}", f"Glue 5.1: {deploy}")
    same = arguments.get("--conf") == glue_conf()
    yield judged(f"job {name}, session", same, "as asked for" if same else "other settings", deploy)
    s3 = account.client("s3")
    for uri in (job["Command"]["ScriptLocation"], arguments["--additional-python-modules"]):
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        s3.head_object(Bucket=bucket, Key=key)
    yield Finding(f"job {name}, modules", Verdict.OK, "script and wheels are there")


def _permissions(account: Account, name: str, roles: list[str], told: Mapping[str, str]) -> Iterator[Finding]:
    """What the role's commands were recorded to need, simulated: a policy of somebody else's may deny it."""
    identity = account.client("sts").get_caller_identity()
    names = {
        "Region": account.session.region_name,
        "Account": identity["Account"],
        "Lake": told["Lake"].removeprefix("s3://"),
        "Drops": told["Drops"].removeprefix("s3://"),
        "KmsKey": told["LakeKey"],
    }
    wanted: dict[tuple[str, ...], set[str]] = {}
    for role in roles:
        for action, patterns in _needed(role).items():
            resources = tuple(sorted(_filled(each, {**told, **names}) for each in patterns))
            wanted.setdefault(resources, set()).add(action)
    iam, denied = account.client("iam"), set()
    for on, actions in wanted.items():
        answer = iam.simulate_principal_policy(
            PolicySourceArn=told[name], ActionNames=sorted(actions), ResourceArns=list(on)
        )
        denied |= {each["EvalActionName"] for each in answer["EvaluationResults"] if each["EvalDecision"] != "allowed"}
    said = f"{len({each for actions in wanted.values() for each in actions})} actions are allowed"
    do = "somebody has denied it, by a boundary or an organisation's policy for one: have it allowed"
    yield judged(f"permissions of {name}", not denied, f"denied: {', '.join(sorted(denied))}" if denied else said, do)


def _needed(role: str) -> dict[str, list[str]]:
    """A role's actions and resources, as they were recorded (jobs/permissions)."""
    told = json.loads(files("jobs").joinpath("permissions", f"{role}.json").read_text(encoding="utf-8"))
    needed: dict[str, list[str]] = dict(told["recorded"])
    for action, each in told["reasoned"].items():
        needed[action] = sorted({*needed.get(action, []), *each["resources"]})
    return needed


def _filled(pattern: str, names: Mapping[str, str]) -> str:
    """A resource that a role's pattern matches."""
    if "${Secret}" in pattern:
        return names["ContentKey"]
    filled = re.sub(r"\$\{(\w+)\}", lambda found: names[found[1]], pattern)
    partition = names["NightRole"].split(":")[1]
    return re.sub(r"/\*$", "/x", filled).replace("arn:aws:", f"arn:{partition}:")


def _schedule(account: Account, env: str) -> Iterator[Finding]:
    for name in (f"aurastream-{env}-night", f"aurastream-{env}-watch"):
        found = account.client("scheduler").get_schedule(GroupName=f"aurastream-{env}", Name=name)
        expression, zone = found["ScheduleExpression"], found.get("ScheduleExpressionTimezone", "UTC")
        what = f"schedule {name}"
        yield judged(
            what,
            found["State"] == "ENABLED",
            f"{found['State']}, {expression} {zone}",
            "switch it on: schedule in the environment's file",
        )
        if cron := re.fullmatch(r"cron\((\d+) (\d+) .*\)", expression):
            yield judged_by_clocks(what, f"{int(cron[2]):02}:{int(cron[1]):02}", zone)


def judged_by_clocks(what: str, at: str, zone: str) -> Finding:
    """Whether a time of day is there on every day."""
    skipped = days_without(at, zone, datetime.now(UTC).date())
    said = f"not there on {skipped[0]}" if skipped else f"{at} is there on every day"
    return judged(f"{what}, clocks", not skipped, said, "that day is left out: take a time outside of that hour")


def _topic(account: Account, topic: str) -> Iterator[Finding]:
    found = account.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    confirmed = [each for each in found if each["SubscriptionArn"].startswith("arn:")]
    said = f"{len(confirmed)} of {len(found)} subscriptions are confirmed"
    yield judged("topic", bool(confirmed), said, "nobody is told: give mail in the environment's file, and confirm")
