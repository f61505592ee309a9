"""Every copy of a text comes to one partition, and nothing is lost on the way."""

from pathlib import Path

import pytest

from jobs.drops import Split, list_drop, plan_splits
from jobs.run import exchange
from jobs.run.exchange import Rows, Sent, prepare_splits, together
from jobs.run.recipe import Recipe, TaskReport
from jobs.run.stopwatch import Stopwatch
from tests.conftest import document, write_json_lines
from tests.jobs.run.lakes import DS, new_lake, recipe

PARTITIONS = 4


@pytest.fixture
def told(tmp_path: Path) -> Recipe:
    _, stores = new_lake(tmp_path)
    return recipe(stores, scorer="comprehend", language="en")


@pytest.fixture
def splits(tmp_path: Path) -> list[Split]:
    """Two files, one of another date, that share texts; a text with other white space, a long one, a broken row."""
    texts = [f"Text {number} is good." for number in range(40)]
    long = "A sentence of this long text. " * 200
    rows = [document(document_id=f"a{number}", text=text) for number, text in enumerate(texts)]
    again = [document(document_id=f"b{number}", text=f" {text}\n") for number, text in enumerate(texts)]
    write_json_lines(tmp_path / "drops" / "a.jsonl", [*rows, "{broken", document(document_id="long", text=long)])
    write_json_lines(tmp_path / "drops" / "ds=2026-11-21" / "b.jsonl", [*again, document(document_id="l", text=long)])
    return plan_splits(list_drop(str(tmp_path / "drops"), DS, file_format=None, date_pattern=None).files, 1 << 30)


def by_partition(told: Recipe, splits: list[Split]) -> dict[int, list[Sent]]:
    sent: dict[int, list[Sent]] = {number: [] for number in range(PARTITIONS)}
    for split in splits:
        for number, each in prepare_splits(PARTITIONS, told, [split]):
            sent[number].append(each)
    return sent


def test_copies_meet_and_every_document_arrives_once(told: Recipe, splits: list[Split]) -> None:
    sent = by_partition(told, splits)

    arrived, keys = [], []
    for each in sent.values():
        for _, prepared in together(iter(each), TaskReport(), Stopwatch()):
            arrived += prepared["document_id"].to_pylist()
            keys.append({key for key in prepared["content_key"].to_pylist() if key})
    assert sorted(filter(None, arrived)) == sorted(
        [f"{name}{number}" for name in "ab" for number in range(40)] + ["l", "long"]
    )
    assert arrived.count(None) == 1  # the broken row
    assert sum(map(len, keys)) == len(set().union(*keys)) == 41
    assert all(keys)


def test_reports_travel_along_and_are_added_once(told: Recipe, splits: list[Split]) -> None:
    report, watch = TaskReport(), Stopwatch()
    for each in by_partition(told, splits).values():
        list(together(iter(each), report, watch))

    assert report.documents == {DS: 42, "2026-11-21": 41}
    assert {"read", "redact", "cut"} <= {*watch.seconds}


def test_rows_come_by_date_file_and_row_with_their_dates(told: Recipe, splits: list[Split]) -> None:
    (everything,) = [[each for sent in by_partition(told, splits).values() for each in sent]]
    ((dates, prepared),) = together(iter(everything), TaskReport(), Stopwatch())

    assert dates == ["2026-11-21"] * 41 + [DS] * 42
    places = list(zip(dates, prepared["source_file"].to_pylist(), prepared["source_row"].to_pylist(), strict=True))
    assert places == sorted(places)
    assert list(exchange.stretches(dates)) == [("2026-11-21", 0, 41), (DS, 41, 42)]
    assert list(exchange.stretches([])) == []


def test_many_rows_are_bought_in_bounded_lots(
    told: Recipe, splits: list[Split], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "TOGETHER_ROWS", 10)
    sent = [each for number, each in prepare_splits(PARTITIONS, told, splits) if isinstance(each, Rows)]

    lots = [prepared.num_rows for _, prepared in together(iter(sent), TaskReport(), Stopwatch())]

    assert sum(lots) == 83
    assert len(lots) > 3
