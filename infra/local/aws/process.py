"""A part's server as a process of its own, which outlives who started it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra.local.aws.part import KEYS, REGION, Launch, Missing, Part, Place, free_ports
from transforms.errors import ServiceError

# What a server sees of the environment of who starts it: SeaweedFS, for one, takes a variable named `S3` for a flag.
KEPT = ("HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "TZ")
# What every client needs, whichever part it goes to, and what keeps it from anybody's account.
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": KEYS[0],
    "AWS_SECRET_ACCESS_KEY": KEYS[1],
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
_STOP_SECONDS = 15
# Times of starts are in hundredths.
_SAME_START_SECONDS = 0.1
# Those that this process started itself, and so has to ask how they ended.
_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Process:
    """A process that was started. Another that is given its number later started at another time."""

    pid: int
    started: float  # seconds since the machine's own start, so that a clock that is set changes nothing


def start(launch: Launch, folder: Path, log: Path) -> Process:
    """Start a server in its folder; what it says is appended to its log. Raises ServiceError."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ} | dict(launch.environment)
    try:
        with log.open("ab") as out:
            child = subprocess.Popen(  # noqa: S603 - the command is a part's own
                launch.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder, env=environment,
                start_new_session=True,  # control-C ends the command that starts it, not the server
            )  # fmt: skip
    except OSError as error:
        raise ServiceError(f"{launch.command[0]} cannot be started: {error.strerror}; `make` installs it") from None
    _CHILDREN[child.pid] = child
    return Process(child.pid, _started(psutil.Process(child.pid)))


def is_alive(process: Process) -> bool:
    """Whether it still runs."""
    child = _CHILDREN.get(process.pid)
    if child is not None and child.poll() is not None:
        return False
    found = _found(process)
    try:
        return found is not None and found.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def stop(*processes: Process) -> None:
    """End processes and what they started, those that still run: first with SIGTERM, then with SIGKILL."""
    family: list[psutil.Process] = []
    for process in processes:
        found = _found(process)
        if found is not None:
            with suppress(psutil.NoSuchProcess):  # it has just ended by itself
                family += [*found.children(recursive=True), found]
                found.terminate()
    for each in psutil.wait_procs(family, timeout=_STOP_SECONDS)[1]:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    psutil.wait_procs(family, timeout=_STOP_SECONDS)
    for process in processes:
        child = _CHILDREN.pop(process.pid, None)
        if child is not None:
            child.wait()


def await_ready(part: Part, launch: Launch, process: Process, log: Path) -> None:
    """Wait until a server can be used. Raises ServiceError where it cannot, and ends it."""
    deadline = time.monotonic() + part.patience
    while not launch.ready():
        ended = not is_alive(process)
        if ended or time.monotonic() > deadline:
            stop(process)
            happened = "ended while it started" if ended else f"was not ready within {part.patience:g} seconds"
            raise ServiceError(f"{part.name} {happened}: {_reason(log)}")
        time.sleep(0.1)
    if not is_alive(process):  # and somebody else answers on its port
        raise ServiceError(f"{part.name} ended while it started: {_reason(log)}")


@contextmanager
def serving(part: Part, folder: Path, environment: Mapping[str, str] = CREDENTIALS) -> Iterator[Launch]:
    """One part by itself, for as long as this lasts. Raises ServiceError."""
    folder.mkdir(parents=True, exist_ok=True)
    launch = part.launch(Place(folder, free_ports(part.ports), environment, lambda _: None))
    if isinstance(launch, Missing):
        raise ServiceError(f"{part.name} cannot be had: {launch.reason}")
    log = folder / "log"
    process = start(launch, folder, log)
    try:
        await_ready(part, launch, process, log)
        yield launch
    finally:
        stop(process)


def _found(process: Process) -> psutil.Process | None:
    try:
        found = psutil.Process(process.pid)
        same = abs(_started(found) - process.started) < _SAME_START_SECONDS
    except psutil.NoSuchProcess:
        return None
    return found if same else None


def _started(process: psutil.Process) -> float:
    return process.create_time() - psutil.boot_time()


def _reason(log: Path) -> str:
    """What is to be done, as far as the end of a log tells."""
    said = log.read_bytes()[-3_000:].decode(errors="replace").lower()
    if "address already in use" in said:
        return f"another process took its port; run the command again ({log})"
    if "no space left" in said:
        return f"the disk is full; free some of it, and run the command again ({log})"
    return f"{log} says why"
