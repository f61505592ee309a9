"""Nights by a cascade against the local Comprehend, whose answers are a labelled set's with noise."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

import jobs.milestones
import jobs.nightly
import jobs.plan
from infra.local.answers import from_hash
from infra.local.service import Service
from jobs.milestones import Milestone
from jobs.plan import plan
from jobs.rebuild import rebuild
from jobs.run.lifecycle import RunRecord
from jobs.run.workers import ThisProcess
from jobs.settings import NightlySettings
from jobs.spark.tasks import SparkWorkers
from tests.conftest import document, write_json_lines
from tests.infra.answering import answering
from tests.integration.lakes import DS, content, nightly, published
from tests.integration.paid import CREDENTIALS, FAST, sent_to
from training.sentiment.generate import generated
from transforms.errors import UsageError
from transforms.estimate import Plan
from transforms.pii.policy import DEFAULT_POLICY
from transforms.pii.redactor import redact
from transforms.schemas import Sentiment
from transforms.sentiment.local.scorer import LocalScorer
from transforms.sentiment.protocols import Scores

LABELS = list(map(str, Sentiment))
TEXTS = 700


class Labelled:
    """A labelled set as a drop, and as what Comprehend says of it: the label, or for a share of the texts another."""

    def __init__(self, folder: Path, seed: int, count: int, noise: float = 0.01) -> None:
        made = list({row.text: row for row in generated(seed, count)}.values())
        texts = redact(pa.array([row.text for row in made]), DEFAULT_POLICY, b"").texts.array.to_pylist()
        self.noise, self.seed = noise, seed
        self.labels = {text: row.label for text, row in zip(texts, made, strict=True)}
        rows = [
            document(document_id=f"d{number}", text=row.text, language=row.language) for number, row in enumerate(made)
        ]
        copies = [{**row, "document_id": f"copy of {row['document_id']}"} for row in rows[:30]]
        write_json_lines(folder / f"ds={DS}" / "a.jsonl", [*rows, *copies, document(document_id="bad", text=" ")])
        self.drops = folder

    def label(self, text: str) -> str:
        drawn = blake2b(f"{self.seed} {text}".encode(), digest_size=8).digest()
        if int.from_bytes(drawn, "big") / 2**64 < self.noise:
            return LABELS[(self.labels[text] + 1 + drawn[0] % 3) % 4]
        return LABELS[self.labels[text]]

    def sentiment(self, text: str, _language: str) -> Scores:
        said = LABELS.index(self.label(text))
        return Scores(*(0.91 if place == said else 0.03 for place in range(4)))


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process does the work, as it does of so little; a session of other tests may be there."""
    for job in (jobs.nightly, jobs.plan):
        monkeypatch.setattr(job, "workers_for", lambda *_, **__: ThisProcess())
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@contextmanager
def comprehend(answers: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    with answering(answers) as (url, service):
        monkeypatch.setenv("AWS_ENDPOINT_URL_COMPREHEND", url)
        yield service


def by_cascade(drops: Path, lake: Path, **settings: Any) -> RunRecord:
    told = {"scorer": "cascade", "sample": 0.4, "agreement": 0.8, "quota_tps": FAST} | settings
    record = nightly(drops, lake, **told)
    assert record is not None
    return record


def planned(drops: Path, lake: Path, **settings: Any) -> Plan:
    told: dict[str, Any] = {"scorer": "cascade", "sample": 0.4, "agreement": 0.8, "quota_tps": FAST} | settings
    return plan(NightlySettings(drops=str(drops), lake=str(lake), ds=DS, **told))


def billed(service: Service) -> list[int]:
    return [text["billed"] for text in service.usage.texts()]


def holds(labelled: Labelled, lake: Path, record: RunRecord, service: Service) -> None:
    """What every night by a cascade is held to."""
    summary, rows = record.summary, published(lake)
    usage = service.usage.report()
    assert summary.documents == sum(summary.statuses.values()) == len(rows)
    assert {*billed(service)} <= {1}
    assert summary.billed_units == sum(row["billed_units"] for row in rows) == usage["units"]
    assert summary.calls == usage["calls"]
    kept = {row["redacted_text"] for row in rows if row["scorer"] == "local"}
    sent = {text["text"] for text in service.usage.texts()}
    assert not kept & sent
    assert len(kept) == summary.cascade["kept"]
    for row in rows:
        if row["status"] == "SCORED" and row["scorer"] == "comprehend":
            assert row["sentiment"] == labelled.label(row["redacted_text"])
        elif row["status"] == "SCORED":
            assert (row["scorer"], row["scorer_version"], row["billed_units"]) == ("local", LocalScorer.version, 0)


def test_a_night_keeps_what_agrees_and_buys_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labelled, lake = Labelled(tmp_path / "drops", 5, TEXTS), tmp_path / "lake"
    with comprehend(labelled.sentiment, monkeypatch) as service:
        before = planned(labelled.drops, lake)
        assert (before.forecast, before.expected_units) == (None, before.estimate.units)
        assert service.usage.report()["calls"] == 0

        record = by_cascade(labelled.drops, lake)
        holds(labelled, lake, record, service)

        told = record.summary.cascade
        local = {row["redacted_text"]: row["sentiment"] for row in published(lake) if row["scorer"] == "local"}
        agreeing = sum(label == labelled.label(text) for text, label in local.items())
        assert told["kept"] > 0
        assert agreeing / len(local) >= told["least"] >= told["asked"] == 0.8
        assert record.summary.billed_units + told["saved_units"] == before.estimate.units
        assert (record.summary.scorer, told["sampled"] >= 0.4 * told["texts"]) == ("cascade", True)

        # No local score is taken for a bought one, also where the cache is filled from what is published.
        rebuild(str(lake))
        reprocessed = planned(labelled.drops, lake, scorer="comprehend", reprocess=True).estimate
        assert (reprocessed.to_buy, reprocessed.units) == (told["kept"], told["saved_units"])

        # Another night is expected to keep as much; and one that asks for more knows nothing.
        again = Labelled(tmp_path / "more", 6, 100)
        after = planned(again.drops, lake)
        assert after.forecast is not None
        assert after.expected_units < after.estimate.units
        assert after.dollars > after.expected_dollars
        assert planned(again.drops, lake, agreement=0.9).forecast is None


class Harmed(Exception):
    """What a test ends a run with."""


def test_a_night_that_ends_after_its_sample_draws_it_again_and_pays_for_none_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled = Labelled(tmp_path / "drops", 7, TEXTS)
    with comprehend(labelled.sentiment, monkeypatch) as service:
        whole = by_cascade(labelled.drops, tmp_path / "whole", key_file=_key(tmp_path))
        expected = content(published(tmp_path / "whole"))
        service.reset()

        def harm(at: Milestone) -> None:
            if at is Milestone.SAMPLED:
                raise Harmed

        with monkeypatch.context() as harmed:
            harmed.setattr(jobs.milestones, "reached", harm)
            with pytest.raises(Harmed):
                by_cascade(labelled.drops, tmp_path / "lake", key_file=_key(tmp_path))
        assert len(billed(service)) == whole.summary.cascade["sampled"]

        record = by_cascade(labelled.drops, tmp_path / "lake", key_file=_key(tmp_path))
        assert {*billed(service)} == {1}
        assert record.summary.cascade == whole.summary.cascade
        assert content(published(tmp_path / "lake")) == expected
        assert service.usage.report()["units"] == whole.summary.billed_units


def test_on_spark_a_night_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spark: SparkSession) -> None:
    """Whatever the number of partitions: the sample is drawn by the texts, and looked at, bought and written apart."""
    labelled = Labelled(tmp_path / "drops", 10, 400)
    with comprehend(labelled.sentiment, monkeypatch) as service:
        here = by_cascade(labelled.drops, tmp_path / "here", key_file=_key(tmp_path))
        service.reset()
        monkeypatch.setattr(jobs.nightly, "workers_for", lambda *_, **__: SparkWorkers(spark))
        with sent_to(SimpleNamespace(url=os.environ["AWS_ENDPOINT_URL_COMPREHEND"]), spark):
            there = by_cascade(labelled.drops, tmp_path / "there", key_file=_key(tmp_path))
        holds(labelled, tmp_path / "there", there, service)

    assert there.summary.cascade == here.summary.cascade
    assert content(published(tmp_path / "there")) == content(published(tmp_path / "here"))


def _key(folder: Path) -> Path:
    path = folder / "key"
    path.write_bytes(b"k" * 32)
    path.chmod(0o600)
    return path


def test_a_budget_that_ends_within_the_sample_keeps_nothing_and_the_next_night_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled, lake = Labelled(tmp_path / "drops", 8, 400), tmp_path / "lake"
    with comprehend(labelled.sentiment, monkeypatch) as service:
        first = by_cascade(labelled.drops, lake, budget=Decimal("0.03"))
        holds(labelled, lake, first, service)
        assert first.summary.billed_units <= 300
        assert first.summary.cascade["kept"] == 0
        assert first.summary.deferred > 0
        assert {row["scorer"] for row in published(lake)} <= {"comprehend", None}

        second = by_cascade(labelled.drops, lake)
        assert {*billed(service)} == {1}
        assert second.summary.deferred == 0
        assert second.summary.cascade["texts"] < first.summary.cascade["texts"]


def test_where_no_confidence_agrees_all_is_bought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled, lake = Labelled(tmp_path / "drops", 9, 400), tmp_path / "lake"
    with comprehend(lambda text, _: from_hash(text), monkeypatch) as service:
        record = by_cascade(labelled.drops, lake, agreement=0.95)

    assert record.summary.cascade["kept"] == record.summary.cascade["saved_units"] == 0
    assert len(billed(service)) == record.summary.cascade["texts"]
    assert "no confidence reaches an agreement of 0.95: all is bought" in capsys.readouterr().err
    assert {row["scorer"] for row in published(lake)} == {"comprehend", None}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"language": "detect-comprehend"}, "needs languages before anything is bought"),
        ({"sample": 0.0}, "--sample"),
        ({"agreement": 1.0}, "--agreement"),
    ],
)
def test_what_cannot_be_meant_is_said(tmp_path: Path, told: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        by_cascade(tmp_path / "drops", tmp_path / "lake", **told)


@pytest.mark.slow
def test_the_promise_holds_in_nineteen_of_twenty_nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lakes share a redactor and a scorer; every night has texts, answers and a draw of its own."""
    broken, kept = 0, []
    for seed in range(20):
        labelled, lake = Labelled(tmp_path / f"drops {seed}", 100 + seed, 1_500, noise=0.02), tmp_path / f"lake {seed}"
        with comprehend(labelled.sentiment, monkeypatch) as service:
            record = by_cascade(labelled.drops, lake, agreement=0.9)
            holds(labelled, lake, record, service)
        local = {row["redacted_text"]: row["sentiment"] for row in published(lake) if row["scorer"] == "local"}
        agreeing = sum(label == labelled.label(text) for text, label in local.items())
        broken += agreeing < 0.9 * len(local)
        kept.append(record.summary.cascade["kept"] / record.summary.cascade["texts"])

    assert broken <= 1
    assert sum(kept) / len(kept) > 0.1
