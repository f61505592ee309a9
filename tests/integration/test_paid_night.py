"""Nights with a paid scorer: what is bought, what it costs, what waits, against a Comprehend in another process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest
from pyspark.sql import SparkSession

import jobs.nightly
import jobs.run.audit
from expectations.gate import judge
from jobs.plan import plan
from jobs.settings import NightlySettings
from tests.conftest import document, write_json_lines, write_key
from tests.infra.serving import Server, serving
from tests.integration.lakes import DS, answer, content, ledger_of, nightly, opened, published, statuses
from tests.integration.paid import CREDENTIALS, FAST, codes, distinct_drop, random_drop, sent_to
from tests.jobs.stores.dynamodb import SERVERS, Dynamo
from tests.jobs.stores.dynamodb import dynamodb as dynamodb
from transforms.errors import CacheError, LakeError, PublishConflict, ScorerError, UsageError
from transforms.estimate import Plan

SCORED = ("SCORED", None)
BUDGET = ("DEFERRED", "BUDGET_SPENT")


@pytest.fixture(scope="module")
def _running() -> Iterator[Server]:
    with serving("--answers", "hash") as server:
        yield server


@pytest.fixture
def server(_running: Server, spark: SparkSession) -> Iterator[Server]:
    _running.reset()
    with sent_to(_running, spark):
        yield _running


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


def paid(drops: Path, lake: Path, **settings: Any) -> Any:
    return nightly(drops, lake, **({"scorer": "comprehend", "quota_tps": FAST} | settings))


def planned(drops: Path, lake: Path, **settings: Any) -> Plan:
    told: dict[str, Any] = {"ds": DS, "scorer": "comprehend", "quota_tps": FAST} | settings
    return plan(NightlySettings(drops=str(drops), lake=str(lake), **told))


def spent(lake: Path, run_id: str) -> int:
    _, stores = opened(lake)
    with closing(stores.meter()) as meter:
        return meter.spending.of_runs([run_id])


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=pytest.mark.slow if seed >= 3 else ()) for seed in range(20)]
)
def test_plan_and_bill_agree_and_every_text_is_billed_once(
    server: Server, lake: Path, tmp_path: Path, seed: int
) -> None:
    """On twenty random drops, half of them on top of what an earlier night has bought."""
    if seed % 2:
        paid(random_drop(tmp_path / "before", seed, 40, ds="2026-11-21"), lake, key_file=key(tmp_path))
    drops = random_drop(tmp_path / "drops", seed)
    server.reset()

    expected = planned(drops, lake, key_file=key(tmp_path))
    assert server.usage()["calls"] == 0
    night = paid(drops, lake, key_file=key(tmp_path))

    summary, usage = night.summary, server.usage()
    assert float(expected.dollars) == pytest.approx(summary.dollars)
    assert expected.estimate.units == summary.billed_units == usage["units"] == spent(lake, summary.run_id)
    assert summary.calls == usage["calls"]
    assert abs(expected.estimate.calls - summary.calls) <= 4  # a batch that is not full, for each worker and language
    assert (expected.estimate.documents, expected.estimate.rejected) == (summary.documents, summary.rejected)
    assert expected.estimate.unsupported == summary.failed > 0
    scored = {row["content_key"] for row in published(lake) if row["status"] == "SCORED"}
    assert expected.estimate.to_buy == len(scored) - expected.estimate.cache_hits
    assert [each for each in server.texts() if each["billed"] != 1] == []
    assert usage["texts_billed"] == usage["billed"]
    assert sum(row["billed_units"] for row in published(lake)) == usage["units"]
    assert expected.estimate.units_without > expected.estimate.units

    again = planned(drops, lake, key_file=key(tmp_path), reprocess=True)
    assert (again.estimate.units, again.estimate.calls) == (0, 0)
    assert again.estimate.cache_hits < again.estimate.distinct  # those of unsupported languages are in no cache
    assert again.dollars == 0


def key(folder: Path) -> Path:
    return write_key(folder / "key")


def test_a_plan_makes_nothing(server: Server, lake: Path, tmp_path: Path) -> None:
    drops = random_drop(tmp_path / "drops", 1)

    assert planned(drops, lake).estimate.units > 0

    assert not lake.exists()
    assert server.usage()["calls"] == 0
    with pytest.raises(UsageError, match="--scorer magic"):
        planned(drops, lake, scorer="magic")


def test_a_second_run_makes_no_call(server: Server, lake: Path, tmp_path: Path) -> None:
    drops = random_drop(tmp_path / "drops", 2)
    paid(drops, lake)
    before, calls = published(lake), server.usage()["calls"]

    assert paid(drops, lake) is None
    night = paid(drops, lake, reprocess=True)

    assert server.usage()["calls"] == calls
    assert content(published(lake)) == content(before)
    assert (night.summary.calls, night.summary.dollars, night.summary.billed_units) == (0, 0.0, 0)


def test_the_rows_are_those_of_a_night_without_a_shuffle(server: Server, lake: Path, tmp_path: Path) -> None:
    """All but what the scorer says of them, in whatever order."""
    drops = random_drop(tmp_path / "drops", 3)
    paid(drops, lake, key_file=key(tmp_path), language="en")
    nightly(drops, tmp_path / "local", key_file=key(tmp_path), language="en")

    own = {"scorer", "scorer_version", "content_key", "chunks", "sentiment", "status", "error_code", "scored_at"}
    own |= {name for name in published(lake)[0] if name.startswith("score_")}
    assert content(published(lake), *own) == content(published(tmp_path / "local"), *own)


def test_no_personal_data_arrives(server: Server, lake: Path, tmp_path: Path) -> None:
    secrets = ["kim.novak@example.com", "212-555-0187", "4111-1111-1111-1111", "Zacharias Quackenbush"]
    rows = [
        document(document_id=f"d{number}", text=f"Dear all, I am {secrets[3]}. It broke; {secret} is mine. Thanks!")
        for number, secret in enumerate(secrets[:3])
    ]
    write_json_lines(tmp_path / "drops" / f"ds={DS}" / "mails.jsonl", rows)

    paid(tmp_path / "drops", lake)

    arrived = [each["text"] for each in server.texts()]
    assert len(arrived) == 3
    assert not [text for text in arrived for secret in secrets if secret in text]
    assert sorted(arrived) == sorted(row["redacted_text"] for row in published(lake))


def test_a_budget_is_not_exceeded_and_the_next_run_takes_the_rest_up(
    server: Server, lake: Path, tmp_path: Path
) -> None:
    drops = distinct_drop(tmp_path / "drops", 400)

    first = paid(drops, lake, budget=Decimal("0.05"))

    assert server.usage()["units"] == 498  # of 500; a text has 3
    rows = published(lake)
    assert codes(rows) == {SCORED: 166, BUDGET: 234}
    assert (first.summary.deferred, first.summary.dollars, first.summary.budget) == (234, 0.0498, 0.05)
    assert {row["redacted_text"] is None for row in rows} == {False}

    write_json_lines(drops / f"ds={DS}" / "late.jsonl", [document(document_id="late", text="Text 5 of mails is good.")])
    second = paid(drops, lake, budget=Decimal("0.05"))

    # Only what waited, and what is late; what was scored keeps its own run's row.
    assert (second.summary.documents, second.summary.carried) == (235, 166)
    assert codes(published(lake)) == {SCORED: 333, BUDGET: 68} or codes(published(lake)) == {SCORED: 332, BUDGET: 69}
    third = paid(drops, lake)

    rows = published(lake)
    assert codes(rows) == {SCORED: 401}
    assert {row["run_id"] for row in rows} == {night.summary.run_id for night in (first, second, third)}
    usage = server.usage()
    assert (usage["texts_billed"], usage["most_billed"]) == (400, 1)
    assert sum(row["billed_units"] for row in rows) == usage["units"] == 1200
    assert paid(drops, lake) is None
    bills = answer(lake, "select sum(billed_units) as units, sum(deferred) as deferred from runs")
    assert bills.split() == ["units,deferred", f"1200,{234 + second.summary.deferred}"]


def test_what_waits_is_taken_up_by_the_scorer_there_is(server: Server, lake: Path, tmp_path: Path) -> None:
    drops = distinct_drop(tmp_path / "drops", 10)
    paid(drops, lake, budget=Decimal(0))
    assert server.usage()["calls"] == 0
    assert codes(published(lake)) == {BUDGET: 10}

    nightly(drops, lake)

    assert codes(published(lake)) == {SCORED: 10}
    assert {row["scorer"] for row in published(lake)} == {"local"}


def test_what_waits_of_a_file_that_is_gone_or_changed(server: Server, lake: Path, tmp_path: Path) -> None:
    drops = distinct_drop(tmp_path / "drops", 10)
    distinct_drop(drops, 10, "chats")
    paid(drops, lake, budget=Decimal(0))
    (drops / f"ds={DS}" / "mails.jsonl").rename(tmp_path / "mails.jsonl")
    distinct_drop(drops, 5, "chats")

    night = paid(drops, lake)

    assert night.summary.documents == 5
    assert codes(published(lake)) == {BUDGET: 10, SCORED: 5}

    (tmp_path / "mails.jsonl").rename(drops / f"ds={DS}" / "mails.jsonl")
    paid(drops, lake)
    assert codes(published(lake)) == {SCORED: 15}


def test_rolling_back_a_run_that_took_up_what_waited(server: Server, lake: Path, tmp_path: Path) -> None:
    drops = distinct_drop(tmp_path / "drops", 10)
    paid(drops, lake, budget=Decimal("0.0015"))
    before = published(lake)
    paid(drops, lake)

    ledger_of(lake).rollback(DS)
    assert published(lake) == before
    paid(drops, lake)

    assert codes(published(lake)) == {SCORED: 10}
    assert server.usage()["most_billed"] == 1


def test_what_failed_runs_spent_counts_against_the_budget_of_the_one_that_takes_up_their_work(
    server: Server, lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drops = distinct_drop(tmp_path / "drops", 400)

    def fail(*_: Any) -> None:
        raise LakeError("the disk is full")

    monkeypatch.setattr(jobs.nightly, "stage_dates", fail)
    with pytest.raises(LakeError, match="disk is full"):
        paid(drops, lake, budget=Decimal("0.05"))
    monkeypatch.undo()
    assert server.usage()["units"] == 498

    night = paid(drops, lake, budget=Decimal("0.06"))

    assert server.usage()["units"] == 600
    assert (night.summary.billed_units, night.summary.scored) == (102, 200)


def test_buying_ends_in_time_for_the_deadline(
    server: Server, lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drops = distinct_drop(tmp_path / "drops", 5000)
    monkeypatch.setattr(jobs.nightly, "stop_at", lambda *_: time.time() + 6)

    night = paid(drops, lake, quota_tps=10.0, deadline="05:30")

    counts = codes(published(lake))
    assert counts.keys() == {SCORED, ("DEFERRED", "DEADLINE_REACHED")}
    assert counts[SCORED] == server.usage()["billed"] > 0
    assert night.summary.deferred == 5000 - counts[SCORED]


def test_of_two_paid_nights_for_one_date_only_one_buys(
    server: Server, lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drops = distinct_drop(tmp_path / "drops", 30)

    def another(*arguments: Any, **named: Any) -> Any:
        with pytest.raises(PublishConflict, match=f"is scoring {DS} right now"):
            paid(drops, lake)
        return judge(*arguments, **named)

    monkeypatch.setattr(jobs.run.audit, "judge", another)
    paid(drops, lake)

    assert (server.usage()["billed"], server.usage()["most_billed"]) == (30, 1)
    assert [run.state for run in ledger_of(lake).runs()] == ["PUBLISHED"]
    assert list((lake / "locks").iterdir()) == []


def test_a_worker_that_is_killed_is_replaced_and_costs_what_was_in_flight(
    spark: SparkSession, lake: Path, tmp_path: Path
) -> None:
    drops = distinct_drop(tmp_path / "drops", 2000)
    with serving("--answers", "hash", "--latency", "0.05") as server, sent_to(server, spark):
        killed: list[int] = []
        killer = threading.Thread(target=lambda: killed.append(kill_a_worker(server, 10)))
        killer.start()
        night = paid(drops, lake, quota_tps=40.0)
        killer.join()
        usage = server.usage()

    assert killed[0]
    assert night.summary.scored == 2000
    assert usage["texts_billed"] == 2000
    assert usage["billed"] - 2000 <= 25 * usage["peak_in_flight"]
    assert spent(lake, night.summary.run_id) >= usage["units"]


def kill_a_worker(server: Server, after_calls: int) -> int:
    while server.usage()["calls"] < after_calls:
        time.sleep(0.05)
    busy = max(
        (process for process in psutil.Process().children(recursive=True) if is_worker(process)),
        key=lambda process: sum(process.cpu_times()[:2]),
    )
    busy.kill()
    return busy.pid


def is_worker(process: psutil.Process) -> bool:
    """Forked by a daemon of Spark's, as which it shows itself, too."""
    try:
        parent = process.parent()
        return parent is not None and all("jobs.run.daemon" in each.cmdline() for each in (process, parent))
    except psutil.Error:
        return False


def test_a_driver_that_is_killed_costs_what_was_in_flight(lake: Path, tmp_path: Path) -> None:
    drops = distinct_drop(tmp_path / "drops", 1500)
    command = [
        str(Path(sys.executable).with_name("aurastream")), "nightly", "--drops", str(drops), "--lake", str(lake),
        "--scorer", "comprehend", "--quota-tps", "20", "--ds", DS, "--budget", "1",
    ]  # fmt: skip
    with serving("--answers", "hash", "--latency", "0.05") as server:
        environment = os.environ | CREDENTIALS | {"AWS_ENDPOINT_URL_COMPREHEND": server.url}
        with subprocess.Popen(command, env=environment, start_new_session=True) as night:
            while server.usage()["calls"] < 15:
                assert night.poll() is None
                time.sleep(0.05)
            os.killpg(night.pid, signal.SIGKILL)
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        usage = server.usage()

    assert ended.returncode == 0, ended.stderr
    assert "was interrupted" in ended.stderr
    assert codes(published(lake)) == {SCORED: 1500}
    assert usage["texts_billed"] == 1500
    assert usage["billed"] - 1500 <= 25 * usage["peak_in_flight"]
    assert usage["units"] <= 10_000


def test_languages_are_asked_for_once_and_cost_what_was_planned(server: Server, lake: Path, tmp_path: Path) -> None:
    german, english = "Das Paket kam zwei Tage zu spät an.", "The parcel came two days late, and it was broken."
    rows = [
        document(document_id="g1", text=german, language=None),
        document(document_id="g2", text=f" {german}", language=None),
        document(document_id="e1", text=english, language=None),
        document(document_id="e2", text=english, language="en"),
        document(document_id="n1", text="Het pakket kwam twee dagen te laat aan.", language=None),
        document(document_id="r1", text=None, language=None),
    ]
    write_json_lines(tmp_path / "drops" / f"ds={DS}" / "mails.jsonl", rows)
    expected = planned(tmp_path / "drops", lake, language="detect-comprehend")

    night = paid(tmp_path / "drops", lake, language="detect-comprehend")

    found = {row["document_id"]: (row["language"], row["language_source"], row["status"]) for row in published(lake)}
    assert found == {
        "g1": ("de", "detected", "SCORED"),
        "g2": ("de", "detected", "SCORED"),
        "e1": ("en", "detected", "SCORED"),
        "e2": ("en", "given", "SCORED"),
        "n1": ("nl", "detected", "FAILED"),
        "r1": (None, None, "REJECTED"),
    }
    usage = server.usage()
    asked, scored = (usage["operations"][name] for name in ("BatchDetectDominantLanguage", "BatchDetectSentiment"))
    assert (asked["documents"], asked["units"], scored["documents"], scored["units"]) == (3, 9, 2, 6)
    assert sum(row["billed_units"] for row in published(lake)) == night.summary.billed_units == usage["units"] == 15
    assert expected.estimate.languages_asked == 3
    # Dutch counts as English until it is known; the English text stands there under its language already.
    assert expected.estimate.units == 9 + 9
    assert planned(tmp_path / "drops", lake, language="detect-comprehend", reprocess=True).estimate.units == 0

    paid(tmp_path / "drops", lake, language="detect-comprehend", reprocess=True)
    assert server.usage()["units"] == 15


def test_languages_that_no_budget_is_left_for_wait(server: Server, lake: Path, tmp_path: Path) -> None:
    write_json_lines(tmp_path / "drops" / f"ds={DS}" / "mails.jsonl", [document(language=None)])

    paid(tmp_path / "drops", lake, language="detect-comprehend", budget=Decimal("0.0002"))
    assert statuses(published(lake)) == {"d1": BUDGET}
    paid(tmp_path / "drops", lake, language="detect-comprehend", budget=Decimal("0.0006"))

    assert statuses(published(lake)) == {"d1": SCORED}


def test_asking_for_languages_is_for_paid_scorers(lake: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="paid for like the scorer comprehend"):
        nightly(distinct_drop(tmp_path / "drops", 1), lake, language="detect-comprehend")
    assert not lake.exists()


@pytest.mark.parametrize("store", SERVERS)
def test_two_lakes_share_a_table_of_scores(
    store: str,
    dynamodb: Callable[[str], Dynamo],
    server: Server,
    spark: SparkSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dynamo = dynamodb(store)
    dynamo.create("CacheTable", "shared-scores")
    for name, value in (CREDENTIALS | dynamo.environment).items():
        monkeypatch.setenv(name, value)  # the driver looks the table up before anything is bought
    drops = random_drop(tmp_path / "drops", 7)
    settings = {"cache": "dynamodb:shared-scores", "key_file": key(tmp_path)}
    with sent_to(server, spark, **dynamo.environment):
        paid(drops, tmp_path / "one", **settings)
        calls = server.usage()["calls"]
        night = paid(drops, tmp_path / "two", **settings)
        with pytest.raises(CacheError, match="no-such-table"):
            paid(drops, tmp_path / "three", cache="dynamodb:no-such-table")
        assert server.usage()["calls"] == calls > 0
        paid(drops, tmp_path / "three", cache="dynamodb:no-such-table", without_cache="defer")

    assert night.summary.calls == 0
    assert content(published(tmp_path / "two")) == content(published(tmp_path / "one"))
    assert server.usage()["calls"] == calls
    ended = codes(published(tmp_path / "three"))
    assert ended.keys() <= {
        ("DEFERRED", "CACHE_UNAVAILABLE"),
        ("FAILED", "UNSUPPORTED_LANGUAGE"),
        ("REJECTED", "MALFORMED_JSON"),
    }


def test_a_scorer_that_cannot_work_fails_the_run_and_says_why(
    server: Server, spark: SparkSession, lake: Path, tmp_path: Path
) -> None:
    drops = distinct_drop(tmp_path / "drops", 30)
    nowhere = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "")
    files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    with sent_to(server, spark, **nowhere, **files), pytest.raises(ScorerError, match="no credentials were found"):
        paid(drops, lake)

    assert [run.state for run in ledger_of(lake).runs()] == ["FAILED"]
    paid(drops, lake)
    assert codes(published(lake)) == {SCORED: 30}
