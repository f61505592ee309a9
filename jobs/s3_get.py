"""Bytes of an object in S3: by one request that is signed here, and by the AWS SDK where that does not bring them.

What the SDK does around a request costs some four times the request itself, which shows where a night has many small
objects. So it is asked for the first object of a bucket, and the next are asked for as it did: at its address, by its
connections, with its credentials. One try alone: whatever comes but the bytes, the SDK asks again, waits and tries
again as it does, and says what is wrong.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

# Times that bytes are asked for whose answer breaks off: the SDK tries again only what had no answer, or that the
# service is out of order.
_TRIES = 5
# Of buckets of other kinds (S3 Express, access points of many regions) requests are signed in other ways.
_SCOPE = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/([^/]+)/s3/aws4_request,")
_NO_BODY = hashlib.sha256(b"").hexdigest()


class _Asked(NamedTuple):
    """How the SDK asks for objects of a bucket."""

    address: str  # to which a key is added
    region: str


class S3Get:
    """Reads objects by a client of the SDK's and the credentials that it has."""

    def __init__(self, client: Any, credentials: Any) -> None:
        self._client, self._credentials = client, credentials
        self._asked: dict[str, _Asked] = {}  # by bucket
        self._sent = threading.local()
        client.meta.events.register("before-send.s3.GetObject", self._note)

    def read(self, bucket: str, key: str, etag: str, start: int, end: int) -> bytes:
        """Bytes from `start` to before `end` of the object as it was when it had this ETag.

        Raises botocore's ClientError, also where it has another by now, and BotoCoreError.
        """
        asked = self._asked.get(bucket)
        data = asked and self._at_once(asked, key, etag, start, end)
        return data or self._by_sdk(bucket, key, etag, start, end)

    def _at_once(self, asked: _Asked, key: str, etag: str, start: int, end: int) -> bytes | None:
        """The bytes, or None whatever else the answer is."""
        from botocore.awsrequest import AWSPreparedRequest
        from botocore.exceptions import BotoCoreError

        url = asked.address + quote(key)
        headers = {"if-match": etag, "range": f"bytes={start}-{end - 1}"}
        try:
            keys = self._credentials.get_frozen_credentials()
            headers = signed(url, headers, keys, asked.region, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
            headers["user-agent"] = self._client.meta.config.user_agent
            request = AWSPreparedRequest("GET", url, headers, b"", stream_output=False)
            answer = self._client._endpoint.http_session.send(request)  # which knows proxies, certificates, connections
        except BotoCoreError:
            return None
        data: bytes = answer.content
        return data if answer.status_code == 206 and len(data) == end - start else None

    def _by_sdk(self, bucket: str, key: str, etag: str, start: int, end: int) -> bytes:
        from botocore.exceptions import BotoCoreError

        span = f"bytes={start}-{end - 1}"
        self._sent.url = self._sent.authorization = ""
        for tries_left in reversed(range(_TRIES)):
            answer = self._client.get_object(Bucket=bucket, Key=key, Range=span, IfMatch=etag)
            try:
                data: bytes = answer["Body"].read()
                break
            except BotoCoreError:
                if not tries_left:
                    raise
        scope = _SCOPE.match(self._sent.authorization)
        if scope and self._sent.url.endswith(f"/{quote(key)}"):
            self._asked[bucket] = _Asked(self._sent.url.removesuffix(quote(key)), scope[1])
        return data

    def _note(self, request: Any, **_: Any) -> None:
        """Keep what this thread sends."""
        said = request.headers.get("Authorization", "")
        self._sent.authorization = said.decode() if isinstance(said, bytes) else said
        self._sent.url = request.url


def signed(url: str, headers: Mapping[str, str], keys: Any, region: str, now: str) -> dict[str, str]:
    """The headers of a GET without a body, with those that sign it: AWS Signature Version 4, as S3 has it.

    url: quoted. headers: names in lower case. keys: `access_key`, `secret_key`, `token` or None. now: 20261130T035900Z.
    Source: "Authenticating Requests: Using the Authorization Header", Amazon S3 API Reference.
    """
    parts = urlsplit(url)
    # Without a port that is the scheme's own, as HTTP clients write it.
    host = parts.netloc.removesuffix({"http": ":80", "https": ":443"}[parts.scheme])
    told = {**headers, "host": host, "x-amz-content-sha256": _NO_BODY, "x-amz-date": now}
    if keys.token:
        told["x-amz-security-token"] = keys.token
    names = ";".join(sorted(told))
    lines = "".join(f"{name}:{told[name]}\n" for name in sorted(told))
    canonical = f"GET\n{parts.path}\n\n{lines}\n{names}\n{_NO_BODY}"
    scope = f"{now[:8]}/{region}/s3/aws4_request"
    said = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.digest(_signing_key(keys.secret_key, now[:8], region), said.encode(), "sha256").hex()
    credential = f"Credential={keys.access_key}/{scope}"
    told["authorization"] = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={signature}"
    return told


@lru_cache(maxsize=8)
def _signing_key(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
