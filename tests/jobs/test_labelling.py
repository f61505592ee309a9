"""A sample goes out without what the scorer said, comes back labelled, and tells what is so of the whole night."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pytest

import aurastream
from jobs.labelling import COLUMNS, Found, label_sample, of_files, of_lakes
from tests.jobs.commands.running import invoke, refused
from tests.jobs.readers.drop import written
from tests.sql.lakes import published_lake
from tests.sql.rows import Row
from transforms.agreement import LABELS, Measure
from transforms.documents import MAX_TEXT_BYTES
from transforms.errors import UsageError

DS = "2026-11-22"


def documents(count: int, seed: int = 1) -> list[Row]:
    """Scored documents of two sources, a third of which are copies; of each text the same label and scores."""
    random, rows = Random(seed), []
    for number in range(count):
        text = f"[NAME] says {number if number % 3 else number % 30}"
        drawn = Random(f"{seed}{text}")
        label = drawn.choices(LABELS, [4, 4, 1, 2])[0]
        sure = drawn.choice([0.45, 0.7, 0.97])
        scores = {f"score_{each.lower()}": sure if each == label else (1 - sure) / 3 for each in LABELS}
        rows.append(
            {
                "ds": DS,
                "document_id": f"d{number:04}",
                "source": random.choice(["mail", "chat"]),
                "language": "en",
                "scorer": "local",
                "scorer_version": "1",
                "sentiment": label,
                "redacted_text": text,
                "content_key": sha256(text.encode()).hexdigest(),
            }
            | scores
        )
    return rows


def person(text: str, seed: str, rows: dict[str, Row]) -> str:
    """What a person says of a text: mostly what the scorer does."""
    random = Random(f"{seed}{text}")
    return str(rows[text]["sentiment"] if random.random() < 0.7 else random.choice(LABELS))


ROWS = documents(300)
BY_TEXT = {row["redacted_text"]: row for row in ROWS}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> str:
    rejected = {"ds": DS, "document_id": "r", "status": "REJECTED", "error_code": "TEXT_BLANK"}
    earlier = {"ds": "2026-11-21", "document_id": "early", "sentiment": "NEUTRAL", "content_key": "e"}
    return str(published_lake(tmp_path_factory.mktemp("labelled") / "lake", [*ROWS, rejected, earlier]))


def labelled(lake: str, path: Path, n: int, seed: str = "kim", say: Callable[[str], str] | None = None) -> Path:
    """A sample that was drawn by the command, and labelled in a spreadsheet that saves with semicolons."""
    assert invoke("label-sample", "--lake", lake, "--n", str(n), "--out", path).exit_code == 0
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter=";")
        writer.writeheader()
        for row in rows:
            said = say(row["redacted_text"]) if say else person(row["redacted_text"], seed, BY_TEXT)
            writer.writerow(row | {"label": said})
    return path


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
    ids = [{row["document_id"] for row in label_sample(lake, 60, DS, seed)[1]} for seed in (7, 7, 8)]
    assert ids[0] == ids[1] != ids[2]


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
    refused(
        invoke("label-sample", "--lake", lake, "--ds", "2026-11-20", "--out", tmp_path / "no.csv"),
        "no run is published",
    )


def test_too_many_strata_are_drawn_from_together(lake: str) -> None:
    """Four labels, three levels, two sources are 24: ten documents are drawn by label alone, and four by nothing."""
    for n, strata in ((10, 4), (4, 1)):
        rows = [json.loads(urlsafe_b64decode(row["drawn"])) for row in label_sample(lake, n, DS, 7)[1]]
        assert sum(row["draws"] for row in rows) == n
        assert len({row["stratum"] for row in rows}) == strata


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


def test_a_file_that_is_there_may_be_labelled_and_stays(lake: str, tmp_path: Path) -> None:
    path = written(tmp_path / "kim.csv", b"labelled")
    refused(invoke("label-sample", "--lake", lake, "--out", path), f"{path} is there already")
    assert path.read_bytes() == b"labelled"


def test_the_longest_text_is_read_back(tmp_path: Path) -> None:
    """In a process of its own: what reads drops raises csv's limit, too."""
    text = "x" * MAX_TEXT_BYTES
    drawn = {"sample": "s", "ds": DS, "scorer": "local", "label": "NEUTRAL", "confidence": 0.5}
    seal = urlsafe_b64encode(json.dumps(drawn | {"stratum": 0, "population": 1, "draws": 1}).encode()).decode()
    path = tmp_path / "kim.csv"
    path.write_text(f"label;redacted_text;document_id;drawn\nNEUTRAL;{text};d;{seal}\n", encoding="utf-8")
    code = f"from jobs.labelling import of_files; print(of_files([__import__('pathlib').Path({str(path)!r})]).what)"
    assert "1 drawn" in subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_options_of_commands_of_two_words_come_from_the_environment(lake: str, tmp_path: Path) -> None:
    invoke("label-sample", "--lake", lake, "--out", tmp_path / "kim.csv", AURASTREAM_LABEL_SAMPLE_N="3")
    assert len((tmp_path / "kim.csv").read_text(encoding="utf-8").splitlines()) <= 4


def test_which_files_is_said_wrongly(lake: str, tmp_path: Path) -> None:
    path = labelled(lake, tmp_path / "kim.csv", 20)
    refused(invoke("agreement", path, path), "a file is given twice")
    for files in ([], [tmp_path / "none.csv"]):
        with pytest.raises(UsageError, match=r"give the files|cannot be read: No such file"):
            of_files(files)
    assert aurastream.agreement(str(path)).what == aurastream.agreement([path]).what
