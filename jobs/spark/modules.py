"""Whether executors have what the driver has: modules that are missing there would show after an hour's work."""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import socket
import sys
import time
from collections.abc import Sequence
from importlib.metadata import distributions

from py4j.protocol import Py4JJavaError
from pyspark import SparkContext
from pyspark.sql import SparkSession

from transforms.errors import AuraStreamError, TryAgain

PACKAGES = ("transforms", "expectations", "jobs")
# They are the driver's alone: the one stands in for pyspark's own on a worker's machine, the other is the program.
_NOT_IMPORTED = ("jobs.run.daemon", "jobs.glue")

# How long executors may take until all of them have answered, in seconds.
PATIENCE = 120.0
# How long a task keeps its core, in seconds, so that none does another's.
HOLD = 0.2


def versions() -> list[str]:
    """The packages of this Python, as `name==version`."""
    return sorted({f"{found.metadata['Name']}=={found.version}" for found in distributions()})


def check_executors(session: SparkSession) -> None:
    """Import every module of ours on every executor.

    Raises AuraStreamError that says what is missing and where, TryAgain where executors do not take a task.
    """
    context = session.sparkContext
    wanted = _modules()
    reached: dict[str, tuple[str, ...]] = {}
    deadline = time.monotonic() + PATIENCE
    while True:
        executors, expected = _executors(context)
        late = time.monotonic() > deadline
        if len(reached) >= max(executors, 1 if late else expected):
            break
        if late:
            raise TryAgain(
                f"{len(reached)} of {executors} executors took a task within {PATIENCE:g} seconds; run again"
            )
        tasks = max(context.defaultParallelism, executors)
        try:
            reached |= dict(context.parallelize(range(tasks), tasks).map(lambda _: _import(wanted)).collect())
        except Py4JJavaError as error:
            raise _lacking([_said_by_spark(str(error.java_exception))]) from None
    if missing := sorted({problem for problems in reached.values() for problem in problems}):
        raise _lacking(missing)


def _lacking(missing: Sequence[str]) -> AuraStreamError:
    return AuraStreamError(
        f"executors lack what the driver has: {'; '.join(missing)}. Give the job its wheels by "
        "--additional-python-modules: what --extra-py-files brings is on the driver alone"
    )


def _executors(context: SparkContext) -> tuple[int, int]:
    """How many there are, and how many there should be. Spark counts the driver as one."""
    running = context._jsc.sc()
    if running.isLocal():
        return 1, 1
    registered = len(running.statusTracker().getExecutorInfos()) - 1
    conf = context.getConf()
    grows = conf.get("spark.dynamicAllocation.enabled", "false") == "true"
    return registered, max(1, registered if grows else int(conf.get("spark.executor.instances", "0")))


def _said_by_spark(message: str) -> str:
    """Why no task can start. Nothing was read yet that could stand in a worker's error."""
    if "daemon's stdout" in message:
        return "jobs.run.daemon does not start there; the log of the executor says why"
    errors = re.findall(r"^\s*([\w.]*(?:Error|Exception): .*)$", message, re.MULTILINE)
    return str(errors[-1]).strip() if errors else "no task starts there; the log of the executor says why"


def _modules() -> list[str]:
    """Every module of ours."""
    found: list[str] = []
    for package in map(importlib.import_module, PACKAGES):
        walked = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        found += [package.__name__, *(module.name for module in walked)]
    return [name for name in found if name not in _NOT_IMPORTED]


def _import(names: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Which executor this is, and which modules cannot be imported here, and why not."""
    host = socket.gethostname()
    problems: dict[str, str] = {}
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - a shared library that is broken raises what it likes
            # Said once: what one module lacks, all that import it do.
            problems.setdefault(f"{type(error).__name__}: {error}", name)
    time.sleep(HOLD)
    python = f"Python {sys.version.split()[0]} on {host}"
    # Workers of one executor are children of one daemon.
    return f"{host} {os.getppid()}", tuple(f"{name} ({why}; {python})" for why, name in problems.items())
