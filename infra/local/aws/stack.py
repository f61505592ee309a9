"""The parts together, in one folder: started, looked at, stopped. What runs is written down in `state.json` there."""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from filelock import FileLock

from infra.local.aws.part import Launch, Missing, Part, Place, are_free, free_ports
from infra.local.aws.process import CREDENTIALS, Process, await_ready, is_alive, start, stop
from transforms.errors import ServiceError

# How long what a server started may outlive it, where it was killed: DynamoDB's Java sees it a moment later.
_LET_GO_SECONDS = 10.0
# Raised with the form of `state.json`.
_FORM = 1


@dataclass(frozen=True)
class Entry:
    """What is known of a part, whether it runs or not."""

    what: str  # the server, or why there is none
    ports: tuple[int, ...] = ()
    endpoints: Mapping[str, str] | None = None  # None: it cannot be had here
    process: Process | None = None  # None: stopped, or never started
    ready: bool = False

    @property
    def runs(self) -> bool:
        """Whether its process is there, ready or not."""
        return self.process is not None and is_alive(self.process)

    @property
    def state(self) -> str:
        """In a word: `running`, `starting`, `ended` (by itself), `stopped`, `missing`."""
        if self.endpoints is None:
            return "missing"
        if self.process is None:
            return "stopped"
        if not self.runs:
            return "ended"
        return "running" if self.ready else "starting"


def up(folder: Path, parts: Sequence[Part], say: Callable[[str], None]) -> None:
    """Have those parts run: those that do not are started, with what they kept in the folder, and waited for.

    A part that ended starts again on the ports it had, so that what points to it still does. Raises ServiceError.
    """
    with _mine(folder) as folder:
        entries = read(folder)
        launched: list[tuple[Part, Launch, Process]] = []
        for part in parts:
            entry = entries.get(part.name)
            if entry is not None and entry.runs and entry.ready:
                continue
            if entry is not None and entry.process is not None:
                stop(entry.process)  # it never became ready
            own = folder / part.name
            own.mkdir(exist_ok=True)
            place = Place(own, _ports(part, entries), _environment(entries), say)
            launch = part.launch(place)
            if isinstance(launch, Missing):
                entries[part.name] = Entry(launch.reason)
            else:
                say(f"{part.name}: starting {launch.what}")
                process = start(launch, own, log_of(folder, part.name))
                entries[part.name] = Entry(launch.what, place.ports, launch.endpoints, process)
                launched.append((part, launch, process))
            _write(folder, entries)
        for part, launch, process in launched:
            await_ready(part, launch, process, log_of(folder, part.name))
            entries[part.name] = replace(entries[part.name], ready=True)
            _write(folder, entries)


def down(folder: Path) -> None:
    """Stop every part; what they keep stays in the folder. Raises ServiceError."""
    if not folder.exists():
        return
    with _mine(folder) as folder:
        entries = read(folder)
        stop(*(entry.process for entry in entries.values() if entry.process is not None))
        _write(folder, {name: replace(entry, process=None, ready=False) for name, entry in entries.items()})


def environment(folder: Path) -> dict[str, str]:
    """The variables that make every AWS client come here. Raises ServiceError where a part does not run."""
    entries = read(folder)
    if not any(entry.state == "running" for entry in entries.values()):
        raise ServiceError(f"nothing runs in {folder}; `aurastream-local aws up` starts it")
    for name, entry in entries.items():
        if entry.state in ("ended", "starting"):
            raise ServiceError(f"{name} of {folder} does not run; `aurastream-local aws up` starts it again")
    return _environment(entries)


def read(folder: Path) -> dict[str, Entry]:
    """What is known of each part, by name, in the order in which they were launched. Raises ServiceError."""
    path = folder / "state.json"
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        if state["form"] != _FORM:
            raise ValueError
        return {name: _entry(fields) for name, fields in state["parts"].items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ServiceError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise ServiceError(
            f"{path} is not of this version; stop its servers by hand, and name another folder with --dir"
        ) from None


def log_of(folder: Path, name: str) -> Path:
    """Where a part's server says what it has to say."""
    return folder / "logs" / f"{name}.log"


def _ports(part: Part, entries: Mapping[str, Entry]) -> tuple[int, ...]:
    """The ports that a part had; others if they are taken, and no client was told of them."""
    known = entries.get(part.name)
    if known is not None and len(known.ports) == part.ports:
        patience = 0.0 if known.process is None else _LET_GO_SECONDS
        deadline = time.monotonic() + patience
        while not (free := are_free(known.ports)) and time.monotonic() < deadline:
            time.sleep(0.1)
        if free:
            return known.ports
        if known.process is not None and any(entry.runs for entry in entries.values()):
            raise ServiceError(
                f"another process took the port of {part.name}, one of {', '.join(map(str, known.ports))}: end it, or "
                "take new ones by `aurastream-local aws down` and `up`"
            )
    return free_ports(part.ports, {port for entry in entries.values() for port in entry.ports})


def _environment(entries: Mapping[str, Entry]) -> dict[str, str]:
    told = [entry.endpoints for entry in entries.values() if entry.process is not None and entry.endpoints is not None]
    return dict(CREDENTIALS) | {name: value for each in told for name, value in each.items()}


@contextmanager
def _mine(folder: Path) -> Iterator[Path]:
    """The folder, absolute, while no other command changes what runs there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # logs and objects may hold documents
        folder = folder.resolve()
        (folder / "logs").mkdir(exist_ok=True)
        with FileLock(folder / "lock"):
            yield folder
    except OSError as error:
        full = error.errno == errno.ENOSPC
        what = "the disk is full; free some of it" if full else f"{error.strerror}; name another with --dir"
        raise ServiceError(f"{folder} cannot be used: {what}, and run the command again") from None


def _write(folder: Path, entries: Mapping[str, Entry]) -> None:
    """Write down what runs: all of it, or as it was."""
    state = {"form": _FORM, "parts": {name: asdict(entry) for name, entry in entries.items()}}
    new = folder / "state.json.new"
    new.write_text(json.dumps(state, indent=1), encoding="utf-8")
    new.replace(folder / "state.json")


def _entry(fields: dict[str, object]) -> Entry:
    ports, process = fields.pop("ports"), fields.pop("process")
    return Entry(
        ports=tuple(ports),  # type: ignore[arg-type] # TypeError, which `read` awaits
        process=None if process is None else Process(**process),  # type: ignore[arg-type]
        **fields,  # type: ignore[arg-type]
    )
