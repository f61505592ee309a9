"""The command line: `aurastream`."""

from __future__ import annotations

import io
import logging
import os
import sys

import click

from jobs.commands.ask import export, notebook, report, sql
from jobs.commands.doctor import doctor
from jobs.commands.group import Commands
from jobs.commands.label import agreement, label_sample
from jobs.commands.lake import lake, rebuild, rollback, runs
from jobs.commands.night import check, nightly, plan, sample
from jobs.commands.texts import analyze, redact, restore

EPILOG = """\b
Every option can also come from
  the environment  AURASTREAM_LAKE, or for one command AURASTREAM_NIGHTLY_LAKE
  a TOML file      --config FILE, or AURASTREAM_CONFIG: lake = "lake" for all
                   commands, or below [nightly] for one
The command line goes before the environment, and that before the file.

\b
Exit codes
  0  done
  1  failed: do not try again before it is mended
  2  usage
  3  expectations not met, nothing published
  4  try again later, nothing published
  5  unknown whether it was committed: run again
"""


@click.group(
    cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="aurastream")
def cli() -> None:
    """Scores every document of a nightly drop for sentiment: personal data out first, no text paid for twice."""


for command in (
    *(sample, check, plan, nightly, lake, sql, export, report, notebook, runs, rollback, rebuild),
    *(label_sample, agreement, analyze, redact, restore, doctor),
):
    cli.add_command(command)


def main() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):  # a terminal that is no UTF-8 ends no run
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # What a run says are its own lines. Libraries log exceptions whole; those that matter arrive as exceptions too.
    logging.getLogger().addHandler(logging.NullHandler())
    # Set before any library reads it: nothing phones home.
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    cli(prog_name="aurastream")


if __name__ == "__main__":
    main()
