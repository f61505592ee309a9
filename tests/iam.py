"""What a request to AWS needs of IAM: actions and resources, told on the wire, so that every process is heard.

Sources: the Service Authorization Reference; for S3, "Required permissions for Amazon S3 API operations"; for
DynamoDB's transactions, "Using IAM with DynamoDB transactions".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

# As policies are written; nothing on this machine has either.
_WHERE = "${Region}:${Account}"
_TRANSACTED = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}
_OF_BUCKETS = {
    ("GET", "encryption"): "GetEncryptionConfiguration",
    ("PUT", "encryption"): "PutEncryptionConfiguration",
    ("GET", "publicAccessBlock"): "GetBucketPublicAccessBlock",
    ("PUT", "publicAccessBlock"): "PutBucketPublicAccessBlock",
    ("GET", "uploads"): "ListBucketMultipartUploads",
}


class Need(NamedTuple):
    """An action, and what it is done to."""

    action: str
    resource: str


def needs(method: str, path: str, headers: dict[str, str], body: bytes) -> list[Need]:
    """What a request needs. Raises KeyError for one of a service that is not known here."""
    target = headers.get("x-amz-target")
    if target is None:
        return [*_of_s3(method, path, headers, body)]
    service, _, operation = target.rpartition(".")
    return [*_OF_SERVICE[service.partition("_")[0]](operation, json.loads(body or b"{}"))]


def _of_s3(method: str, path: str, headers: dict[str, str], body: bytes) -> Iterator[Need]:
    parts = urlsplit(path)
    asked = parse_qs(parts.query, keep_blank_values=True)
    bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
    arn = f"arn:aws:s3:::{bucket}"
    if not key and method == "POST" and "delete" in asked:
        for each in re.findall(rb"<Key>(.*?)</Key>", body):
            yield Need("s3:DeleteObject", f"{arn}/{each.decode()}")
    elif not key:
        named = next((action for (verb, name), action in _OF_BUCKETS.items() if verb == method and name in asked), None)
        plain = {"GET": "ListBucket", "HEAD": "ListBucket", "PUT": "CreateBucket", "DELETE": "DeleteBucket"}[method]
        yield Need(f"s3:{named or plain}", arn)
    else:
        if "x-amz-copy-source" in headers:
            yield Need("s3:GetObject", f"arn:aws:s3:::{unquote(headers['x-amz-copy-source']).lstrip('/')}")
        upload = "uploadId" in asked
        action = {
            "GET": "ListMultipartUploadParts" if upload else "GetObject",
            "HEAD": "GetObject",
            "PUT": "PutObject",
            "POST": "PutObject",
            "DELETE": "AbortMultipartUpload" if upload else "DeleteObject",
        }[method]
        yield Need(f"s3:{action}", f"{arn}/{key}")


def _of_dynamodb(operation: str, told: dict[str, Any]) -> Iterator[Need]:
    def need(action: str, table: str) -> Need:
        return Need(f"dynamodb:{action}", f"arn:aws:dynamodb:{_WHERE}:table/{table}")

    match told:
        case {"TransactItems": [*items]}:
            for item in items:
                for kind, each in item.items():
                    yield need(_TRANSACTED[kind], each["TableName"])
        case {"RequestItems": {**tables}}:
            for table in tables:
                yield need(operation, str(table))
        case {"TableName": str(table)}:
            yield need(operation, table)


def _of_glue(operation: str, told: dict[str, Any]) -> Iterator[Need]:
    """Whatever is done to a table is done to its database and the catalog, too."""
    database = told.get("DatabaseName") or (told.get("DatabaseInput") or {}).get("Name")
    table = told.get("TableName") or (told.get("Name") if operation == "GetTable" else None)
    table = table or (told.get("TableInput") or {}).get("Name") or ("*" if operation == "GetTables" else None)
    yield Need(f"glue:{operation}", f"arn:aws:glue:{_WHERE}:catalog")
    yield Need(f"glue:{operation}", f"arn:aws:glue:{_WHERE}:database/{database}")
    if table:
        yield Need(f"glue:{operation}", f"arn:aws:glue:{_WHERE}:table/{database}/{table}")


def _of_secrets(operation: str, told: dict[str, Any]) -> Iterator[Need]:
    # Secrets Manager adds six characters to a name.
    yield Need(
        f"secretsmanager:{operation}",
        f"arn:aws:secretsmanager:{_WHERE}:secret:{told.get('SecretId') or told['Name']}-??????",
    )


def _of_athena(operation: str, told: dict[str, Any]) -> Iterator[Need]:
    yield Need(f"athena:{operation}", f"arn:aws:athena:{_WHERE}:workgroup/{told.get('WorkGroup') or told['Name']}")


def _of_comprehend(operation: str, told: dict[str, Any]) -> Iterator[Need]:
    """It knows resources for jobs alone; whoever starts one passes on the role in which it works."""
    action, job = f"comprehend:{operation}", f"arn:aws:comprehend:{_WHERE}:sentiment-detection-job"
    if operation == "StartSentimentDetectionJob":
        yield Need(action, f"{job}/*")
        yield Need("iam:PassRole", told["DataAccessRoleArn"])
    elif operation == "DescribeSentimentDetectionJob":
        yield Need(action, f"{job}/{told['JobId']}")
    else:
        yield Need(action, "*")


_OF_SERVICE: dict[str, Callable[[str, dict[str, Any]], Iterator[Need]]] = {
    "DynamoDB": _of_dynamodb,
    "AWSGlue": _of_glue,
    "secretsmanager": _of_secrets,
    "AmazonAthena": _of_athena,
    "Comprehend": _of_comprehend,
}
