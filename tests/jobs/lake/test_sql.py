from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.lake.sql import query
from transforms.answers import format_table
from transforms.errors import LakeError, UsageError
from transforms.schemas import RUNS, SCORES

BASE = {"document_id": "d1", "status": "SCORED", "redacted_text": "secret words", "pii": [{"type": "EMAIL"}]}
Files = dict[str, dict[str, int]]
Answer = Callable[..., list[dict[str, Any]]]


def write(path: Path, *rows: dict[str, Any]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([BASE | row for row in rows], schema=SCORES), path, write_page_checksum=True)
    return str(path)


def turn_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[content.index(b"secret words")] ^= 1
    path.write_bytes(content)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return {
        "2026-11-21": {write(tmp_path / "one.parquet", {"document_id": "a"}): 1},
        "2026-11-22": {
            write(tmp_path / "two.parquet", {"document_id": "b"}, {"document_id": "c", "sentiment": "MIXED"}): 2,
            write(tmp_path / "three.parquet", {"document_id": "d", "redacted_text": "12"}): 1,
        },
    }


@pytest.fixture
def answer(files: Files) -> Answer:
    return lambda sql, *parameters: query(files, [], sql, parameters).to_pylist()


def test_rows_have_their_date(answer: Answer) -> None:
    assert answer("SELECT ds, count(*) AS documents FROM scores GROUP BY ds ORDER BY ds") == [
        {"ds": date(2026, 11, 21), "documents": 1},
        {"ds": date(2026, 11, 22), "documents": 3},
    ]


def test_filter_on_the_date_skips_other_files(files: Files) -> None:
    _, two, _ = (Path(file) for listed in files.values() for file in listed)
    turn_a_bit(two)
    assert query(files, [], "SELECT document_id FROM scores WHERE ds = '2026-11-21'").to_pylist() == [
        {"document_id": "a"}
    ]


def test_tables_are_those_of_the_schemas(files: Files) -> None:
    for published in (files, {}):
        found = query(published, [], "SELECT * FROM scores LIMIT 0").schema
        assert found.names == [*SCORES.names, "ds"]
        assert found.field("pii").type == SCORES.field("pii").type
        assert found.field("scored_at").type == SCORES.field("scored_at").type


def test_runs(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    pq.write_table(pa.Table.from_pylist([{"run_id": "r1", "reasons": [("TEXT_BLANK", 2)]}], schema=RUNS), path)
    found = query({}, [str(path)], "SELECT run_id, reasons['TEXT_BLANK'] AS blank FROM runs")
    assert found.to_pylist() == [{"run_id": "r1", "blank": 2}]
    assert query({}, [], "SELECT * FROM runs").schema.names == RUNS.names


def test_nothing_published() -> None:
    assert query({}, [], "SELECT count(*) AS n FROM scores").to_pylist() == [{"n": 0}]
    assert query({"2026-11-22": {}}, [], "SELECT * FROM daily_sentiment").num_rows == 0


NAMES = [
    "a b",
    "it's",
    'quo"te',
    "100%41",
    "st*r",
    "qu?st",
    "br[0-9]",
    "bra[c",
    "bra]c",
    "d**p",
    "cu{a,b}",
    "line\nbreak",
    "ünï",
    "ds=x",
]


@pytest.mark.parametrize("name", NAMES)
def test_path_is_a_name_and_no_pattern(name: str, tmp_path: Path) -> None:
    """Beside each file lie those that it would match if it were a pattern, and they are not read."""
    others = ("stXr", "st!r", "qu!st", "br5", "d!!p", "cua", "100A")
    for folder, file in itertools.product((name, *others), repeat=2):
        write(tmp_path / folder / f"{file}.parquet", {"document_id": "other"})
    wanted = write(tmp_path / name / f"{name}.parquet", {"document_id": "wanted"})
    assert query({"2026-11-22": {wanted: 1}}, [], "SELECT document_id, ds FROM scores").to_pylist() == [
        {"document_id": "wanted", "ds": date(2026, 11, 22)}
    ]


def test_file_that_is_not_there(files: Files, tmp_path: Path) -> None:
    Path(next(iter(files["2026-11-21"]))).unlink()
    with pytest.raises(LakeError, match=r"one\.parquet is published, but not there"):
        query(files, [], "SELECT 1")


def test_file_that_is_no_such_table(tmp_path: Path) -> None:
    (tmp_path / "damaged.parquet").write_bytes(b"PAR1 nothing")
    pq.write_table(pa.table({"other": [1]}), tmp_path / "other.parquet")
    for name, said in (("damaged", "but damaged: restore it"), ("other", "but is no such table")):
        with pytest.raises(LakeError, match=rf"{name}\.parquet is published, {said}"):
            query({"2026-11-22": {str(tmp_path / f"{name}.parquet"): 1}}, [], "SELECT 1")


def test_file_of_other_rows_than_were_published(files: Files) -> None:
    two = next(iter(files["2026-11-22"]))
    files["2026-11-22"][two] = 3
    with pytest.raises(LakeError, match=r"two\.parquet has 2 rows where 3 were published"):
        query(files, [], "SELECT 1")


def test_file_in_which_a_bit_has_turned(files: Files) -> None:
    two = next(iter(files["2026-11-22"]))
    turn_a_bit(Path(two))
    with pytest.raises(LakeError, match=r"two\.parquet is published, but damaged"):
        query(files, [], "SELECT document_id, redacted_text FROM scores")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 AS n",
        "WITH x AS (SELECT 1) SELECT * FROM x;",
        "FROM scores",
        "VALUES (1)",
        "DESCRIBE scores",
        "SHOW TABLES",
        "SUMMARIZE runs",
        "EXPLAIN SELECT * FROM scores",
        "-- a comment\nSELECT 1",
        "/* one */ explain -- two\n ANALYZE (FORMAT json) SELECT 1",
        "EXPLAIN FROM scores",
    ],
)
def test_reads_are_answered(sql: str, answer: Answer) -> None:
    assert answer(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "-- nothing",
        "SELECT 1; SELECT 2",
        "CREATE TABLE t AS SELECT 1",
        "DROP VIEW scores",
        "INSERT INTO scores SELECT * FROM scores",
        "COPY scores TO 'out.csv'",
        "EXPORT DATABASE 'out'",
        "ATTACH 'out.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit = '90GB'",
        "RESET enable_external_access",
        "PRAGMA enable_profiling",
        "CALL pragma_version()",
        "CHECKPOINT",
        "SET VARIABLE x = 1",
        "PREPARE p AS SELECT 1",
        "EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1",
        "EXPLAIN ANALYZE INSERT INTO scores SELECT * FROM scores",
        "EXPLAIN /* */ ANALYZE COPY (SELECT 1) TO 'out.csv'",
        "BEGIN",
    ],
)
def test_what_does_not_read_is_refused(sql: str, answer: Answer) -> None:
    with pytest.raises(UsageError, match="one statement that reads"):
        answer(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{other}')",
        "SELECT * FROM read_blob('{other}')",
        "SELECT * FROM read_csv('{other}')",
        "SELECT * FROM read_parquet('{other}')",
        "SELECT * FROM parquet_metadata('{other}')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM '{other}'",
        "SELECT * FROM sniff_csv('{other}')",
        "SELECT * FROM query('SELECT * FROM read_text(''{other}'')')",
        "SELECT * FROM read_parquet('https://example.com/x.parquet')",
        "EXPLAIN ANALYZE COPY scores TO '{folder}/out.csv'",
        "EXPLAIN ANALYZE ATTACH '{folder}/out.db'",
        "EXPLAIN ANALYZE SET memory_limit = '90GB'",
        # Published ones, which the engine could open until 2026-11-28, and so overwrite.
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{published}'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{published}' (USE_TMP_FILE false)",
        "EXPLAIN ANALYZE COPY scores TO '{published}' (FORMAT parquet, USE_TMP_FILE false)",
        "EXPLAIN ANALYZE EXPORT DATABASE '{folder}'",
        "SELECT * FROM read_blob('{published}')",
        "SELECT * FROM '{published}'",
    ],
)
def test_no_other_file_is_read_and_none_written(sql: str, answer: Answer, tmp_path: Path) -> None:
    other = write(tmp_path / "unpublished.parquet", {"document_id": "unpublished"})
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(UsageError):
        answer(sql.format(other=other, folder=tmp_path, published=tmp_path / "one.parquet"))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_variables_of_this_process_are_no_tables(answer: Answer) -> None:
    rows = pa.table({"a": [1]})
    assert rows.num_rows
    with pytest.raises(UsageError, match="rows"):
        answer("SELECT * FROM rows")


def test_limits_hold(answer: Answer) -> None:
    settings = answer(
        "SELECT current_setting('memory_limit') AS memory, current_setting('temp_directory') AS spill,"
        " current_setting('enable_external_access') AS external, current_setting('lock_configuration') AS locked,"
        " current_setting('python_enable_replacements') AS python, current_setting('autoload_known_extensions') AS load"
    )
    off = {"external": False, "python": False, "load": False}
    assert settings == [{"memory": "953.6 MiB", "spill": "", "locked": True} | off]


def test_parameters_are_bound(answer: Answer) -> None:
    assert answer("SELECT document_id FROM scores WHERE document_id = ? AND ds = ?", "a", "2026-11-21") == [
        {"document_id": "a"}
    ]
    assert answer("SELECT ? AS said", "'; DROP TABLE scores; --") == [{"said": "'; DROP TABLE scores; --"}]
    with pytest.raises(UsageError, match="not provided"):
        answer("SELECT ?")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELEC 1", 'syntax error at or near "SELEC"'),
        ("SELECT nope FROM scores", '"nope" not found'),
        ("SELECT * FROM nope", "nope does not exist"),
        ("SELECT nope(1)", "nope does not exist"),
    ],
)
def test_mistakes_are_told_in_the_querys_own_words(sql: str, said: str, answer: Answer) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        answer(sql)
    assert "EXPLAIN" not in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CAST(redacted_text AS INT) FROM scores",
        "SELECT error(redacted_text) FROM scores",
        "SELECT CAST(redacted_text AS DATE) FROM scores",
        "SELECT CAST(redacted_text AS JSON) FROM scores",
        "SELECT strptime(redacted_text, '%Y') FROM scores",
        "SELECT regexp_matches('x', redacted_text || '(') FROM scores",
        "EXPLAIN ANALYZE SELECT CAST(redacted_text AS INT) FROM scores",
        "SELECT json_extract('{}', '$' || redacted_text || '[') FROM scores",
        "SELECT CAST(redacted_text AS INT) + CAST(? AS INT) FROM scores",
    ],
)
def test_no_message_holds_a_documents_text(sql: str, answer: Answer) -> None:
    with pytest.raises(UsageError) as raised:
        answer(sql, *["1"] * sql.count("?"))
    assert "secret" not in str(raised.value)
    assert "failed while it ran" in str(raised.value)


def test_text_that_is_no_text(answer: Answer) -> None:
    with pytest.raises(UsageError, match="not valid text"):
        answer("SELECT '\udc80'")


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT sum(1)", 1),
        ("SELECT 1.5::DECIMAL(4, 2)", 1.5),
        ("SELECT 170141183460469231731687303715884105727::HUGEINT", 2**127 - 1),
        ("SELECT DATE '10000-01-01'", "10000-01-01"),
        ("SELECT DATE '2026-11-22'", "2026-11-22"),
        ("SELECT TIME '10:00'", "10:00:00"),
        ("SELECT TIMESTAMP '2026-11-22 10:00'", "2026-11-22T10:00:00"),
        ("SELECT '\\xAA'::BLOB", "aa"),
        ("SELECT true", True),
        ("SELECT {'a': [1, NULL]}", {"a": [1, None]}),
    ],
)
def test_every_kind_of_value_has_a_form(sql: str, value: object, answer: Answer) -> None:
    table = query({}, [], sql)
    assert list(json.loads(format_table(table, "json"))[0].values()) == [value]
    for output in ("csv", "table"):
        assert format_table(table, output).strip()
