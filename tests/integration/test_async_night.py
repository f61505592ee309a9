"""Nights by Comprehend's jobs, on a lake in S3: the rows of a night by calls, also after one that was killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.lake.config import default_config, write_config
from jobs.lake.create import create_lake
from jobs.run import workers
from jobs.run.budget import this_month
from jobs.scorers import open_jobs, registry
from jobs.storage import storage_of
from tests.aws import Aws, aws
from tests.conftest import document, write_json_lines, write_key
from tests.integration.lakes import DS, content, nightly, opened
from tests.integration.paid import FAST, hasten
from tests.integration.test_s3_lake import rows
from transforms.errors import ScorerUnavailable, UsageError

__all__ = ["aws"]  # the fixture
pytestmark = pytest.mark.aws

PAID: dict[str, Any] = {"quota_tps": FAST, "language": "en"}


@pytest.fixture
def here(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    hasten(monkeypatch.setattr)
    monkeypatch.setattr(workers, "_spark_runs", lambda: False)  # its workers would know nothing of this
    with aws.used():
        yield aws


def lake(here: Aws) -> str:
    root = f"{here.prefix()}/lake"
    role = {"comprehend_role": "arn:aws:iam::111122223333:role/jobs"}
    write_config(root, default_config(root).model_copy(update=role))
    list(create_lake(root))
    return root


def drop(folder: Path, about: str) -> Path:
    """Documents of two languages, a long one, and one that cannot be used."""
    languages = ("en", "en", "en", "de", "de", "it")
    sent: list[dict[str, object] | str] = [
        document(document_id=f"d{number}", text=f"The {about} of box {number} is very good.", language=language)
        for number, language in enumerate(languages)
    ]
    sent.append(document(document_id="long", text=f"The {about} came late, and then it broke. " * 300))
    write_json_lines(folder / f"ds={DS}" / "a.jsonl", [*sent, "no json"])
    return folder


def test_rows_are_those_of_a_night_by_calls(here: Aws, tmp_path: Path) -> None:
    write_key(tmp_path / "key")
    drops, by_jobs, by_calls = drop(tmp_path / "drops", "kettle"), lake(here), lake(here)
    before = here.usage()["operations"]["StartSentimentDetectionJob"]["calls"]

    record = nightly(drops, by_jobs, key_file=tmp_path / "key", scorer=registry.ASYNC, **PAID)
    nightly(drops, by_calls, key_file=tmp_path / "key", scorer="comprehend", **PAID)

    assert record is not None
    assert (record.summary.scored, record.summary.rejected) == (7, 1)
    assert here.usage()["operations"]["StartSentimentDetectionJob"]["calls"] == before + 2  # not for one text of it
    assert content(rows(by_jobs)) == content(rows(by_calls))
    assert sum(row["billed_units"] for row in rows(by_jobs)) == record.summary.billed_units > 0
    jobs = opened(by_jobs)[0].comprehend_jobs
    assert list(storage_of(jobs).list(jobs)) == []

    # And what one has bought the other finds.
    again = nightly(drops, by_jobs, key_file=tmp_path / "key", scorer="comprehend", reprocess=True, **PAID)
    assert again is not None
    assert (again.summary.billed_units, again.summary.cache_hits) == (0, 7)


@pytest.mark.parametrize("scorer", [registry.ASYNC, "comprehend"])
def test_the_night_after_one_that_was_killed_buys_nothing_again(
    here: Aws, scorer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed when the job was started and before its name was known."""
    write_key(tmp_path / "key")
    drops, place = drop(tmp_path / "drops", f"parcel by {scorer}"), lake(here)
    before = here.usage()["units"]

    def killed(*_: object) -> None:
        raise OSError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(open_jobs, "note_id", killed)
        with pytest.raises(ScorerUnavailable):
            nightly(drops, place, key_file=tmp_path / "key", scorer=registry.ASYNC, **PAID)
    record = nightly(drops, place, key_file=tmp_path / "key", scorer=scorer, **PAID)

    assert record is not None
    assert (record.summary.scored, record.summary.rejected) == (7, 1)
    assert record.summary.cache_hits >= 2
    bought = [each for each in here.texts() if f"parcel by {scorer} " in each["text"]]
    assert {each["billed"] for each in bought} == {1}
    meter = opened(place)[1].meter()
    assert meter.spending.of_month(this_month()) == here.usage()["units"] - before
    meter.close()


def test_a_lake_that_cannot_have_jobs_is_told(here: Aws, tmp_path: Path) -> None:
    drops = drop(tmp_path / "drops", "lid")
    root = f"{here.prefix()}/lake"
    list(create_lake(root))
    for place in (root, str(tmp_path / "lake")):
        with pytest.raises(UsageError, match=r"comprehend-async needs a lake in S3"):
            nightly(drops, place, scorer=registry.ASYNC, **PAID)
