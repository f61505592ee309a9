"""A control plane on this machine: ministack, in its own environment (`make .venv-stack/installed`)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.local.aws.part import free_ports

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-stack" / "bin" / "python"
REGION = "eu-central-1"
needed = pytest.mark.skipif(not PYTHON.exists(), reason="`make stack-test` makes the control plane's environment")


@dataclass(frozen=True)
class Stack:
    """The server, and what its Glue is to do: see server.py."""

    url: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What makes any client use it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        return boto3.session.Session("test", "test", region_name=REGION).client(service, endpoint_url=self.url)

    def outcomes(self, *outcomes: dict[str, Any]) -> None:
        """What becomes of the next Glue runs, in their order; those after them succeed."""
        (self.folder / "outcomes").write_text("".join(json.dumps(each) + "\n" for each in outcomes))
        (self.folder / "calls").write_text("")

    def calls(self) -> list[dict[str, Any]]:
        """The Glue runs that were started or refused since `outcomes`."""
        return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]


@contextmanager
def serving(folder: Path) -> Iterator[Stack]:
    """Start it on 127.0.0.1 alone, with waits of no time."""
    (port,) = free_ports(1)
    stack = Stack(f"http://127.0.0.1:{port}", folder)
    stack.outcomes()
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "PATH", "TMPDIR") if name in os.environ}
    told = {"BIND_HOST": "127.0.0.1", "MINISTACK_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "SFN_WAIT_SCALE": "0"}
    told |= {"IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "MINISTACK_REGION": REGION, "AURASTREAM_STACK": str(folder)}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [PYTHON, Path(__file__).with_name("server.py")], env=kept | told, stdout=log, stderr=log, cwd=folder
        )
        try:
            _wait(stack, server)
            yield stack
        finally:
            server.terminate()
            server.wait(60)  # a busy machine


def _wait(stack: Stack, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None, (stack.folder / "log").read_text()
        try:
            with urllib.request.urlopen(f"{stack.url}/_ministack/health"):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError((stack.folder / "log").read_text())


def without(template: str, *resources: str) -> str:
    """A template's text without resources, and without the properties that name them."""
    for name in resources:
        template = re.sub(rf"^  {name}:\n(    .*\n|\n)+", "", template, flags=re.MULTILINE)
        template = re.sub(rf"^ +\w+: !Ref {name}\n", "", template, flags=re.MULTILINE)
    return template
