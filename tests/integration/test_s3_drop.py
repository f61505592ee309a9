"""A drop, a policy and a key in S3: read by the nightly job from a real S3 server, SeaweedFS, over its own protocol."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import document
from tests.integration.lakes import DS, published, statuses
from tests.s3 import BUCKET, S3, s3

__all__ = ["s3"]  # the fixture


@pytest.mark.parametrize("master", ["", "local[2]"], ids=["this process", "spark"])
def test_a_drop_in_s3(s3: S3, tmp_path: Path, master: str) -> None:
    folder = s3.folder().removeprefix(f"s3://{BUCKET}/")
    lines = [json.dumps(document(document_id=f"d{i}", text=f"I am Ann Lee {i}.")).encode() + b"\n" for i in range(3)]
    for name, content in (
        (f"drops/ds={DS}/mails & 50%.jsonl", b"".join(lines[:2])),
        (f"drops/ds={DS}/chats.jsonl.gz", gzip.compress(lines[2])),
        ("policy.toml", b'version = "1"\n[replace]\nNAME = "number"\n'),
        ("key", b"k" * 32),
    ):
        s3.client.put_object(Bucket=BUCKET, Key=f"{folder}/{name}", Body=content)
    root = f"s3://{BUCKET}/{folder}"
    command = [
        sys.executable, "-m", "jobs.cli", "nightly", "--drops", f"{root}/drops", "--lake", str(tmp_path / "lake"),
        "--policy", f"{root}/policy.toml", "--key-file", f"{root}/key",
    ]  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | s3.environment
    environment |= {"SPARK_MASTER": master} if master else {}

    def night() -> str:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    night()
    rows = published(tmp_path / "lake")
    assert statuses(rows) == {f"d{i}": ("SCORED", None) for i in range(3)}
    assert {row["source_file"] for row in rows} == {
        f"{root}/drops/ds={DS}/mails & 50%.jsonl",
        f"{root}/drops/ds={DS}/chats.jsonl.gz",
    }
    assert rows[0]["redacted_text"].startswith("I am [NAME_1]")
    assert not (tmp_path / "lake" / "keys").exists()
    assert "Nothing new" in night()

    # The same size, within the same second: another ETag.
    s3.client.put_object(
        Bucket=BUCKET, Key=f"{folder}/drops/ds={DS}/mails & 50%.jsonl", Body=b"".join(lines[:2]).replace(b"Ann", b"Kim")
    )
    assert "carried forward 1" in night()
