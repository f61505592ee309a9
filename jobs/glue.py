"""The nightly job as AWS Glue runs it: the script of the job, and nothing but its arguments and how it ends.

Options are those of `aurastream nightly`, among Glue's own. It ends by an exception whose message begins with what a
scheduler is to do: see `transforms.errors.Ending`. A line of standard output that begins `{"ending"` says how the night
went, as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any


class NightFailed(Exception):
    """How the job ends: Glue keeps its message, and Step Functions reads it."""


def _failed(ending: str, message: str) -> NightFailed:
    _tell({"ending": ending, "error": message})
    return NightFailed(f"{ending}: {message}")


def _tell(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


try:
    from jobs import nightly
    from jobs.console import say
    from jobs.glue_arguments import settings
    from jobs.guard import type_and_place
    from jobs.spark.modules import check_executors, versions
    from jobs.spark.session import glue_session
    from transforms.errors import AuraStreamError, Ending
except Exception as error:  # noqa: BLE001 - a shared library that is broken raises what it likes
    # Nothing was read yet, so its message holds no document's text.
    raise _failed(
        "FAILED",
        f"the driver cannot import what the job needs ({type(error).__name__}: {error}): give the job its wheels by "
        "--additional-python-modules",
    ) from None


def main(arguments: Sequence[str]) -> None:
    """Run a night. Raises NightFailed."""
    try:
        night = settings(arguments)
        session = glue_session("aurastream nightly")
        say(f"modules: {' '.join(versions())}")
        check_executors(session)
        record = nightly.run(night)
    except AuraStreamError as error:
        raise _failed(error.ending.name, f"{type(error).__name__}: {error}") from None
    except Exception as error:  # noqa: BLE001 - its message could hold a document's text
        raise _failed(Ending.FAILED.name, f"unexpected {type_and_place(error)}: please report it") from None
    _tell({"ending": "DONE", "run": None if record is None else record.summary.to_dict()})


if __name__ == "__main__":
    main(sys.argv[1:])
