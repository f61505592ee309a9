"""Runs the nightly job on Spark and kills this very process, as `kill -9` would, while its workers score.

python -m tests.integration.killed DROPS LAKE
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import jobs.nightly
from jobs.settings import NightlySettings

score = jobs.nightly.score


def die_while_scoring(*arguments: Any, **named: Any) -> None:
    """As soon as a worker has kept scores and written rows."""

    def watch() -> None:
        while not list(Path(sys.argv[2]).glob("scores/ds=*/run=*/*")):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch).start()
    score(*arguments, **named)


if __name__ == "__main__":
    _, drops, lake = sys.argv
    setattr(jobs.nightly, "score", die_while_scoring)  # noqa: B010 - what it gives is never looked at
    jobs.nightly.run(NightlySettings(drops=drops, lake=lake, ds="2026-11-22"))
