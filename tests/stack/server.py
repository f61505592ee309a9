"""ministack with Glue runs that are processes, for `make stack-test`. Started by .venv-stack's Python, which knows
nothing of ours.

ministack lets a Glue run succeed at once and has no `glue:startJobRun.sync`. Here a run is what the folder of
AURASTREAM_STACK says: `outcomes` has a line of JSON for each run to come, `calls` gets one for each that was started.

{"state": "SUCCEEDED"}                     ends so; with "error" as Glue keeps an exception's message
{"refused": "ThrottlingException"}         StartJobRun is refused
{"hangs": true}                            runs until it is stopped
{"command": [...], "environment": {...}}   a process, with the job's arguments behind the command
"""

import json
import os
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from ministack import app
from ministack.services import glue, stepfunctions

FOLDER = Path(os.environ["AURASTREAM_STACK"])
LOCK = threading.Lock()
ENDS = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR")


def outcome() -> dict[str, Any]:
    with LOCK:
        path = FOLDER / "outcomes"
        first, *rest = path.read_text().splitlines() or ['{"state": "SUCCEEDED"}']
        path.write_text("".join(f"{line}\n" for line in rest))
    told: dict[str, Any] = json.loads(first)
    return told


def note(call: dict[str, Any]) -> None:
    with LOCK, (FOLDER / "calls").open("a") as file:
        file.write(json.dumps(call) + "\n")


def execute(run: dict[str, Any], job: dict[str, Any], arguments: list[str], script: str) -> None:
    told = outcome()
    note({"job": run["JobName"], "arguments": run["Arguments"]})
    if told.get("hangs"):
        while run["JobRunState"] == "RUNNING":
            time.sleep(0.05)
        run["JobRunState"] = "STOPPED"
    elif "command" in told:
        words = [word for pair in run["Arguments"].items() for word in pair]
        ended = subprocess.run(
            [*told["command"], *words], env=told["environment"], capture_output=True, text=True, check=False
        )
        (FOLDER / f"{run['Id']}.log").write_text(ended.stdout + ended.stderr)
        run["JobRunState"] = "SUCCEEDED" if ended.returncode == 0 else "FAILED"
        last = (ended.stderr.strip().splitlines() or [""])[-1]
        # As Glue keeps it: the exception's type without its module, and its message.
        run["ErrorMessage"] = "" if ended.returncode == 0 else last.removeprefix("__main__.")
    else:
        run["JobRunState"] = told["state"]
        run["ErrorMessage"] = told.get("error", "")


def start_and_wait(resource: str, told: dict[str, Any]) -> dict[str, Any]:
    with LOCK:
        first = ((FOLDER / "outcomes").read_text().splitlines() or ["{}"])[0]
    if refused := json.loads(first).get("refused"):
        outcome()
        note({"refused": refused})
        raise stepfunctions._ExecutionError(f"Glue.{refused}", "refused")
    status, _, body = glue._start_job_run(told)
    answer = json.loads(body)
    if status >= 400:
        raise stepfunctions._ExecutionError("Glue." + answer["__type"].rpartition("#")[2], answer.get("message", ""))
    (run,) = [each for each in glue._job_runs[told["JobName"]] if each["Id"] == answer["JobRunId"]]
    while run["JobRunState"] not in ENDS:
        time.sleep(0.05)
    said = {name: value for name, value in run.items() if value not in ("", None)}
    if run["JobRunState"] != "SUCCEEDED" and not (FOLDER / "lenient").exists():
        raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(said))
    return said


glue._is_spark_job = lambda job: False
glue._resolve_script = lambda location: "glue.py"
glue._execute_subprocess = execute
stepfunctions._SERVICE_DISPATCH["arn:aws:states:::glue:startJobRun"] = start_and_wait

if __name__ == "__main__":
    app.main()
