"""Executors that share nothing with the driver but the lake's stores: other processes, folders, temporary folders."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.conftest import document, write_json_lines, write_key
from tests.infra.serving import serving
from tests.integration.lakes import DS, content, nightly, published
from tests.integration.paid import CREDENTIALS, random_drop, sent_to

PROGRAM = str(Path(sys.executable).with_name("aurastream"))


@pytest.fixture
def cluster(tmp_path: Path) -> dict[str, str]:
    """What makes Spark start two executors; each starts its Python in a working and a temporary folder of its own."""
    starts = tmp_path / "python"
    starts.write_text(
        "#!/bin/sh\n"
        f'TMPDIR=$(mktemp -d "{tmp_path}/tmp.XXXXXX") && export TMPDIR\n'
        f'echo "$PWD $TMPDIR" >> "{tmp_path}/started"\n'
        f'exec "{sys.executable}" "$@"\n'
    )
    starts.chmod(0o700)
    return {
        "SPARK_MASTER": "local-cluster[2,1,1024]",
        "SPARK_WORKER_DIR": str(tmp_path / "work"),
        "PYSPARK_PYTHON": str(starts),
    }


@pytest.mark.parametrize("scorer", [pytest.param("local", marks=pytest.mark.slow), "comprehend"])
def test_a_night_on_two_executors(cluster: dict[str, str], scorer: str, tmp_path: Path, spark: SparkSession) -> None:
    drops = random_drop(tmp_path / "drops", 11, 60)
    write_json_lines(drops / f"ds={DS}" / "again.jsonl", [document(document_id="d1", text="Once more, and good.")])
    write_key(tmp_path / "key")
    told = [
        "--scorer",
        scorer,
        "--quota-tps",
        "500",
        "--language",
        "en",
        "--key-file",
        "key",
        "--max-rejected",
        "100%",
        "--max-failed",
        "100%",
    ]
    # Paths are relative to where the driver stands, and executors stand elsewhere.
    command = [PROGRAM, "nightly", "--drops", "drops", "--lake", "lake", "--ds", DS, *told]
    with serving("--answers", "hash") as server, sent_to(server, spark):
        environment = os.environ | CREDENTIALS | {"AWS_ENDPOINT_URL_COMPREHEND": server.url} | cluster
        for late in (False, True):
            if late:
                write_json_lines(drops / f"ds={DS}" / "late.jsonl", [document(document_id="late", text="Too late!")])
            ended = subprocess.run(
                command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
            )
            assert ended.returncode == 0, ended.stderr
        nightly(drops, tmp_path / "alone", scorer=scorer, quota_tps=500.0, language="en", key_file=tmp_path / "key")

    rows = content(published(tmp_path / "lake"))
    assert rows == content(published(tmp_path / "alone"))
    assert len(rows) > 50
    folders = [line.split() for line in (tmp_path / "started").read_text().splitlines()]
    assert len({working for working, _ in folders}) >= 2
    assert len({temporary for _, temporary in folders}) >= 2
    assert str(tmp_path) not in {working for working, _ in folders}
    assert list((tmp_path / "work").rglob("*.parquet")) == []
