"""What `kill -9` costs a paid night: drivers and workers killed at random while they buy."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psutil

from tests.benchmarks.comprehend_nights import PATIENCE, start
from tests.infra.serving import Server

# How long buying goes on before the next kill, in seconds, at random between these.
SHORTEST, LONGEST = 0.1, 2.5
_NAP = 0.02


@dataclass
class Killed:
    """What became of a night that was killed again and again."""

    kills: Counter[str] = field(default_factory=Counter)  # driver, worker
    failed: int = 0  # nights that ended by themselves, but not well: Spark tries a task four times
    published: bool = False


def run_and_kill(server: Server, drops: Path, lake: Path, tps: float, wanted: int, seed: int) -> Killed:
    """Run nights over a drop, killing as many times as `wanted`, until one publishes.

    Each kill waits until texts are bought again, and then for a random time.
    """
    random = Random(seed)
    killed = Killed()
    until = time.monotonic() + PATIENCE
    night = start(server, drops, lake, tps)
    try:
        while time.monotonic() < until:
            if killed.kills.total() < wanted and _buys(server, night):
                _wait(night, random.uniform(SHORTEST, LONGEST))
                if random.random() < 0.5:
                    if night.poll() is None:
                        kill_tree(night)
                        killed.kills["driver"] += 1
                elif workers := _workers(night):
                    random.choice(workers).kill()
                    killed.kills["worker"] += 1
            else:
                _wait(night, PATIENCE)
            if night.poll() is not None:
                if night.returncode == 0:
                    killed.published = True
                    break
                killed.failed += (night.returncode or 0) > 0
                night = start(server, drops, lake, tps)
    finally:
        kill_tree(night)
    return killed


def _buys(server: Server, night: psutil.Popen) -> bool:
    """Wait until a night has had answers from now on; false where it ends before."""
    before = _billed(server.usage())
    while night.poll() is None:
        if _billed(server.usage()) > before:
            return True
        time.sleep(_NAP)
    return False


def _billed(usage: dict[str, Any]) -> int:
    return int(usage["billed"])


def _wait(night: psutil.Popen, seconds: float) -> None:
    until = time.monotonic() + seconds
    while night.poll() is None and time.monotonic() < until:
        time.sleep(_NAP)


def _workers(night: psutil.Popen) -> list[psutil.Process]:
    """Spark's Python workers that are at work for a night: children of its `pyspark.daemon`."""
    try:
        tree = night.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    daemons = set()
    for each in tree:
        try:
            if "pyspark.daemon" in each.cmdline():
                daemons.add(each.pid)
        except psutil.NoSuchProcess:
            continue
    workers = []
    for each in tree:
        try:
            if each.ppid() in daemons and each.status() != psutil.STATUS_ZOMBIE:
                workers.append(each)
        except psutil.NoSuchProcess:
            continue
    return workers


def kill_tree(night: psutil.Popen) -> None:
    """`kill -9` for a process and all below it, the process itself first."""
    try:
        tree = [night, *night.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for each in tree:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(tree, timeout=30)
