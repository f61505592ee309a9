"""Whether executors have what the driver has: modules that are missing there would show after an hour's work."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Sequence
from importlib.metadata import distributions

from pyspark.sql import SparkSession

from transforms.errors import AuraStreamError

PACKAGES = ("transforms", "expectations", "jobs")
# They are the driver's alone: the one stands in for pyspark's own on a worker's machine, the other is the program.
_NOT_IMPORTED = ("jobs.run.daemon", "jobs.glue")


def versions() -> list[str]:
    """The packages of this Python, as `name==version`."""
    return sorted({f"{found.metadata['Name']}=={found.version}" for found in distributions()})


def check_executors(session: SparkSession) -> None:
    """Import every module of ours within a task on every core. Raises AuraStreamError that says what is missing."""
    cores = session.sparkContext.defaultParallelism
    wanted = _modules()
    answers = session.sparkContext.parallelize(range(cores), cores).map(lambda _: _import(wanted)).collect()
    missing = sorted({problem for answer in answers for problem in answer})
    if missing:
        raise AuraStreamError(
            f"executors lack what the driver has: {'; '.join(missing)}. Give the job its wheels by "
            "--additional-python-modules: what --extra-py-files brings is on the driver alone"
        )


def _modules() -> list[str]:
    """Every module of ours."""
    found: list[str] = []
    for package in map(importlib.import_module, PACKAGES):
        walked = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        found += [package.__name__, *(module.name for module in walked)]
    return [name for name in found if name not in _NOT_IMPORTED]


def _import(names: Sequence[str]) -> list[str]:
    """Which modules cannot be imported here, and why not."""
    problems = []
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            problems.append(f"{name} needs {error.name}" if error.name else f"{name}: {error}")
    return [f"{problem} (Python {sys.version.split()[0]})" for problem in problems]
