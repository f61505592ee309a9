"""S3 on this machine: SeaweedFS, one server for a test process, started when the first test asks for it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from jobs import storage

BUCKET = "inbox"
REGION = "us-east-1"
# Two people who may do everything: credentials that change while a run lasts are those of one, and then of the other.
KEYS, OTHER_KEYS = ("test", "test-secret"), ("other", "other-secret")
_START_SECONDS = 60
_FOLDERS = count()


@dataclass(frozen=True)
class S3:
    """A server on this machine."""

    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """What makes boto3 and pyarrow use this server, and nothing of whoever runs the tests."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": KEYS[0],
            "AWS_SECRET_ACCESS_KEY": KEYS[1],
            "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @cached_property
    def client(self) -> Any:
        """A client of the server, whatever the environment says."""
        return boto3.session.Session(*KEYS, region_name=REGION).client("s3", endpoint_url=self.endpoint)

    def folder(self) -> str:
        """A folder that nobody has used."""
        return f"s3://{BUCKET}/{os.getpid()}-{next(_FOLDERS)}"

    @contextmanager
    def used(self) -> Iterator[None]:
        """This server is what this process, and those it starts, know of AWS."""
        with pytest.MonkeyPatch.context() as environment:
            for name in [name for name in os.environ if name.startswith("AWS_")]:
                environment.delenv(name)
            for name, value in self.environment.items():
                environment.setenv(name, value)
            storage._s3.cache_clear()  # it keeps the client that it made of another environment
            yield
        storage._s3.cache_clear()


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    """The server. Every module that imports this fixture has the same."""
    server, running = _start()
    yield server
    running.close()


@cache
def _start() -> tuple[S3, ExitStack]:
    running = ExitStack()
    return running.enter_context(seaweedfs()), running


@contextmanager
def seaweedfs() -> Iterator[S3]:
    """SeaweedFS on 127.0.0.1 alone, with the bucket `BUCKET`."""
    with tempfile.TemporaryDirectory(prefix="aurastream-s3-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        people = [{"accessKey": access, "secretKey": secret} for access, secret in (KEYS, OTHER_KEYS)]
        identity = {"name": "test", "credentials": people, "actions": ["Admin", "Read", "Write", "List"]}
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        admin, master, volume, filer, port = _free_ports(5)
        command = [
            str(Path(sys.executable).with_name("weed")), "-logtostderr=true", "mini", f"-dir={folder}", "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1", "-metricsIp=127.0.0.1", "-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0",
            "-s3.port.lance=0", "-s3.autoCreateBucket=false", "-master.telemetry=false",
            f"-s3.config={folder / 's3.json'}", f"-bucket={BUCKET}", f"-admin.port={admin}", f"-master.port={master}",
            f"-volume.port={volume}", f"-filer.port={filer}", f"-s3.port={port}",
        ]  # fmt: skip
        with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log, cwd=folder) as weed:
            try:
                server = S3(f"http://127.0.0.1:{port}")
                _await(server, weed, folder / "log")
                yield server
            finally:
                weed.kill()


def _await(server: S3, weed: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server stores objects: it listens some moments earlier."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            server.client.put_object(Bucket=BUCKET, Key="ready")
            server.client.delete_object(Bucket=BUCKET, Key="ready")
        except (BotoCoreError, ClientError):
            assert weed.poll() is None, log.read_text(errors="replace")[-2000:]
            assert time.monotonic() < deadline, log.read_text(errors="replace")[-2000:]
            time.sleep(0.1)
        else:
            return


def _free_ports(number: int) -> list[int]:
    """Free ports, with those 10,000 above, where SeaweedFS listens as well; below the ones that clients are given.

    Those of two processes that start at once differ.
    """
    ports: list[int] = []
    for port in range(12_000 + os.getpid() % 1000 * 10, 22_700):
        with ExitStack() as held:
            try:
                for candidate in (port, port + 10_000):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", candidate))
            except OSError:
                continue
        ports.append(port)
        if len(ports) == number:
            break
    return ports
