"""A plan, as the command makes it: the same for a lake that is not there, and nothing is left of it."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from expectations.limits import Limits
from jobs import nightly
from jobs.plan import done_by, plan, require_within
from jobs.settings import NightlySettings
from jobs.stores.open import open_lake
from tests.conftest import document, write_json_lines
from tests.jobs.commands.running import invoke
from transforms.errors import DropError, PlanExceeded, UsageError
from transforms.estimate import Estimate, Plan

DS = "2026-11-22"


def settings(folder: Path, **told: object) -> NightlySettings:
    given: dict[str, object] = {"scorer": "comprehend", "ds": DS, "lake": str(folder / "lake")} | told
    return NightlySettings(drops=str(folder / "drops"), **given)  # type: ignore[arg-type] # fields of the settings


def test_a_plan_makes_no_lake_and_is_that_of_an_empty_one(tmp_path: Path) -> None:
    write_json_lines(
        tmp_path / "drops" / "a.jsonl", [document(document_id=f"d{i}", text=f"Text {i}.") for i in range(30)]
    )

    without = plan(settings(tmp_path))
    assert not (tmp_path / "lake").exists()
    open_lake(str(tmp_path / "lake"), create=True)[1].ledger()
    with_lake = plan(settings(tmp_path))

    assert without == with_lake
    assert (without.files, without.estimate.documents, without.estimate.units, without.estimate.calls) == (1, 30, 90, 2)


def test_what_is_rejected_is_counted_as_a_night_counts_it(tmp_path: Path) -> None:
    """Also an id that stands twice, in the drop or in what is published, where its row is not scored again."""
    drops = tmp_path / "drops" / f"ds={DS}"
    every = Limits(1.0, 1.0)

    def counts() -> tuple[int, int, int, int]:
        planned = plan(settings(tmp_path, scorer="local")).estimate
        ran = nightly.run(settings(tmp_path, scorer="local", limits=every))
        assert ran is not None
        return planned.documents, planned.rejected, ran.summary.documents, ran.summary.rejected

    one = [document(document_id=f"d{i % 3}", text=f"Text {i}.") for i in range(5)]
    write_json_lines(drops / "a.jsonl", [*one, document(document_id="d0", text=None), document(document_id="x")])
    write_json_lines(tmp_path / "drops" / "ds=2026-11-21" / "b.jsonl", [document(document_id="d0", text="Text 0.")])
    assert counts() == (8, 3, 8, 3)
    write_json_lines(drops / "c.jsonl", [document(document_id="d0"), document(document_id="new")])
    assert counts() == (2, 1, 2, 1)
    write_json_lines(drops / "a.jsonl", [document(document_id="d1"), document(document_id="new")])  # now changed
    assert counts() == (2, 1, 2, 1)


def test_what_cannot_be_is_said_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--scorer magic"):
        plan(settings(tmp_path, scorer="magic"))
    with pytest.raises(DropError, match="cannot be listed"):
        plan(settings(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("budget", "deadline", "words"),
    [
        ("2.99", None, r"100 texts for \$3\.00, and the budget \$2\.99"),
        ("3.00", None, None),
        (None, None, None),
        ("3.00", "04:10", r"60 minutes at 0\.1 a second: done by 04:10, and the deadline is 04:10"),
        ("3.00", "04:10", r"; a quota of 0\.102 calls a second, or --scorer comprehend-async, whose jobs"),
        ("3.00", "03:20", r"; a quota of 0\.638 calls a second, or --scorer comprehend-async, whose jobs"),
        ("3.00", "04:11", None),
        ("3.00", "03:05", None),  # of tomorrow
    ],
)
def test_a_plan_that_exceeds_what_it_may_is_told(budget: str | None, deadline: str | None, words: str | None) -> None:
    counted = Plan("comprehend", 0.1, 1, 0, Estimate(to_buy=100, units=30_000, calls=360))
    given = (None if budget is None else Decimal(budget), deadline, datetime.fromisoformat("2026-11-22T03:10+00:00"))
    if words is None:
        require_within(counted, *given)
    else:
        with pytest.raises(PlanExceeded, match=words):
            require_within(counted, *given)


def test_how_long_jobs_take_nobody_knows() -> None:
    counted = Plan("comprehend-async", 0.1, 1, 0, Estimate(to_buy=100, units=30_000, calls=360), by_jobs=True)
    now = datetime.fromisoformat("2026-11-22T03:10+00:00")
    require_within(counted, None, "03:11", now)
    assert done_by(counted, "03:11", now) is None


def test_a_deadline_that_is_all_but_here_leaves_the_jobs() -> None:
    """No quota is high enough for half a minute."""
    counted = Plan("comprehend", 10.0, 1, 0, Estimate(calls=360))
    done = done_by(counted, "03:10", datetime.fromisoformat("2026-11-22T03:09:40+00:00"))
    assert done is not None
    assert (done.late, done.instead.startswith("--scorer comprehend-async")) == (True, True)


@pytest.mark.parametrize(("minutes", "late"), [(5, True), (60, False)])
def test_the_command_says_whether_calls_would_be_done_by_a_deadline(tmp_path: Path, minutes: int, late: bool) -> None:
    """Four calls take 1,000 s."""
    write_json_lines(
        tmp_path / "drops" / "a.jsonl", [document(document_id=f"d{i}", text=f"Text {i}.") for i in range(100)]
    )
    deadline = f"{datetime.now(UTC) + timedelta(minutes=minutes):%H:%M}"
    drop = ("--drops", str(tmp_path / "drops"), "--lake", str(tmp_path / "lake"), "--deadline", deadline)
    told = ("plan", *drop, "--scorer", "comprehend", "--quota-tps", "0.004", "--language", "en")

    said = json.loads(invoke(*told, "--format", "json").stdout)
    text = invoke(*told).stdout

    assert said["late"] is late
    assert datetime.fromisoformat(said["done_by"]) > datetime.now(UTC) + timedelta(seconds=900)
    assert f"and the deadline is {deadline} (UTC)" in text
    assert ("--scorer comprehend-async" in text) is late
