"""What the tagger learns from: the right labels, and none of the text that it is measured on."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.conftest import SHARED_DATA
from training.corpora import Example, is_held_out, labelled, unlabelled

MEASURED_ONLY = ("presidio_", "uner_")

with_data = pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="no ../shared/data beside the repository")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are opened while a test runs."""
    names: list[str] = []
    real = Path.open

    def spy(self: Path, *args: Any, **kwargs: Any) -> Any:
        names.append(self.name)
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", spy)
    return names


def written(folder: Path, name: str, text: str, *spans: tuple[str, str]) -> Iterator[Example]:
    """One row of a corpus in a folder of otherwise empty ones; spans as (value, type), first occurrence."""
    for stem in ["wnut17_train", "wnut17_dev", "btc_h_dev", "kurkowski_dev", "meddocan_es_train", "meddocan_es_dev"]:
        path = folder / "pii" / f"{stem}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.touch()
    for stem in ("echr_es_manual", "echr_fr_manual"):
        (folder / "pii" / f"{stem}.jsonl").touch()
    (folder / "names").mkdir(exist_ok=True)
    (folder / "names" / "forenames_by_country.csv").write_text("Country,Romanized Name\nUS,Ann\n", encoding="utf-8")
    row = {
        "doc_id": next(f"row{n}" for n in range(99) if zlib.crc32(f"row{n}".encode()) % 5),
        "text": text,
        "spans": [
            {"start": text.index(value), "end": text.index(value) + len(value), "type": kind} for value, kind in spans
        ],
    }
    (folder / "pii" / f"{name}.jsonl").write_bytes(orjson.dumps(row))
    return labelled(folder)


def values(examples: Iterator[Example]) -> list[tuple[str, str]]:
    return [(e.text[start:end], label) for e in examples for start, end, label in e.spans]


@pytest.mark.parametrize(
    ("name", "text", "span", "expected"),
    [
        ("kurkowski_dev", "Attending: Dr. Ann Lee", ("Dr. Ann Lee", "DOCTOR"), [("Ann Lee", "NAME")]),
        ("kurkowski_dev", "Ann: hi", ("Ann", "USERNAME"), [("Ann", "NAME")]),
        ("kurkowski_dev", "[9:01 AM] Ann: hi", ("AM] Ann", "USERNAME"), [("Ann", "NAME")]),
        ("kurkowski_dev", "at The Green Bistro", ("The Green Bistro", "NAME"), []),
        ("kurkowski_dev", "Call [NAME_1] now", ("[NAME_1]", "NAME"), []),
        (
            "kurkowski_dev",
            "Lives at 1 Elm Way, Suite 2, Ely, IL 60601.",
            ("1 Elm Way, Suite 2, Ely, IL 60601", "ADDRESS"),
            [("1 Elm Way", "STREET"), ("Suite 2", "STREET"), ("Ely", "PLACE"), ("IL 60601", "PLACE")],
        ),
        ("kurkowski_dev", "Ann Lee came. Ann left.", ("Ann Lee", "NAME"), [("Ann Lee", "NAME"), ("Ann", "NAME")]),
        ("btc_h_dev", "hi @ann", ("@ann", "PERSON"), []),
        ("btc_h_dev", "many Ukrainian songs", ("Ukrainian", "LOCATION"), []),
        ("btc_h_dev", "in Ely today", ("Ely", "LOCATION"), [("Ely", "PLACE")]),
        ("meddocan_es_dev", "Acude su madre", ("madre", "FAMILIARES_SUJETO_ASISTENCIA"), []),
        ("echr_fr_manual", "M. M. Falk plaide", ("M. M. Falk", "PER"), [("M. Falk", "NAME")]),
    ],
)
def test_a_sources_labels_become_ours(
    tmp_path: Path, name: str, text: str, span: tuple[str, str], expected: list[tuple[str, str]]
) -> None:
    assert values(written(tmp_path, name, text, span)) == expected


def test_a_row_with_a_nickname_that_may_be_a_name_is_left_out(tmp_path: Path) -> None:
    assert list(written(tmp_path, "kurkowski_dev", "annlee99: hi", ("annlee99", "USERNAME"))) == []


def test_a_building_takes_places_out_of_what_is_judged(tmp_path: Path) -> None:
    (example,) = written(tmp_path, "btc_h_dev", "at Ely Stadium", ("Ely Stadium", "LOCATION"))
    assert example.spans == ()
    assert example.judged == {"NAME", "ORG"}


def test_a_row_is_trained_on_or_measured_on() -> None:
    assert is_held_out("doc-10") == (zlib.crc32(b"doc-10") % 5 == 0)
    assert sum(is_held_out(f"doc-{n}") for n in range(10_000)) == pytest.approx(2_000, abs=200)
    assert [is_held_out(f"made-up-{n}") for n in range(6)] == [False, False, False, True, False, False]


@with_data
def test_spans_lie_on_words_and_do_not_overlap() -> None:
    for example in labelled(SHARED_DATA):
        end = 0
        for start, stop, label in example.spans:
            assert end <= start < stop <= len(example.text)
            assert example.text[start:stop].strip() == example.text[start:stop]
            assert label in {"NAME", "PLACE", "STREET", "ORG"}
            end = stop


@with_data
def test_no_held_out_row_is_among_the_labelled() -> None:
    kept = {e.text for e in labelled(SHARED_DATA, held_out=True)}
    for path in (SHARED_DATA / "pii").glob("meddocan*.jsonl"):
        for line in path.read_bytes().splitlines():
            row = orjson.loads(line)
            assert (row["text"] in kept) == is_held_out(row["doc_id"])
    assert not any(e.text in kept for e in labelled(SHARED_DATA) if e.source.startswith(("meddocan", "kurkowski")))


@with_data
def test_what_is_measured_only_is_not_opened(opened: list[str]) -> None:
    assert sum(1 for _ in labelled(SHARED_DATA)) > 5_000
    assert sum(1 for _ in unlabelled(SHARED_DATA)) > 50_000
    assert len(opened) > 15
    assert not [name for name in opened if name.startswith(MEASURED_ONLY)]
