"""Spark's own folder: private, gone with its process, or at the next start."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.spark.scratch import scratch_folder
from transforms.errors import AuraStreamError

PROGRAM = """
import os, signal, sys
from pathlib import Path
from jobs.spark.scratch import scratch_folder
folder = Path(scratch_folder())
(folder / "shuffle").write_text("a text")
print(folder, flush=True)
if sys.argv[1] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
"""


def started(base: Path, end: str) -> Path:
    """The folder of a process that ended so."""
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM, end],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"SPARK_LOCAL_DIRS": str(base)},
    )
    assert said.returncode == (-signal.SIGKILL if end == "killed" else 0), said.stderr
    return Path(said.stdout.strip())


def test_it_goes_with_its_process_or_at_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not started(tmp_path, "as it should").exists()
    left = started(tmp_path, "killed")
    assert (left / "shuffle").exists()
    monkeypatch.setenv("SPARK_LOCAL_DIRS", str(tmp_path))

    mine = Path(scratch_folder())

    assert not left.exists()
    assert mine.is_dir()
    assert {path.stat().st_mode & 0o777 for path in (mine, mine.parent, mine.parent / "locks")} == {0o700}
    started(tmp_path, "as it should")
    assert mine.is_dir()  # this process lives


def test_a_place_that_others_may_enter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_LOCAL_DIRS", str(tmp_path))
    (tmp_path / f"aurastream-spark-{os.getuid()}").mkdir()
    (tmp_path / f"aurastream-spark-{os.getuid()}").chmod(0o777)

    with pytest.raises(AuraStreamError, match="is open to others: remove it"):
        scratch_folder()
