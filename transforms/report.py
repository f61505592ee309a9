"""What a run did: its summary, as a row of the table `runs`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Self

import pyarrow as pa

from transforms.schemas import RUNS, RunRow, RunState, Status, conform


@dataclass(frozen=True, kw_only=True)
class RunSummary(RunRow):
    """A row of `runs`, and what follows from it."""

    @property
    def seconds(self) -> float:
        """Wall-clock seconds from start to finish."""
        return (self.finished_at - self.started_at).total_seconds()

    @property
    def statuses(self) -> dict[str, int]:
        """Documents by how they ended, in the order of `Status`."""
        return dict(zip(map(str, Status), (self.scored, self.rejected, self.failed, self.deferred), strict=True))

    def to_dict(self) -> dict[str, Any]:
        """Give the fields as JSON has them: ISO 8601 timestamps in UTC, lists, objects."""
        return {name: _as_json(value) for name, value in vars(self).items()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Read back what `to_dict` gave."""
        typed: dict[str, Any] = {
            "started_at": datetime.fromisoformat(stored["started_at"]),
            "finished_at": datetime.fromisoformat(stored["finished_at"]),
            "outcome": RunState(stored["outcome"]),
        }
        return cls(**{field.name: stored[field.name] for field in fields(cls) if field.name in stored} | typed)


def unfinished(run_id: str, started_at: datetime, seen_at: datetime, outcome: RunState) -> RunSummary:
    """Sum up a run that was not audited, as of `seen_at`: when it was and how it ended is all there is to say."""
    values: dict[str, Any] = {
        field.name: 0 if pa.types.is_integer(field.type) else {} if pa.types.is_map(field.type) else ""
        for field in RUNS
    }
    known = {"run_id": run_id, "started_at": started_at, "finished_at": seen_at, "outcome": outcome}
    unknown = dict.fromkeys(("budget", "expectations", "expectations_failed", "left_out"))
    return RunSummary(**values | known | unknown | {"dates": [], "dollars": 0.0})


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return {str(name): count for name, count in value.items()}
    if isinstance(value, str):
        return str(value)
    return value if value is None or isinstance(value, (int, float)) else list(value)


def summary_table(summaries: Iterable[RunSummary]) -> pa.Table:
    """Give summaries as rows of RUNS, in their order."""
    rows = [
        {name: list(value.items()) if isinstance(value, Mapping) else value for name, value in vars(summary).items()}
        for summary in summaries
    ]
    table = pa.Table.from_pylist(rows, schema=RUNS)
    conform(table, RUNS)
    return table
