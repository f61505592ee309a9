"""The local Comprehend's jobs, by a clock that the test turns, over files of a folder in place of S3."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from infra.local import jobs
from infra.local.answers import from_hash
from infra.local.jobs import Harm, Jobs
from infra.local.refusal import Refusal
from tests.infra.clients import comprehend
from tests.infra.serving import Server

SECOND = 1_000_000_000
START: dict[str, Any] = {
    "InputDataConfig": {"S3Uri": "s3://bucket/in/", "InputFormat": "ONE_DOC_PER_LINE"},
    "OutputDataConfig": {"S3Uri": "s3://bucket/out/"},
    "DataAccessRoleArn": "arn:aws:iam::111122223333:role/jobs",
    "LanguageCode": "en",
}


class Desk:
    """Jobs of five seconds over a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, 0
        self.jobs = Jobs(5.0, lambda: self.now)

    def start(self, token: str = "a", harm: Harm | None = None, prefix: str = "in/", **told: Any) -> jobs.Job:
        request = START | {
            "InputDataConfig": {"S3Uri": f"{self.folder}/{prefix}"},
            "OutputDataConfig": {"S3Uri": f"{self.folder}/out/"},
            "ClientRequestToken": token,
        }
        return self.jobs.start(request | told, "en", harm)

    def put(self, name: str, content: bytes) -> None:
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_bytes(content)

    def work(self) -> list[str]:
        return self.jobs.work(from_hash, lambda: None)

    def said(self, job: jobs.Job) -> list[tuple[str, int, str]]:
        content = gzip.decompress(Path(job.output).read_bytes())
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            (member,) = tar.getmembers()
            file = tar.extractfile(member)
            assert file is not None
            lines = [json.loads(line) for line in file]
        return [(each["File"], each["Line"], each.get("ErrorCode", "ok")) for each in lines]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_job_takes_its_time_and_is_billed_whether_it_is_asked_for_or_not(desk: Desk) -> None:
    desk.put("in/texts", b"one\ntwo\n")
    job = desk.start()
    assert (job.status, desk.work(), job.status) == ("SUBMITTED", [], "IN_PROGRESS")
    desk.now = 5 * SECOND
    assert desk.work() == ["one", "two"]
    assert (job.status, desk.work()) == ("COMPLETED", [])
    assert desk.said(job) == [("texts", 0, "ok"), ("texts", 1, "ok")]


def test_a_prefix_takes_what_begins_with_it(desk: Desk) -> None:
    desk.put("in/part-1", b"one\n")
    desk.put("in/part-10", b"ten\n")
    desk.start(prefix="in/part-1")
    desk.now = 5 * SECOND
    assert desk.work() == ["one", "ten"]


def test_a_line_that_is_not_utf8_ends_the_rest(desk: Desk) -> None:
    desk.put("in/texts", b"one\r\n" + b"x" * 5_001 + b"\ntwo\n\xff\nthree\n")
    job = desk.start()
    desk.now = 5 * SECOND
    assert desk.work() == ["one", "two"]
    assert [code for _, _, code in desk.said(job)] == ["ok", "DOCUMENT_SIZE_EXCEEDED", "ok", "UNSUPPORTED_ENCODING"]


def test_a_token_starts_one_job(desk: Desk) -> None:
    assert desk.start() is desk.start()
    assert desk.start("b") is not desk.start()
    with pytest.raises(Refusal, match="token is that of another request"):
        desk.start(LanguageCode="de")


def test_so_many_go_on_at_once(desk: Desk) -> None:
    for number in range(jobs.MOST_ACTIVE):
        desk.start(f"t{number}")
    with pytest.raises(Refusal, match="TooManyRequestsException"):
        desk.start("more")
    desk.now = 5 * SECOND
    desk.work()
    desk.start("more")


def test_what_is_too_much_or_cannot_be_read_fails(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MOST_LINES", 1)
    desk.put("in/texts", b"one\ntwo\n")
    too_much = desk.start()
    desk.now = 5 * SECOND
    assert desk.work() == []
    assert (too_much.status, too_much.message.split(":")[0]) == ("FAILED", "INPUT_SIZE_LIMIT_EXCEEDED")
    monkeypatch.setattr(jobs.Job, "_lines", lambda _: (_ for _ in ()).throw(PermissionError))
    denied = desk.start("b")
    desk.now = 10 * SECOND
    desk.work()
    assert denied.message.startswith("NO_READ_ACCESS_TO_INPUT: ")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"LanguageCode": "nl"}, "ValidationException"),
        ({"DataAccessRoleArn": "arn:aws:iam::1:role/x"}, "ValidationException"),
        ({"InputDataConfig": {"S3Uri": "/a/folder", "InputFormat": "ONE_DOC_PER_LINE"}}, "ValidationException"),
        ({"InputDataConfig": {"S3Uri": "s3://bucket/in/"}}, "InvalidRequestException"),
        ({"OutputDataConfig": {"S3Uri": 5}}, "SerializationException"),
    ],
)
def test_what_the_service_refuses(server: Server, client: Any, change: dict[str, Any], code: str) -> None:
    with pytest.raises(client.exceptions.ClientError) as refused:
        client.start_sentiment_detection_job(**START | change)
    assert refused.value.response["Error"]["Code"] == code


def test_the_sdk_knows_the_answers(server: Server) -> None:
    client = comprehend(server.url)
    started = client.start_sentiment_detection_job(**START)
    told = client.describe_sentiment_detection_job(JobId=started["JobId"])["SentimentDetectionJobProperties"]
    assert (started["JobStatus"], told["JobId"]) == ("SUBMITTED", started["JobId"])
    assert told["OutputDataConfig"]["S3Uri"].endswith("/output/output.tar.gz")
    with pytest.raises(client.exceptions.JobNotFoundException):
        client.describe_sentiment_detection_job(JobId="none")
