"""The arithmetic of `tests.benchmarks.pii`, on made-up rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.benchmarks.pii import Document, Span, found, judge, main, read, score
from tests.benchmarks.pii_sets import OTHERS, SETS, STRUCTURED, LabelledSet
from transforms.pii.policy import COMPREHEND_TYPES

TEXT = "Ann Lee of Acme mailed ann@example.com from Oslo on 1 May, ward 7"
NAME, COMPANY, EMAIL, CITY, WARD = (
    Span(0, 7, "PERSON"),
    Span(11, 15, "COMPANY"),
    Span(23, 38, "EMAIL_ADDRESS"),
    Span(44, 48, "CITY"),
    Span(59, 65, "WARD"),
)
SPANS = [NAME, COMPANY, EMAIL, CITY, WARD]
LABELS = LabelledSet(
    "made up",
    personal={"PERSON": "NAME", "EMAIL_ADDRESS": "EMAIL USERNAME"},
    apart={"CITY": "ADDRESS"},
    neutral=frozenset(["WARD"]),
)


def document(spans: list[Span] = SPANS, target: str | None = None) -> Document:
    return Document("d-1", TEXT, spans, target)


@pytest.mark.parametrize(
    ("find", "expected"),
    [
        pytest.param(Span(0, 7, "NAME"), (True, True), id="the same span"),
        pytest.param(Span(6, 9, "NAME"), (True, True), id="one character of it"),
        pytest.param(Span(7, 9, "NAME"), (False, False), id="beside it"),
        pytest.param(Span(23, 38, "NAME"), (True, False), id="at a span of another type"),
        pytest.param(Span(25, 30, "USERNAME"), (True, True), id="any of the label's types"),
        pytest.param(Span(11, 15, "NAME"), (False, False), id="a name at a company"),
        pytest.param(Span(11, 15, "EMAIL"), (None, False), id="what is no name at a company"),
        pytest.param(Span(6, 15, "NAME"), (True, True), id="a name that goes on into a company"),
        pytest.param(Span(59, 65, "NAME"), (None, False), id="at a neutral label"),
        pytest.param(Span(44, 48, "NAME"), (False, False), id="of the total, at a label apart"),
        pytest.param(Span(44, 48, "ADDRESS"), (True, True), id="apart, at its label"),
        pytest.param(Span(0, 7, "ADDRESS"), (True, False), id="apart, at a label of the total"),
        pytest.param(Span(8, 10, "ADDRESS"), (False, False), id="apart, at nothing"),
        pytest.param(Span(52, 57, "DATE_TIME"), (None, False), id="of a type that no label means"),
    ],
)
def test_a_find_is_right_wrong_or_not_for_the_set_to_judge(find: Span, expected: tuple[bool | None, bool]) -> None:
    assert judge(LABELS, document(), find) == expected


def test_where_one_label_was_looked_for_finds_of_the_others_are_not_judged() -> None:
    only = document([EMAIL], target="EMAIL_ADDRESS")
    assert judge(LABELS, only, Span(0, 7, "NAME")) == (None, False)
    assert judge(LABELS, only, Span(0, 7, "EMAIL")) == (False, False)


@pytest.mark.parametrize(
    ("finds", "expected"),
    [
        ([], (False, False)),
        ([Span(7, 11, "NAME")], (False, False)),
        ([Span(6, 11, "NAME")], (True, True)),
        ([Span(0, 3, "URL")], (True, False)),
        ([Span(0, 3, "URL"), Span(4, 7, "NAME")], (True, True)),
    ],
)
def test_a_span_is_found_when_a_find_overlaps_it(finds: list[Span], expected: tuple[bool, bool]) -> None:
    assert found(LABELS, NAME, finds) == expected


def test_a_score_counts_spans_finds_and_documents() -> None:
    documents = [document(), document([]), document([]), document([])]
    finds = [
        [Span(0, 3, "NAME"), Span(4, 7, "NAME"), Span(23, 30, "NAME"), Span(11, 15, "NAME"), Span(52, 57, "DATE_TIME")],
        [Span(0, 7, "NAME")],
        [Span(52, 57, "DATE_TIME")],
        [],
    ]
    result = score(LABELS, documents, finds)
    assert result.labelled == {"PERSON": 1, "EMAIL_ADDRESS": 1, "CITY": 1}
    assert result.recall(["PERSON", "EMAIL_ADDRESS"]) == 1
    assert result.recall(["PERSON", "EMAIL_ADDRESS"], typed=True) == 0.5
    assert result.recall(["CITY"]) == 0
    assert result.recall(["COMPANY"]) is None
    assert result.judged("NAME") == 5
    assert result.precision(["NAME"]) == 3 / 5
    assert result.precision(["NAME"], typed=True) == 2 / 5
    assert result.precision(["DATE_TIME"]) is None
    assert result.unjudged == {"DATE_TIME": 2}
    assert (result.unlabelled, result.changed, result.changed_wrongly) == (3, 2, 1)


def test_a_file_is_read_with_and_without_labels(tmp_path: Path) -> None:
    rows = [
        {"doc_id": "a", "text": TEXT, "spans": [{"start": 0, "end": 7, "type": "PERSON"}], "target": "PERSON"},
        {"doc_id": "b", "text": "line\u2028separated", "label": "NEUTRAL"},
    ]
    path = tmp_path / "made_up.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    assert read(path) == [Document("a", TEXT, [NAME], "PERSON"), Document("b", "line\u2028separated", [], None)]


def test_without_the_data_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["pii", "--data", str(tmp_path)])
    assert main() == 2
    assert str(tmp_path) in capsys.readouterr().err


def test_the_tables_use_known_types_and_give_each_label_one_meaning() -> None:
    # Some of the project's own have no detector yet while tables name them: their form is all that is asked of these.
    own = {"ID_NUMBER", "API_KEY", "JSON_WEB_TOKEN", "CRYPTO_WALLET_ADDRESS", "DE_TAX_ID", "ES_DNI", "ES_NIE"}
    known = COMPREHEND_TYPES | own | {"IT_FISCAL_CODE", "PL_NIP", "PL_PESEL"}
    used = set().union(*STRUCTURED.values(), *(names.values() for names in OTHERS.values())) - {None}
    for labels in SETS:
        used |= set().union(*labels.types.values())
        meanings = [*labels.personal, *labels.apart, *labels.neutral]
        assert len(meanings) == len(set(meanings)), labels.name
    assert used <= known
