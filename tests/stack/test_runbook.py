"""docs/operations.md, step by step, on a deployed stack of its own: what it has people do can be done as it says."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError

from infra import deploy as deployment
from infra.environment import load
from infra.policies import TEMPLATE
from jobs.doctor.finding import Verdict
from tests.conftest import document, write_json_lines
from tests.infra.cloudformation import resources
from tests.integration.lakes import DS, nightly
from tests.jobs.commands.running import invoke
from tests.stack.control_plane import needed, without
from tests.stack.test_stack import LOOK, NIGHT, Deployed, deployed, found, wait_for

__all__ = ["deployed"]  # the fixture

pytestmark = [pytest.mark.aws, needed, pytest.mark.timeout(600)]
RULES = [each for kind in ("Ingress", "Egress") for each in resources(f"AWS::EC2::SecurityGroup{kind}")]
OPERATIONS = TEMPLATE.parents[1] / "docs" / "operations.md"


def section(name: str) -> str:
    return OPERATIONS.read_text(encoding="utf-8").split(f"\n## {name}\n")[1].split("\n## ")[0]


def test_a_deployment_ends_by_saying_where_things_are_and_when_the_next_night_is(
    deployed: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    dev = load("dev")
    deployment._tell(dev, deployed.outputs)
    deployment._tell(dev.model_copy(update={"schedule": "ENABLED"}), deployed.outputs)

    told: dict[str, list[str]] = {}
    for line in capsys.readouterr().out.splitlines():
        told.setdefault(line[:16].strip(), []).append(line[16:])
    assert told["drops"][0] == deployed.outputs["Drops"]
    assert told["nights"][0].endswith(deployed.outputs["NightMachine"])
    off, on = told["next night"]
    assert off.startswith("none")
    when = datetime.strptime(on, f"%Y-%m-%d %H:%M {dev.time_zone}").replace(tzinfo=ZoneInfo(dev.time_zone))
    now = datetime.now(ZoneInfo(dev.time_zone))
    assert f"{when:%H:%M}" == dev.night_at
    assert 0 < (when - now).total_seconds() <= 25 * 3600


def test_the_first_drop_of_an_account(deployed: Deployed) -> None:
    """Step 5, of fewer documents."""
    assert "aurastream sample --out s3://aurastream-dev-drops-ACCOUNT-REGION --documents 300" in section(
        "In an account"
    ).replace("\n   ", " ")

    result = invoke("sample", "--out", deployed.outputs["Drops"], "--documents", "20", "--ds", DS)

    assert result.exit_code == 0, result.stderr
    listed = deployed.stack.client("s3").list_objects_v2(Bucket=deployed.outputs["DropsBucket"])["Contents"]
    assert any(each["Key"].startswith(f"ds={DS}/") for each in listed)


def first_steps() -> dict[str, str]:
    """Alarm -> its first step."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section("Alarms").splitlines()
        if line.startswith("| ")
    ]
    return {row[0]: row[2] for row in rows[1:]}


def test_queries_of_first_steps_are_answered(tmp_path_factory: pytest.TempPathFactory) -> None:
    """On a night with rejected and failed documents."""
    folder = tmp_path_factory.mktemp("queries")
    sent: list[dict[str, object] | str] = [
        document(document_id=f"d{number}", text=f"The kettle of box {number} works.") for number in range(3)
    ]
    sent += [document(document_id="x", text="Dette virker ikke.", language="da"), "no json"]
    write_json_lines(folder / "drops" / f"ds={DS}" / "a.jsonl", sent)
    nightly(folder / "drops", folder / "lake")
    asked = {name: re.findall(r"`(select .*?)`", step) for name, step in first_steps().items()}
    answers = {
        name: [
            json.loads(line)
            for query in queries
            for line in invoke("sql", "--lake", str(folder / "lake"), "--format", "jsonl", query).stdout.splitlines()
        ]
        for name, queries in asked.items()
        if queries
    }
    assert set(answers) == {"Rejected", "Failed", "Dollars"}
    assert [row["error_code"] for row in answers["Rejected"]] == ["MALFORMED_JSON"]
    assert [(row["error_code"], row["language"]) for row in answers["Failed"]] == [("UNSUPPORTED_LANGUAGE", "da")]
    assert answers["Dollars"][0]["documents"] == 5


def test_whoever_is_told_to_look_with_doctor_finds_the_schedule_and_the_jobs(deployed: Deployed) -> None:
    steps = first_steps()
    assert all("`aurastream doctor --env ENV`" in steps[name] for name in ("NightTimedOut", "NotPublished"))
    told = found("dev")
    assert told["schedule aurastream-dev-night"].verdict is Verdict.FAILED
    assert "schedule in the environment's file" in told["schedule aurastream-dev-night"].do


def test_what_a_failed_stop_left_running_is_found_and_ended(deployed: Deployed) -> None:
    step = first_steps()["StopFailed"]
    assert "aws glue get-job-runs --job-name aurastream-ENV-night" in step
    assert "aws glue batch-stop-job-run" in step
    glue = deployed.stack.client("glue")
    deployed.stack.outcomes({"hangs": True})
    glue.start_job_run(JobName=NIGHT, Arguments={"--command": "nightly"})

    running = [each for each in glue.get_job_runs(JobName=NIGHT)["JobRuns"] if each["JobRunState"] == "RUNNING"]
    glue.batch_stop_job_run(JobName=NIGHT, JobRunIds=[each["Id"] for each in running])

    assert len(running) == 1
    wait_for(lambda: glue.get_job_run(JobName=NIGHT, RunId=running[0]["Id"])["JobRun"]["JobRunState"] == "STOPPED")


def test_dead_letters_are_read(deployed: Deployed) -> None:
    assert "`aurastream-ENV-dead-letters`" in first_steps()["DeadLetters"]
    sqs = deployed.stack.client("sqs")
    queue = sqs.get_queue_url(QueueName="aurastream-dev-dead-letters")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody='{"command": "nightly"}')
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"]) == {"command": "nightly"}
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


def test_a_night_that_failed_is_started_again_by_hand(deployed: Deployed) -> None:
    assert "start the night [by hand]" in first_steps()["NightFailed"]
    ended = deployed.night({"state": "FAILED", "error": "NightFailed: FAILED: DropError: no drop"})
    assert ended["status"] == "FAILED"
    assert deployed.night()["status"] == "SUCCEEDED"
    assert deployed.steps() == [(LOOK, "plan"), (NIGHT, "nightly"), (LOOK, "verify")]


def test_github_s_role_is_made(deployed: Deployed) -> None:
    assert "deploy `infra/github.yaml` with `Env` and `Repository`" in section("By GitHub")
    cloudformation = deployed.stack.client("cloudformation")
    # This CloudFormation has no identity providers: the account has GitHub's, as one that has deployed before.
    template = without(TEMPLATE.with_name("github.yaml").read_text(encoding="utf-8"), "Provider")
    template = template.replace("!If [MakesProvider, !Ref Provider, !Ref ProviderArn]", "!Ref ProviderArn")
    provider = "arn:aws:iam::000000000000:oidc-provider/token.actions.githubusercontent.com"
    told = {"Env": "dev", "Repository": "example/reviews", "ProviderArn": provider}
    cloudformation.create_stack(
        StackName="aurastream-github-dev",
        TemplateBody=template,
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in told.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="aurastream-github-dev", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    outputs = deployment._outputs("aurastream-github-dev")
    assert outputs["DeployRole"].endswith("role/aurastream-github-dev")
    role = deployed.stack.client("iam").get_role(RoleName="aurastream-github-dev")["Role"]
    assert "repo:example/reviews:environment:dev" in json.dumps(role["AssumeRolePolicyDocument"])


def test_an_older_release_is_deployed_over_a_newer_one(deployed: Deployed) -> None:
    """Going back: the script and the definitions of before are there still, and the jobs name them again."""
    glue = deployed.stack.client("glue")
    script = deployed.folder / "glue.py"
    before, where = script.read_bytes(), glue.get_job(JobName=NIGHT)["Job"]["Command"]["ScriptLocation"]
    script.write_bytes(before + b"# newer\n")
    told = load("dev").parameters("dev")
    deployment.deploy("dev", told, deployed.folder)
    assert glue.get_job(JobName=NIGHT)["Job"]["Command"]["ScriptLocation"] != where

    script.write_bytes(before)
    deployment.deploy("dev", told, deployed.folder)

    assert glue.get_job(JobName=NIGHT)["Job"]["Command"]["ScriptLocation"] == where


def test_private_subnets(deployed: Deployed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The option: a connection that both jobs have, and an endpoint for each service that a job calls."""
    # This CloudFormation has no rules of security groups by themselves: tests/infra/test_template.py holds those.
    (tmp_path / TEMPLATE.name).write_text(without(TEMPLATE.read_text(), "SecurityConfiguration", *RULES))
    for name in deployment.MACHINES:
        (tmp_path / name).write_bytes(TEMPLATE.with_name(name).read_bytes())
    monkeypatch.setattr(deployment, "TEMPLATE", tmp_path / TEMPLATE.name)
    ec2 = deployed.stack.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    routes = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    told = load("dev").parameters("dev")
    private = {"VpcId": vpc, "SubnetIds": subnet, "RouteTableIds": routes}

    outputs = deployment.deploy("dev", told | private, deployed.folder)

    assert outputs["Subnets"] == subnet
    endpoints = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["VpcEndpoints"]
    services = {each["ServiceName"].rpartition(".")[2] for each in endpoints}
    wanted = {name.removesuffix("Endpoint").lower() for name in resources("AWS::EC2::VPCEndpoint")}
    assert services == wanted
    glue = deployed.stack.client("glue")
    for name in (NIGHT, LOOK):
        assert glue.get_job(JobName=name)["Job"]["Connections"] == {"Connections": ["aurastream-dev"]}
    network = glue.get_connection(Name="aurastream-dev")["Connection"]["PhysicalConnectionRequirements"]
    assert network["SubnetId"] == subnet
    assert deployment.deploy("dev", told, deployed.folder)["Subnets"] == "none"


def test_the_data_is_deleted_as_it_says(deployed: Deployed) -> None:
    """The last test: nothing is there after it."""
    words = section("Taking it away")
    assert words.index("termination protection") < words.index("empty and delete the buckets")
    outputs = deployed.outputs
    client = deployed.stack.client
    deployment.destroy("dev")
    cloudformation = client("cloudformation")
    cloudformation.update_termination_protection(StackName="aurastream-dev-data", EnableTerminationProtection=False)
    cloudformation.delete_stack(StackName="aurastream-dev-data")
    wait_for(lambda: deployment._status("aurastream-dev-data") is None)
    s3, dynamodb = client("s3"), client("dynamodb")
    for name in ("DropsBucket", "LakeBucket", "ArtifactsBucket"):
        bucket = outputs[name]
        s3.head_bucket(Bucket=bucket)  # the stack has left it
        versions = s3.list_object_versions(Bucket=bucket)
        for each in [*versions.get("Versions", []), *versions.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
        s3.delete_bucket(Bucket=bucket)
    with pytest.raises(ClientError, match="protection"):
        dynamodb.delete_table(TableName=outputs["LedgerTable"])
    dynamodb.update_table(TableName=outputs["LedgerTable"], DeletionProtectionEnabled=False)
    for name in ("LedgerTable", "CacheTable"):
        dynamodb.delete_table(TableName=outputs[name])
    client("secretsmanager").delete_secret(SecretId=outputs["ContentKey"])
    for name in ("DropsKey", "LakeKey"):
        client("kms").schedule_key_deletion(KeyId=outputs[name], PendingWindowInDays=7)
    states: list[Any] = [client("kms").describe_key(KeyId=outputs[name]) for name in ("DropsKey", "LakeKey")]
    assert {each["KeyMetadata"]["KeyState"] for each in states} == {"PendingDeletion"}
