"""What Spark starts on a machine to fork Python workers of: it makes ready, once, what each of them needs.

A worker of pyspark's own daemon imports all of it, and compiles the detectors, by itself.
"""

from __future__ import annotations

import gc
import importlib
from contextlib import suppress

from pyspark import daemon

# What those who are forked need.
_MODULES = ("jobs.run.exchange", "jobs.run.read_back", "jobs.run.scoring", "jobs.spark.tasks")


def main() -> None:
    """Make ready, and serve. No thread may run when a worker is forked: none of this starts one."""
    # What this machine lacks, a task says, and where: of a daemon that does not start there is but a line in its log.
    with suppress(Exception):
        _make_ready()
    gc.collect()
    gc.freeze()  # what is shared with the workers stays shared
    daemon.manager()


def _make_ready() -> None:
    import pyarrow as pa

    from transforms.pii.policy import DEFAULT_POLICY
    from transforms.pii.redactor import find

    for name in _MODULES:
        importlib.import_module(name)
    find(pa.array(["Anna called 212-555-0187"]), DEFAULT_POLICY)


if __name__ == "__main__":
    main()
