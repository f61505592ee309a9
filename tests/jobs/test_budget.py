"""When buying ends, and what of earlier runs' spending counts."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from jobs.budget import FINISH_SECONDS, FINISH_SECONDS_A_BYTE, enter_budget, stop_at
from jobs.lake import Lake, open_lake
from jobs.services.ledger import LocalLedger
from jobs.services.spending import LocalSpending
from transforms.errors import UsageError

NOW = datetime(2026, 11, 25, 23, 10, tzinfo=UTC)
DS = "2026-11-25"


def test_no_deadline_is_none() -> None:
    assert stop_at(None, 0, NOW) is None


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
    assert stop_at(deadline, total, NOW) == moment.timestamp() - FINISH_SECONDS - FINISH_SECONDS_A_BYTE * total


@pytest.mark.parametrize("deadline", ["24:00", "5.30", "soon", "05:30:00"])
def test_what_is_no_time_of_day_is_a_usage_error(deadline: str) -> None:
    with pytest.raises(UsageError, match="such as 05:30"):
        stop_at(deadline, 0, NOW)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return open_lake(str(tmp_path / "lake"), create=True)


def begin(lake: Lake, run_id: str, budget: str | None, spend: int, ds: str = DS) -> int | None:
    """A run that starts and spends; the units that it may spend."""
    ledger = LocalLedger(lake.ledger)
    ledger.begin(run_id, ds)
    enter_budget(lake, ledger, ds, run_id, Decimal(budget) if budget else None)
    spending = LocalSpending(lake.meter)
    units = spending.reserve(run_id, []).left
    spending.reserve(run_id, [spend])
    spending.close()
    return units


def test_a_run_that_takes_up_the_work_of_failed_ones_has_what_they_left(lake: Lake) -> None:
    ledger = LocalLedger(lake.ledger)
    assert begin(lake, "R1", "0.01", 40) == 100
    ledger.end("R1", "FAILED", None)
    assert begin(lake, "R2", "0.01", 50, ds="2026-11-24") == 100  # of another date
    ledger.end("R2", "FAILED", None)
    assert begin(lake, "R3", "0.01", 50) == 60
    ledger.end("R3", "INTERRUPTED", None)
    assert begin(lake, "R4", "0.01", 10) == 10
    ledger.publish("R4", {DS: None}, [], {})
    assert begin(lake, "R5", "0.01", 0) == 100
    assert begin(lake, "R6", None, 0) is None


def test_the_month_decides_the_price(lake: Lake) -> None:
    begin(lake, "R1", None, 10_000_000)
    LocalLedger(lake.ledger).publish("R1", {DS: None}, [], {})

    assert begin(lake, "R2", "25", 0) == 500_000  # at $0.00005
