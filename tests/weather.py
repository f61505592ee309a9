"""What the network and a busy service do to a client: a proxy that refuses, resets and swallows answers, by a seed.

It stands between a job and a server on this machine, and speaks HTTP alone: nothing in the job is replaced.
"""

from __future__ import annotations

import random
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import orjson

SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
THROTTLED = b'{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "too fast"}'
EXPIRED = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
EXPIRED_THERE = b'{"__type": "com.amazon.coral.service#ExpiredTokenException", "message": "The token is expired"}'
# Headers that concern one connection, or the bytes that a harm may change.
_OWN = {"connection", "transfer-encoding", "keep-alive", "content-length", "x-amz-crc32"}
_HARMS = ("refused", "reset", "lost", "cut", "unprocessed")
_KEY = re.compile(r"Credential=([^/]+)/")
# What a batch of DynamoDB's says of the items that it did not get to.
_LEFT = {"BatchGetItem": "UnprocessedKeys", "BatchWriteItem": "UnprocessedItems"}


class Weather:
    """A proxy's address, what it has done so far, what it was asked for, and when it first saw each access key."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.done: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()  # DynamoDB's operations, S3's methods; LIST
        self.keys: dict[str, float] = {}  # monotonic seconds


@contextmanager
def bad_weather(url: str, share: float, seed: int = 1, keys_last: float = float("inf")) -> Iterator[Weather]:
    """A proxy of a server at a URL that harms so large a share of its requests; each kind of harm as often.

    `refused`: 503 SlowDown of S3, or a throttle of DynamoDB; `reset`: the connection breaks, nothing was done; `lost`:
    what was asked is done, and no answer comes; `cut`: of an answer the first half; `unprocessed`: of a batch of
    DynamoDB's the second half is not done, and said to be so. An access key is `expired` so many seconds after it was
    first seen.
    """
    target = urlsplit(url)
    chance, lock = random.Random(seed), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

        def handle_one_request(self) -> None:
            """As the library has it; a client that has gone is none of our business."""
            try:
                super().handle_one_request()
            except (ConnectionError, TimeoutError):
                self.close_connection = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            with lock:
                harm = chance.choice(_HARMS) if chance.random() < share else "none"
                if harm == "unprocessed" and operation not in _LEFT:
                    harm = "refused"
                if self.key_seconds() > keys_last:
                    harm = "expired"
                weather.done[harm] += 1
                weather.asked[operation or ("LIST" if "list-type=2" in self.path else self.command)] += 1
            if harm in ("refused", "expired"):
                self.refuse(harm)
            elif harm == "reset":
                self.hang_up()
            else:
                self.forward(body, harm, operation)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer  # noqa: N815 - what the library calls them

        def key_seconds(self) -> float:
            key = _KEY.search(self.headers.get("Authorization", ""))
            now = time.monotonic()
            return now - weather.keys.setdefault(key[1], now) if key else 0.0

        def refuse(self, harm: str) -> None:
            of_dynamodb = "X-Amz-Target" in self.headers
            if harm == "expired":
                self.say(400, EXPIRED_THERE if of_dynamodb else EXPIRED)
            else:
                self.say(400 if of_dynamodb else 503, THROTTLED if of_dynamodb else SLOW_DOWN)

        def say(
            self,
            status: int,
            content: bytes,
            headers: Sequence[tuple[str, str]] = (),
            *,
            length: str | None = None,
            cut: bool = False,
        ) -> None:
            self.send_response(status)
            for name, value in (*headers, ("Content-Length", length or str(len(content)))):
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content[: len(content) // 2] if cut else content)
            if cut:
                self.wfile.flush()
                self.hang_up()

        def hang_up(self) -> None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True

        def forward(self, body: bytes, harm: str, operation: str) -> None:
            left: dict[str, Any] = {}
            if harm == "unprocessed":
                body, left = halved(body)
            connection = HTTPConnection(target.hostname or "", target.port)
            try:
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    connection.putheader(name, str(len(body)) if name.lower() == "content-length" else value)
                connection.endheaders(body)
                said = connection.getresponse()
                content = said.read()
            except (OSError, HTTPException):
                self.hang_up()
                return
            finally:
                connection.close()
            if harm == "lost":
                self.hang_up()
                return
            if left:
                content = orjson.dumps(orjson.loads(content) | {_LEFT[operation]: left})
            headers = [(name, value) for name, value in said.getheaders() if name.lower() not in _OWN]
            # Of a HEAD the length of what a GET would bring.
            length = said.getheader("Content-Length") if self.command == "HEAD" else None
            self.say(said.status, content, headers, length=length, cut=harm == "cut" and len(content) > 1)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    weather = Weather(f"http://127.0.0.1:{server.server_address[1]}")
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield weather
    finally:
        server.shutdown()
        server.server_close()


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
