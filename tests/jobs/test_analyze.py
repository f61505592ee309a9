"""Analyze with a lake: what it buys comes from the lake's cache and goes to it, under its quota and budget."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from jobs.stores.open import open_lake
from tests.conftest import document, write_json_lines
from tests.infra.serving import Server, serving
from tests.integration.paid import CREDENTIALS
from tests.jobs.commands.running import invoke

TEXT = "The kettle works, call me on 212-555-0187."


@pytest.fixture(scope="module")
def _running() -> Iterator[Server]:
    with serving("--answers", "hash") as server:
        yield server


@pytest.fixture
def server(_running: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    _running.reset()
    for name, value in (CREDENTIALS | {"AWS_ENDPOINT_URL_COMPREHEND": _running.url}).items():
        monkeypatch.setenv(name, value)
    return _running


@pytest.fixture
def lake(here: Path) -> Path:
    open_lake("lake", create=True)[1].ledger()
    return here / "lake"


def analyzed(*options: str | Path) -> dict[str, Any]:
    result = invoke("analyze", "--scorer", "comprehend", "--quota-tps", "100", *options)
    assert result.exit_code == 0, result.output
    row: dict[str, Any] = json.loads(result.stdout)
    return row


def spent(lake: Path) -> int:
    _, stores = open_lake(str(lake), create=False)
    with closing(stores.meter()) as meter:
        (month,) = {row["scored_at"][:7] for row in [analyzed("--lake", lake, TEXT)]}
        return meter.spending.of_month(month)


def test_a_text_is_bought_once_for_a_lake(server: Server, lake: Path) -> None:
    first = analyzed("--lake", lake, TEXT)
    second = analyzed("--lake", lake, f"  {TEXT}")

    assert (first["cache_hit"], first["billed_units"]) == (False, 3)
    assert (second["cache_hit"], second["billed_units"]) == (True, 0)
    assert first["content_key"] == second["content_key"]
    assert first["sentiment"] == second["sentiment"]
    assert server.usage()["billed"] == 1
    assert spent(lake) == 3


def test_without_a_lake_nothing_is_kept(server: Server, here: Path) -> None:
    rows = [analyzed(TEXT), analyzed(TEXT)]

    assert [row["cache_hit"] for row in rows] == [False, False]
    assert rows[0]["content_key"] != rows[1]["content_key"]
    assert server.usage()["billed"] == 2
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("with_lake", [False, True])
def test_a_budget_is_kept(server: Server, lake: Path, here: Path, with_lake: bool) -> None:
    write_json_lines(here / "docs.jsonl", [document(document_id=f"d{i}", text=f"Text {i} is good.") for i in range(60)])
    options = ["--lake", str(lake)] if with_lake else []
    result = invoke(
        "analyze", "--in", "docs.jsonl", "--out", "rows.jsonl", "--scorer", "comprehend", "--quota-tps", "100",
        "--budget", "0.003", *options,
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in Path("rows.jsonl").read_text(encoding="utf-8").splitlines()]
    assert server.usage()["units"] == 30
    assert [row["status"] for row in rows].count("SCORED") == 10
    assert {row["error_code"] for row in rows if row["status"] != "SCORED"} == {"BUDGET_SPENT"}


def test_a_lake_that_is_not_there_is_said(here: Path) -> None:
    result = invoke("analyze", "--lake", "typo", TEXT)

    assert result.exit_code == 1
    assert "no lake at" in result.stderr
