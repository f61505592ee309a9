"""The command line in processes of its own, whose every temporary file lies in a folder of the test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import psutil

ROOT = Path(__file__).parents[2]
ON_SPARK = {"SPARK_MASTER": "local[2]"}


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    said: bytes  # to standard output and standard error


class Children:
    """Starts commands; `temporary` and `spark` hold their temporary files."""

    def __init__(self, folder: Path, environment: Mapping[str, str], umask: int = -1) -> None:
        self.temporary, self.spark = folder / "temporary", folder / "spark"
        for made in (self.temporary, self.spark):
            made.mkdir(0o700, parents=True)
        own = {"TMPDIR": str(self.temporary), "SPARK_LOCAL_DIRS": str(self.spark), "PYTHONPATH": str(ROOT)}
        self._environment = {name: value for name, value in os.environ.items() if name != "SPARK_MASTER"}
        self._environment |= {**own, **environment}
        self._umask = umask
        self._folder = folder

    def run(self, *command: str, module: str = "jobs.cli", **environment: str) -> Ended:
        """Run a command to its end."""
        process = self._started(command, module, environment)
        said, _ = process.communicate(timeout=200)
        return Ended(process.returncode, said)

    def killed(self, when: Callable[[], bool], *command: str, **environment: str) -> Ended:
        """Run a command until something is so, then kill it, and all that it started, as `kill -9` does."""
        process = self._started(command, "jobs.cli", environment)
        until = time.monotonic() + 120
        while not when():
            assert process.poll() is None, process.communicate()[0].decode()
            assert time.monotonic() < until
            time.sleep(0.01)
        started = psutil.Process(process.pid).children(recursive=True)
        for how in (signal.SIGSTOP, signal.SIGKILL):  # stopped first, so that none tidies up after another
            process.send_signal(how)
            for each in started:
                each.send_signal(how)
        psutil.wait_procs(started, 30)
        said, _ = process.communicate()
        return Ended(process.returncode, said)

    def _started(self, command: tuple[str, ...], module: str, more: Mapping[str, str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", module, *command],
            env={**self._environment, **more},
            cwd=self._folder,
            umask=self._umask,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
