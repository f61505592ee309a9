"""The Glue job in a context that its wrapper has made, on executors of their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.spark.session import glue_conf, java_home
from tests.conftest import document, write_json_lines
from tests.integration import glue_wrapper
from tests.integration.lakes import DS, published

ROOT = Path(__file__).parents[2]
WRAPPER, SCRIPT = glue_wrapper.__file__, str(ROOT / "jobs" / "glue.py")
# What the cluster manager says of itself.
CLUSTER = " --conf spark.executor.instances=2"
TWO = "local-cluster[2,1,1024]"


def documented() -> str:
    """The value of `--conf` as docs/glue.md has it."""
    (conf,) = re.findall(r"^```\n(spark\..*)\n```$", (ROOT / "docs" / "glue.md").read_text(), re.MULTILINE)
    return str(conf)


def run(folder: Path, master: str, conf: str, python: Path | str = sys.executable) -> tuple[dict[str, str], str]:
    """The job's line of JSON, and all that was written, of a night over one document."""
    write_json_lines(folder / "drops" / f"ds={DS}" / "a.jsonl", [document()])
    told = ["--drops", str(folder / "drops"), "--lake", str(folder / "lake"), "--scorer", "local", "--ds", DS]
    ended = subprocess.run(
        [sys.executable, WRAPPER, master, conf, SCRIPT, "--JOB_NAME", "aurastream", *told],
        env=os.environ
        | {
            "JAVA_HOME": str(java_home()),
            "PYSPARK_PYTHON": str(python),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_WORKER_DIR": str(folder / "work"),
            "SPARK_LOCAL_DIRS": str(folder / "spark"),
        },
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    (line,) = [line for line in ended.stdout.splitlines() if line.startswith('{"ending"')] or [ended.stderr]
    said: dict[str, str] = json.loads(line)
    assert (ended.returncode == 0) == (said["ending"] == "DONE")
    return said, ended.stderr


def test_what_is_documented_is_what_is_asked_for() -> None:
    assert documented() == glue_conf()


@pytest.mark.slow  # make aws-test has a whole night as Glue runs it
def test_a_night_in_the_session_that_is_documented(tmp_path: Path) -> None:
    said, _ = run(tmp_path, TWO, documented() + CLUSTER)

    assert said["ending"] == "DONE", said
    assert [row["status"] for row in published(tmp_path / "lake")] == ["SCORED"]


def test_a_session_that_lacks_what_a_night_needs_is_refused(tmp_path: Path) -> None:
    """What cannot be set any more in a context that is there: nothing of it is taken for granted."""
    said, _ = run(tmp_path, "local[1]", "spark.speculation=true --conf spark.io.encryption.enabled=true")

    assert said["ending"] == "USAGE"
    for lacking in documented().split(" --conf "):
        before_advice = said["error"].partition(": set the job argument")[0]
        assert (lacking in before_advice) == (lacking != "spark.io.encryption.enabled=true"), lacking
    assert said["error"].endswith(f"set the job argument --conf to {documented()}")
    assert not (tmp_path / "lake").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (
            "pydantic",
            rf"OSError: libfirst\.so: cannot open shared object file; Python .* on {os.uname().nodename}\)",
        ),
        ("jobs", r"jobs\.run\.daemon does not start there"),
    ],
)
def test_what_one_executor_lacks_is_said_with_its_host(broken: str, words: str, tmp_path: Path) -> None:
    """The second to start lacks it: the check has to reach both."""
    package = tmp_path / "broken" / broken
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        "" if broken == "jobs" else "raise OSError('libfirst.so: cannot open shared object file')"
    )
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\nmkdir "{tmp_path}/first" 2>/dev/null || export PYTHONPATH="{tmp_path}/broken:$PYTHONPATH"\n'
        f'exec "{sys.executable}" "$@"\n'
    )
    python.chmod(0o700)
    said, _ = run(tmp_path, TWO, documented() + CLUSTER, python)

    assert said["ending"] == "FAILED"
    assert re.search(words, said["error"]), said
    assert re.search(r"Give the job its wheels by --additional-python-modules", said["error"])


def test_a_driver_that_lacks_a_module_says_so(tmp_path: Path) -> None:
    (tmp_path / "pydantic").mkdir()
    (tmp_path / "pydantic" / "__init__.py").write_text(
        "raise OSError('libpydantic.so: cannot open shared object file')"
    )
    ended = subprocess.run(
        [sys.executable, SCRIPT],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    said = json.loads(ended.stdout)

    assert ended.returncode != 0
    assert said["ending"] == "FAILED"
    assert re.search(r"the driver cannot import .*OSError: libpydantic\.so.*additional-python-modules", said["error"])
    assert "NightFailed: FAILED: the driver cannot import" in ended.stderr
