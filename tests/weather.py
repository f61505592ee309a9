"""What the network and a busy service do to a client: a proxy that refuses, resets and swallows answers, by a seed."""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from tests.proxy import Request, proxy

# What S3 and DynamoDB say.
_SAID = {
    "refused": (
        (503, b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"),
        (400, b'{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "too fast"}'),
    ),
    "expired": (
        (400, b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"),
        (400, b'{"__type": "com.amazon.coral.service#ExpiredTokenException", "message": "The token is expired"}'),
    ),
}
_HARMS = ("refused", "reset", "lost", "cut", "unprocessed")
_KEY = re.compile(r"Credential=([^/]+)/")
# What a batch of DynamoDB's says of the items that it did not get to.
_LEFT = {"BatchGetItem": "UnprocessedKeys", "BatchWriteItem": "UnprocessedItems"}


class Weather:
    """A proxy's address, what it has done so far, what it was asked for, and when it first saw each access key."""

    def __init__(self) -> None:
        self.url = ""
        self.done: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()  # DynamoDB's operations, S3's methods; LIST
        self.keys: dict[str, float] = {}  # monotonic seconds

    def key_seconds(self, request: Request) -> float:
        """How long ago a request's access key was first seen."""
        key = _KEY.search(request.headers.get("Authorization", ""))
        now = time.monotonic()
        return now - self.keys.setdefault(key[1], now) if key else 0.0


@contextmanager
def bad_weather(url: str, share: float, seed: int = 1, keys_last: float = float("inf")) -> Iterator[Weather]:
    """A proxy of a server at a URL that harms so large a share of its requests; each kind of harm as often.

    `refused`: 503 SlowDown of S3, or a throttle of DynamoDB; `reset`: the connection breaks, nothing was done; `lost`:
    what was asked is done, and no answer comes; `cut`: of an answer the first half; `unprocessed`: of a batch of
    DynamoDB's the second half is not done, and said to be so, as of the first for certain. An access key is `expired`
    so many seconds after it was first seen.
    """
    chance, lock = random.Random(seed), threading.Lock()
    weather = Weather()

    def decide(request: Request, body: bytes) -> None:
        operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        with lock:
            harm = chance.choice(_HARMS) if chance.random() < share else "none"
            if operation in _LEFT and not weather.done["unprocessed"]:
                harm = "unprocessed"
            elif harm == "unprocessed" and operation not in _LEFT:
                harm = "refused"
            if weather.key_seconds(request) > keys_last:
                harm = "expired"
            weather.done[harm] += 1
            weather.asked[operation or ("LIST" if "list-type=2" in request.path else request.command)] += 1
        if harm in _SAID:
            request.refuse(*_SAID[harm][bool(operation)])
        elif harm == "reset":
            request.hang_up()
        elif harm == "unprocessed":
            half, left = halved(body)
            name = _LEFT[operation]
            request.forward(half, change=lambda said: orjson.dumps(orjson.loads(said) | {name: left}))
        else:
            request.forward(body, lost=harm == "lost", cut=harm == "cut")

    with proxy(url, decide) as weather.url:
        yield weather


def halved(body: bytes) -> tuple[bytes, dict[str, Any]]:
    """A batch for DynamoDB with the first half of its items, of each table, and what is left of it."""
    request, left = orjson.loads(body), dict[str, Any]()
    for table, asked in request["RequestItems"].items():
        items = asked["Keys"] if isinstance(asked, dict) else asked
        later = items[(len(items) + 1) // 2 :]
        del items[(len(items) + 1) // 2 :]
        if later:
            left[table] = asked | {"Keys": later} if isinstance(asked, dict) else later
    return orjson.dumps(request), left
