"""What Athena gives is what DuckDB and Trino give, and the local lake has: rows and types, and at any moment."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from infra.local.aws import athena as endpoint
from infra.local.aws import trino
from infra.local.aws.process import serving
from jobs import storage
from jobs.lake import athena, catalog
from jobs.lake.config import LakeConfig
from jobs.lake.create import create_lake
from jobs.lake.published import published_files, run_rows
from jobs.lake.sql import query
from jobs.lake.types import arrow_type
from jobs.stores.protocols import PublishedFile
from tests.aws import Aws, aws, queried
from tests.conftest import document, write_json_lines, write_key
from tests.integration.golden_drops import every_fault, every_format
from tests.integration.lakes import PROVENANCE, nightly, opened
from tests.integration.paid import FAST
from tests.jobs.commands.running import invoke, refused
from transforms.schemas import SCORES

__all__ = ["aws", "queried"]  # the fixtures

pytestmark = pytest.mark.aws
EARLY, DS = "2026-11-21", "2026-11-22"
# What is asked of each table and view, and the columns that say which run it was, and so differ between two lakes.
ASKED = {
    "scores": "SELECT * FROM scores ORDER BY ds, source_file, source_row",
    "runs": "SELECT * FROM runs ORDER BY run_id",
    "daily_sentiment": "SELECT * FROM daily_sentiment ORDER BY ds, source, language",
    "not_scored": "SELECT * FROM not_scored ORDER BY ds, source_file, source_row",
    "pii_exposure": "SELECT * FROM pii_exposure ORDER BY ds, source, type",
}
OF_A_RUN = PROVENANCE | {"started_at", "finished_at", "stages"}


@dataclass(frozen=True)
class Lakes:
    """The same nights in S3 and in a folder."""

    there: str
    here: str

    @property
    def config(self) -> LakeConfig:
        return config_of(self.there)


@pytest.fixture(scope="module")
def running(queried: Aws) -> Iterator[Aws]:
    with queried.used():
        yield queried


@pytest.fixture(scope="module")
def lakes(running: Aws, tmp_path_factory: pytest.TempPathFactory) -> Lakes:
    """Two dates: one of every format and fault, one of times and texts at the edges."""
    folder = tmp_path_factory.mktemp("athena")
    write_key(folder / "key")
    day = folder / "drops" / f"ds={DS}"
    every_format(day)
    every_fault(day)
    times = ("0001-01-01T00:00:00.000001Z", "9999-12-31T23:59:59.999999Z", "2026-11-21T01:02:03.123456Z", None)
    edges = [document(document_id=f"t{i}", text=f"Good, {i}.", created_at=at) for i, at in enumerate(times)]
    edges += [
        document(document_id="", text='He said "fine",\nand left; write to kim@example.com', source=""),
        document(document_id="\\N", text="NULL, none, {a=1}, [b]", source="it's", subject_id="ünï"),
    ]
    write_json_lines(folder / "drops" / f"ds={EARLY}" / "edges.jsonl", edges)
    lakes = Lakes(new_lake(running), str(folder / "lake"))
    for place in (lakes.there, lakes.here):
        for ds in (EARLY, DS):
            nightly(folder / "drops", place, ds=ds, key_file=folder / "key")
    return lakes


def new_lake(running: Aws) -> str:
    root = f"{running.prefix()}/lake"
    list(create_lake(root))
    return root


def config_of(lake: str) -> LakeConfig:
    config = opened(lake)[0].config
    assert config is not None
    return config


def by_duckdb(lake: str, sql: str, *parameters: str) -> pa.Table:
    layout, stores = opened(lake)
    ledger = stores.ledger()
    return query(published_files(layout, ledger.publications()), run_rows(layout, ledger), sql, parameters)


def by_trino(running: Aws, config: LakeConfig, sql: str) -> tuple[pa.Table, dict[str, Any]]:
    """What Trino itself answers, and its statistics."""
    headers = {
        "X-Trino-User": "test",
        "X-Trino-Catalog": trino.CATALOG,
        "X-Trino-Schema": config.database,
        "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME",
    }
    url = f"{running.environment[trino.VARIABLE]}/v1/statement"
    request = urllib.request.Request(url, sql.encode(), headers)
    columns: list[dict[str, str]] = []
    rows: list[list[Any]] = []
    while True:
        with urllib.request.urlopen(request) as response:
            said = json.load(response)
        assert "error" not in said, said["error"]["message"]
        columns = said.get("columns") or columns
        rows += said.get("data", [])
        if "nextUri" not in said:
            break
        request = urllib.request.Request(said["nextUri"], headers=headers)
    kinds = [arrow_type(column["type"]) for column in columns]
    arrays = [pa.array([value(row[i], kind) for row in rows], kind) for i, kind in enumerate(kinds)]
    return pa.Table.from_arrays(arrays, [column["name"] for column in columns]), said["stats"]


def value(said: Any, kind: pa.DataType) -> Any:
    """A value of Trino's JSON."""
    if said is None:
        return None
    if pa.types.is_map(kind):
        return list(said.items())
    if pa.types.is_list(kind):
        return [value(each, kind.value_type) for each in said]
    if pa.types.is_struct(kind):
        return {field.name: each for field, each in zip(kind, said, strict=True)}
    if pa.types.is_date(kind):
        return date.fromisoformat(said)
    return datetime.fromisoformat(f"{said}+00:00") if pa.types.is_timestamp(kind) else said


def types(table: pa.Table) -> dict[str, pa.DataType]:
    return {field.name: field.type for field in table.schema}


def rows(table: pa.Table, *without: str) -> list[dict[str, Any]]:
    """Rows; maps, which have no order of their own, as dictionaries; what a float32 is, as it is."""
    found: list[dict[str, Any]] = table.drop([each for each in without if each in table.column_names]).to_pylist()
    for column in table.schema:
        if pa.types.is_map(column.type) and column.name not in without:
            for row in found:
                row[column.name] = dict(row[column.name])
    return found


@pytest.mark.parametrize("name", ASKED)
def test_athena_trino_and_duckdb_give_the_same(running: Aws, lakes: Lakes, name: str) -> None:
    found = athena.query(lakes.config, ASKED[name])
    twin = by_duckdb(lakes.there, ASKED[name])
    direct, _ = by_trino(running, lakes.config, ASKED[name])

    assert found.num_rows > 1
    assert types(found) == types(twin) == types(direct)
    assert rows(found) == rows(twin) == rows(direct)
    # Two lakes differ in what says which run it was.
    local = by_duckdb(lakes.here, ASKED[name])
    assert types(found) == types(local)
    assert rows(found, *OF_A_RUN) == rows(local, *OF_A_RUN)


def test_times_are_of_microseconds(lakes: Lakes) -> None:
    found = athena.query(
        lakes.config, "SELECT created_at FROM scores WHERE created_at IS NOT NULL AND ds = CAST(? AS date)", [EARLY]
    )
    micros = {each.microsecond for each in found["created_at"].to_pylist()}
    assert {1, 999999, 123456} <= micros
    scored = athena.query(lakes.config, "SELECT max(scored_at) AS at FROM scores")["at"]
    assert scored.type == pa.timestamp("us", tz="UTC")
    assert scored.to_pylist() == by_duckdb(lakes.there, "SELECT max(scored_at) AS at FROM scores")["at"].to_pylist()


def test_a_parameter_with_quotes(lakes: Lakes) -> None:
    sql = "SELECT document_id FROM scores WHERE source = ?"
    for source, count in (("it's", 1), ("it's' OR 'a' = 'a", 0), ("'; DROP VIEW scores; --", 0)):
        assert athena.query(lakes.config, sql, [source]).num_rows == count
        assert by_duckdb(lakes.there, sql, source).num_rows == count
    assert athena.query(lakes.config, "SELECT count(*) AS n FROM scores")["n"][0].as_py() > 1


def test_without_trino_duckdb_answers_the_same(
    running: Aws, lakes: Lakes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {name: each for name, each in running.environment.items() if name != trino.VARIABLE}
    with serving(endpoint.PART, tmp_path, known) as launched:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ATHENA", launched.endpoints["AWS_ENDPOINT_URL_ATHENA"])
        list(create_lake(lakes.there))  # its workgroup
        for sql in ASKED.values():
            found, twin = athena.query(lakes.config, sql), by_duckdb(lakes.there, sql)
            assert types(found) == types(twin)
            assert rows(found) == rows(twin)
        assert "DuckDB" in launched.what


def test_the_command_asks_athena_for_a_lake_in_s3(lakes: Lakes, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = "SELECT ds, scored, mean_net_sentiment FROM daily_sentiment WHERE ds = CAST(? AS date) ORDER BY 2 DESC, 3"
    asked: list[str] = []
    ask = athena.query

    def noted(config: LakeConfig, said: str, parameters: Sequence[str]) -> pa.Table:
        asked.append(said)
        return ask(config, said, parameters)

    monkeypatch.setattr(athena, "query", noted)

    told = ("sql", "--lake", lakes.there, "--format", "csv", "--parameter", EARLY, sql)
    by_default = invoke(*told)

    assert by_default.exit_code == 0, by_default.output
    assert asked == [sql]
    assert invoke(*told[:3], "--engine", "duckdb", *told[3:]).stdout == by_default.stdout
    assert invoke("sql", "--lake", lakes.here, *told[3:]).stdout == by_default.stdout
    assert asked == [sql]
    refused(invoke("sql", "--lake", lakes.here, "--engine", "athena", sql), "Athena reads what is in S3")


def test_a_column_that_an_old_date_lacks(running: Aws, tmp_path: Path) -> None:
    """Of a file as an earlier version wrote it: it has no `pii` and no `chunks`."""
    lake = new_lake(running)
    write_json_lines(tmp_path / "drops" / f"ds={DS}" / "a.jsonl", [document(text="Fine, kim@example.com")])
    write_json_lines(tmp_path / "drops" / f"ds={EARLY}" / "a.jsonl", [document(text="Fine, kim@example.com")])
    nightly(tmp_path / "drops", lake)
    layout, stores = opened(lake)
    (uri,) = published_files(layout, stores.ledger().publications())[EARLY]
    with storage.storage_of(uri).open(uri) as file:
        old = pq.read_table(file).drop(["pii", "chunks"])
    # Beside it lies what a lost worker wrote late.
    for each in (uri, f"{uri.rpartition('/')[0]}/late.parquet"):
        with storage.storage_of(each).create(each) as file:
            pq.write_table(old, file)

    sql = "SELECT ds, pii, chunks, scored_at FROM scores ORDER BY ds"
    found = athena.query(config_of(lake), sql)

    assert [row["chunks"] for row in rows(found)] == [None, 1]
    assert [row["pii"] is None for row in rows(found)] == [True, False]
    assert rows(found) == rows(by_duckdb(lake, sql)) == rows(by_trino(running, config_of(lake), sql)[0])
    assert types(found) == types(by_duckdb(lake, sql))


def test_a_catalog_from_before_a_column(running: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Table and partition were made when there was no `role` and no `left_out`; the next night shows them."""
    lake = new_lake(running)
    later = {"role", "left_out"}
    with monkeypatch.context() as before:
        for name in ("SCORES", "PUBLISHED"):
            known = [field for field in getattr(catalog, name) if field.name not in later]
            before.setattr(catalog, name, pa.schema(known))
        write_json_lines(tmp_path / "drops" / f"ds={EARLY}" / "a.jsonl", [document(role="agent")])
        nightly(tmp_path / "drops", lake)
    layout, stores = opened(lake)
    (uri,) = published_files(layout, stores.ledger().publications())[EARLY]
    with storage.storage_of(uri).open(uri) as file:
        old = pq.read_table(file).drop(sorted(later))
    with storage.storage_of(uri).create(uri) as file:
        pq.write_table(old, file)
    refused(invoke("sql", "--lake", lake, "SELECT role FROM scores"), "role")

    write_json_lines(tmp_path / "drops" / f"ds={DS}" / "a.jsonl", [document(role="agent")])
    nightly(tmp_path / "drops", lake)
    sql = "SELECT ds, source, role, left_out, language, chunks, scored_at FROM scores ORDER BY ds"
    found = athena.query(config_of(lake), sql)

    assert [(row["source"], row["role"], row["left_out"], row["language"]) for row in rows(found)] == [
        ("mail", None, None, "en"),
        ("mail", "agent", 0, "en"),
    ]
    assert rows(found) == rows(by_duckdb(lake, sql)) == rows(by_trino(running, config_of(lake), sql)[0])
    assert types(found) == types(by_duckdb(lake, sql))


def test_a_query_of_one_date_reads_its_files_alone(running: Aws, tmp_path: Path) -> None:
    """Through the view, and by a parameter, too."""
    lake = new_lake(running)
    layout, stores = opened(lake)
    ledger, days = stores.ledger(), [f"2026-{month:02}-{day:02}" for month in (9, 10) for day in range(1, 31)]
    row = {"document_id": "a", "status": "SCORED"}
    files = {}
    for ds in days:
        uri = layout.at(f"scores/ds={ds}/run=R1/part.parquet")
        with storage.storage_of(uri).create(uri) as file:
            pq.write_table(pa.Table.from_pylist([row], schema=SCORES), file)
        files[ds] = [PublishedFile(f"scores/ds={ds}/run=R1/part.parquet", 1)]
    ledger.begin("R1", days[0], days, alone=False)
    ledger.publish("R1", dict.fromkeys(days), files, [], {})
    catalog.show(layout, ledger)
    config = config_of(lake)

    sql = "SELECT count(document_id) AS n FROM scores"
    one, of_one = by_trino(running, config, f"{sql} WHERE ds = DATE '{days[0]}'")
    every, of_all = by_trino(running, config, sql)

    assert (rows(one), rows(every)) == ([{"n": 1}], [{"n": len(days)}])
    assert of_one["totalSplits"] < 8 < len(days) <= of_all["totalSplits"]
    client = running.client("athena")
    scanned = {}
    for asked, parameters in ((f"{sql} WHERE ds = CAST(? AS date)", [f"'{days[0]}'"]), (sql, [])):
        told: Mapping[str, Any] = {"ExecutionParameters": parameters} if parameters else {}
        started = client.start_query_execution(
            QueryString=asked, WorkGroup=config.workgroup, QueryExecutionContext={"Database": config.database}, **told
        )["QueryExecutionId"]
        state: dict[str, Any] = {"Status": {"State": "QUEUED"}}
        while state["Status"]["State"] in ("QUEUED", "RUNNING"):
            time.sleep(0.1)
            state = client.get_query_execution(QueryExecutionId=started)["QueryExecution"]
        scanned[len(parameters)] = state["Statistics"]["DataScannedInBytes"]
    assert 0 < scanned[1] * 10 < scanned[0]


SEEN = "SELECT ds, source_file, source_row, document_id, status, redacted_text, run_id, scored_at FROM scores"


def seen(table: pa.Table) -> frozenset[tuple[Any, ...]]:
    """Rows as something to compare."""
    return frozenset(tuple(row.values()) for row in table.to_pylist())


@contextmanager
def asking(ask: Callable[[], pa.Table], readers: int) -> Iterator[list[list[frozenset[tuple[Any, ...]]]]]:
    """Readers that ask all the while: what each has seen, in order. None may get an error."""
    over = threading.Event()
    answers: list[list[frozenset[tuple[Any, ...]]]] = [[] for _ in range(readers)]
    raised: list[BaseException] = []

    def read(number: int) -> None:
        while not over.is_set():
            try:
                answers[number].append(seen(ask()))
            except BaseException as error:  # noqa: BLE001 - raised again below
                raised.append(error)
                return
            over.wait(1.0)  # the nights need the processor, too

    threads = [threading.Thread(target=read, args=(i,), daemon=True) for i in range(readers)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        over.set()
        for thread in threads:
            thread.join()
    if raised:
        raise raised[0]


@pytest.mark.timeout(1800)  # nine queries at once on what may be a busy machine
def test_never_a_mixture_while_nights_publish_and_are_taken_back(running: Aws, tmp_path: Path) -> None:
    """A second night of changed, late, deferred and repeated files, and a rollback, while four and four readers ask."""
    lake, drops = new_lake(running), tmp_path / "drops"
    config = config_of(lake)

    def put(ds: str, name: str, *texts: str) -> None:
        listed = [document(document_id=f"{name} {i}", text=f"{text} {tmp_path}") for i, text in enumerate(texts)]
        write_json_lines(drops / f"ds={ds}" / f"{name}.jsonl", listed)

    put(EARLY, "changes", "It was good.", "It was bad.")
    put(EARLY, "stays", "It stays.", "It stays as well.")
    put(DS, "waits", *(f"For this no money is left, {i}." for i in range(8)))
    paid: dict[str, Any] = {"scorer": "comprehend", "quota_tps": FAST, "language": "en"}
    first = nightly(drops, lake, budget=Decimal("0.0020"), **paid)
    assert first is not None
    assert first.summary.deferred > 0

    def ask() -> pa.Table:
        return athena.query(config, SEEN)

    states = [seen(ask())]
    with asking(ask, 4) as through_athena, asking(lambda: by_duckdb(lake, SEEN), 4) as through_duckdb:
        put(EARLY, "changes", "It was good.", "It has changed.")
        put(EARLY, "late", "It is late.")
        put(DS, "more", "One more.")
        second = nightly(drops, lake, **paid)
        assert second is not None
        assert second.summary.deferred == 0
        assert second.summary.carried > 0
        states.append(seen(ask()))  # the very next query
        assert states[1] == seen(by_duckdb(lake, SEEN))
        assert invoke("rollback", "--lake", lake, "--ds", EARLY).exit_code == 0
        states.append(seen(ask()))
        assert states[2] == seen(by_duckdb(lake, SEEN))
        assert invoke("rollback", "--lake", lake, "--ds", DS).exit_code == 0
        assert seen(ask()) == states[0]

    assert len(set(states)) == 3
    # Both dates at once, and then each back.
    assert {row[0] for row in states[1] - states[0]} == {date.fromisoformat(EARLY), date.fromisoformat(DS)}
    assert {row[0] for row in states[2] ^ states[1]} == {date.fromisoformat(EARLY)}
    order = [*states, states[0]]
    for answers in (*through_athena, *through_duckdb):
        assert answers
        at = 0
        for answer in answers:
            assert answer in set(order), "a mixture"
            at = order.index(answer, at)  # ValueError: it went back
    assert sum(map(len, through_athena)) > 4


def test_dates_that_are_compared_are_compared(lakes: Lakes) -> None:
    """By a view that turns microseconds into times."""
    sql = "SELECT document_id FROM scores WHERE created_at > TIMESTAMP '9999-01-01 00:00:00' ORDER BY document_id"
    assert athena.query(lakes.config, sql).to_pylist() == [{"document_id": "t1"}]
    assert pc.count(athena.query(lakes.config, "SELECT created_at FROM scores")["created_at"]).as_py() > 3
