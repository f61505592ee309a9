"""S3 on this machine: SeaweedFS, one server for a test process, started when the first test asks for it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.local.aws.part import Part
from infra.local.aws.process import serving
from infra.local.aws.s3 import PART, launch
from tests.environment import known

BUCKET = "inbox"
REGION = "us-east-1"
# Two people who may do everything: credentials that change while a run lasts are those of one, and then of the other.
KEYS, OTHER_KEYS = ("test", "test-secret"), ("other", "other-secret")
# One who may read.
READER = ("reader", "reader-secret")
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
        with known(self.environment):
            yield


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
    part = Part("s3", partial(launch, buckets=[BUCKET], keys=[KEYS, OTHER_KEYS], readers=[READER]), ports=PART.ports)
    with (
        tempfile.TemporaryDirectory(prefix="aurastream-s3-", ignore_cleanup_errors=True) as folder,
        serving(part, Path(folder)) as server,
    ):
        yield S3(server.endpoints["AWS_ENDPOINT_URL_S3"])
