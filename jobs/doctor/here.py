"""What a night needs of the machine that it runs on."""

from __future__ import annotations

import locale
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime

from jobs.doctor.finding import Finding, Verdict, judged
from jobs.spark.session import java_home
from jobs.stores.open import open_lake
from transforms.errors import AuraStreamError

# Spark's driver and two Python workers, as measured (docs/benchmarks.md).
LEAST_MEMORY = 2 * 2**30
# What Spark moves and workers write before it is put.
LEAST_DISK = 5 * 2**30
# When this was written: a clock before it is one that was never set.
_NOT_BEFORE = datetime(2026, 11, 1, tzinfo=UTC)


def look_here(lake: str | None) -> Iterator[Finding]:
    """Look at this machine, and at a lake on it."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    yield judged("python", version == "3.11", version, "use Python 3.11: `make` makes an environment of it")
    yield _java()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    yield judged(
        "memory", memory >= LEAST_MEMORY, _gigabytes(memory), f"give it {_gigabytes(LEAST_MEMORY)}, or run on Glue"
    )
    folder = os.environ.get("SPARK_LOCAL_DIRS") or tempfile.gettempdir()
    yield _disk(folder)
    encoding = locale.getpreferredencoding(False)
    yield judged(
        "locale", encoding.replace("-", "").lower() == "utf8", encoding, "set LANG=C.UTF-8: names of files are UTF-8"
    )
    now = datetime.now(UTC)
    yield judged("clock", now >= _NOT_BEFORE, f"{now:%Y-%m-%d %H:%M} UTC", "set the clock: dates of runs come from it")
    if lake is not None and ":" not in lake:
        yield _lake(lake)


def _java() -> Finding:
    try:
        return Finding("java", Verdict.OK, str(java_home()))
    except AuraStreamError as error:
        return Finding("java", Verdict.FAILED, str(error), "a drop of more than a megabyte needs it")


def _disk(folder: str) -> Finding:
    try:
        found = os.statvfs(folder)
    except OSError as error:
        return Finding(
            "disk", Verdict.FAILED, f"{folder}: {error.strerror}", "set SPARK_LOCAL_DIRS to a folder of yours"
        )
    free = found.f_bavail * found.f_frsize
    wanted = f"free {_gigabytes(LEAST_DISK)}, or set SPARK_LOCAL_DIRS to where there is room"
    return judged("disk", free >= LEAST_DISK, f"{_gigabytes(free)} free in {folder}", wanted)


def _lake(lake: str) -> Finding:
    try:
        opened, stores = open_lake(lake, create=False)
        dates = stores.ledger().pointers()
    except AuraStreamError as error:
        return Finding("lake", Verdict.FAILED, str(error), "the first night makes a lake; docs/operations.md otherwise")
    return Finding("lake", Verdict.OK, f"{opened.root}: {len(dates)} dates are published")


def _gigabytes(count: int) -> str:
    return f"{count / 2**30:.1f} GB"
