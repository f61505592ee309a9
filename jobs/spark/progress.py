"""What a run says while it works: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import uuid
from typing import TypeVar

from pyspark import RDD, SparkStageInfo, StatusTracker
from tqdm import tqdm

from jobs.console import say

T = TypeVar("T")

# Seconds between two looks at how far Spark is; a look costs some 10 ms of CPU.
TERMINAL_SECONDS = 0.5
PLAIN_SECONDS = 10.0


def collect(data: RDD[T], what: str, tasks: int) -> list[T]:
    """Collect what `tasks` tasks give, saying how many are done."""
    context = data.context
    group = f"{what} {uuid.uuid4()}"
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(context.statusTracker(), group, what, tasks, done), daemon=True)
    context.setJobGroup(group, what)
    watcher.start()
    try:
        answers: list[T] = data.collect()
        return answers
    except BaseException:  # Ctrl-C, too: workers go on, and on paying, where nobody tells them
        context.cancelJobGroup(group)
        raise
    finally:
        done.set()
        watcher.join()


def _watch(tracker: StatusTracker, group: str, what: str, tasks: int, done: threading.Event) -> None:
    terminal = sys.stderr.isatty()
    with tqdm(total=tasks, desc=what, unit="task", disable=not terminal) as bar:
        while not done.wait(TERMINAL_SECONDS if terminal else PLAIN_SECONDS):
            ended = sum(
                stage.numCompletedTasks for job in tracker.getJobIdsForGroup(group) for stage in _stages(tracker, job)
            )
            if terminal:
                bar.update(ended - bar.n)
            else:
                say(f"{what}: {ended} of {tasks} tasks")
        bar.update(tasks - bar.n)


def _stages(tracker: StatusTracker, job: int) -> list[SparkStageInfo]:
    info = tracker.getJobInfo(job)
    stages = [tracker.getStageInfo(stage) for stage in info.stageIds] if info else []
    return [stage for stage in stages if stage]
