"""Scorers are known by name, imported when they are asked for, and paid ones alone are told how to call."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from jobs.scorers import registry
from jobs.scorers.call_policy import CallPolicy, JobPlace
from jobs.scorers.comprehend import ComprehendLanguages, ComprehendScorer
from jobs.scorers.comprehend_async import AsyncComprehendScorer
from jobs.scorers.registry import open_detector, open_scorer, scorer_type
from jobs.stores.protocols import Meter
from tests.jobs.scorers.meters import local_meter
from transforms.errors import ScorerError, UsageError
from transforms.pii.policy import DEFAULT_POLICY
from transforms.sentiment.local.scorer import LocalScorer
from transforms.text import Fingerprint

MADE = Fingerprint("comprehend", "1", DEFAULT_POLICY.id, b"k" * 32)
POLICY = CallPolicy("R1", 10.0, jobs=JobPlace("s3://lake/comprehend", "", None, DEFAULT_POLICY, MADE))


@pytest.fixture
def meter(tmp_path: Path) -> Iterator[Meter]:
    with closing(local_meter(tmp_path / "meter.sqlite")) as meter:
        yield meter


class Dear:
    """A paid scorer, as far as it is opened."""

    paid = True

    def __init__(self, policy: CallPolicy, meter: Meter) -> None:
        self.told = (policy, meter)


@pytest.mark.parametrize("name", registry._SCORERS)
def test_each_is_what_its_row_says(name: str, meter: Meter) -> None:
    kind = scorer_type(name)
    assert kind.name == name.removesuffix("-async")  # whose answers are the same, and cached as the same
    with closing(open_scorer(name, POLICY, meter)) as scorer:
        assert type(scorer) is kind


def test_one_that_works_by_jobs_needs_a_place_for_them(meter: Meter) -> None:
    with pytest.raises(ScorerError, match="comprehend-async works on a lake in S3 alone"):
        open_scorer("comprehend-async", CallPolicy("R1", 10.0), meter)


def test_those_there_are() -> None:
    names = ("local", "comprehend", "comprehend-async")
    assert [scorer_type(name) for name in names] == [LocalScorer, ComprehendScorer, AsyncComprehendScorer]


def test_a_row_of_the_table_is_all_that_a_new_one_takes(meter: Meter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry._SCORERS, "dear", f"{__name__}:Dear")
    opened = open_scorer("dear", POLICY, meter)
    assert isinstance(opened, Dear)
    assert opened.told == (POLICY, meter)
    with pytest.raises(UsageError, match=r"the scorers are .*, dear, cascade$"):
        scorer_type("cheap")


def test_a_free_one_takes_no_meter() -> None:
    assert isinstance(open_scorer("local", POLICY, None), LocalScorer)


def test_a_name_that_is_none_is_told_those_that_are(meter: Meter) -> None:
    for ask in (scorer_type, lambda name: open_scorer(name, POLICY, meter)):
        with pytest.raises(
            UsageError, match=f"^--scorer watson: the scorers are {', '.join(registry._SCORERS)}, cascade$"
        ):
            ask("watson")


def test_languages_are_asked_of_the_service(meter: Meter) -> None:
    with closing(open_detector(POLICY, meter)) as detector:
        assert isinstance(detector, ComprehendLanguages)


def test_nothing_slow_or_optional_is_imported_before_it_is_asked_for() -> None:
    look = (
        "import sys, jobs.scorers.registry, jobs.scorers.call_policy\n"
        "print({'boto3', 'botocore', 'vaderSentiment', 'jobs.scorers.calls'} & set(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert said.stdout == "set()\n"
