"""What a run says while it works: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time

import click
from pyspark import SparkStageInfo, StatusTracker
from pyspark.sql import DataFrame, Row
from tqdm import tqdm

from transforms.report import visible

# Seconds between two looks at how far Spark is, and between two lines that say so where there is no terminal.
POLL_SECONDS = 0.2
PLAIN_SECONDS = 10.0


def say(line: str) -> None:
    """One line to standard error; what a file's name may hold and a terminal would obey is shown as escapes."""
    click.echo(visible(line), err=True)


def collect(frame: DataFrame, what: str, tasks: int) -> list[Row]:
    """Collect a frame of `tasks` tasks, saying how many are done."""
    context = frame.sparkSession.sparkContext
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(context.statusTracker(), what, tasks, done), daemon=True)
    context.setJobGroup(what, what)
    watcher.start()
    try:
        rows: list[Row] = frame.collect()
        return rows
    finally:
        done.set()
        watcher.join()


def _watch(tracker: StatusTracker, what: str, tasks: int, done: threading.Event) -> None:
    terminal = sys.stderr.isatty()
    said = time.monotonic()
    with tqdm(total=tasks, desc=what, unit="task", disable=not terminal) as bar:
        while not done.wait(POLL_SECONDS):
            stages = [stage for job in tracker.getJobIdsForGroup(what) for stage in _stages(tracker, job)]
            bar.update(sum(stage.numCompletedTasks for stage in stages) - bar.n)
            if not terminal and time.monotonic() - said >= PLAIN_SECONDS:
                said = time.monotonic()
                say(f"{what}: {sum(stage.numCompletedTasks for stage in stages)} of {tasks} tasks")
        bar.update(tasks - bar.n)


def _stages(tracker: StatusTracker, job: int) -> list[SparkStageInfo]:
    info = tracker.getJobInfo(job)
    stages = [tracker.getStageInfo(stage) for stage in info.stageIds] if info else []
    return [stage for stage in stages if stage]
