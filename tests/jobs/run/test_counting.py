"""A worker's part of a plan counts what a night's worker would buy, and buys nothing."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from jobs.drops import Split, list_drop, plan_splits
from jobs.run.counting import Counted, count_partition, prepare_splits
from jobs.run.recipe import Recipe
from tests.conftest import document, write_json_lines
from tests.jobs.run.lakes import DS, new_lake, recipe
from transforms.estimate import Estimate, Purchase
from transforms.sentiment.protocols import Cached, Scores

PARTITIONS = 3
LONG = "".join(f"Sentence {number} of a long text is good. " for number in range(400))  # four chunks


@pytest.fixture
def told(tmp_path: Path) -> Recipe:
    _, stores = new_lake(tmp_path)
    return recipe(stores, scorer="comprehend", language="en")


def splits(folder: Path, *texts: str) -> list[Split]:
    rows = [document(document_id=f"d{number}", text=text) for number, text in enumerate(texts)]
    write_json_lines(folder / "drops" / "a.jsonl", rows)
    return plan_splits(list_drop(str(folder / "drops"), DS, file_format=None, date_pattern=None).files, 1 << 30)


def counted(told: Recipe, work: list[Split]) -> Estimate:
    sent: list[list[Counted]] = [[] for _ in range(PARTITIONS)]
    for number, each in prepare_splits(PARTITIONS, told, work):
        sent[number].append(each)
    return sum((count_partition(told, number, iter(each)).estimate for number, each in enumerate(sent)), Estimate())


def test_each_text_counts_once_and_chunks_by_themselves(told: Recipe, tmp_path: Path) -> None:
    found = counted(told, splits(tmp_path, "Good.", " Good. ", "x" * 250, "Kaputt.", LONG))

    assert (found.documents, found.distinct, found.to_buy, found.cache_hits) == (5, 4, 4, 0)
    assert found.units == 3 + 3 + 3 + sum(-(-len(chunk) // 100) for chunk in chunks(told, tmp_path))
    assert found.units_without == found.units + 3


def chunks(told: Recipe, folder: Path) -> list[str]:
    from transforms.text import split_utf8

    return split_utf8(LONG.strip(), 5_000)


def test_what_the_cache_knows_is_not_counted(told: Recipe, tmp_path: Path) -> None:
    work = splits(tmp_path, "Good.", "Bad.", LONG)
    first = counted(told, work)
    with closing(told.stores.cache()) as cache:
        keys = [each.key for _, each in sent(told, work)]
        cache.put({key: Cached(Scores(1.0, 0.0, 0.0, 0.0), "en", "v") for key in keys})

    again = counted(told, work)

    assert (first.to_buy, again.to_buy) == (3, 3)  # the long text is not known as a whole
    assert again.units == 6  # but its chunks are


def sent(told: Recipe, work: list[Split]) -> Iterator[tuple[int, Purchase]]:
    for number, each in prepare_splits(PARTITIONS, told, work):
        if isinstance(each, Purchase):
            yield number, each
