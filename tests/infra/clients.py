"""An unmodified boto3 client whose every answer is held to botocore's model of the service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import get_session
from botocore.validate import ParamValidator

MODEL = get_session().get_service_model("comprehend")


def comprehend(url: str, key: str = "test", **config: Any) -> Any:
    """A client, without retries unless told otherwise; whatever answers it gets must be of the model."""
    session = boto3.session.Session(aws_access_key_id=key, aws_secret_access_key="secret", region_name="us-east-1")
    config = {"retries": {"total_max_attempts": 1, "mode": "standard"}} | config
    client = session.client("comprehend", endpoint_url=url, config=Config(**config))
    client.meta.events.register("after-call.comprehend", _held_to_the_model)
    return client


def refusal(client: Any, operation: str, /, **request: Any) -> tuple[int, str, str]:
    """Status, code and message of a call that is refused."""
    try:
        answer = getattr(client, operation)(**request)
    except ClientError as error:
        said = error.response
        return said["ResponseMetadata"]["HTTPStatusCode"], said["Error"]["Code"], said["Error"]["Message"]
    raise AssertionError(f"answered: {answer}")


def _held_to_the_model(http_response: Any, model: Any, **_: Any) -> None:
    if http_response.status_code == 200:
        assert mistakes(model.output_shape, json.loads(http_response.content)) == []


def mistakes(shape: Any, value: Any) -> list[str]:
    """What of an answer's raw body is not as its shape: members, types, lengths, and values of an enum."""
    report = ParamValidator().validate(value, shape)
    return [*filter(None, report.generate_report().split("\n")), *_enums(shape, value)]


def _enums(shape: Any, value: Any) -> Iterator[str]:
    match shape.type_name:
        case "structure":
            for name, member in value.items():
                if name in shape.members:
                    yield from _enums(shape.members[name], member)
        case "list":
            for member in value:
                yield from _enums(shape.member, member)
        case "string" if shape.enum and value not in shape.enum:
            yield f"{value} is no {shape.name}"
