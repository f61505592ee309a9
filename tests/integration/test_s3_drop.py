"""A drop in S3: read by the nightly job from a real S3 server, SeaweedFS, over its own protocol."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.fs
import pytest

from tests.conftest import document
from tests.integration.lakes import DS, published, statuses

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-secret", "AWS_REGION": "us-east-1"}


def free_ports(count: int) -> list[int]:
    """Ports below 32768 (SeaweedFS listens 10,000 above some of them as well)."""
    sockets = []
    for port in range(18_000 + os.getpid() % 1000 * 10, 32_000):
        candidate = socket.socket()
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            candidate.close()
            continue
        sockets.append(candidate)
        if len(sockets) == count:
            break
    ports = [candidate.getsockname()[1] for candidate in sockets]
    for candidate in sockets:
        candidate.close()
    return ports


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("s3")
    credentials = {"accessKey": KEYS["AWS_ACCESS_KEY_ID"], "secretKey": KEYS["AWS_SECRET_ACCESS_KEY"]}
    identity = {"name": "test", "credentials": [credentials], "actions": ["Admin", "Read", "Write", "List"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    master, volume, filer, s3 = free_ports(4)
    command = [
        str(Path(sys.executable).with_name("weed")), "-logtostderr=true", "mini", f"-dir={folder}", "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1", "-metricsIp=127.0.0.1", "-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0",
        "-master.telemetry=false", f"-s3.config={folder / 's3.json'}", "-bucket=inbox", f"-master.port={master}",
        f"-volume.port={volume}", f"-filer.port={filer}", f"-s3.port={s3}",
    ]  # fmt: skip
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log, cwd=folder) as server:
        try:
            deadline = time.monotonic() + 60
            while "ready" not in (folder / "log").read_text(errors="replace").lower():
                assert server.poll() is None, (folder / "log").read_text(errors="replace")[-2000:]
                assert time.monotonic() < deadline, (folder / "log").read_text(errors="replace")[-2000:]
                time.sleep(0.2)
            yield f"http://127.0.0.1:{s3}"
        finally:
            server.terminate()


def test_a_drop_in_s3(endpoint: str, tmp_path: Path) -> None:
    store = pyarrow.fs.S3FileSystem(
        access_key=KEYS["AWS_ACCESS_KEY_ID"],
        secret_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        endpoint_override=endpoint,
        region=KEYS["AWS_REGION"],
    )
    deadline = time.monotonic() + 30
    while True:
        try:
            with store.open_output_stream(f"inbox/drops/ds={DS}/mails & 50%.jsonl") as out:
                out.write(b"".join(json.dumps(document(document_id=f"d{i}")).encode() + b"\n" for i in range(3)))
            break
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.5)
    command = [sys.executable, "-m", "jobs.cli", "nightly", "--drops", "s3://inbox/drops", "--lake", str(tmp_path)]

    environment = os.environ | KEYS | {"AWS_ENDPOINT_URL": endpoint}
    first = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert first.returncode == 0, first.stderr
    second = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    rows = published(tmp_path)
    assert statuses(rows) == {f"d{i}": ("SCORED", None) for i in range(3)}
    assert {row["source_file"] for row in rows} == {f"s3://inbox/drops/ds={DS}/mails & 50%.jsonl"}
    assert "Nothing new" in second.stdout
