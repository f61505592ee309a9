"""Runs the nightly job and kills this very process, as `kill -9` would, at a named point.

python -m tests.integration.killed POINT DROPS LAKE
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import jobs.nightly
from jobs.run.staging import stage_dates
from jobs.settings import NightlySettings
from jobs.stores.local.ledger import LocalLedger


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_after(function: Callable[..., Any]) -> Callable[..., Any]:
    def called(*arguments: Any, **named: Any) -> None:
        function(*arguments, **named)
        die()

    return called


def die_while_scoring(*arguments: Any, **named: Any) -> None:
    """As soon as a worker has kept scores and written rows."""
    import threading
    import time
    from pathlib import Path

    def watch() -> None:
        while not list(Path(sys.argv[3]).glob("scores/ds=*/run=*/*")):
            time.sleep(0.01)
        die()

    threading.Thread(target=watch).start()
    score(*arguments, **named)


score = jobs.nightly.score

POINTS: dict[str, Callable[[], None]] = {
    "entered": lambda: setattr(jobs.nightly, "score", die),
    "scoring": lambda: setattr(jobs.nightly, "score", die_while_scoring),
    "written": lambda: setattr(jobs.nightly, "stage_dates", die_after(stage_dates)),
    "audited": lambda: setattr(LocalLedger, "publish", die),
    "published": lambda: setattr(LocalLedger, "publish", die_after(LocalLedger.publish)),
}

if __name__ == "__main__":
    _, point, drops, lake = sys.argv
    POINTS[point]()
    jobs.nightly.run(NightlySettings(drops=drops, lake=lake, ds="2026-11-22"))
