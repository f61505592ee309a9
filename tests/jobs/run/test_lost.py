"""Stores that have lost what the ledger and the published rows know: said before anything is bought."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ulid import ULID

from expectations.verdict import Verdict
from jobs.lake.layout import Lake
from jobs.rebuild import Rebuilt, rebuild
from jobs.run.budget import this_month
from jobs.run.lifecycle import RunRecord
from jobs.run.lost import Bill, bills, require_stores
from jobs.stores.open import Stores
from jobs.stores.protocols import RunEntry
from jobs.stores.steps import CACHE_LIFETIME
from tests.jobs.run.lakes import DS, new_lake, published_as, write
from transforms.errors import CacheError, LakeError
from transforms.report import unfinished
from transforms.schemas import RunState
from transforms.sentiment.protocols import Cached, Scores

NOW = datetime.now(UTC)
KNOWN = Cached(Scores(0.7, 0.1, 0.1, 0.1), "en", "vader-3.3.2")


@pytest.fixture
def lake(tmp_path: Path) -> tuple[Lake, Stores]:
    return new_lake(tmp_path)


def key(number: int) -> bytes:
    return number.to_bytes(32, "big")


def bought(lake: tuple[Lake, Stores], *rows: dict[str, Any], ds: str = DS, units: int = 3, unconfirmed: int = 0) -> str:
    """Publish rows as a run that was billed for them; meter and cache know nothing of it. Gives the run."""
    layout, stores = lake
    run_id = str(ULID())
    ledger = stores.ledger()
    ledger.begin(run_id, ds, [ds], alone=True)
    written = write(layout, "one", *({"run_id": run_id, "scored_at": NOW} | row for row in rows), ds=ds, run_id=run_id)
    summary = unfinished(run_id, NOW, NOW, RunState.PUBLISHED)
    said = RunRecord(summary, Verdict(True, [], 0)).to_dict()
    told = {"summary": said["summary"] | {"billed_units": units, "unconfirmed_units": unconfirmed}}  # type: ignore[operator]
    ledger.publish(run_id, {ds: None}, {ds: published_as(layout, written).files}, [], told)
    return run_id


def paid(number: int, **fields: Any) -> dict[str, Any]:
    return {"content_key": key(number).hex(), "billed_units": 3} | fields


def enter(stores: Stores, run_id: str, units: int) -> None:
    with closing(stores.meter()) as meter:
        meter.spending.recover(run_id, this_month(), units)


def keep(stores: Stores, *numbers: int) -> None:
    with closing(stores.cache()) as cache:
        cache.put({key(number): KNOWN for number in numbers})


def require(lake: tuple[Lake, Stores], *, defer: bool = False) -> None:
    require_stores(*lake, defer_without_cache=defer)


def test_a_new_lake_has_lost_nothing(lake: tuple[Lake, Stores]) -> None:
    require(lake)


def test_what_was_spent_this_month_must_be_in_the_meter(lake: tuple[Lake, Stores]) -> None:
    run_id = bought(lake, paid(1))
    keep(lake[1], 1)
    enter(lake[1], run_id, 2)

    with pytest.raises(LakeError, match=rf"meter\.sqlite has lost what run {run_id} spent \(3 units\): .*rebuild"):
        require(lake)
    enter(lake[1], run_id, 3)
    require(lake)


def test_what_was_bought_must_be_in_the_cache(lake: tuple[Lake, Stores]) -> None:
    run_id = bought(lake, paid(1), paid(2))
    enter(lake[1], run_id, 6)

    for defer in (False, True):
        with pytest.raises(CacheError, match=rf"cache\.sqlite, has lost what run {run_id} bought, .*rebuild --lake"):
            require(lake, defer=defer)
    keep(lake[1], 2)  # the other was bought when the cache failed
    require(lake)


def test_a_cache_of_before_the_last_run_is_seen(lake: tuple[Lake, Stores]) -> None:
    for number, ds in enumerate((DS, "2026-11-23")):
        enter(lake[1], bought(lake, paid(number), ds=ds), 3)
    keep(lake[1], 0)

    with pytest.raises(CacheError, match="has lost"):
        require(lake)


@pytest.mark.parametrize(
    "row",
    [
        {"billed_units": 0},
        {"status": "FAILED"},
        {"scored_at": NOW - CACHE_LIFETIME + timedelta(days=20)},
        {"run_id": "R0"},
    ],
)
def test_nothing_is_expected_of_other_rows(row: dict[str, Any], lake: tuple[Lake, Stores]) -> None:
    """Free, not scored, about to expire, of an earlier run."""
    enter(lake[1], bought(lake, paid(1) | row), 3)

    require(lake)


def test_a_cache_that_cannot_be_used_is_left_to_a_run_that_defers(lake: tuple[Lake, Stores]) -> None:
    enter(lake[1], bought(lake, paid(1)), 3)
    Path(lake[0].at("cache.sqlite")).write_text("no database, and long enough to be seen as none " * 40)

    require(lake, defer=True)
    with pytest.raises(CacheError, match=r"cache\.sqlite cannot be used: .*or remove it and run `aurastream rebuild`"):
        require(lake)


def test_bills_are_of_runs_that_say_what_they_bought() -> None:
    def entry(run_id: str, record: dict[str, Any] | None) -> RunEntry:
        return RunEntry(run_id, DS, RunState.PUBLISHED, record, (DS,), True)

    start = {"started_at": "2026-11-30T23:59:59+00:00"}
    runs = [
        entry("R1", {"summary": start | {"billed_units": 3, "unconfirmed_units": 1}}),
        entry("R2", {"summary": start | {"billed_units": 0}}),
        entry("R3", None),
        entry("R4", {}),
    ]

    assert bills(runs) == [Bill("R1", (DS,), "2026-11", 3, 1)]


def test_rebuild_fills_what_was_lost_and_does_nothing_twice(lake: tuple[Lake, Stores]) -> None:
    old = {"scored_at": NOW - CACHE_LIFETIME - timedelta(days=1)}
    run_id = bought(lake, paid(1), paid(2), paid(3) | old, paid(4, status="FAILED"), units=6, unconfirmed=2)
    place = lake[0].root

    assert rebuild(place) == Rebuilt(runs=1, units=8, put=2, known=0)
    require(lake)
    with closing(lake[1].cache()) as cache, closing(lake[1].meter()) as meter:
        assert cache.get([key(number) for number in range(6)]) == {key(1): KNOWN, key(2): KNOWN}
        assert meter.spending.of_runs([run_id]) == meter.spending.of_month(this_month()) == 8
    assert rebuild(place) == Rebuilt(runs=1, units=0, put=0, known=2)


def test_rebuild_leaves_what_is_there(lake: tuple[Lake, Stores]) -> None:
    run_id = bought(lake, paid(1), units=3)
    enter(lake[1], run_id, 10)
    other = Cached(Scores(0.0, 1.0, 0.0, 0.0), "en", "2")
    with closing(lake[1].cache()) as cache:
        cache.put({key(1): other})

    assert rebuild(lake[0].root) == Rebuilt(runs=1, units=0, put=0, known=1)
    with closing(lake[1].cache()) as cache:
        assert cache.get([key(1)]) == {key(1): other}
