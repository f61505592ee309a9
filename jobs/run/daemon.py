"""What Spark starts on a machine to fork Python workers of: it makes ready, once, what each of them needs.

A worker of pyspark's own daemon imports all of it, and compiles the detectors, by itself.
"""

from __future__ import annotations

import gc

import pyarrow as pa
from pyspark import daemon

import jobs.run.exchange
import jobs.run.read_back
import jobs.run.scoring
import jobs.spark.tasks  # noqa: F401 - all are imported for those who are forked
from transforms.pii.policy import DEFAULT_POLICY
from transforms.pii.redactor import find


def main() -> None:
    """Make ready, and serve. No thread may run when a worker is forked: none of this starts one."""
    find(pa.array(["Anna called 212-555-0187"]), DEFAULT_POLICY)
    gc.collect()
    gc.freeze()  # what is shared with the workers stays shared
    daemon.manager()


if __name__ == "__main__":
    main()
