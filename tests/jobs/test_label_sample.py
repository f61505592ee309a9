"""A sample for people to label: how it is drawn, and that it does not say what the scorer said."""

from __future__ import annotations

import csv
import io
import json
from base64 import urlsafe_b64decode
from pathlib import Path

import pytest

from jobs.label_sample import label_sample
from tests.jobs.commands.running import invoke, refused
from tests.jobs.labelled import DS, lake_to_label
from tests.jobs.readers.drop import written
from tests.sql.lakes import published_lake
from transforms.agreement import LABELS


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> str:
    return lake_to_label(tmp_path_factory.mktemp("labelled") / "lake")


def test_who_labels_does_not_see_what_the_scorer_said(lake: str, tmp_path: Path) -> None:
    out = tmp_path / "sample.csv"
    said = invoke("label-sample", "--lake", lake, "--n", "60", "--out", out)
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    assert said.stderr == f"{out}: {len(rows)} texts of {DS} to label\n"
    assert {row["label"] for row in rows} == {""}
    assert not any(label in out.read_text(encoding="utf-8") for label in LABELS)
    drawn = [json.loads(urlsafe_b64decode(row["drawn"])) for row in rows]
    assert sum(row["draws"] for row in drawn) == 60
    assert sum({row["stratum"]: row["population"] for row in drawn}.values()) == 300
    assert len({(row["stratum"], text["redacted_text"]) for row, text in zip(drawn, rows, strict=True)}) == len(rows)


def test_the_same_seed_draws_the_same_documents(lake: str) -> None:
    ids = [{row["document_id"] for row in label_sample(lake, 60, DS, seed).rows} for seed in (7, 7, 8)]
    assert ids[0] == ids[1] != ids[2]


def test_too_many_strata_are_drawn_from_together(lake: str) -> None:
    """Four labels, three levels, two sources are 24: ten documents are drawn by label alone, and four by nothing."""
    for n, strata in ((10, 4), (4, 1)):
        rows = [json.loads(urlsafe_b64decode(row["drawn"])) for row in label_sample(lake, n, DS, 7).rows]
        assert sum(row["draws"] for row in rows) == n
        assert len({row["stratum"] for row in rows}) == strata


def test_a_file_that_is_there_may_be_labelled_and_stays(lake: str, tmp_path: Path) -> None:
    path = written(tmp_path / "kim.csv", b"labelled")
    refused(invoke("label-sample", "--lake", lake, "--out", path), f"{path} is there already")
    assert path.read_bytes() == b"labelled"


def test_options_of_commands_of_two_words_come_from_the_environment(lake: str, tmp_path: Path) -> None:
    invoke("label-sample", "--lake", lake, "--out", tmp_path / "kim.csv", AURASTREAM_LABEL_SAMPLE_N="3")
    assert len((tmp_path / "kim.csv").read_text(encoding="utf-8").splitlines()) <= 4


def test_the_last_date_that_has_scored_documents_is_drawn_from_and_said(tmp_path: Path) -> None:
    failed = {"ds": "2026-11-23", "document_id": "f", "status": "FAILED", "error_code": "INTERNAL"}
    scored = [{"ds": DS, "document_id": f"d{number}", "sentiment": "NEUTRAL"} for number in range(3)]
    lake = published_lake(tmp_path / "lake", [failed, *({"content_key": row["document_id"]} | row for row in scored)])
    out = tmp_path / "sample.csv"
    said = invoke("label-sample", "--lake", lake, "--out", out).stderr
    assert said == f"{out}: 3 texts of {DS} to label; 2026-11-23, the last that is published, has nothing scored\n"
    refused(
        invoke("label-sample", "--lake", lake, "--ds", "2026-11-23", "--out", tmp_path / "none.csv"),
        "no document of 2026-11-23 is scored",
    )


def test_a_date_of_which_nothing_can_be_drawn_is_refused(lake: str, tmp_path: Path) -> None:
    said = invoke("label-sample", "--lake", lake, "--ds", "2026-11-20", "--out", tmp_path / "no.csv")
    refused(said, "no run is published")
    nothing = published_lake(tmp_path / "lake", [{"ds": DS, "status": "REJECTED", "error_code": "TEXT_BLANK"}])
    refused(invoke("label-sample", "--lake", nothing, "--out", tmp_path / "no.csv"), f"no document of {DS} is scored")
