"""A command of `aurastream` that puts files together where there are two, buys few texts by a job, and knows soon who
has died; it may be killed at a milestone.

python -m tests.integration.told MILESTONE|- ARGUMENT...
"""

import os
import signal
import sys

from jobs import cli, milestones
from jobs.milestones import Milestone
from jobs.run import compaction
from tests.integration.grounds import S3Ground
from tests.integration.paid import hasten


def main(kill_at: str, *arguments: str) -> None:
    def reached(milestone: Milestone) -> None:
        if milestone == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    setattr(compaction, "MANY_FILES", 1)  # noqa: B010 - no option is made for a test
    S3Ground().hurry(setattr)
    hasten(setattr)
    setattr(milestones, "reached", reached)  # noqa: B010 - as above
    sys.argv = ["aurastream", *arguments]
    cli.main()


if __name__ == "__main__":
    main(*sys.argv[1:])
