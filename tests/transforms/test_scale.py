"""What a night takes, by hand for one of them, and how it grows."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms import scale
from transforms.cost import GLUE_DPU_HOUR, GLUE_FLEX_DPU_HOUR, dollars
from transforms.scale import Drop, night, quota_for, workers_for

DROP = Drop(1_000_000, distinct=0.5, hits=0.2, units=4)


def test_a_night_by_hand() -> None:
    """400,000 texts are bought in 16,000 calls, 1,600 s of them at ten a second, on two workers."""
    found = night(DROP, 2, 10)

    assert (DROP.bought, DROP.calls) == (400_000, 16_000)
    assert found.quota_hours == pytest.approx(1600 / 3600)
    assert found.comprehend == 160
    work = scale.START_CPU_SECONDS + 1_000_000 * scale.CPU_SECONDS
    assert found.work_hours == pytest.approx(work / 4 / 3600)
    assert found.hours == max(found.work_hours, found.quota_hours)
    assert float(found.glue) == pytest.approx(found.hours * 2 * 0.44)
    seconds = found.hours * 3600
    written = 400_000 + 4.6 * 16_000 + 25 + 0.2 * seconds
    read = 0.5 * 500_000 + 0.4 * 16_000 + 29
    assert float(found.dynamodb) == pytest.approx(written * 0.625e-6 + read * 0.125e-6)
    assert float(found.s3) == pytest.approx(950 * 0.005e-3 + 1550 * 0.0004e-3 + 22 * 1e-6)
    assert found.dollars == found.comprehend + found.glue + found.dynamodb + found.s3


def test_what_is_known_is_not_paid_for() -> None:
    known = night(Drop(1_000_000, hits=1.0), 2, 10)

    assert known.comprehend == 0
    assert known.quota_hours == 0
    assert known.glue > 0


def test_flex_is_cheaper_and_units_of_earlier_nights_count() -> None:
    assert night(DROP, 2, 10, GLUE_FLEX_DPU_HOUR).glue < night(DROP, 2, 10, GLUE_DPU_HOUR).glue
    assert night(DROP, 2, 10, already=9_000_000).comprehend == dollars(1_600_000, 9_000_000) == Decimal("130.00000")


def test_a_short_run_is_billed_for_a_minute() -> None:
    assert float(night(Drop(25), 2, 10).glue) == pytest.approx(2 * 0.44 / 60)


@given(st.integers(1_000, 1_000_000_000), st.floats(0.5, 24), st.floats(0, 1))
def test_workers_and_quota_are_the_fewest_that_do(documents: int, hours: float, hits: float) -> None:
    drop = Drop(documents, hits=hits)
    workers, tps = workers_for(drop, hours), quota_for(drop, hours)

    assert night(drop, workers, tps).hours <= hours * (1 + 1e-9)
    if workers > 2:
        assert night(drop, workers - 1, tps).work_hours > hours
    if tps > 1:
        assert night(drop, workers, tps - 1).quota_hours > hours
