"""A local Comprehend in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen


@dataclass(frozen=True)
class Server:
    """A server that runs, and what it counted."""

    url: str
    process: subprocess.Popen[str]

    def usage(self) -> dict[str, Any]:
        """Calls, units and texts so far (docs/local.md lists the keys)."""
        usage: dict[str, Any] = json.loads(self._get("/usage"))
        return usage

    def texts(self) -> list[dict[str, Any]]:
        """Every distinct text that arrived: `text`, how often it was `sent`, and how often `billed`."""
        return [json.loads(line) for line in self._get("/texts").splitlines()]

    def reset(self) -> None:
        """Start anew: counts, rate and faults."""
        self._get("/usage", "DELETE")

    def _get(self, path: str, method: str = "GET") -> bytes:
        with urlopen(Request(self.url + path, method=method), timeout=10) as response:
            body: bytes = response.read()
            return body


@contextmanager
def serving(*options: str) -> Iterator[Server]:
    """`aurastream-local comprehend` on a free port, with more options; ended at the end."""
    command = [sys.executable, "-m", "infra.local.cli", "comprehend", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            assert first.startswith("export AWS_ENDPOINT_URL_COMPREHEND="), f"it ended with {process.wait()}"
            yield Server(first.strip().partition("=")[2], process)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
