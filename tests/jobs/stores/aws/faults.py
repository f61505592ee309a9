"""What AWS does to a client now and then: refuses, answers in part, or does as told and is not heard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.exceptions import ReadTimeoutError

from jobs.stores.aws.client import Client


def before_send(client: Client, operation: str, handler: Callable[..., AWSResponse | None]) -> None:
    """Have a handler see each request, and answer it in the service's place where it wants to."""
    service = client.boto.meta.service_model.service_id.hyphenize()
    client.boto.meta.events.register_first(f"before-send.{service}.{operation}", handler)


def answer(status: int, body: object) -> AWSResponse:
    class Raw(BytesIO):
        def stream(self, **_: Any) -> Iterator[bytes]:
            yield self.read()

    headers = HeadersDict({"content-type": "application/x-amz-json-1.0"})
    return AWSResponse("", status, headers, Raw(json.dumps(body).encode()))


def refusal(status: int, code: str, message: str = "") -> AWSResponse:
    return answer(status, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message})


def lose_answers(
    client: Client, operation: str, lost: Callable[[], bool], meanwhile: Callable[[], object] = lambda: None
) -> None:
    """Have the service do as told, and where `lost` says so its answer never come; others do something `meanwhile`."""

    def lose(request: AWSPreparedRequest, **_: Any) -> None:
        if lost():
            client.boto._endpoint.http_session.send(request)
            meanwhile()
            raise ReadTimeoutError(endpoint_url=request.url)

    before_send(client, operation, lose)


def the_first(count: int) -> Callable[[], bool]:
    """Whether it is one of the first so many times that this is asked."""
    left = [True] * count
    return lambda: bool(left) and left.pop()


def count_calls(client: Client) -> list[str]:
    """The operations that are called from now on."""
    calls: list[str] = []
    before_send(client, "*", lambda event_name, **_: calls.append(event_name.rpartition(".")[2]))
    return calls
