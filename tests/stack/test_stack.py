"""The stack as `make deploy` deploys it, on a CloudFormation of this machine; its night, walked path by path.

What that CloudFormation drops without a word (encryption, lifecycle, time to live, time zones …) is held in
tests/infra/test_template.py, on the template.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra import deploy as deployment
from infra.environment import load
from infra.glue.build import NAME, ROOT
from infra.local.aws import comprehend
from infra.local.aws.process import serving as serving_part
from infra.policies import TEMPLATE, granted
from jobs import metrics
from jobs.doctor.examination import examine
from jobs.doctor.finding import Finding, Verdict
from jobs.lake.config import FILE, read_config, write_config
from jobs.lake.verify import Verified
from jobs.spark.session import glue_conf, java_home
from jobs.storage import storage_of
from jobs.stores.open import open_lake
from tests.conftest import document
from tests.environment import known
from tests.infra.cloudformation import resources
from tests.integration import glue_wrapper
from tests.stack.control_plane import Stack, needed, serving, without
from tests.transforms.runs import RUN
from transforms.errors import ServiceError, UsageError

pytestmark = [pytest.mark.aws, needed, pytest.mark.timeout(600)]

MACHINE = "arn:aws:states:eu-central-1:000000000000:stateMachine:aurastream-dev-night"
LOOK, NIGHT = "aurastream-dev-look", "aurastream-dev-night"


@dataclass(frozen=True)
class Deployed:
    """A stack, its outputs, and the queue that hears what is told."""

    stack: Stack
    outputs: dict[str, str]
    folder: Path
    heard: str

    def told(self) -> list[dict[str, Any]]:
        """What was told since it was last asked: subject and message."""
        sqs, found = self.stack.client("sqs"), []
        while messages := sqs.receive_message(QueueUrl=self.heard, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.heard, ReceiptHandle=message["ReceiptHandle"])
        return found

    def night(self, *outcomes: dict[str, Any], **given: Any) -> dict[str, Any]:
        """Execute the machine to its end; outcomes are those of its Glue runs."""
        self.stack.outcomes(*outcomes)
        self.told()
        states = self.stack.client("stepfunctions")
        arn = states.start_execution(stateMachineArn=MACHINE, input=json.dumps(given))["executionArn"]
        found: dict[str, Any] = {}

        def ended() -> bool:
            found.update(states.describe_execution(executionArn=arn))
            return bool(found["status"] != "RUNNING")

        wait_for(ended)
        return found

    def steps(self) -> list[tuple[str, str]]:
        """The Glue runs that were started: job and command."""
        return [
            (call["job"], call["arguments"]["--command"]) if "job" in call else ("", call["refused"])
            for call in self.stack.calls()
        ]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """Deployed by the code of `make deploy`, of the real script; the zip's bytes are any."""
    folder = tmp_path_factory.mktemp("dist")
    (folder / "glue.py").write_bytes((ROOT / "jobs" / "glue.py").read_bytes())
    (folder / NAME).write_bytes(b"wheels")
    # ministack's CloudFormation refuses this type.
    template = folder / TEMPLATE.name
    template.write_text(without(TEMPLATE.read_text(), "SecurityConfiguration"))
    for name in deployment.MACHINES:
        (folder / name).write_bytes(TEMPLATE.with_name(name).read_bytes())
    with (
        serving(tmp_path_factory.mktemp("stack")) as stack,
        known(stack.environment),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(deployment, "TEMPLATE", template)
        outputs = deployment.deploy("dev", load("dev").parameters("dev"), folder)
        # CloudFormation makes an empty secret; ministack one with an empty text.
        secrets = stack.client("secretsmanager")
        secrets.delete_secret(SecretId=outputs["ContentKey"], ForceDeleteWithoutRecovery=True)
        deployment._have_lake(outputs)
        sqs = stack.client("sqs")
        heard = sqs.create_queue(QueueName="heard")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=heard, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        stack.client("sns").subscribe(TopicArn=outputs["Topic"], Protocol="sqs", Endpoint=arn)
        yield Deployed(stack, outputs, folder, heard)


def test_deploying_again_changes_nothing(deployed: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    again = deployment.deploy("dev", load("dev").parameters("dev"), deployed.folder)

    assert again == deployed.outputs
    said = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert said == ["unchanged", "release", "unchanged"]


def test_deploying_over_a_lake_of_before_there_were_jobs_names_their_role(deployed: Deployed) -> None:
    lake, wanted = deployed.outputs["Lake"], deployment.lake_config(deployed.outputs)
    file = f"{lake}/{FILE}"
    storage_of(file).delete(file)
    write_config(lake, wanted.model_copy(update={"comprehend_role": None}))

    deployment._have_lake(deployed.outputs)

    assert read_config(lake) == wanted


def test_what_is_uploaded_is_what_was_built(deployed: Deployed) -> None:
    job = deployed.stack.client("glue").get_job(JobName=NIGHT)["Job"]
    s3 = deployed.stack.client("s3")
    for uri, name in (
        (job["Command"]["ScriptLocation"], "glue.py"),
        (job["DefaultArguments"]["--additional-python-modules"], NAME),
    ):
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == (deployed.folder / name).read_bytes()


def test_it_is_there_as_the_template_says(deployed: Deployed) -> None:
    """Read back from each service."""
    client = deployed.stack.client
    glue = client("glue")
    for name in (NIGHT, LOOK):
        job = glue.get_job(JobName=name)["Job"]
        assert (job["GlueVersion"], job["WorkerType"], int(job["NumberOfWorkers"])) == ("5.1", "G.1X", 2)
        assert (job["Command"]["Name"], job["Command"]["PythonVersion"]) == ("glueetl", "3")
        assert (job["MaxRetries"], int(job["Timeout"])) == (0, 300)
        assert job["DefaultArguments"]["--lake"] == deployed.outputs["Lake"]
    assert glue.get_database(Name=deployed.outputs["Database"])["Database"]["Name"] == "aurastream_dev"
    dynamodb = client("dynamodb")
    for table, keys in (("LedgerTable", ["pk", "sk"]), ("CacheTable", ["key"])):
        found = dynamodb.describe_table(TableName=deployed.outputs[table])["Table"]
        assert [each["AttributeName"] for each in found["KeySchema"]] == keys
        assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert dynamodb.describe_table(TableName=deployed.outputs["LedgerTable"])["Table"]["DeletionProtectionEnabled"]
    s3 = client("s3")
    for bucket in ("DropsBucket", "LakeBucket", "ArtifactsBucket"):
        name = deployed.outputs[bucket]
        assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
        assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=name)["Policy"]
        assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
    scheduler = client("scheduler")
    night = scheduler.get_schedule(GroupName="aurastream-dev", Name="aurastream-dev-night")
    assert (night["ScheduleExpression"], night["State"]) == ("cron(30 1 * * ? *)", "DISABLED")
    assert (night["Target"]["Arn"], json.loads(night["Target"]["Input"])) == (MACHINE, {"command": "nightly"})
    alarms = client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert len(alarms) == len(resources("AWS::CloudWatch::Alarm"))
    assert client("cloudwatch").get_dashboard(DashboardName="aurastream-dev")["DashboardBody"].startswith("{")
    workgroup = client("athena").get_work_group(WorkGroup="aurastream-dev")["WorkGroup"]["Configuration"]
    assert workgroup["EnforceWorkGroupConfiguration"] is True


def test_a_role_may_do_what_its_file_says(deployed: Deployed) -> None:
    iam = deployed.stack.client("iam")
    attached = iam.list_attached_role_policies(RoleName="aurastream-dev-look")["AttachedPolicies"]
    actions: set[str] = set()
    for each in attached:
        version = iam.get_policy(PolicyArn=each["PolicyArn"])["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=each["PolicyArn"], VersionId=version)["PolicyVersion"]["Document"]
        document = json.loads(document) if isinstance(document, str) else document
        for statement in document["Statement"]:
            told = statement["Action"]
            actions.update([told] if isinstance(told, str) else told)
    assert actions >= {*granted("plan"), *granted("verify")}
    assert "comprehend:BatchDetectSentiment" not in actions
    assert "glue:UpdateTable" not in actions


def test_the_lake_of_a_deployed_stack_is_usable(deployed: Deployed) -> None:
    assert deployment._have_lake(deployed.outputs).startswith(deployed.outputs["Lake"])  # once more

    _, stores = open_lake(deployed.outputs["Lake"], create=False)
    assert len(stores.keys().content_key()) == 32
    assert stores.ledger().pointers() == {}
    tables = deployed.stack.client("glue").get_tables(DatabaseName="aurastream_dev")["TableList"]
    assert {"scores", "runs", "daily_sentiment"} <= {each["Name"] for each in tables}


OK = {"state": "SUCCEEDED"}


def failed(said: str) -> dict[str, str]:
    return {"state": "FAILED", "error": f"NightFailed: {said}"}


def test_a_night_that_goes_well(deployed: Deployed) -> None:
    ended = deployed.night(OK, OK, OK)

    assert ended["status"] == "SUCCEEDED", ended
    assert deployed.steps() == [(LOOK, "plan"), (NIGHT, "nightly"), (LOOK, "verify")]
    (told,) = deployed.told()
    assert told["Subject"].startswith("aurastream dev: nightly of 20")
    arguments = deployed.stack.calls()[1]["arguments"]
    assert arguments["--execution"] == ended["name"]
    assert arguments["--ds"] == ended["startDate"].astimezone(UTC).date().isoformat()
    assert arguments["--drops"] == deployed.outputs["Drops"]


@pytest.mark.parametrize(
    ("outcomes", "steps", "words"),
    [
        ([failed("FAILED: PlanExceeded: the plan is 9 texts")], ["plan"], "PlanExceeded: the plan is 9 texts"),
        ([failed("FAILED: DropError: no drop")], ["plan"], "DropError"),
        ([OK, failed("EXPECTATIONS_NOT_MET: ExpectationsNotMet: run 1")], ["plan", "nightly"], "EXPECTATIONS_NOT_MET"),
        ([OK, failed("USAGE: UsageError: TRY_AGAIN: is no option")], ["plan", "nightly"], "USAGE"),
        ([OK, {"state": "STOPPED"}], ["plan", "nightly"], "the job run ended as STOPPED"),
        ([OK, {"state": "TIMEOUT"}], ["plan", "nightly"], "the job run ended as TIMEOUT"),
        ([OK, {"state": "ERROR", "error": "out of disk"}], ["plan", "nightly"], "out of disk"),
        (
            [OK, OK, failed("FAILED: LakeError: readers do not see")],
            ["plan", "nightly", "verify"],
            "readers do not see",
        ),
        ([{"refused": "EntityNotFoundException"}], ["EntityNotFoundException"], "Glue.EntityNotFoundException"),
    ],
)
def test_a_night_that_fails_stops_there_and_tells(
    deployed: Deployed, outcomes: list[dict[str, str]], steps: list[str], words: str
) -> None:
    ended = deployed.night(*outcomes)

    assert ended["status"] == "FAILED"
    assert words in ended["cause"]
    assert [step for _, step in deployed.steps()] == steps
    (told,) = deployed.told()
    assert "failed, step" in told["Subject"]
    assert words in told["Message"]


def test_an_end_that_is_called_well_and_is_not_fails(deployed: Deployed) -> None:
    """Should the service let STOPPED through as a result."""
    lenient = deployed.stack.folder / "lenient"
    lenient.touch()
    try:
        ended = deployed.night(OK, {"state": "STOPPED"})
    finally:
        lenient.unlink()
    assert (ended["status"], ended["cause"]) == ("FAILED", "the job run ended as STOPPED")


@pytest.mark.parametrize("ending", ["TRY_AGAIN: LakeBusy", "UNKNOWN: CommitUnknown"])
def test_what_may_succeed_later_is_tried_again_and_goes_on(deployed: Deployed, ending: str) -> None:
    ended = deployed.night(OK, failed(f"{ending}: x"), failed(f"{ending}: x"), OK, failed(f"{ending}: x"), OK)

    assert ended["status"] == "SUCCEEDED"
    assert [step for _, step in deployed.steps()] == ["plan", *["nightly"] * 3, *["verify"] * 2]
    assert len({call["arguments"]["--ds"] for call in deployed.stack.calls()}) == 1


def test_it_is_not_tried_for_ever(deployed: Deployed) -> None:
    ended = deployed.night(*[failed("TRY_AGAIN: LakeBusy: x")] * 20)

    assert ended["status"] == "FAILED"
    assert [step for _, step in deployed.steps()] == ["plan"] * 6


@pytest.mark.parametrize("refusal", ["ConcurrentRunsExceededException", "ThrottlingException"])
def test_a_start_that_is_refused_for_now_is_tried_again(deployed: Deployed, refusal: str) -> None:
    ended = deployed.night({"refused": refusal}, {"refused": refusal}, OK, OK, OK)

    assert ended["status"] == "SUCCEEDED"
    assert [step for _, step in deployed.steps()] == [refusal, refusal, "plan", "nightly", "verify"]


def test_by_hand_one_date_anew_with_another_budget(deployed: Deployed) -> None:
    ended = deployed.night(ds="2026-11-22", reprocess=True, budget="80", plan="skip")

    assert ended["status"] == "SUCCEEDED"
    assert deployed.steps() == [(NIGHT, "nightly"), (LOOK, "verify")]
    arguments = deployed.stack.calls()[0]["arguments"]
    assert arguments["--drops"] == f"{deployed.outputs['Drops']}/ds=2026-11-22"
    assert (arguments["--ds"], arguments["--reprocess"], arguments["--budget"]) == ("2026-11-22", "true", "80")


def test_by_hand_a_date_is_taken_back_once(deployed: Deployed) -> None:
    ended = deployed.night(command="rollback", ds="2026-11-22")
    assert ended["status"] == "SUCCEEDED"
    assert deployed.steps() == [(NIGHT, "rollback"), (LOOK, "verify")]

    ended = deployed.night(failed("UNKNOWN: CommitUnknown: x"), command="rollback", ds="2026-11-22")
    assert ended["status"] == "FAILED"
    assert deployed.steps() == [(NIGHT, "rollback")]


def by_hand() -> list[str]:
    """The inputs of docs/operations.md."""
    section = (ROOT / "docs" / "operations.md").read_text().split("\n## By hand\n")[1].split("\n## ")[0]
    return re.findall(r"^\| .* \| `(\{.*\})` \|$", section, re.MULTILINE)


@pytest.mark.parametrize("given", by_hand())
def test_what_the_docs_say_by_hand_is_understood(deployed: Deployed, given: str) -> None:
    told = json.loads(given)
    ended = deployed.night(**told)

    assert ended["status"] == "SUCCEEDED", ended
    commands = [command for _, command in deployed.steps()]
    assert commands[-1] == "verify"
    assert ("plan" in commands) == ("plan" not in told and "command" not in told)
    given_on = deployed.stack.calls()[0]["arguments"]
    for name in set(told) - {"command", "plan"}:
        assert given_on[f"--{name}"] == str(told[name]).replace("True", "true")


def test_in_the_morning_it_looks_and_says_nothing_if_all_is_well(deployed: Deployed) -> None:
    ended = deployed.night(command="verify", **{"max-age": "1"})
    assert ended["status"] == "SUCCEEDED"
    assert deployed.steps() == [(LOOK, "verify")]
    assert deployed.stack.calls()[0]["arguments"]["--max-age"] == "1"
    assert deployed.told() == []

    deployed.night(failed("FAILED: TooOld: the last published date is"), command="verify", **{"max-age": "1"})
    (told,) = deployed.told()
    assert "TooOld" in told["Message"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"buget": "5"}, "nothing is called buget"),
        ({"ds": "yesterday"}, "ds is a date"),
        ({"ds": 20261122}, "ds is a date"),
        ({"plan": "no"}, "plan may be skip"),
        ({"command": "rollback"}, "rollback with ds"),
        ({"command": "destroy"}, "command is nightly, verify, or rollback"),
    ],
)
def test_an_input_that_is_not_understood_starts_nothing(deployed: Deployed, given: dict[str, Any], words: str) -> None:
    ended = deployed.night(**given)

    assert ended["status"] == "FAILED"
    assert words in ended["cause"]
    assert deployed.steps() == []
    assert len(deployed.told()) == 1


def test_a_stopped_execution_stops_its_glue_run_and_no_other(deployed: Deployed) -> None:
    stack, glue = deployed.stack, deployed.stack.client("glue")
    stack.outcomes(OK, {"hangs": True}, {"hangs": True})
    deployed.told()
    states = stack.client("stepfunctions")
    arn = states.start_execution(stateMachineArn=MACHINE, input="{}")["executionArn"]
    wait_for(lambda: len(stack.calls()) == 2)
    other = glue.start_job_run(JobName=LOOK, Arguments={"--command": "verify", "--execution": "another"})["JobRunId"]
    wait_for(lambda: len(stack.calls()) == 3)

    states.stop_execution(executionArn=arn)

    wait_for(lambda: bool(told := deployed.told()) and "a night was stopped" in told[0]["Subject"])
    (newest,) = [
        run
        for run in glue.get_job_runs(JobName=NIGHT)["JobRuns"]
        if run["Arguments"].get("--execution") == arn.rpartition(":")[2]
    ]
    wait_for(lambda: glue.get_job_run(JobName=NIGHT, RunId=newest["Id"])["JobRun"]["JobRunState"] == "STOPPED")
    assert glue.get_job_run(JobName=LOOK, RunId=other)["JobRun"]["JobRunState"] == "RUNNING"
    glue.batch_stop_job_run(JobName=LOOK, JobRunIds=[other])


def found(env: str | None, lake: str | None = None) -> dict[str, Finding]:
    return {each.what: each for each in examine(lake, env)}


def test_doctor_finds_a_deployed_stack_well_but_for_what_nobody_did(deployed: Deployed) -> None:
    told = found("dev")

    ill = {what for what, each in told.items() if each.verdict is Verdict.FAILED}
    # What ministack's CloudFormation drops, and what it has not at all, is found missing.
    dropped = {f"table aurastream-dev-{each}" for each in ("ledger, backups", "ledger, expiry", "cache, expiry")}
    # The environment's file has it switched off.
    off = {"schedule aurastream-dev-night", "schedule aurastream-dev-watch"}
    assert ill - {"lake formation", "quota"} == dropped | off | {"role aurastream-dev-comprehend, permissions"}
    assert all(each.do for each in told.values() if each.verdict is not Verdict.OK)
    assert {
        "job aurastream-dev-night, modules",
        "permissions of NightRole",
        "permissions of LookRole",
        "role aurastream-dev-comprehend",
        "secret",
    } <= set(told)
    for what in ("permissions of NightRole", "role aurastream-dev-comprehend"):
        assert told[what].verdict is Verdict.OK, told[what]
    # ministack's simulation is told of no condition, and so denies what has one.
    assert told["role aurastream-dev-comprehend, permissions"].said == "may not s3:ListBucket"


def test_doctor_says_what_is_missing_and_what_to_do(deployed: Deployed) -> None:
    client, outputs = deployed.stack.client("dynamodb"), deployed.outputs
    expiry = f"table {outputs['CacheTable']}, expiry"

    def look(attribute: str) -> Finding:
        told = {"AttributeName": attribute, "Enabled": True}
        client.update_time_to_live(TableName=outputs["CacheTable"], TimeToLiveSpecification=told)
        return found(None, outputs["Lake"])[expiry]

    assert look("expires_at").verdict is Verdict.OK
    ill = look("another")
    assert (ill.verdict, ill.do) == (Verdict.FAILED, "switch time to live on, for expires_at")
    assert found(None, "s3://nobody-has-this/lake")["lake.toml"].do.startswith("`aurastream lake create")
    with pytest.raises(UsageError, match=r"no stack aurastream-none-data; `make deploy ENV=none` makes it"):
        found("none")


def test_doctor_says_what_the_role_of_comprehend_s_jobs_lacks(deployed: Deployed) -> None:
    iam, name = deployed.stack.client("iam"), "aurastream-dev-comprehend"
    policy = iam.get_role_policy(RoleName=name, PolicyName="jobs")["PolicyDocument"]

    def look() -> str:
        """What may not, beside what has a condition: see above."""
        return found(None, deployed.outputs["Lake"])[f"role {name}, permissions"].said

    def put(statements: list[Any]) -> None:
        document = json.dumps(policy | {"Statement": statements})
        iam.put_role_policy(RoleName=name, PolicyName="jobs", PolicyDocument=document)

    put([each for each in policy["Statement"] if each["Action"] != "s3:PutObject"])
    ill = look()
    put(policy["Statement"])

    assert (ill, look()) == ("may not s3:ListBucket, s3:PutObject", "may not s3:ListBucket")


def test_the_alarms_of_a_bad_night_go_off(deployed: Deployed) -> None:
    alarms = deployed.stack.client("cloudwatch")

    def ringing() -> set[str]:
        return {
            each["AlarmName"].removeprefix("aurastream-dev-")
            for each in alarms.describe_alarms()["MetricAlarms"]
            if each["StateValue"] == "ALARM"
        }

    night = replace(
        RUN, run_id="z", documents=1000, rejected=0, failed=0, throttles=0, calls=100, dollars=1.0, budget=5.0
    )
    before = [replace(night, run_id=f"a{number}") for number in range(5)]
    today = date(2026, 11, 24)
    metrics.put("aurastream-dev", metrics.of_run(night, before))
    metrics.put("aurastream-dev", metrics.of_readers(Verified([], 0, "2026-11-24"), today))
    of_nights = {"Rejected", "Failed", "Dollars", "Throttles", "Unusual", "NotPublished"}
    assert not ringing() & of_nights
    deployed.told()

    bad = replace(night, documents=2500, rejected=300, failed=50, throttles=20, dollars=4.9)
    metrics.put("aurastream-dev", metrics.of_run(bad, before))
    metrics.put("aurastream-dev", metrics.of_readers(Verified([], 0, "2026-11-21"), today))

    wait_for(lambda: ringing() >= of_nights)
    told = {each["Subject"].partition('"')[2].partition('"')[0] for each in deployed.told()}
    assert {f"aurastream-dev-{name}" for name in of_nights} <= told


@pytest.mark.slow
@pytest.mark.timeout(3600)  # three starts of Spark: a minute, and many where others want the processors
def test_a_night_runs_the_script_and_readers_see_it(deployed: Deployed, tmp_path: Path) -> None:
    """Scheduled: every Glue run is the script that was deployed, with the arguments that the template and the machine
    give it, on Spark."""
    stack = deployed.stack
    bucket, day = deployed.outputs["DropsBucket"], "2026-11-22"
    rows = "".join(json.dumps(document(document_id=f"d{i}", text=f"Kettle {i} works.")) + "\n" for i in range(3))
    stack.client("s3").put_object(Bucket=bucket, Key=f"ds={day}/a.jsonl", Body=rows.encode())
    with serving_part(comprehend.PART, tmp_path) as paid:
        environment = {
            **{name: os.environ[name] for name in ("HOME", "PATH", "LANG") if name in os.environ},
            **stack.environment,
            **paid.endpoints,
            "JAVA_HOME": str(java_home()),
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_DIRS": str(tmp_path / "spark"),
        }
        wrapped = [sys.executable, glue_wrapper.__file__, "local[1]", glue_conf(), str(deployed.folder / "glue.py")]
        run = {"command": wrapped, "environment": environment}
        ended = deployed.night(run, run, run)

    logs = "".join(path.read_text() for path in stack.folder.glob("*.log"))
    assert ended["status"] == "SUCCEEDED", ended.get("cause", "") + logs
    assert deployed.steps() == [(LOOK, "plan"), (NIGHT, "nightly"), (LOOK, "verify")]
    _, stores = open_lake(deployed.outputs["Lake"], create=False)
    assert set(stores.ledger().pointers()) == {day}
    points = stack.client("cloudwatch").get_metric_statistics(
        Namespace=metrics.NAMESPACE,
        MetricName="Documents",
        Dimensions=[{"Name": "Stack", "Value": "aurastream-dev"}, {"Name": "Status", "Value": "SCORED"}],
        StartTime=datetime.now(UTC) - timedelta(hours=1),
        EndTime=datetime.now(UTC) + timedelta(hours=1),
        Period=86400,
        Statistics=["Sum"],
    )["Datapoints"]
    assert points[0]["Sum"] >= 3
    assert "Kettle" not in logs  # no text in a log


def test_the_scheduler_starts_a_night(deployed: Deployed) -> None:
    """By the target of the deployed schedule, at a moment of today."""
    scheduler = deployed.stack.client("scheduler")
    target = scheduler.get_schedule(GroupName="aurastream-dev", Name="aurastream-dev-watch")["Target"]
    deployed.stack.outcomes()
    soon = datetime.now(UTC) + timedelta(seconds=2)
    scheduler.create_schedule(
        GroupName="aurastream-dev",
        Name="soon",
        ScheduleExpression=f"at({soon:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={name: target[name] for name in ("Arn", "RoleArn", "Input")},
    )
    wait_for(lambda: deployed.steps() == [(LOOK, "verify")])
    scheduler.delete_schedule(GroupName="aurastream-dev", Name="soon")


def test_a_deployment_that_fails_is_rolled_back_and_says_why(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """This CloudFormation refuses metric math, and so stands in for whatever AWS refuses."""
    refused = tmp_path / TEMPLATE.name
    text = without(TEMPLATE.read_text(), "SecurityConfiguration")
    refused.write_text(
        text.replace(
            "MetricName: ShareOfBudget", 'Metrics: [{Id: a, Expression: "1"}]\n      MetricName: ShareOfBudget'
        )
    )
    for name in deployment.MACHINES:
        (tmp_path / name).write_bytes(TEMPLATE.with_name(name).read_bytes())
    told = load("dev").parameters("dev")
    with monkeypatch.context() as patch:
        patch.setattr(deployment, "TEMPLATE", refused)
        with pytest.raises(
            ServiceError, match=r"stack aurastream-dev is \w*ROLLBACK\w*, .* rolled back: .*DollarsAlarm: "
        ):
            deployment.deploy("dev", told | {"Workers": "9"}, deployed.folder)
    job = deployed.stack.client("glue").get_job(JobName=NIGHT)["Job"]
    assert int(job["NumberOfWorkers"]) == 2

    assert deployment.deploy("dev", told, deployed.folder) == deployed.outputs


def test_taking_it_away_leaves_the_data_and_it_comes_back(
    deployed: Deployed, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last test: it takes away what the others work on, and makes it again."""
    with pytest.raises(UsageError, match="prod is not destroyed by a command"):
        deployment.destroy("prod")
    deployed.stack.client("s3").put_object(Bucket=deployed.outputs["DropsBucket"], Key="kept", Body=b"kept")

    deployment.destroy("dev")

    said = capsys.readouterr().out
    for name in ("DropsBucket", "LakeBucket", "LedgerTable", "CacheTable", "ContentKey"):
        assert deployed.outputs[name] in said
    assert deployed.stack.client("glue").get_jobs()["Jobs"] == []
    again = deployment.deploy("dev", load("dev").parameters("dev"), deployed.folder)
    assert {name: again[name] for name in ("DropsBucket", "LakeKey", "ContentKey")} == {
        name: deployed.outputs[name] for name in ("DropsBucket", "LakeKey", "ContentKey")
    }
    deployment._have_lake(again)
    kept = deployed.stack.client("s3").get_object(Bucket=deployed.outputs["DropsBucket"], Key="kept")
    assert kept["Body"].read() == b"kept"


def wait_for(holds: Callable[[], bool]) -> None:
    """However long a busy machine takes: what never comes to be ends by the test's timeout."""
    while not holds():
        time.sleep(0.05)
