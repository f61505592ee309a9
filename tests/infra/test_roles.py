"""What a request needs of IAM, and what docs/s3.md says of it."""

import json

import pytest

from tests.iam import needs
from tests.roles import COMMANDS, DOCUMENT, PERMISSIONS, documented


def test_docs_say_what_the_roles_have() -> None:
    assert documented() in DOCUMENT.read_text(encoding="utf-8")
    assert {path.stem for path in PERMISSIONS.iterdir()} == {*COMMANDS}


@pytest.mark.parametrize("name", COMMANDS)
def test_what_was_not_recorded_has_its_reason(name: str) -> None:
    told = json.loads((PERMISSIONS / f"{name}.json").read_text(encoding="utf-8"))

    assert set(told) == {"recorded", "reasoned"}
    assert all(set(each) == {"resources", "reason"} and all(each.values()) for each in told["reasoned"].values())
    # Whatever has no resources of its own in IAM is Comprehend's.
    wide = {action for action, resources in told["recorded"].items() if "*" in resources}
    assert all(action.startswith("comprehend:") for action in wide)


JOB = "arn:aws:comprehend:${Region}:${Account}:sentiment-detection-job"
TABLE = "arn:aws:dynamodb:${Region}:${Account}:table/t"


@pytest.mark.parametrize(
    ("request_line", "headers", "body", "needed"),
    [
        ("HEAD /b/k", {}, b"", ["s3:GetObject arn:aws:s3:::b/k"]),
        ("GET /b?list-type=2&prefix=p", {}, b"", ["s3:ListBucket arn:aws:s3:::b"]),
        ("HEAD /b", {}, b"", ["s3:ListBucket arn:aws:s3:::b"]),
        ("POST /b/k?uploads", {}, b"", ["s3:PutObject arn:aws:s3:::b/k"]),
        ("DELETE /b/k?uploadId=1", {}, b"", ["s3:AbortMultipartUpload arn:aws:s3:::b/k"]),
        ("PUT /b?encryption", {}, b"", ["s3:PutEncryptionConfiguration arn:aws:s3:::b"]),
        (
            "PUT /b/k",
            {"x-amz-copy-source": "a/ds%3D1"},
            b"",
            ["s3:GetObject arn:aws:s3:::a/ds=1", "s3:PutObject arn:aws:s3:::b/k"],
        ),
        (
            "POST /b?delete",
            {},
            b"<Delete><Object><Key>x</Key></Object><Object><Key>y</Key></Object></Delete>",
            ["s3:DeleteObject arn:aws:s3:::b/x", "s3:DeleteObject arn:aws:s3:::b/y"],
        ),
        (
            "POST /",
            {"x-amz-target": "DynamoDB_20120810.TransactWriteItems"},
            b'{"TransactItems": [{"Put": {"TableName": "t"}}, {"ConditionCheck": {"TableName": "t"}}]}',
            [f"dynamodb:PutItem {TABLE}", f"dynamodb:ConditionCheckItem {TABLE}"],
        ),
        (
            "POST /",
            {"x-amz-target": "DynamoDB_20120810.BatchGetItem"},
            b'{"RequestItems": {"t": {}}}',
            [f"dynamodb:BatchGetItem {TABLE}"],
        ),
        (
            "POST /",
            {"x-amz-target": "Comprehend_20171127.BatchDetectSentiment"},
            b"{}",
            ["comprehend:BatchDetectSentiment *"],
        ),
        (
            "POST /",
            {"x-amz-target": "Comprehend_20171127.StartSentimentDetectionJob"},
            b'{"DataAccessRoleArn": "arn:aws:iam::1:role/r"}',
            [f"comprehend:StartSentimentDetectionJob {JOB}/*", "iam:PassRole arn:aws:iam::1:role/r"],
        ),
        (
            "POST /",
            {"x-amz-target": "Comprehend_20171127.DescribeSentimentDetectionJob"},
            b'{"JobId": "j"}',
            [f"comprehend:DescribeSentimentDetectionJob {JOB}/j"],
        ),
    ],
)
def test_a_request_needs_what_iam_calls_it(
    request_line: str, headers: dict[str, str], body: bytes, needed: list[str]
) -> None:
    method, path = request_line.split(" ")
    assert [f"{need.action} {need.resource}" for need in needs(method, path, headers, body)] == needed
