"""The Glue catalog of a lake in S3: the tables and views that Athena reads. See docs/s3.md.

scores_all   every run's rows of every date, by (ds, run); a partition is registered once, and never moves
scores       a view of it that lists what is published: one change of it publishes all dates of a run, or takes one back
runs_all     the files of `runs`
runs         a view of it; and a view for each file of `transforms/sql`

A partition's location holds no Parquet but a manifest, which lists its files: what a lost worker writes late beside
them is read by nobody. https://docs.aws.amazon.com/athena/latest/ug/supported-serdes.html, SymlinkTextInputFormat.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from jobs.lake.config import LakeConfig
from jobs.lake.files import put, using
from jobs.lake.layout import Lake
from jobs.lake.types import hive_type, trino_type
from jobs.lake.views import views
from jobs.storage import storage_of
from jobs.stores.aws.client import Client, Refusal
from jobs.stores.protocols import Ledger, PublishedFile
from transforms.errors import LakeBusy, LakeError
from transforms.schemas import PUBLISHED, RUNS, SCORES

# Partitions that one call registers: Glue's limit.
_PARTITIONS_A_CALL = 100
_PAIR = re.compile(r"\('([^']*)','([^']*)'\)")
_PARQUET = {
    "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    "Parameters": {"serialization.format": "1"},
}
_OUTPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
_SYMLINKS = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    "SerdeInfo": _PARQUET,
}
_FILES = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": _OUTPUT,
    "SerdeInfo": _PARQUET,
}
_DS = pa.field("ds", pa.string())


class Pair(NamedTuple):
    """A date, and a run that wrote it."""

    ds: str
    run_id: str


def show(lake: Lake, ledger: Ledger) -> None:
    """Have the catalog show what the ledger has published; nothing for a lake of this machine. Raises LakeError."""
    if lake.config is not None:
        _Catalog(lake, lake.config).sync(ledger)


def repair(lake: Lake, ledger: Ledger) -> int:
    """Register what is published and was lost, and show it as `show` does; how many partitions. Raises LakeError."""
    if lake.config is None:
        return 0
    catalog = _Catalog(lake, lake.config)
    lost = catalog.restore(ledger)
    catalog.sync(ledger)
    return lost


def unlike(lake: Lake, ledger: Ledger, dates: Sequence[str]) -> list[str]:
    """What catalog, and of some dates manifests, say otherwise than the ledger, a line each. Raises LakeError."""
    return [] if lake.config is None else _Catalog(lake, lake.config).unlike(ledger, dates)


class _Catalog:
    """A lake's database. Every method raises LakeError."""

    def __init__(self, lake: Lake, config: LakeConfig) -> None:
        self._lake, self._database = lake, config.database
        make = f"there is no such database; `aurastream lake create --lake {lake.root}` makes it"
        called = f"database {config.database} of the Glue catalog"
        self._client = Client("glue", called, LakeError, LakeBusy, {"EntityNotFoundException": make})

    def sync(self, ledger: Ledger) -> None:
        """Show what is published. Afterwards the catalog is no older than the ledger was when this was called.

        The ledger is read after the view's version, and the view replaced only if it still has that version: of two who
        publish at once, one reads the ledger again. What is there already is not written.
        """
        there = self._tables()
        self._have_tables(there)
        while True:
            before = self._get("scores")
            shown = shown_pairs(before)
            wanted = {Pair(*each) for each in ledger.pointers().items()}
            if not self._register(ledger, wanted - shown):
                continue  # published anew meanwhile
            if self._replace(before, self._view("scores", _scores_sql(wanted), PUBLISHED)):
                break
        runs = self._view("runs", f"SELECT {_selected(RUNS)} FROM runs_all", RUNS)  # noqa: S608 - declared names
        self._replace(there.get("runs"), runs)
        for name, sql in views().items():
            self._have_view(there.get(name), name, sql)

    def restore(self, ledger: Ledger) -> int:
        """Write the manifests and register the partitions of all that is published, and lost; how many there were."""
        self._have_tables(self._tables())
        with using(self._lake.root):
            listed = {stored.uri for stored in storage_of(self._lake.root).list(self._lake.at("catalog/scores"))}
        registered = {pair for pair in self._registered() if self._manifest(pair) in listed}
        while True:
            lost = {Pair(*each) for each in ledger.pointers().items()} - registered
            if self._register(ledger, lost):
                return len(lost)

    def unlike(self, ledger: Ledger, dates: Sequence[str]) -> list[str]:
        """See `unlike`. The ledger is read before and after: a night that publishes meanwhile is no difference."""
        while True:
            before = ledger.pointers()
            publications = ledger.publications(dates) if dates else {}
            pairs = {Pair(*each) for each in before.items()}
            shown = shown_pairs(self._get("scores"))
            found = [f"scores does not show run {pair.run_id} of {pair.ds}" for pair in sorted(pairs - shown)]
            found += [f"scores shows run {pair.run_id} of {pair.ds}" for pair in sorted(shown - pairs)]
            for ds, publication in sorted(publications.items()):
                pair = Pair(ds, publication.run_id)
                if pair in pairs & shown and self._listed(pair) != self._manifest_of(publication.files):
                    found.append(f"the manifest of run {pair.run_id} of {ds} lists other files")
            if not found or ledger.pointers() == before:
                return found

    def _listed(self, pair: Pair) -> bytes | None:
        """What a pair's manifest says; None where there is none."""
        uri = self._manifest(pair)
        with using(self._lake.root):
            try:
                with storage_of(uri).open(uri) as file:
                    return bytes(file.read())
            except FileNotFoundError:
                return None

    def _have_tables(self, there: Mapping[str, dict[str, Any]]) -> None:
        keys = [_DS, pa.field("run", pa.string())]
        self._replace(there.get("scores_all"), self._table("scores_all", SCORES, keys, "catalog/nothing", _SYMLINKS))
        self._replace(there.get("runs_all"), self._table("runs_all", RUNS, [], "runs", _FILES))

    def _register(self, ledger: Ledger, pairs: set[Pair]) -> bool:
        """Register partitions that are published; False where one of them is so no more."""
        if not pairs:
            return True
        found = ledger.publications({pair.ds for pair in pairs})
        if any(pair.ds not in found or found[pair.ds].run_id != pair.run_id for pair in pairs):
            return False
        ordered = sorted(pairs)
        for pair in ordered:
            self._write_manifest(pair, found[pair.ds].files)
        for i in range(0, len(ordered), _PARTITIONS_A_CALL):
            partitions = [self._partition(pair) for pair in ordered[i : i + _PARTITIONS_A_CALL]]
            answer = self._call("batch_create_partition", TableName="scores_all", PartitionInputList=partitions)
            for error in answer.get("Errors", []):
                code = error["ErrorDetail"]["ErrorCode"]
                if code != "AlreadyExistsException":
                    raise self._client.unusable(f"a partition of scores_all was refused: {code}")
        return True

    def _registered(self) -> set[Pair]:
        """Every partition of `scores_all`."""
        pages = self._pages("get_partitions", TableName="scores_all", ExcludeColumnSchema=True)
        return {Pair(*each["Values"]) for page in pages for each in page["Partitions"]}

    def _manifest(self, pair: Pair) -> str:
        return self._lake.at(f"catalog/scores/ds={pair.ds}/run={pair.run_id}/manifest")

    def _write_manifest(self, pair: Pair, listed: Sequence[PublishedFile]) -> None:
        """What a run published of a date, by file."""
        put(self._manifest(pair), self._manifest_of(listed))

    def _manifest_of(self, listed: Sequence[PublishedFile]) -> bytes:
        return "".join(f"{self._lake.at(file.path)}\n" for file in listed).encode()

    def _partition(self, pair: Pair) -> dict[str, Any]:
        return {
            "Values": list(pair),
            "StorageDescriptor": self._described(SCORES, _folder(self._manifest(pair)), _SYMLINKS),
        }

    def _table(
        self, name: str, schema: pa.Schema, keys: Sequence[pa.Field], path: str, stored: Mapping[str, Any]
    ) -> dict[str, Any]:
        return {
            "Name": name,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
            "PartitionKeys": _hive_columns(pa.schema(keys)),
            "StorageDescriptor": self._described(schema, self._lake.at(path), stored),
        }

    def _described(self, schema: pa.Schema, location: str, stored: Mapping[str, Any]) -> dict[str, Any]:
        return {"Columns": _hive_columns(_as_stored(schema)), "Location": f"{location}/", **stored}

    def _view(self, name: str, sql: str, schema: pa.Schema) -> dict[str, Any]:
        """A view as Athena keeps it."""
        said = {
            "originalSql": sql,
            "catalog": "awsdatacatalog",
            "schema": self._database,
            "columns": [{"name": field.name, "type": trino_type(field.type)} for field in schema],
            "runAsInvoker": True,  # whoever asks needs the rights himself; the engine refuses a view of nobody's
        }
        encoded = base64.b64encode(json.dumps(said).encode()).decode()
        return {
            "Name": name,
            "TableType": "VIRTUAL_VIEW",
            "Parameters": {"presto_view": "true", "comment": "Presto View"},
            "PartitionKeys": [],
            "StorageDescriptor": {
                "Columns": _hive_columns(schema),
                "Location": "",
                "SerdeInfo": {},
            },
            "ViewOriginalText": f"/* Presto View: {encoded} */",
            "ViewExpandedText": "/* Presto View */",
        }

    def _have_view(self, before: Mapping[str, Any] | None, name: str, sql: str) -> None:
        """A view whose columns DuckDB, the local twin, tells: asked only where its text is another."""
        from jobs.lake.sql import view_schemas  # and so DuckDB

        if before is None or _said(before).get("originalSql") != sql:
            self._replace(before, self._view(name, sql, view_schemas()[name]))

    def _tables(self) -> dict[str, dict[str, Any]]:
        """Every table and view of the database, by name."""
        return {table["Name"]: table for page in self._pages("get_tables") for table in page["TableList"]}

    def _get(self, name: str) -> dict[str, Any] | None:
        """A table of the database with its version, or None."""

        def attempt(_: bool) -> dict[str, Any] | Refusal:
            return self._client.call("get_table", {"EntityNotFoundException"}, DatabaseName=self._database, Name=name)

        answer = self._client.persist(attempt)
        return None if isinstance(answer, Refusal) else answer["Table"]

    def _replace(self, before: Mapping[str, Any] | None, table: dict[str, Any]) -> bool:
        """Make a table what it is to be, if it still is what it was; whether it is now.

        Of all but `scores`, which say the same for every run, another's newer one is as good.
        """
        if before is None:
            operation, more, lost = "create_table", {}, "AlreadyExistsException"
        elif _same(before, table):
            return True
        else:
            # Without the archive, which ends at 100,000 versions of a table.
            more = {"VersionId": before["VersionId"], "SkipArchive": True}
            operation, lost = "update_table", "ConcurrentModificationException"

        def attempt(_: bool) -> dict[str, Any] | Refusal:
            return self._client.call(operation, {lost}, DatabaseName=self._database, TableInput=table, **more)

        return not isinstance(self._client.persist(attempt), Refusal)

    def _pages(self, operation: str, **told: Any) -> Iterator[dict[str, Any]]:
        more: dict[str, str] = {}
        while True:
            page = self._call(operation, **told, **more)
            yield page
            if not page.get("NextToken"):
                return
            more = {"NextToken": page["NextToken"]}

    def _call(self, operation: str, **told: Any) -> dict[str, Any]:
        return self._client.persist(lambda _: self._told(operation, **told))

    def _told(self, operation: str, **told: Any) -> dict[str, Any]:
        """One try, of which every refusal is an error."""
        answer = self._client.call(operation, DatabaseName=self._database, **told)
        return {} if isinstance(answer, Refusal) else answer


def _folder(uri: str) -> str:
    return uri.rpartition("/")[0]


def _same(before: Mapping[str, Any], table: Mapping[str, Any]) -> bool:
    """Whether a table says already what it is to say. Glue may add to it, and leave out what is empty."""
    described = before.get("StorageDescriptor") or {}
    wanted = table["StorageDescriptor"]
    return (
        before.get("ViewOriginalText") == table.get("ViewOriginalText")
        and described.get("Columns") == wanted["Columns"]
        and (table["TableType"] == "VIRTUAL_VIEW" or described.get("Location") == wanted["Location"])
    )


def _said(table: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a view of ours says; nothing where there is none that can be read."""
    found = re.fullmatch(r"/\* Presto View: (\S+) \*/", (table or {}).get("ViewOriginalText") or "")
    try:
        said = json.loads(base64.b64decode(found[1])) if found else {}
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def shown_pairs(view: Mapping[str, Any] | None) -> set[Pair]:
    """What `scores` shows, as the catalog has it."""
    return {Pair(*found) for found in _PAIR.findall(str(_said(view).get("originalSql")))}


def _scores_sql(pairs: set[Pair]) -> str:
    listed = ",".join(f"('{pair.ds}','{pair.run_id}')" for pair in sorted(pairs))
    where = f"(ds, run) IN ({listed})" if pairs else "false"
    return f"SELECT {_selected(SCORES)}, CAST(ds AS date) AS ds FROM scores_all WHERE {where}"  # noqa: S608 - dates and ULIDs of the ledger


def _as_stored(schema: pa.Schema) -> pa.Schema:
    """A table's columns as it declares them: timestamps as the microseconds since 1970 that a file holds.

    As timestamps, Athena would read milliseconds, and round 9999-12-31 up to a year that it cannot write.
    """
    return pa.schema([field.with_type(pa.int64()) if _is_time(field) else field for field in schema])


def _selected(schema: pa.Schema) -> str:
    """A table's columns as a view of it shows them. Decimals, for nanoseconds in 64 bits end in 2262."""
    return ", ".join(
        f"CAST(from_unixtime_nanos(CAST({field.name} AS decimal(38,0)) * 1000) AS timestamp(6)) AS {field.name}"
        if _is_time(field)
        else field.name
        for field in schema
    )


def _is_time(field: pa.Field) -> bool:
    return bool(pa.types.is_timestamp(field.type))


def _hive_columns(schema: pa.Schema) -> list[dict[str, str]]:
    return [{"Name": field.name, "Type": hive_type(field.type)} for field in schema]
