"""What a night that buys needs of Amazon Comprehend: its region, quotas, endpoints, and the role of its jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from jobs.doctor.account import Account, looked
from jobs.doctor.finding import Finding, Verdict, judged
from jobs.lake.config import LakeConfig
from jobs.lake.layout import Lake
from jobs.scorers.registry import ASYNC

SERVICE = "comprehend"
# Tasks that a worker of Glue does at once (docs.aws.amazon.com/glue/latest/dg/worker-types.html); each has one job.
_TASKS = {"G.1X": 4, "G.2X": 8}


def look_at_comprehend(account: Account, told: Mapping[str, str], deploy: str) -> Iterator[Finding]:
    """Look at what the nights of an environment, whose outputs are given, ask of the service."""
    here = account.session.region_name
    there = here in account.session.get_available_regions(SERVICE)
    yield judged("region", there, here, "Amazon Comprehend is not there: deploy to a region that has it")
    look = "look in Service Quotas"
    yield from looked("quota", look, lambda: _quota(account, float(told["QuotaTps"])))
    if told["Scorer"] == ASYNC:
        yield from looked("quota of jobs", look, lambda: _quota_of_jobs(account, told["NightJob"]))
    if told["Subnets"] != "none":
        yield from looked("endpoints", deploy, lambda: _endpoints(account, told["Subnets"].split(",")))


def look_at_role(account: Account, lake: Lake, config: LakeConfig, make: str) -> Iterator[Finding]:
    """Look at the role in which its jobs read and write in a lake; nothing, where lake.toml names none."""
    if config.comprehend_role:
        name = config.comprehend_role.rpartition("/")[2]
        do = f"name a role that is there as comprehend_role in lake.toml, or {make}"
        yield from looked(f"role {name}", do, partial(_role, account, name, lake, config))


def _quota(account: Account, tps: float) -> Iterator[Finding]:
    quotas = _quotas(account, "BatchDetectSentiment")
    if not quotas:
        yield Finding(
            "quota", Verdict.UNKNOWN, "Service Quotas does not list BatchDetectSentiment", "look in the console"
        )
    for each in quotas:
        said = f"{each['QuotaName']}: {each['Value']:g}, and quota_tps {tps:g}"
        yield judged("quota", tps <= each["Value"], said, "lower quota_tps, or have the quota raised")


def _quota_of_jobs(account: Account, job: str) -> Iterator[Finding]:
    """A worker that may not start its job waits, and Glue bills it."""
    found = account.client("glue").get_job(JobName=job)["Job"]
    tasks = _TASKS.get(found["WorkerType"], 4) * (int(found["NumberOfWorkers"]) - 1)  # the first is the driver's
    quotas = _quotas(account, "StartSentimentDetectionJob max active jobs")
    if not quotas:
        said = "Service Quotas does not list the active jobs of StartSentimentDetectionJob"
        yield Finding("quota of jobs", Verdict.UNKNOWN, said, "look in the console")
    for each in quotas:
        said = f"{each['QuotaName']}: {each['Value']:g}, and {tasks} tasks that each have one"
        yield judged("quota of jobs", tasks <= each["Value"], said, "take fewer workers, or have the quota raised")


def _quotas(account: Account, name: str) -> list[Any]:
    pages = account.client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode=SERVICE)
    return [each for page in pages for each in page["Quotas"] if name in each["QuotaName"]]


def _endpoints(account: Account, subnets: list[str]) -> Iterator[Finding]:
    """Comprehend's endpoints are missing in some zones."""
    ec2 = account.client("ec2")
    zones = {each["AvailabilityZone"] for each in ec2.describe_subnets(SubnetIds=subnets)["Subnets"]}
    name = f"com.amazonaws.{account.session.region_name}.{SERVICE}"
    (service,) = ec2.describe_vpc_endpoint_services(ServiceNames=[name])["ServiceDetails"]
    missing = sorted(zones - set(service["AvailabilityZones"]))
    said = f"not in {', '.join(missing)}" if missing else f"in {', '.join(sorted(zones))}"
    yield judged("endpoints", not missing, f"{name} {said}", "take subnets of other zones")


def _role(account: Account, name: str, lake: Lake, config: LakeConfig) -> Iterator[Finding]:
    iam, what = account.client("iam"), f"role {name}"
    role = iam.get_role(RoleName=name)["Role"]
    yield trusted(what, role["AssumeRolePolicyDocument"], role["Arn"].split(":")[4])
    denied = set()
    for actions, resource, context in _needed(account, lake, config, role["Arn"].split(":")[1]):
        answer = iam.simulate_principal_policy(
            PolicySourceArn=role["Arn"], ActionNames=actions, ResourceArns=[resource], ContextEntries=context
        )
        denied |= {each["EvalActionName"] for each in answer["EvaluationResults"] if each["EvalDecision"] != "allowed"}
    said = f"may not {', '.join(sorted(denied))}" if denied else "may read texts and write answers"
    yield judged(f"{what}, permissions", not denied, said, f"allow it that below {lake.comprehend_jobs}/")


def trusted(what: str, trust: Mapping[str, Any], account: str) -> Finding:
    """Whether a role's trust lets Comprehend's jobs of this account, and of no other, act in it."""
    statements = [
        each
        for each in _listed(trust["Statement"])
        if each["Effect"] == "Allow"
        and isinstance(each["Principal"], dict)
        and f"{SERVICE}.amazonaws.com" in _listed(each["Principal"].get("Service", []))
    ]
    sources = [
        [
            source
            for conditions in each.get("Condition", {}).values()
            for source in _listed(conditions.get("aws:SourceAccount", []))
        ]
        for each in statements
    ]
    said = "is not trusted to Amazon Comprehend"
    if statements:
        said = "for jobs of " + ", ".join(", ".join(each) or "any account" for each in sources)
    do = f"trust comprehend.amazonaws.com with it, on condition that aws:SourceAccount is {account}"
    return judged(what, bool(sources) and all(each == [account] for each in sources), said, do)


def _listed(value: Any) -> list[Any]:
    """What a policy has alone, or several of."""
    return value if isinstance(value, list) else [value]


def _needed(
    account: Account, lake: Lake, config: LakeConfig, partition: str
) -> Iterator[tuple[list[str], str, list[dict[str, Any]]]]:
    """What jobs need: actions, a resource, and what is known of the request."""
    place = lake.comprehend_jobs.removeprefix("s3://")
    bucket, _, prefix = place.partition("/")
    yield ["s3:GetObject"], f"arn:{partition}:s3:::{place}/job/input/texts", []
    yield ["s3:PutObject"], f"arn:{partition}:s3:::{place}/job/output/output.tar.gz", []
    asked = {"ContextKeyName": "s3:prefix", "ContextKeyValues": [f"{prefix}/job/input/"], "ContextKeyType": "string"}
    yield ["s3:ListBucket"], f"arn:{partition}:s3:::{bucket}", [asked]
    if config.kms_key:
        key = account.client("kms").describe_key(KeyId=config.kms_key)["KeyMetadata"]["Arn"]
        yield ["kms:Decrypt", "kms:GenerateDataKey"], key, []
