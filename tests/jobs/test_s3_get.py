"""Objects that are asked for once, and by the SDK where that is not answered."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import boto3
import botocore.auth
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse, HeadersDict
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError
from botocore.httpsession import URLLib3Session

from jobs.s3_get import S3Get, signed
from tests.jobs.test_storage import ODD_NAMES, never_waiting
from tests.s3 import BUCKET, KEYS, OTHER_KEYS, REGION, S3, s3
from tests.weather import bad_weather

__all__ = ["s3"]  # the fixture

CONTENT = b"0123456789"


@pytest.fixture
def key(s3: S3) -> str:
    """Of an object that is there."""
    _, _, folder = s3.folder().removeprefix("s3://").partition("/")
    s3.client.put_object(Bucket=BUCKET, Key=f"{folder}/a", Body=CONTENT)
    return f"{folder}/a"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[AWSPreparedRequest]:
    """Every request that leaves."""
    requests: list[AWSPreparedRequest] = []
    send = URLLib3Session.send

    def noted(session: URLLib3Session, request: AWSPreparedRequest) -> Any:
        requests.append(request)
        return send(session, request)

    monkeypatch.setattr(URLLib3Session, "send", noted)
    return requests


def opened(s3: S3, keys: tuple[str, str] = KEYS, **config: Any) -> S3Get:
    session = boto3.session.Session(*keys, region_name=REGION)
    client = session.client("s3", endpoint_url=s3.endpoint, config=Config(user_agent_extra="ours", **config))
    return S3Get(client, session.get_credentials())


def etag_of(s3: S3, key: str) -> str:
    etag: str = s3.client.head_object(Bucket=BUCKET, Key=key)["ETag"]
    return etag


def at_once(request: AWSPreparedRequest) -> bool:
    """Whether a request is none of the SDK's own: those can be told apart by an id."""
    return "amz-sdk-invocation-id" not in {name.lower() for name in request.headers}


def answer_at_once(monkeypatch: pytest.MonkeyPatch, answer: Callable[[AWSResponse], Any]) -> None:
    """Have what is asked at once answered otherwise."""
    send = URLLib3Session.send

    def other(session: URLLib3Session, request: AWSPreparedRequest) -> Any:
        found = send(session, request)
        return answer(found) if at_once(request) else found

    monkeypatch.setattr(URLLib3Session, "send", other)


@pytest.mark.parametrize("address", ["http://127.0.0.1:8333/inbox/", "https://inbox.s3.eu-west-1.amazonaws.com:443/"])
@pytest.mark.parametrize("token", [None, "a/token=="])
def test_requests_are_signed_as_the_sdk_signs_them(
    monkeypatch: pytest.MonkeyPatch, address: str, token: str | None
) -> None:
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: datetime(2026, 11, 30, 3, 59, tzinfo=UTC))
    keys = Credentials("an-id", "a-secret", token)
    asked = {"if-match": '"an-etag"', "range": "bytes=0-9"}
    for name in (*ODD_NAMES, "a//b", "/a", "a/./b"):
        url = address + quote(name)
        theirs = AWSRequest("GET", url, headers=asked)
        S3SigV4Auth(keys, "s3", "eu-west-1").add_auth(theirs)

        ours = signed(url, asked, keys.get_frozen_credentials(), "eu-west-1", "20261130T035900Z")
        assert ours["authorization"] == theirs.headers["Authorization"]
        assert ours["x-amz-date"] == theirs.headers["X-Amz-Date"]


def test_the_sdk_is_asked_for_a_buckets_first_object_alone(s3: S3, key: str, sent: list[AWSPreparedRequest]) -> None:
    get, etag = opened(s3), etag_of(s3, key)
    sent.clear()

    spans = [get.read(BUCKET, key, etag, *span) for span in ((0, 10), (0, 1), (9, 10))]
    assert spans == [CONTENT, b"0", b"9"]
    assert [at_once(request) for request in sent] == [False, True, True]
    assert len({request.url for request in sent}) == 1
    assert all("ours" in str(request.headers["user-agent"]) for request in sent)


def test_odd_names_are_read_at_once(s3: S3, key: str, sent: list[AWSPreparedRequest]) -> None:
    get = opened(s3)
    get.read(BUCKET, key, etag_of(s3, key), 0, 1)
    for name in (*ODD_NAMES, "a//b"):
        etag = s3.client.put_object(Bucket=BUCKET, Key=f"{key}/{name}", Body=CONTENT)["ETag"]
        sent.clear()
        assert get.read(BUCKET, f"{key}/{name}", etag, 0, 10) == CONTENT
        assert [at_once(request) for request in sent] == [True]


def unanswered(answer: AWSResponse) -> AWSResponse:
    raise ConnectionClosedError(endpoint_url=answer.url)


def out_of_reach(answer: AWSResponse) -> AWSResponse:
    raise EndpointConnectionError(endpoint_url=answer.url)


def other(status: int, content: bytes) -> Callable[[AWSResponse], AWSResponse]:
    def answered(answer: AWSResponse) -> AWSResponse:
        found = AWSResponse(answer.url, status, HeadersDict(), None)
        found._content = content
        return found

    return answered


@pytest.mark.parametrize(
    "answer",
    [
        unanswered,
        out_of_reach,
        other(503, b"<Error><Code>SlowDown</Code></Error>"),
        other(500, b"InternalError"[:10]),  # as long as the content
        other(403, b"RequestTimeTooSkewed"),
        other(206, CONTENT[:9]),
        other(206, b""),
        other(200, CONTENT + CONTENT),
    ],
    ids=["reset", "out of reach", "slow down", "error", "refused", "short", "empty", "whole"],
)
def test_whatever_else_comes_the_sdk_asks_again(
    s3: S3,
    key: str,
    sent: list[AWSPreparedRequest],
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[AWSResponse], AWSResponse],
) -> None:
    get, etag = opened(s3), etag_of(s3, key)
    get.read(BUCKET, key, etag, 0, 1)
    answer_at_once(monkeypatch, answer)
    sent.clear()

    assert get.read(BUCKET, key, etag, 0, 10) == CONTENT
    assert [at_once(request) for request in sent] == [True, False]


def test_objects_are_read_in_bad_weather(s3: S3, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    never_waiting(monkeypatch)
    contents = {f"{key}-{number}": f"content {number}".encode() for number in range(150)}
    etags = {name: s3.client.put_object(Bucket=BUCKET, Key=name, Body=body)["ETag"] for name, body in contents.items()}

    with bad_weather(s3.endpoint, 0.2) as weather, ThreadPoolExecutor(8) as pool:
        get = opened(replace(s3, endpoint=weather.url))
        found = pool.map(lambda name: get.read(BUCKET, name, etags[name], 0, len(contents[name])), contents)
        assert list(found) == list(contents.values())

    assert all(weather.done[harm] for harm in ("refused", "reset", "lost", "cut"))
    assert weather.asked["GET"] > len(contents)


def test_what_is_wrong_is_said_as_the_sdk_says_it(s3: S3, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    never_waiting(monkeypatch)
    get, etag = opened(s3), etag_of(s3, key)
    get.read(BUCKET, key, etag, 0, 1)

    with pytest.raises(ClientError, match="PreconditionFailed"):
        get.read(BUCKET, key, '"another"', 0, 10)
    with pytest.raises(ClientError, match="NoSuchKey"):
        get.read(BUCKET, f"{key}-not", etag, 0, 10)
    get._credentials = Credentials(*OTHER_KEYS)  # renewed
    assert get.read(BUCKET, key, etag, 0, 10) == CONTENT


def test_a_bucket_that_is_signed_for_in_another_way_is_the_sdks(
    s3: S3, key: str, sent: list[AWSPreparedRequest]
) -> None:
    get, etag = opened(s3, signature_version="s3"), etag_of(s3, key)
    sent.clear()

    assert [get.read(BUCKET, key, etag, 0, 10) for _ in range(2)] == [CONTENT] * 2
    assert [at_once(request) for request in sent] == [False, False]
