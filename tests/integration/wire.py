"""Keeps every byte that clients send to a server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit


@dataclass
class Wire:
    """What clients are pointed to in a server's place, and what they sent."""

    url: str = ""
    requests: list[bytearray] = field(default_factory=list)  # one a connection

    def sent(self) -> bytes:
        """All of it."""
        return b"".join(self.requests)


@contextmanager
def wired(url: str) -> Iterator[Wire]:
    """A wire to a server."""
    wire = Wire()
    there = urlsplit(url)

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            kept = bytearray()
            wire.requests.append(kept)
            with socket.create_connection((there.hostname, there.port)) as server:
                answers = threading.Thread(target=_pass_on, args=(server, self.request, bytearray()), daemon=True)
                answers.start()
                _pass_on(self.request, server, kept)
                answers.join()

    class Server(ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as listening:
        wire.url = f"http://127.0.0.1:{listening.server_address[1]}"
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        try:
            yield wire
        finally:
            listening.shutdown()


def _pass_on(source: socket.socket, target: socket.socket, kept: bytearray) -> None:
    """Until either goes; clients are killed in the midst of it."""
    with suppress(OSError):
        while data := source.recv(1 << 16):
            kept += data
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
