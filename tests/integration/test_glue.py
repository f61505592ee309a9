"""The job as AWS Glue runs it: the script and the zip that are deployed, in a Python that has Glue's modules and ours
by that zip alone, on executors that share no folder with the driver, with a lake in S3."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.glue.build import NAME, PINS, build, names
from jobs.lake.create import create_lake
from jobs.lake.published import read_published
from jobs.spark.session import java_home
from tests.aws import Aws, aws
from tests.integration.lakes import DS, content, nightly, opened
from tests.integration.paid import random_drop
from tests.integration.test_glue_session import CLUSTER, TWO, documented
from transforms.schemas import RunState

__all__ = ["aws"]  # the fixture

pytestmark = [pytest.mark.aws, pytest.mark.timeout(1200)]

SPARK = "3.5.6"  # Glue has one of its own, which no package brings
# What an environment of Glue's has, of all that this machine's has.
KEPT = ("LANG", "LC_ALL", "PATH")


def run(*command: str | Path, **named: object) -> str:
    ended = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, **named)  # type: ignore[call-overload]
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return str(ended.stdout)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is deployed."""
    folder = tmp_path_factory.mktemp("dist")
    build(folder)
    return folder


@pytest.fixture(scope="module")
def python(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with Glue's modules, into which Glue's pip has installed the zip, and nothing by an index."""
    folder = tmp_path_factory.mktemp("glue")
    uv, python = Path(sys.executable).with_name("uv"), folder / "venv" / "bin" / "python"
    run(uv, "venv", "--quiet", "--system-certs", "--python", sys.executable, folder / "venv")
    run(uv, "pip", "install", "--quiet", "--system-certs", "--python", python, "-r", PINS, f"pyspark=={SPARK}")
    run(sys.executable, "-m", "zipfile", "-e", built / NAME, folder)
    wheels = folder / "wheels"
    assert "pip 24.0" in run(python, "-m", "pip", "--version")
    run(python, "-m", "pip", "install", "--no-index", "--find-links", wheels, "-r", wheels / "requirements.txt")
    return python


def test_no_module_of_glues_own_has_changed(python: Path) -> None:
    assert "No broken requirements" in run(python, "-m", "pip", "check")
    frozen = run(python, "-m", "pip", "freeze", "--all").splitlines()
    found = {line.split("==")[0].lower().replace("_", "-"): line.split("==")[1] for line in frozen if "==" in line}

    assert {name: found[name] for name in names(PINS)} == names(PINS)
    assert "aurastream" in found


def test_what_is_built_twice_is_the_same(built: Path, tmp_path: Path) -> None:
    build(tmp_path)
    for name in (NAME, "glue.py"):
        assert (tmp_path / name).read_bytes() == (built / name).read_bytes()


@pytest.fixture
def environment(aws: Aws, python: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Two executors, each in folders of its own; driver and executors have homes that hold nothing."""
    starts = tmp_path / "python"
    starts.write_text(
        "#!/bin/sh\n"
        f'HOME=$(mktemp -d "{tmp_path}/executor.XXXXXX") && export HOME TMPDIR="$HOME"\n'
        f'echo "$PWD $HOME" >> "{tmp_path}/started"\n'
        f'exec "{python}" "$@"\n'
    )
    starts.chmod(0o700)
    home = tmp_path / "home"
    home.mkdir()
    with aws.used():
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        yield {
            **kept,
            **aws.environment,
            "HOME": str(home),
            "TMPDIR": str(home),
            "JAVA_HOME": str(java_home()),  # Glue has one
            "PYSPARK_PYTHON": str(starts),
            "SPARK_WORKER_DIR": str(tmp_path / "work"),
            "SPARK_LOCAL_IP": "127.0.0.1",
        }


def glue(python: Path, built: Path, environment: dict[str, str], home: Path, *arguments: str) -> tuple[int, str, str]:
    """Run the script as Glue does: by spark-submit, with arguments of Glue's own beside ours."""
    submit = python.with_name("spark-submit")
    spark = [str(submit), "--master", TWO, "--conf", "spark.ui.enabled=false"]
    # Glue hands the argument to its launcher as it stands.
    spark += ["--conf", *f"{documented()}{CLUSTER}".split(" ")]
    added = ["--JOB_NAME", "aurastream", "--JOB_RUN_ID", "jr_1", "--TempDir", "s3://lake/tmp", "--enable-metrics"]
    ended = subprocess.run(
        [*spark, str(built / "glue.py"), *added, *arguments],
        env=environment | {"PYSPARK_DRIVER_PYTHON": str(python)},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    return ended.returncode, ended.stdout, ended.stderr


def test_a_night_as_glue_runs_it(
    aws: Aws, built: Path, python: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    drops = random_drop(tmp_path / "drops", 11, 60)
    lake = f"{aws.prefix()}/lake"
    list(create_lake(lake))
    arguments = ["--drops", str(drops), "--lake", lake, "--ds", DS, "--quota-tps", "200", "--language", "en"]
    arguments += ["--max-rejected", "100%", "--max-failed", "100%"]
    home = Path(environment["HOME"])

    code, said, log = glue(python, built, environment, home, *arguments)

    assert code == 0, log
    last = json.loads(said.splitlines()[-1])
    assert (last["ending"], last["run"]["outcome"]) == ("DONE", RunState.PUBLISHED)
    assert "modules: " in said  # spark-submit puts a program's two outputs into one
    nightly(drops, tmp_path / "here", scorer="comprehend", quota_tps=200.0, language="en")
    assert content(rows(lake), "content_key", "subject_key") == content(
        rows(str(tmp_path / "here")), "content_key", "subject_key"
    )
    folders = [line.split() for line in (tmp_path / "started").read_text().splitlines()]
    assert len({home for _, home in folders}) >= 2
    assert str(home) not in {home for _, home in folders}
    assert list((tmp_path / "work").rglob("*.parquet")) == []

    code, said, log = glue(python, built, environment, home, *arguments, "--budegt", "5")
    assert code != 0
    (line,) = [line for line in said.splitlines() if line.startswith('{"ending"')]
    assert json.loads(line)["ending"] == "USAGE"
    assert "NightFailed: USAGE: UsageError: --budegt is no option of this job: did you mean --budget?" in said


def rows(lake: str) -> list[dict[str, object]]:
    layout, stores = opened(lake)
    found = [
        row
        for publication in stores.ledger().publications([DS]).values()
        for file in publication.files
        for batch in read_published(layout, file)
        for row in batch.to_pylist()
    ]
    return sorted(found, key=lambda row: (row["source_file"], row["source_row"]))
