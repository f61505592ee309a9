"""When buying ends, and what of earlier runs' spending counts."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from jobs.run.budget import FINISH_SECONDS, FINISH_SECONDS_A_BYTE, enter_budget, since_published, stop_at
from jobs.settings import ScoringSettings, resolve
from jobs.stores.open import open_lake
from jobs.stores.protocols import RunEntry, Spending
from transforms.schemas import RunState

NOW = datetime(2026, 11, 25, 23, 10, tzinfo=UTC)
DS = "2026-11-25"


def test_no_deadline_is_none() -> None:
    assert stop_at(resolve(ScoringSettings()), 0, NOW) is None


@pytest.mark.parametrize(
    ("deadline", "moment"),
    [
        ("23:30", datetime(2026, 11, 25, 23, 30, tzinfo=UTC)),
        ("05:30", datetime(2026, 11, 26, 5, 30, tzinfo=UTC)),
        ("23:10", datetime(2026, 11, 26, 23, 10, tzinfo=UTC)),
    ],
)
def test_the_next_time_of_that_name_less_what_publishing_takes(deadline: str, moment: datetime) -> None:
    total = 200_000_000
    until = stop_at(resolve(ScoringSettings(deadline=deadline)), total, NOW)
    assert until == moment.timestamp() - FINISH_SECONDS - FINISH_SECONDS_A_BYTE * total


def test_the_runs_that_count_are_those_after_the_last_that_published() -> None:
    def run(name: str, state: RunState) -> RunEntry:
        return RunEntry(name, DS, state, None, (DS,), settled=False)

    runs = [run("R1", RunState.FAILED), run("R2", RunState.PUBLISHED), run("R3", RunState.INTERRUPTED)]
    runs += [run("R4", RunState.EXPECTATIONS_NOT_MET), run("R5", RunState.STARTED)]

    assert since_published(runs) == ["R3", "R4"]
    assert since_published(runs[:2]) == []


@pytest.fixture
def spending(tmp_path: Path) -> Iterator[Spending]:
    _, stores = open_lake(str(tmp_path / "lake"), create=True)
    with closing(stores.meter()) as meter:
        yield meter.spending


def units_of(spending: Spending, run_id: str, budget: str | None, before: list[str], spend: int = 0) -> int | None:
    """The units that a run may spend; it spends some."""
    enter_budget(spending, run_id, Decimal(budget) if budget else None, before)
    units = spending.reserve(run_id, []).left
    spending.reserve(run_id, [spend])
    return units


def test_a_run_that_takes_up_the_work_of_failed_ones_has_what_they_left(spending: Spending) -> None:
    assert units_of(spending, "R1", "0.01", [], spend=40) == 100
    assert units_of(spending, "R2", "0.01", [], spend=50) == 100  # of another date
    assert units_of(spending, "R3", "0.01", ["R1"], spend=50) == 60
    assert units_of(spending, "R4", "0.01", ["R1", "R3"], spend=10) == 10
    assert units_of(spending, "R5", "0.01", []) == 100
    assert units_of(spending, "R6", None, []) is None


def test_the_month_decides_the_price(spending: Spending) -> None:
    units_of(spending, "R1", None, [], spend=10_000_000)

    assert units_of(spending, "R2", "25", []) == 500_000  # at $0.00005
    assert enter_budget(spending, "R3", None, []) == 10_000_000
