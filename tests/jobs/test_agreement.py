"""What people labelled, or another scorer did, tells what is so of the whole night."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import aurastream
from jobs.agreement import Found, of_files, of_lakes
from tests.jobs.commands.running import invoke, refused
from tests.jobs.labelled import BY_TEXT, DS, ROWS, labelled, lake_to_label, person
from tests.sql.lakes import published_lake
from tests.sql.rows import Row
from transforms.agreement import LABELS, Measure
from transforms.documents import MAX_TEXT_BYTES
from transforms.errors import UsageError


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> str:
    return lake_to_label(tmp_path_factory.mktemp("labelled") / "lake")


def test_all_documents_labelled_tell_exactly_what_is_so(lake: str, tmp_path: Path) -> None:
    found = of_files([labelled(lake, tmp_path / "all.csv", 1_000)]).agreement
    right = sum(person(row["redacted_text"], "kim", BY_TEXT) == row["sentiment"] for row in ROWS) / 300
    assert found.measures["accuracy"] == pytest.approx(Measure(right, right, right))
    of_negative = [row for row in ROWS if row["sentiment"] == "NEGATIVE"]
    assert found.confusion[:, LABELS.index("NEGATIVE")].sum() == pytest.approx(len(of_negative) / 300)


def test_a_sample_holds_what_is_so(lake: str, tmp_path: Path) -> None:
    right = sum(person(row["redacted_text"], "kim", BY_TEXT) == row["sentiment"] for row in ROWS) / 300
    found = of_files([labelled(lake, tmp_path / "some.csv", 120)])
    accuracy = found.agreement.measures["accuracy"]
    assert accuracy.low < right < accuracy.high
    assert 0.05 < accuracy.high - accuracy.low < 0.25
    assert found.what["documents"] == f"120 drawn, which speak for 300 of 300 of {DS}"
    assert all(each.scorer not in each.judged for each in found.worst)
    assert [each.confidence for each in found.worst] == sorted((each.confidence for each in found.worst), reverse=True)


def test_several_who_label_have_an_alpha(lake: str, tmp_path: Path) -> None:
    files = [labelled(lake, tmp_path / f"{name}.csv", 60, name) for name in ("kim", "ann", "lee")]
    said = invoke("agreement", *files).stdout
    assert "Krippendorff's alpha" in said
    assert "by kim.csv" in said
    assert "Krippendorff's alpha" not in invoke("agreement", files[0]).stdout


def test_what_is_not_labelled_yet_is_not_spoken_for(lake: str, tmp_path: Path) -> None:
    path = labelled(lake, tmp_path / "half.csv", 60)
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    path.write_text("\n".join([lines[0], *lines[1:4], *(line.partition(";")[2].join([";", ""]) for line in lines[4:])]))
    found = of_files([path])
    assert found.what["labels"].startswith("3 by half.csv, of ")
    assert "speak for 300 of 300" not in found.what["documents"]


def sealed_anew(text: str, **instead: Any) -> str:
    """The first row's sealed column with other values."""
    seal = text.splitlines()[1].rpartition(";")[2]
    changed = json.loads(urlsafe_b64decode(seal)) | instead
    return text.replace(seal, urlsafe_b64encode(json.dumps(changed).encode()).decode(), 1)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text.replace("NEGATIVE", "negativ", 1), "row 2: what the column label holds is none of"),
        (lambda text: text.replace("drawn", "weights", 1), "no column drawn"),
        (lambda text: text.replace(";eyJ", ";xyz", 1), "row 2: the column drawn"),
        (lambda text: text.replace("NEGATIVE", ""), "nothing is labelled"),
        (lambda text: text + text.splitlines()[1] + "\n", "the same text again"),
        (lambda text: sealed_anew(text, stratum=-5), "row 2: the column drawn"),
        (lambda text: sealed_anew(text, label="GOOD"), "row 2: the column drawn"),
        (lambda text: sealed_anew(text, population=0), "row 2: the column drawn"),
        (lambda text: sealed_anew(text, confidence=None), "row 2: the column drawn"),
    ],
)
def test_what_cannot_be_read_is_said(lake: str, tmp_path: Path, change: Callable[[str], str], says: str) -> None:
    path = labelled(lake, tmp_path / "kim.csv", 20, say=lambda _: "NEGATIVE")
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    refused(invoke("agreement", path), str(path), says)


def test_files_of_other_draws_are_refused(lake: str, tmp_path: Path) -> None:
    files = [labelled(lake, tmp_path / "a.csv", 20), labelled(lake, tmp_path / "b.csv", 30)]
    refused(invoke("agreement", *files), f"{files[1]}: it is of another draw than {files[0]}")
    refused(invoke("agreement", files[0], "--lake", lake, "--other", lake), "not both")
    refused(invoke("agreement", "--lake", lake), "--lake and --other")


def two_lakes(folder: Path, lake: str) -> tuple[Found, list[Row]]:
    """Another scorer, which says something else of each fourth document, and has not scored ten."""
    others = [
        row
        | ({"sentiment": "MIXED", "score_mixed": 1.0} if number % 4 == 0 and number % 3 else {})
        | {"scorer": "other"}
        for number, row in enumerate(ROWS[:-10])
    ]
    return of_lakes(lake, str(published_lake(folder / "other", others)), None), others


def test_two_scorers_are_compared_on_all_documents(lake: str, tmp_path: Path) -> None:
    found, others = two_lakes(tmp_path, lake)
    alike = sum(one["sentiment"] == other["sentiment"] for one, other in zip(ROWS, others, strict=False)) / 290
    assert found.agreement.measures["accuracy"].value == pytest.approx(alike)
    assert found.agreement.measures["accuracy"].low < alike < found.agreement.measures["accuracy"].high
    assert found.what["documents"].startswith(f"290 of {DS} that both scored")
    assert "10 are scored in" in found.what["documents"]
    assert found.worst[0].judged == "MIXED"
    assert found.worst[0].confidence == 0.97
    assert found.worst[0].text in BY_TEXT


def test_lakes_that_share_nothing_are_told(lake: str, tmp_path: Path) -> None:
    other = str(published_lake(tmp_path / "other", [{"ds": DS, "document_id": "x", "sentiment": "MIXED"}]))
    with pytest.raises(UsageError, match="scored in both"):
        of_lakes(lake, other, DS)
    with pytest.raises(UsageError, match="no run is published"):
        of_lakes(lake, other, "2026-11-21")


def test_a_label_that_is_none_is_not_shown(lake: str, tmp_path: Path) -> None:
    path = labelled(lake, tmp_path / "kim.csv", 20, say=lambda _: "NEGATIVE")
    path.write_text(path.read_text(encoding="utf-8").replace("NEGATIVE", "kim@example.com", 1), encoding="utf-8")
    assert "example" not in invoke("agreement", path).stderr.lower()


def test_the_longest_text_is_read_back(tmp_path: Path) -> None:
    """In a process of its own: what reads drops raises csv's limit, too."""
    text = "x" * MAX_TEXT_BYTES
    drawn = {"sample": "s", "ds": DS, "scorer": "local", "label": "NEUTRAL", "confidence": 0.5}
    seal = urlsafe_b64encode(json.dumps(drawn | {"stratum": 0, "population": 1, "draws": 1}).encode()).decode()
    path = tmp_path / "kim.csv"
    path.write_text(f"label;redacted_text;document_id;drawn\nNEUTRAL;{text};d;{seal}\n", encoding="utf-8")
    code = f"from jobs.agreement import of_files; print(of_files([__import__('pathlib').Path({str(path)!r})]).what)"
    assert "1 drawn" in subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_which_files_is_said_wrongly(lake: str, tmp_path: Path) -> None:
    path = labelled(lake, tmp_path / "kim.csv", 20)
    refused(invoke("agreement", path, path), "a file is given twice")
    for files in ([], [tmp_path / "none.csv"]):
        with pytest.raises(UsageError, match=r"give the files|cannot be read: No such file"):
            of_files(files)
    assert aurastream.agreement(str(path)).what == aurastream.agreement([path]).what
