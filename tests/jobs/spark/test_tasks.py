"""What is Spark's own about its workers; what both kinds share is in tests/jobs/run/test_workers.py."""

import os

from pyspark.sql import SparkSession

from jobs.spark.tasks import SparkWorkers


def test_what_all_are_told_travels_once_and_work_with_its_task_alone(spark: SparkSession) -> None:
    workers = SparkWorkers(spark)
    sizes = workers.spread("test", b"x" * 1_000_000, [b"y" * 1000] * 4, lambda told, _, work: (len(told), len(work)))

    assert sizes == [(1_000_000, 1000)] * 4


def test_work_is_done_by_other_processes_at_once(spark: SparkSession) -> None:
    workers = SparkWorkers(spark)

    assert workers.cores > 1 or os.cpu_count() == 1
    assert os.getpid() not in workers.spread("test", None, [1, 2], lambda *_: os.getpid())
