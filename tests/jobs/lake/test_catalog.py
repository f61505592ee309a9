"""The Glue catalog of a lake: what is registered, shown, taken back and repaired, and that a race loses nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from jobs import storage
from jobs.lake import catalog
from jobs.lake.config import LakeConfig
from jobs.lake.files import put
from jobs.lake.layout import Lake
from jobs.lake.views import views
from jobs.stores.aws.client import Client, Refusal
from jobs.stores.local.ledger import LocalLedger
from jobs.stores.protocols import PublishedFile
from tests.aws import Aws, aws
from transforms.errors import LakeError

__all__ = ["aws"]  # the fixture

pytestmark = pytest.mark.aws
DAYS = ("2026-11-20", "2026-11-21", "2026-11-22")


@pytest.fixture
def lake(aws: Aws) -> Iterator[Lake]:
    """A lake with a database of its own, and nothing in it."""
    with aws.used():
        database = aws.name("lake").replace("-", "_")
        aws.client("glue").create_database(DatabaseInput={"Name": database})
        config = LakeConfig(ledger_table="led", cache_table="cac", database=database, workgroup="w", secret="s")
        yield Lake(aws.prefix(), config)


@pytest.fixture
def ledger(tmp_path: Path) -> LocalLedger:
    return LocalLedger(tmp_path / "ledger.sqlite")


@pytest.fixture
def glue(aws: Aws) -> Any:
    return aws.client("glue")


def publish(ledger: LocalLedger, run_id: str, *days: str) -> None:
    """Publish dates, with a file each."""
    before = ledger.pointers()
    ledger.begin(run_id, days[0], days, alone=False)
    files = {ds: [PublishedFile(f"scores/ds={ds}/run={run_id}/part.parquet", 1)] for ds in days}
    ledger.publish(run_id, {ds: before.get(ds) for ds in days}, files, [], {})


def view(glue: Any, lake: Lake, name: str = "scores") -> dict[str, Any]:
    """What a view says, as the engine reads it."""
    assert lake.config
    text = glue.get_table(DatabaseName=lake.config.database, Name=name)["Table"]["ViewOriginalText"]
    said: dict[str, Any] = json.loads(base64.b64decode(text.removeprefix("/* Presto View: ").removesuffix(" */")))
    return said


def shown(glue: Any, lake: Lake) -> dict[str, str]:
    return {
        ds: run
        for ds in DAYS
        for run in ("R1", "R2", "R3", "R4")
        if f"('{ds}','{run}')" in view(glue, lake)["originalSql"]
    }


def versions(glue: Any, lake: Lake) -> dict[str, str]:
    assert lake.config
    tables = glue.get_tables(DatabaseName=lake.config.database)["TableList"]
    return {table["Name"]: table["VersionId"] for table in tables}


def test_nothing_published(lake: Lake, ledger: LocalLedger, glue: Any) -> None:
    catalog.show(lake, ledger)

    assert view(glue, lake)["originalSql"].endswith("WHERE false")
    assert set(versions(glue, lake)) == {
        *("scores_all", "scores", "runs_all", "runs"),
        *views(),
    }


def test_all_dates_of_a_run_are_shown_at_once_and_taken_back(lake: Lake, ledger: LocalLedger, glue: Any) -> None:
    publish(ledger, "R1", *DAYS)
    catalog.show(lake, ledger)
    before = versions(glue, lake)
    publish(ledger, "R2", *DAYS[:2])

    catalog.show(lake, ledger)

    assert shown(glue, lake) == {DAYS[0]: "R2", DAYS[1]: "R2", DAYS[2]: "R1"}
    assert {name for name, version in versions(glue, lake).items() if version != before[name]} == {"scores"}
    ledger.rollback(DAYS[0])
    catalog.show(lake, ledger)
    assert shown(glue, lake) == {DAYS[0]: "R1", DAYS[1]: "R2", DAYS[2]: "R1"}


def test_more_tables_than_a_page_has(
    lake: Lake, ledger: LocalLedger, glue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Glue answers with a hundred at most, moto with all."""
    call, asked = Client.call, list[str]()

    def paged(self: Client, operation: str, *expected: Any, **told: Any) -> Any:
        asked.append(operation)
        if operation != "get_tables":
            return call(self, operation, *expected, **told)
        first = int(told.pop("NextToken", 0))
        answer = call(self, operation, *expected, **told)
        assert not isinstance(answer, Refusal)
        last = first + 5
        more = {"NextToken": str(last)} if last < len(answer["TableList"]) else {}
        return {"TableList": answer["TableList"][first:last], **more}

    catalog.show(lake, ledger)
    before = versions(glue, lake)
    monkeypatch.setattr(Client, "call", paged)
    catalog.show(lake, ledger)

    assert asked == ["get_tables"] * 4 + ["get_table"]
    assert versions(glue, lake) == before


def test_a_partition_lists_its_files(lake: Lake, ledger: LocalLedger, glue: Any) -> None:
    publish(ledger, "R1", DAYS[0])
    catalog.show(lake, ledger)

    assert lake.config
    (partition,) = glue.get_partitions(DatabaseName=lake.config.database, TableName="scores_all")["Partitions"]
    assert partition["Values"] == [DAYS[0], "R1"]
    manifest = partition["StorageDescriptor"]["Location"] + "manifest"
    with storage.storage_of(manifest).open(manifest) as file:
        assert file.read().decode() == f"{lake.root}/scores/ds={DAYS[0]}/run=R1/part.parquet\n"


def test_what_is_shown_already_is_not_written(lake: Lake, ledger: LocalLedger, glue: Any) -> None:
    publish(ledger, "R1", *DAYS)
    catalog.show(lake, ledger)
    before = versions(glue, lake)

    catalog.show(lake, ledger)

    assert versions(glue, lake) == before


def test_types(lake: Lake, ledger: LocalLedger, glue: Any) -> None:
    catalog.show(lake, ledger)

    columns = {column["name"]: column["type"] for column in view(glue, lake)["columns"]}
    assert columns["scored_at"] == "timestamp(6)"
    assert view(glue, lake)["runAsInvoker"]  # without, Trino refuses it
    assert columns["pii"] == (
        'array(row("type" varchar, "start" integer, "end" integer, "detector" varchar, "confidence" real))'
    )
    assert {each["type"] for each in view(glue, lake, "daily_sentiment")["columns"]} == {
        *("date", "varchar", "bigint", "double")
    }
    assert columns["ds"] == "date"
    assert lake.config
    table = glue.get_table(DatabaseName=lake.config.database, Name="scores_all")["Table"]["StorageDescriptor"][
        "Columns"
    ]
    assert {each["Name"]: each["Type"] for each in table}["scored_at"] == "bigint"  # Athena's own are milliseconds
    assert "map(varchar, bigint)" in {each["type"] for each in view(glue, lake, "runs")["columns"]}


def test_racing_publishers_lose_nothing(lake: Lake, ledger: LocalLedger, glue: Any) -> None:
    """Each publishes dates of its own, and shows them."""
    catalog.show(lake, ledger)
    days = [f"2026-10-{day:02}" for day in range(1, 21)]

    def each(number: int) -> None:
        for ds in days[number::4]:
            publish(ledger, f"N{ds}", ds)
            catalog.show(lake, ledger)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(each, range(4)))

    assert all(f"('{ds}','N{ds}')" in view(glue, lake)["originalSql"] for ds in days)


def test_a_stale_writer_reads_the_ledger_again(lake: Lake, ledger: LocalLedger, glue: Any) -> None:
    """Between its reading of the ledger and its change of the view, another publishes and shows."""
    publish(ledger, "R1", *DAYS)
    read = ledger.pointers

    class Stale:
        once = True

        def pointers(self) -> dict[str, str]:
            found = read()
            if self.once:
                self.once = False
                publish(ledger, "R2", *DAYS)
                catalog.show(lake, ledger)
            return found

        def __getattr__(self, name: str) -> Any:
            return getattr(ledger, name)

    catalog.show(lake, Stale())

    assert shown(glue, lake) == dict.fromkeys(DAYS, "R2")


def test_what_somebody_removed_is_made_anew(lake: Lake, ledger: LocalLedger, glue: Any) -> None:
    assert lake.config
    publish(ledger, "R1", *DAYS)
    catalog.show(lake, ledger)
    where = {"DatabaseName": lake.config.database}
    for name in ("scores", "not_scored", "runs_all"):
        glue.delete_table(**where, Name=name)
    glue.delete_partition(**where, TableName="scores_all", PartitionValues=[DAYS[0], "R1"])
    manifest = lake.at(f"catalog/scores/ds={DAYS[1]}/run=R1/manifest")
    storage.storage_of(manifest).delete(manifest)

    assert catalog.repair(lake, ledger) == 2

    assert shown(glue, lake) == dict.fromkeys(DAYS, "R1")
    assert {"not_scored", "runs_all"} <= set(versions(glue, lake))
    assert len(glue.get_partitions(**where, TableName="scores_all")["Partitions"]) == 3
    assert storage.storage_of(manifest).stat(manifest)
    assert catalog.repair(lake, ledger) == 0


def test_what_the_catalog_says_otherwise_is_told(lake: Lake, ledger: LocalLedger, glue: Any) -> None:
    publish(ledger, "R1", *DAYS)
    catalog.show(lake, ledger)
    assert catalog.unlike(lake, ledger, DAYS) == []

    publish(ledger, "R2", DAYS[0])
    assert catalog.unlike(lake, ledger, DAYS) == [
        f"scores does not show run R2 of {DAYS[0]}",
        f"scores shows run R1 of {DAYS[0]}",
    ]
    catalog.show(lake, ledger)
    manifest = lake.at(f"catalog/scores/ds={DAYS[0]}/run=R2/manifest")
    for content in (b"s3://elsewhere/part.parquet\n", None):
        storage.storage_of(manifest).delete(manifest)
        if content:
            put(manifest, content)
        assert catalog.unlike(lake, ledger, DAYS) == [f"the manifest of run R2 of {DAYS[0]} lists other files"]
        assert catalog.unlike(lake, ledger, DAYS[1:]) == []
    catalog.repair(lake, ledger)
    assert catalog.unlike(lake, ledger, DAYS) == []


def test_a_database_that_is_not_there(lake: Lake, ledger: LocalLedger) -> None:
    assert lake.config
    other = Lake(lake.root, lake.config.model_copy(update={"database": "other"}))
    with pytest.raises(LakeError, match="lake create"):
        catalog.show(other, ledger)


def test_a_lake_of_this_machine_has_no_catalog(tmp_path: Path, ledger: LocalLedger) -> None:
    catalog.show(Lake(str(tmp_path)), ledger)
    assert catalog.repair(Lake(str(tmp_path)), ledger) == 0
