"""The nightly job as AWS Glue runs it: the script of the job, and nothing but its arguments and how it ends.

Options are those of `aurastream nightly`, and Glue's own beside them are passed over. It ends by an exception whose
message begins with what a scheduler is to do: see `transforms.errors.Ending`. A line of standard output that begins
`{"ending"` says how the night went, as JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from jobs import nightly
from jobs.console import say
from jobs.formats import Format
from jobs.guard import type_and_place
from jobs.settings import NightlySettings, parse_dollars, parse_mapping
from jobs.spark.modules import check_executors, versions
from jobs.spark.session import glue_session
from transforms.cost import DEFAULT_TPS
from transforms.errors import AuraStreamError, Ending, UsageError


class NightFailed(Exception):
    """How the job ends: Glue keeps its message, and Step Functions reads it."""


class _Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise UsageError(message)


def settings(arguments: Sequence[str]) -> NightlySettings:
    """What the job's arguments ask for; `--map` takes pairs with commas between. Raises UsageError."""
    parser = _Arguments(prog="glue.py", allow_abbrev=False)
    for name in ("drops", "lake"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--ds", default=datetime.now(UTC).date().isoformat())
    for name in ("language", "policy", "key-file", "cache", "deadline", "date-pattern"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--scorer", default="comprehend")
    parser.add_argument("--without-cache", choices=["stop", "defer"], default="stop")
    parser.add_argument("--quota-tps", type=float, default=DEFAULT_TPS)
    parser.add_argument("--budget", type=parse_dollars)
    parser.add_argument("--map", dest="mapping", default="")
    parser.add_argument("--format", dest="file_format", type=Format)
    parser.add_argument("--reprocess", choices=["true", "false"], default="false")
    told, _ = parser.parse_known_args(arguments)
    given = vars(told)
    return NightlySettings(
        **given
        | {
            "mapping": parse_mapping(tuple(filter(None, told.mapping.split(",")))),
            "reprocess": told.reprocess == "true",
        }
    )


def main(arguments: Sequence[str]) -> None:
    """Run a night. Raises NightFailed."""
    try:
        night = settings(arguments)
        session = glue_session("aurastream nightly")
        say(f"modules: {' '.join(versions())}")
        check_executors(session)
        record = nightly.run(night)
    except AuraStreamError as error:
        raise _failed(error.ending, f"{type(error).__name__}: {error}") from None
    except Exception as error:  # noqa: BLE001 - its message could hold a document's text
        raise _failed(Ending.FAILED, f"unexpected {type_and_place(error)}: please report it") from None
    _tell({"ending": "DONE", "run": None if record is None else record.summary.to_dict()})


def _failed(ending: Ending, message: str) -> NightFailed:
    _tell({"ending": ending.name, "error": message})
    return NightFailed(f"{ending.name}: {message}")


def _tell(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
