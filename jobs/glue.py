"""AuraStream's job as AWS Glue runs it: the script of the job, and nothing but its arguments and how it ends.

Options are those of `aurastream nightly`, among Glue's own; `--command` says what is done: `nightly`, `plan` (which
ends as failed where the plan exceeds the budget or the deadline), `verify` or `rollback`. It ends by an exception whose
message begins with what a scheduler is to do: see `transforms.errors.Ending`. A line of standard output that begins
`{"ending"` says how it went, as JSON; so are the lines of standard error.
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
    from datetime import UTC, datetime

    from jobs import metrics, nightly
    from jobs.console import json_log, say
    from jobs.glue_arguments import Job, job
    from jobs.guard import type_and_place
    from jobs.lake.published import run_summaries
    from jobs.lake.verify import require_recent, verify
    from jobs.plan import plan, require_within
    from jobs.rollback import rollback
    from jobs.spark.modules import check_executors, versions
    from jobs.spark.session import glue_session
    from jobs.stores.open import open_lake
    from transforms.errors import AuraStreamError, Ending
except Exception as error:  # noqa: BLE001 - a shared library that is broken raises what it likes
    # Nothing was read yet, so its message holds no document's text.
    raise _failed(
        "FAILED",
        f"the driver cannot import what the job needs ({type(error).__name__}: {error}): give the job its wheels by "
        "--additional-python-modules",
    ) from None


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments say. Raises NightFailed."""
    try:
        told = job(arguments)
        with json_log(command=told.command, **({"execution": told.execution} if told.execution else {})):
            said = {"nightly": _nightly, "plan": _plan, "verify": _verify, "rollback": _rollback}[told.command](told)
    except AuraStreamError as error:
        raise _failed(error.ending.name, f"{type(error).__name__}: {error}") from None
    except Exception as error:  # noqa: BLE001 - its message could hold a document's text
        raise _failed(Ending.FAILED.name, f"unexpected {type_and_place(error)}: please report it") from None
    _tell({"ending": "DONE", **said})


def _spark(name: str) -> None:
    session = glue_session(name)
    say(f"modules: {' '.join(versions())}")
    check_executors(session)


def _nightly(told: Job) -> dict[str, Any]:
    _spark("aurastream nightly")
    record = nightly.run(told.night)
    if record is None:
        return {"run": None}
    if told.metrics:
        _, stores = open_lake(told.night.lake, create=False)
        before = [run for run, _ in run_summaries(stores.ledger()) if run.run_id < record.summary.run_id]
        metrics.put(told.metrics, metrics.of_run(record.summary, before))
    return {"run": record.summary.to_dict()}


def _plan(told: Job) -> dict[str, Any]:
    _spark("aurastream plan")
    counted = plan(told.night)
    say(f"plan: {json.dumps(counted.to_dict())}")
    require_within(counted, told.night.budget, told.night.deadline, datetime.now(UTC))
    return {"plan": counted.to_dict()}


def _verify(told: Job) -> dict[str, Any]:
    lake, stores = open_lake(told.night.lake, create=False)
    verified, today = verify(lake, stores.ledger()), datetime.now(UTC).date()
    if told.metrics:
        metrics.put(told.metrics, metrics.of_readers(verified, today))
    if told.max_age is not None:
        require_recent(verified, today, told.max_age)
    return {"verified": verified._asdict()}


def _rollback(told: Job) -> dict[str, Any]:
    return {"rollback": rollback(told.night.lake, told.night.ds)}


if __name__ == "__main__":
    main(sys.argv[1:])
