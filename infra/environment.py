"""What an environment is: a file of `infra/environments/`, checked, as the template's parameters."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from transforms.clocks import days_without
from transforms.errors import UsageError

FOLDER = Path(__file__).with_name("environments")
_TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Environment(BaseModel):
    """The values of a file, of which none has a default: whoever deploys has seen each."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    time_zone: str
    night_at: _TimeOfDay
    watch_at: _TimeOfDay
    flexible_minutes: Annotated[int, Field(ge=1, le=1440)]
    schedule: Literal["ENABLED", "DISABLED"]
    scorer: Literal["local", "comprehend", "comprehend-async", "cascade"]
    language: str
    quota_tps: Annotated[float, Field(gt=0)]
    budget_dollars: Annotated[str, StringConstraints(pattern=r"^\d+(\.\d{1,2})?$")]
    deadline: _TimeOfDay
    worker_type: Literal["G.1X", "G.2X"]
    workers: Annotated[int, Field(ge=2)]
    execution_class: Literal["FLEX", "STANDARD"]
    timeout_minutes: Annotated[int, Field(ge=10, le=10080)]
    drops_days: Annotated[int, Field(ge=1)]
    old_versions_days: Annotated[int, Field(ge=1)]
    log_days: Literal[30, 90, 180, 365, 731]
    scan_limit_bytes: Annotated[int, Field(ge=10_000_000)]
    mail: str
    vpc_id: str
    subnet_ids: list[str]
    route_table_ids: list[str]

    def parameters(self, env: str) -> dict[str, str]:
        """The template's parameters, but for what a deployment makes: where artifacts lie, and their digest."""
        told = {_parameter(name): value for name, value in self if name not in {"region", "watch_at"}}
        texts = {name: ",".join(value) if isinstance(value, list) else str(value) for name, value in told.items()}
        return texts | {"Env": env, "NightCron": cron(self.night_at), "WatchCron": cron(self.watch_at)}


def load(env: str) -> Environment:
    """The environment of a name. Raises UsageError that says what is wrong, and where."""
    path = FOLDER / f"{env}.toml"
    known = sorted(each.stem for each in FOLDER.glob("*.toml"))
    if not re.fullmatch(r"[a-z][a-z0-9]{1,11}", env) or not path.is_file():
        raise UsageError(
            f"there is no environment {env!r}: one of {', '.join(known)}, or a file of your own beside them"
        )
    try:
        found = Environment.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: {error}") from None
    except ValidationError as invalid:
        said = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in invalid.errors())
        raise UsageError(f"{path}: {said}") from None
    if bool(found.vpc_id) != bool(found.subnet_ids):
        raise UsageError(f"{path}: vpc_id and subnet_ids go together")
    for name, at in (("night_at", found.night_at), ("watch_at", found.watch_at)):
        if skipped := days_without(at, found.time_zone, datetime.now(UTC).date()):
            raise UsageError(
                f"{path}: {name} {at} is not there on {skipped[0]} in {found.time_zone}, for clocks are put forward, "
                "and the scheduler leaves that day out: take a time outside of that hour"
            )
    return found


def cron(at: str) -> str:
    """A time of day, HH:MM, as EventBridge Scheduler has it for every day."""
    hour, _, minute = at.partition(":")
    return f"cron({int(minute)} {int(hour)} * * ? *)"


def _parameter(name: str) -> str:
    """A value's name as the template's parameter: `quota_tps` is QuotaTps."""
    return "".join(part.title() for part in name.split("_"))
