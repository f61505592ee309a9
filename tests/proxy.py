"""A proxy between a job and a server on this machine: it speaks HTTP alone, and nothing in the job is replaced."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

# Headers that concern one connection, or the bytes that are passed on.
_OWN = {"connection", "transfer-encoding", "keep-alive", "content-length", "x-amz-crc32"}


class Request(BaseHTTPRequestHandler):
    """One request, and what can become of it."""

    protocol_version = "HTTP/1.1"
    target = ("", 0)  # the server's host and port

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    def handle_one_request(self) -> None:
        """As the library has it; a client that has gone is none of our business."""
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def handle_body(self, body: bytes) -> None:
        """Decide what becomes of it."""
        raise NotImplementedError

    def _whole(self) -> None:
        self.handle_body(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _whole  # noqa: N815 - what the library calls them

    def refuse(self, status: int, said: bytes) -> None:
        """Answer in the server's place."""
        self._say(status, said, [])

    def _say(self, status: int, said: bytes, headers: Sequence[tuple[str, str]], length: str | None = None) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", length or str(len(said)))):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(said)

    def hang_up(self) -> None:
        """Break the connection."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def forward(
        self, body: bytes, *, lost: bool = False, cut: bool = False, change: Callable[[bytes], bytes] | None = None
    ) -> None:
        """Have the server do it, and give its answer, changed: not if it is `lost`, half of it if it is `cut`."""
        connection = HTTPConnection(*self.target)
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
        if lost:
            self.hang_up()
            return
        if change and said.status == HTTPStatus.OK:
            content = change(content)
        headers = [(name, value) for name, value in said.getheaders() if name.lower() not in _OWN]
        if self.command == "HEAD":
            self._say(said.status, b"", headers, said.getheader("Content-Length"))  # of what a GET would bring
        elif cut and len(content) > 1:
            self._say(said.status, content[: len(content) // 2], headers, str(len(content)))
            self.wfile.flush()
            self.hang_up()
        else:
            self._say(said.status, content, headers)


@contextmanager
def proxy(url: str, decide: Callable[[Request, bytes], None]) -> Iterator[str]:
    """The URL of a proxy of the server at a URL; `decide` is given each request with its body."""
    there = urlsplit(url)

    class Decided(Request):
        target = (there.hostname or "", there.port or 80)

        def handle_body(self, body: bytes) -> None:
            decide(self, body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Decided)
    server.daemon_threads = True
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
