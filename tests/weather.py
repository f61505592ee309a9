"""What the network and a busy service do to a client: a proxy that refuses, resets and swallows answers, by a seed."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tests.proxy import Request, proxy

SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
THROTTLED = b'{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "too fast"}'


class Weather:
    """A proxy's address, and what it has done so far: by its name, how often."""

    def __init__(self) -> None:
        self.url = ""
        self.done: Counter[str] = Counter()


@contextmanager
def bad_weather(url: str, share: float, seed: int = 1) -> Iterator[Weather]:
    """A proxy of a server at a URL that harms so large a share of its requests; each kind of harm as often.

    `refused`: 503 SlowDown of S3, or a throttle of DynamoDB; `reset`: the connection breaks, nothing was done; `lost`:
    what was asked is done, and no answer comes; `cut`: of an answer the first half.
    """
    chance, lock = random.Random(seed), threading.Lock()
    weather = Weather()

    def decide(request: Request, body: bytes) -> None:
        with lock:
            harm = chance.choice(("refused", "reset", "lost", "cut")) if chance.random() < share else "none"
            weather.done[harm] += 1
        if harm == "refused":
            of_dynamodb = "X-Amz-Target" in request.headers
            request.refuse(400 if of_dynamodb else 503, THROTTLED if of_dynamodb else SLOW_DOWN)
        elif harm == "reset":
            request.hang_up()
        else:
            request.forward(body, lost=harm == "lost", cut=harm == "cut")

    with proxy(url, decide) as weather.url:
        yield weather
