"""The template: what every part of it must be, and that it is what the code makes and needs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml
from ruamel.yaml import YAML

from infra.environment import load
from infra.glue.build import NAME
from infra.policies import POLICIES, TEMPLATE, granted, renewed
from jobs.glue_arguments import OF_GLUE, job
from jobs.lake.config import LakeConfig
from jobs.lake.create import MOST_SCANNED
from jobs.lake.verify import Verified
from jobs.metrics import LEAST_KNOWN, NAMESPACE, of_readers, of_run
from jobs.spark.session import glue_conf
from jobs.stores.aws.tables import CACHE, LEDGER
from tests.infra.cloudformation import DATA, data, properties, resources, said, statements, template
from tests.transforms.runs import RUN

GITHUB = TEMPLATE.with_name("github.yaml")
OPERATIONS = TEMPLATE.parents[1] / "docs" / "operations.md"
BUCKETS = list(resources("AWS::S3::Bucket"))
ENVIRONMENTS = ["dev", "staging", "prod"]
KEEPS = [f"AWS::{kind}" for kind in ("S3::Bucket", "DynamoDB::Table", "SecretsManager::Secret", "KMS::Key")]


def test_cfn_lint_has_nothing_to_say() -> None:
    ended = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), TEMPLATE, DATA, GITHUB],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, "")


@pytest.mark.parametrize("kind", KEEPS)
def test_what_holds_data_outlives_the_stack(kind: str) -> None:
    found = resources(kind)
    assert found
    for name, each in found.items():
        assert (each.get("DeletionPolicy"), each.get("UpdateReplacePolicy")) == ("RetainExceptOnCreate", "Retain"), name
        assert name in data()["Resources"]


@pytest.mark.parametrize("name", BUCKETS)
def test_a_bucket_is_closed(name: str) -> None:
    told = properties(name)
    (rule,) = told["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert set(told["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(told["PublicAccessBlockConfiguration"]) == 4
    assert told["VersioningConfiguration"] == {"Status": "Enabled"}
    assert told["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert any("NoncurrentVersionExpiration" in each for each in told["LifecycleConfiguration"]["Rules"])
    assert any("AbortIncompleteMultipartUpload" in each for each in told["LifecycleConfiguration"]["Rules"])
    if name == "LogsBucket":  # S3 delivers there with its own key alone
        return
    key = "${DropsKey.Arn}" if name == "DropsBucket" else "${LakeKey.Arn}"
    assert said(rule) == {
        "BucketKeyEnabled": True,
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
    }
    if name != "ArtifactsBucket":
        assert told["LoggingConfiguration"]["DestinationBucketName"] == {"Ref": "LogsBucket"}


@pytest.mark.parametrize("name", BUCKETS)
def test_a_bucket_speaks_tls_alone(name: str) -> None:
    (policy,) = [
        each
        for each in resources("AWS::S3::BucketPolicy").values()
        if said(each)["Properties"]["Bucket"] == f"${{{name}}}"
    ]
    assert any(
        (each["Effect"], each["Principal"], each["Action"]) == ("Deny", "*", ["s3:*"])
        and each["Resource"] == [f"${{{name}.Arn}}", f"${{{name}.Arn}}/*"]
        and each["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        for each in statements(policy)
    )


def rules(bucket: str) -> dict[str, dict[str, Any]]:
    return {each["Id"]: said(each) for each in properties(bucket)["LifecycleConfiguration"]["Rules"]}


def test_what_is_for_a_time_goes() -> None:
    assert rules("DropsBucket")["drops"]["ExpirationInDays"] == "${DropsDays}"
    assert rules("DropsBucket")["drops"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    results = rules("LakeBucket")["results"]
    assert (results["Prefix"], results["ExpirationInDays"]) == ("main/athena/", 7)
    old = rules("LakeBucket")["old-versions"]
    assert (old.get("Prefix"), old.get("ExpirationInDays")) == (None, None)  # of what is current, nothing goes
    assert old["NoncurrentVersionExpiration"] == {"NoncurrentDays": "${OldVersionsDays}"}


@pytest.mark.parametrize(("name", "schema", "kept"), [("CacheTable", CACHE, False), ("LedgerTable", LEDGER, True)])
def test_tables_are_those_that_the_code_makes(name: str, schema: dict[str, Any], kept: bool) -> None:
    """As `jobs/lake/create.py` makes them."""
    told = properties(name)
    assert {key: told[key] for key in schema} == schema
    assert told["BillingMode"] == "PAY_PER_REQUEST"
    assert told["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert said(told["SSESpecification"]) == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": "${LakeKey.Arn}"}
    assert told.get("DeletionProtectionEnabled", False) == kept
    assert told.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled", False) == kept


def test_keys_turn_and_nobody_else_administers_them() -> None:
    for name, key in resources("AWS::KMS::Key").items():
        told = said(key["Properties"])
        assert told["EnableKeyRotation"] is True
        for each in statements(told["KeyPolicy"]):
            services = each["Principal"].get("Service")
            assert services is None or ("kms:*" not in each["Action"] and each["Condition"]), name


def filled(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\$\{([^}]+)\}", lambda found: values[found[1]], text)


def test_the_lake_is_called_what_the_template_calls_it() -> None:
    """Every name that lake.toml needs is an output, and one that a lake.toml takes."""
    values = {"Env": "dev", "AWS::AccountId": "111122223333", "AWS::Region": "eu-central-1"}
    names = {"LedgerTable": "TableName", "CacheTable": "TableName", "Workgroup": "Name"}
    for name, key in names.items():
        values[name] = filled(said(properties(name)[key]), values)
    values["Database"] = filled(said(properties("Database")["DatabaseInput"]["Name"]), values)
    for name in ("LedgerTable", "CacheTable", "LakeKeyAlias"):  # handed on
        assert said(data()["Outputs"][name]["Value"]) == f"${{{name}}}"
    values["LakeKeyAlias"] = filled(said(properties("LakeKeyAlias")["AliasName"]), values)
    outputs = {name: said(each["Value"]) for name, each in template()["Outputs"].items()}

    values["ComprehendRole.Arn"] = "arn:aws:iam::111122223333:role/aurastream-dev-comprehend"
    config = LakeConfig(
        ledger_table=filled(outputs["LedgerTable"], values),
        cache_table=filled(outputs["CacheTable"], values),
        database=filled(outputs["Database"], values),
        workgroup=filled(outputs["Workgroup"], values),
        secret=filled(outputs["Secret"], values),
        kms_key=filled(outputs["KmsKey"], values),
        comprehend_role=filled(outputs["ComprehendRole"], values),
    )

    assert config.secret == filled(said(properties("ContentKey")["Name"]), values)
    assert "GenerateSecretString" not in properties("ContentKey")
    assert "SecretString" not in properties("ContentKey")


def test_the_workgroup_is_the_one_that_the_code_makes() -> None:
    told = said(properties("Workgroup")["WorkGroupConfiguration"])
    assert told["EnforceWorkGroupConfiguration"] is True
    assert told["ResultConfiguration"]["OutputLocation"] == "s3://${LakeBucket}/main/athena/"
    assert told["ResultConfiguration"]["EncryptionConfiguration"] == {
        "EncryptionOption": "SSE_KMS",
        "KmsKey": "${LakeKey}",
    }
    assert load("prod").scan_limit_bytes == MOST_SCANNED


@pytest.mark.parametrize("name", ["NightJob", "LookJob"])
def test_a_job_is_as_the_docs_demand(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = said(properties(name))
    arguments = told["DefaultArguments"]
    assert told["GlueVersion"] == "5.1"
    assert told["Command"] == {
        "Name": "glueetl",
        "PythonVersion": "3",
        "ScriptLocation": "s3://${ArtifactsBucket}/${Release}/glue.py",
    }
    assert told["MaxRetries"] == 0
    assert told["SecurityConfiguration"] == "${SecurityConfiguration}"
    assert arguments["--conf"] == glue_conf()
    assert arguments["--additional-python-modules"] == f"s3://${{ArtifactsBucket}}/${{Release}}/{NAME}"
    assert arguments["--python-modules-installer-option"] == "--no-index"
    assert arguments["--job-bookmark-option"] == "job-bookmark-disable"
    assert arguments["--enable-job-insights"] == "true"

    # The job takes them as they stand, with the values of each environment.
    for env in ENVIRONMENTS:
        values = load(env).parameters(env) | {
            "DropsBucket": "d",
            "LakeBucket": "l",
            "ArtifactsBucket": "a",
            "Release": "r",
        }
        words = [word for key, value in arguments.items() for word in (key, filled(value, values))]
        taken = job([*words, "--command", "plan", "--execution", "x"])
        assert (taken.night.drops, taken.night.lake) == ("s3://d", "s3://l/main")
        assert f"{taken.night.budget}" == load(env).budget_dollars
        assert taken.metrics == f"aurastream-{env}"
    assert capsys.readouterr().err == ""  # nothing is passed over
    assert {key.removeprefix("--") for key in arguments} & OF_GLUE


def test_the_two_jobs_are_told_the_same() -> None:
    night, look = said(properties("NightJob")), said(properties("LookJob"))
    assert night["DefaultArguments"] == look["DefaultArguments"]
    assert night["ExecutionProperty"] == {"MaxConcurrentRuns": 1}
    assert night["ExecutionClass"] == "${ExecutionClass}"


# As long as names get: the longest environment and region.
LONGEST = {"AWS::Partition": "aws-us-gov", "AWS::Region": "ap-southeast-1", "AWS::AccountId": "111122223333"}
LONGEST |= {
    name: f"aurastream-abcdefghijkl-{name}-111122223333-ap-southeast-1" for name in ("LakeBucket", "DropsBucket")
}
LONGEST |= dict.fromkeys(("LedgerTable", "CacheTable", "Database", "Workgroup"), "aurastream-abcdefghijkl-ledger")
LONGEST |= dict.fromkeys(("LakeKey", "DropsKey"), f"arn:aws:kms:ap-southeast-1:111122223333:key/{'x' * 36}")
LONGEST |= {"ComprehendRole.Arn": "arn:aws:iam::111122223333:role/aurastream-abcdefghijkl-comprehend"}
LONGEST |= {"ContentKey": f"arn:aws:secretsmanager:ap-southeast-1:111122223333:secret:{'x' * 40}"}


def test_policies_are_those_of_the_roles() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    assert renewed(text) == text
    for name in POLICIES:
        document = properties(f"{name.title()}Policy")["PolicyDocument"]
        found: dict[str, set[str]] = {}
        for each in statements(document):
            assert each["Effect"] == "Allow"
            for action in each["Action"]:
                found.setdefault(action, set()).update(each["Resource"])
        assert {action: sorted(of) for action, of in found.items()} == granted(name)
        size = len(re.sub(r"\s", "", filled(json.dumps(said(document)), LONGEST)))
        assert size < 6_144, name  # IAM's limit of a managed policy


def test_who_looks_can_neither_buy_nor_publish() -> None:
    look = [each for role in ("plan", "verify") for each in granted(role)]
    assert not [action for action in look if re.match(r"comprehend:|\w+:(Put|Create|Update|Delete|BatchWrite)", action)]
    analysts = granted("analyst")
    assert not [each for each in analysts["s3:GetObject"] if "Drops" in each or "audits" in each]
    assert [each for each in analysts if re.match(r"secretsmanager|dynamodb|comprehend", each)] == []


def test_every_wildcard_is_explained_beside_it() -> None:
    lines = [line for each in (TEMPLATE, DATA, GITHUB) for line in each.read_text(encoding="utf-8").splitlines()]
    wide = [line for line in lines if re.search(r'"\*"|"\w+:\*"', line)]
    assert len(wide) > 10
    assert [line for line in wide if not re.search(r"# \w.{10,}", line) and "# a denial" not in line] == []


def test_roles_are_assumed_by_their_service_or_by_people_with_mfa() -> None:
    for name, role in resources("AWS::IAM::Role").items():
        for each in statements(role["Properties"]["AssumeRolePolicyDocument"]):
            if "Service" in each["Principal"]:
                assert each["Condition"] == {"StringEquals": {"aws:SourceAccount": "${AWS::AccountId}"}}, name
            else:
                assert each["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}, name
    for name, role in resources("AWS::IAM::Role").items():
        for each in statements(role["Properties"].get("Policies", [])):
            assert not any(action.endswith("*") for action in each["Action"]), name


def test_workers_are_reached_by_each_other_alone() -> None:
    """In private subnets; the endpoints are of the same group."""
    rules = {kind: resources(f"AWS::EC2::SecurityGroup{kind}") for kind in ("Ingress", "Egress")}
    for kind, other in (("Ingress", "SourceSecurityGroupId"), ("Egress", "DestinationSecurityGroupId")):
        assert rules[kind]
        for each in rules[kind].values():
            told = said(each["Properties"])
            assert (told["GroupId"], told[other]) == ("${JobsGroup.GroupId}",) * 2
            assert not any(name.startswith("Cidr") for name in told)
    assert "SecurityGroupIngress" not in properties("JobsGroup")
    (out,) = properties("JobsGroup")["SecurityGroupEgress"]
    assert (out["FromPort"], out["ToPort"]) == (443, 443)
    for each in resources("AWS::EC2::VPCEndpoint").values():
        assert said(each["Properties"]).get("SecurityGroupIds", ["${JobsGroup.GroupId}"]) == ["${JobsGroup.GroupId}"]


def test_the_schedules_have_zone_window_and_dead_letters() -> None:
    night, watch = said(properties("NightSchedule")), said(properties("WatchSchedule"))
    for each in (night, watch):
        assert each["ScheduleExpressionTimezone"] == "${TimeZone}"
        assert each["Target"]["DeadLetterConfig"] == {"Arn": "${DeadLetters.Arn}"}
        assert each["Target"]["Arn"] == "${NightMachine}"
        assert each["State"] == "${Schedule}"
    assert night["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": "${FlexibleMinutes}"}
    assert (night["ScheduleExpression"], watch["ScheduleExpression"]) == ("${NightCron}", "${WatchCron}")
    assert json.loads(watch["Target"]["Input"]) == {"command": "verify", "max-age": "1"}


def test_every_alarm_tells_somebody_and_silence_counts_where_it_is_bad() -> None:
    alarms = resources("AWS::CloudWatch::Alarm")
    assert len(alarms) == 11
    for name, alarm in alarms.items():
        told = said(alarm["Properties"])
        assert told["AlarmActions"] == ["${Topic}"]
        assert told["TreatMissingData"] == ("breaching" if name == "NotPublishedAlarm" else "notBreaching")
        assert told["AlarmDescription"].endswith("docs/operations.md#alarms")


def test_every_alarm_has_its_cause_and_first_step_in_the_docs() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in OPERATIONS.read_text(encoding="utf-8").split("\n## Alarms\n")[1].split("\n## ")[0].splitlines()
        if line.startswith("| ") and not line.startswith("| alarm")
    ]
    assert {row[0] for row in rows} == {name.removesuffix("Alarm") for name in resources("AWS::CloudWatch::Alarm")}
    assert all(len(row) == 3 and all(row) for row in rows)


def test_metrics_of_alarms_and_dashboard_are_those_that_the_job_puts() -> None:
    run = replace(RUN, documents=9, calls=9, budget=9.0, pii={"NAME": 1}, stages={"read": 1.0})
    put = [*of_run(run, [run] * LEAST_KNOWN), *of_readers(Verified([], 0, "2026-11-22"), date(2026, 11, 23))]
    known = {each["MetricName"] for each in put}
    alarms = [each["Properties"] for each in resources("AWS::CloudWatch::Alarm").values()]
    asked = {each["MetricName"] for each in alarms if each["Namespace"] == NAMESPACE}
    body = said(properties("Dashboard")["DashboardBody"])
    shown = set(re.findall(r'\["AuraStream", "(\w+)"', body))
    assert asked <= known
    assert shown <= known
    for dimension in re.findall(r"AuraStream,Stack,(\w+)", body):
        assert any(of["Name"] == dimension for each in put for of in each["Dimensions"])


def test_github_deploys_one_environment_of_one_repository() -> None:
    (role,) = [each for each in cfn_yaml.load(str(GITHUB))["Resources"].values() if each["Type"] == "AWS::IAM::Role"]
    (trust,) = statements(role["Properties"]["AssumeRolePolicyDocument"])
    assert trust["Condition"]["StringEquals"] == {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": "repo:${Repository}:environment:${Env}",
    }
    workflow = YAML(typ="safe").load(TEMPLATE.parents[1] / ".github" / "workflows" / "deploy.yml")
    deploy = workflow["jobs"]["deploy"]
    assert deploy["permissions"] == {"contents": "read", "id-token": "write"}
    assert deploy["environment"] == deploy["env"]["ENV"]  # where approval is asked for
    assert deploy["needs"] == "gates"
    assert "secrets." not in json.dumps(workflow)


def test_workflows_run_actions_that_nobody_can_change() -> None:
    """By commit: whoever owns an action may move its tags, and it runs with the role that deploys."""
    steps = [
        step
        for path in sorted((TEMPLATE.parents[1] / ".github" / "workflows").glob("*.yml"))
        for job in YAML(typ="safe").load(path)["jobs"].values()
        for step in job["steps"]
    ]
    actions = [step["uses"] for step in steps if "uses" in step]
    assert len(actions) >= 5
    assert [action for action in actions if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)] == []


def test_the_dashboard_is_json() -> None:
    body = json.loads(filled(said(properties("Dashboard")["DashboardBody"]), {"AWS::Region": "r", "Env": "dev"}))
    assert len(body["widgets"]) == 8


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_parameters_are_those_of_the_environments(env: str) -> None:
    values, handed_on = load(env).parameters(env), {*data()["Outputs"], "Release"}
    declared = data()["Parameters"] | template()["Parameters"]
    assert set(declared) == {*values, *handed_on}
    assert not handed_on & set(data()["Parameters"])
    for name, value in values.items():
        told = declared[name]
        assert re.fullmatch(told.get("AllowedPattern", ".*"), value), name
        assert value in map(str, told.get("AllowedValues", [value])), name
