"""What the network and a busy service do to a client: a proxy that refuses, resets and swallows answers, by a seed.

It stands between a job and a server on this machine, and speaks HTTP alone: nothing in the job is replaced.
"""

from __future__ import annotations

import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
THROTTLED = b'{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "too fast"}'
# Headers that concern one connection.
_OWN = {"connection", "transfer-encoding", "keep-alive"}


class Weather:
    """A proxy's address, and what it has done so far: by its name, how often."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.done: Counter[str] = Counter()


@contextmanager
def bad_weather(url: str, share: float, seed: int = 1) -> Iterator[Weather]:
    """A proxy of a server at a URL that harms so large a share of its requests; each kind of harm as often.

    `refused`: 503 SlowDown of S3, or a throttle of DynamoDB; `reset`: the connection breaks, nothing was done; `lost`:
    what was asked is done, and no answer comes; `cut`: of an answer the first half.
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
            with lock:
                harm = chance.choice(("refused", "reset", "lost", "cut")) if chance.random() < share else "none"
                weather.done[harm] += 1
            if harm == "refused":
                self.refuse()
            elif harm == "reset":
                self.hang_up()
            else:
                self.forward(body, harm)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer  # noqa: N815 - what the library calls them

        def refuse(self) -> None:
            of_dynamodb = "X-Amz-Target" in self.headers
            said = THROTTLED if of_dynamodb else SLOW_DOWN
            self.send_response(400 if of_dynamodb else 503)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said)

        def hang_up(self) -> None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True

        def forward(self, body: bytes, harm: str) -> None:
            connection = HTTPConnection(target.hostname or "", target.port)
            try:
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    connection.putheader(name, value)
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
            self.send_response(said.status)
            for name, value in said.getheaders():
                if name.lower() not in _OWN:
                    self.send_header(name, value)
            if self.command != "HEAD" and said.getheader("Content-Length") is None:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content[: len(content) // 2] if harm == "cut" and len(content) > 1 else content)
                if harm == "cut" and len(content) > 1:
                    self.wfile.flush()
                    self.hang_up()

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
