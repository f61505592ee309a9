"""The local Athena without its sockets: workgroups, and queries from start to end.

https://docs.aws.amazon.com/athena/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import asyncio
import re
import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import boto3
import orjson
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.athena.engines import OTHER, SYSTEM, USER, Engine, Failed
from infra.local.athena.results import Column, Row, csv_line, result_set, text_line
from infra.local.aws.part import REGION

JSON = dict[str, Any]
PRIMARY = "primary"
_MOST_ROWS = 1_000  # of one answer of GetQueryResults
_GAP = r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/|\()*"
_FIRST = re.compile(rf"\A{_GAP}([A-Za-z]+)", re.DOTALL)
_QUERIES = {"SELECT", "WITH", "VALUES", "TABLE", "EXPLAIN"}
_TOLD = {"SHOW", "DESCRIBE", "DESC"}
_VIEWS = re.compile(rf"\A{_GAP}(CREATE{_GAP}(OR{_GAP}REPLACE{_GAP})?|DROP{_GAP})VIEW\b", re.DOTALL | re.IGNORECASE)
# What EXPLAIN would run. It explains queries alone here.
_EXPLAINED = re.compile(
    rf"\A{_GAP}EXPLAIN\b{_GAP}(?:ANALYZE\b{_GAP})?(?:VERBOSE\b{_GAP})?(?:(?:TYPE|FORMAT)\b[^()]*\){_GAP})?([A-Za-z]+)",
    re.DOTALL | re.IGNORECASE,
)


class Refused(Exception):
    """A call is refused, with a code of Athena's."""

    def __init__(self, code: str, message: str, **more: str) -> None:
        super().__init__(message)
        self.body = {"__type": code, "Message": message, **more}


@dataclass
class Execution:
    """A query: what was asked, how it stands, and what it has answered."""

    request: JSON
    workgroup: str
    output: str  # the URI of its result
    kind: str  # DML, DDL or UTILITY
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: str = "QUEUED"
    reason: str = ""
    category: int = 0
    submitted: float = field(default_factory=time.time)
    ended: float = 0.0
    scanned: int = 0
    columns: list[Column] = field(default_factory=list)
    task: asyncio.Task[None] | None = None

    @property
    def sql(self) -> str:
        """The statement."""
        return str(self.request["QueryString"])

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.state in ("SUCCEEDED", "FAILED", "CANCELLED")


class Service:
    """One Athena. Workgroups are kept in a file of its folder; queries, and their rows there, until it ends.

    Results go to the S3 of an endpoint. Every operation is a method of its name; they raise Refused.
    """

    def __init__(self, engine: Engine, folder: Path, s3: Any) -> None:
        self._engine, self._folder, self._s3 = engine, folder, s3
        self._executions: dict[str, Execution] = {}
        self._tokens: dict[str, Execution] = {}
        self._groups: dict[str, JSON] = {PRIMARY: _group(PRIMARY, {}, "")}
        self._kept = folder / "workgroups.json"
        if self._kept.exists():
            self._groups |= orjson.loads(self._kept.read_bytes())
        for left in folder.glob("*.rows"):
            left.unlink()
        self.operations: Mapping[str, Callable[[JSON], JSON]] = {
            "CreateWorkGroup": self.create_work_group,
            "GetWorkGroup": self.get_work_group,
            "ListWorkGroups": self.list_work_groups,
            "DeleteWorkGroup": self.delete_work_group,
            "StartQueryExecution": self.start_query_execution,
            "GetQueryExecution": self.get_query_execution,
            "GetQueryResults": self.get_query_results,
            "StopQueryExecution": self.stop_query_execution,
        }

    def create_work_group(self, request: JSON) -> JSON:
        """Make a workgroup."""
        name = _told(request, "Name")
        if name in self._groups:
            raise _invalid("WorkGroup is already created")
        self._groups[name] = _group(name, request.get("Configuration", {}), request.get("Description", ""))
        self._keep()
        return {}

    def get_work_group(self, request: JSON) -> JSON:
        """Tell of a workgroup."""
        return {"WorkGroup": self._group(_told(request, "WorkGroup"))}

    def list_work_groups(self, _: JSON) -> JSON:
        """Tell of all, in one page."""
        told = ("Name", "State", "Description", "CreationTime")
        return {"WorkGroups": [{name: group[name] for name in told} for group in self._groups.values()]}

    def delete_work_group(self, request: JSON) -> JSON:
        """Forget a workgroup."""
        name = _told(request, "WorkGroup")
        if name == PRIMARY:
            raise _invalid("The primary workgroup cannot be deleted")
        self._group(name)
        del self._groups[name]
        self._keep()
        return {}

    def start_query_execution(self, request: JSON) -> JSON:
        """Start a statement; the same token the same one."""
        _told(request, "QueryString")
        token = request.get("ClientRequestToken", "")
        known = self._tokens.get(token)
        if known is not None:
            if known.request != request:
                raise _invalid("Idempotent parameters do not match")
            return {"QueryExecutionId": known.id}
        group = self._group(request.get("WorkGroup", PRIMARY))
        kind, suffix = _kind(request["QueryString"])
        execution = Execution(request, group["Name"], "", kind)
        execution.output = f"{_output(request, group)}{execution.id}{suffix}"
        self._executions[execution.id] = execution
        if token:
            self._tokens[token] = execution
        execution.task = asyncio.get_running_loop().create_task(self._run(execution))
        return {"QueryExecutionId": execution.id}

    def get_query_execution(self, request: JSON) -> JSON:
        """Tell how a query stands."""
        return {"QueryExecution": self._described(self._execution(request))}

    def get_query_results(self, request: JSON) -> JSON:
        """Rows of a query that has succeeded, a page of them; of a SELECT the first row is the names of columns."""
        execution = self._execution(request)
        if execution.state != "SUCCEEDED":
            said = "has not yet finished" if not execution.over else "did not finish successfully"
            raise _invalid(f"Query {said}. Final query state: {execution.state}")
        most = request.get("MaxResults", _MOST_ROWS)
        if not 1 <= most <= _MOST_ROWS:
            raise _invalid(f"MaxResults is more than maximum allowed length {_MOST_ROWS}.")
        rows: list[Row] = []
        try:
            at = int(request.get("NextToken") or 0)
        except ValueError:
            raise _invalid("Invalid NextToken") from None
        with self._rows(execution).open("rb") as file:
            file.seek(at)
            while len(rows) < most and (line := file.readline()):
                rows.append(orjson.loads(line))
            at = file.tell()
            more = {"NextToken": str(at)} if file.read(1) else {}
        return {"ResultSet": result_set(execution.columns, rows), "UpdateCount": 0, **more}

    def stop_query_execution(self, request: JSON) -> JSON:
        """End a query; one that has ended stays as it is."""
        execution = self._execution(request)
        if not execution.over and execution.task is not None:
            execution.task.cancel()
        return {}

    async def _run(self, execution: Execution) -> None:
        """Answer a query and put its result, or say why not."""
        try:
            execution.state = "RUNNING"
            if not execution.kind:
                raise Failed("NOT_SUPPORTED", "statements that read and views alone are answered here", USER)
            await self._answer(execution)
            execution.state = "SUCCEEDED"
        except Failed as error:
            execution.state, execution.reason, execution.category = "FAILED", str(error), error.category
        except asyncio.CancelledError:
            execution.state, execution.reason = "CANCELLED", "Query cancelled by user"
        except (BotoCoreError, ClientError, Boto3Error) as error:
            execution.state, execution.category = "FAILED", OTHER
            execution.reason = f"Unable to write to the output location {execution.output} ({type(error).__name__})"
        except Exception as error:  # noqa: BLE001 - its message could hold a document
            execution.state, execution.category = "FAILED", SYSTEM
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(last.filename).name}:{last.lineno}"
            execution.reason = f"INTERNAL_ERROR: unexpected {type(error).__name__} at {place}: please report it"
        finally:
            execution.ended = time.time()

    async def _answer(self, execution: Execution) -> None:
        with self._rows(execution).open("wb") as rows, self._file(execution).open("wb") as file:
            line = csv_line if execution.output.endswith(".csv") else text_line
            context = execution.request.get("QueryExecutionContext", {})
            parameters = execution.request.get("ExecutionParameters", [])
            pages = self._engine.answer(execution.sql, parameters, context.get("Database", ""))
            try:
                async for page in pages:
                    if not execution.columns:
                        execution.columns = list(page.columns)
                        if line is csv_line:
                            _write(rows, file, [[each.name for each in page.columns]], line)
                    _write(rows, file, page.rows, line)
                    execution.scanned = page.scanned
            finally:
                await pages.aclose()  # type: ignore[attr-defined] # a generator; Trino is told where this is cancelled
        bucket, key = execution.output.removeprefix("s3://").split("/", 1)
        if self._file(execution).stat().st_size:
            await asyncio.to_thread(self._s3.upload_file, str(self._file(execution)), bucket, key)
        else:  # after an empty body, SeaweedFS leaves the connection's next request waiting for a minute
            await asyncio.to_thread(self._s3.put_object, Bucket=bucket, Key=key)
        self._file(execution).unlink()

    def _described(self, execution: Execution) -> JSON:
        request = execution.request
        status: JSON = {"State": execution.state, "SubmissionDateTime": execution.submitted}
        if execution.reason:
            status["StateChangeReason"] = execution.reason
        if execution.over:
            status["CompletionDateTime"] = execution.ended
        if execution.state == "FAILED":
            status["AthenaError"] = {
                "ErrorCategory": execution.category,
                "ErrorType": 1006 if execution.category == USER else 0,
                "Retryable": False,
                "ErrorMessage": execution.reason,
            }
        took = round(((execution.ended or time.time()) - execution.submitted) * 1000)
        told = {
            "QueryExecutionId": execution.id,
            "Query": execution.sql,
            "StatementType": execution.kind or "DDL",
            "ResultConfiguration": {"OutputLocation": execution.output},
            "QueryExecutionContext": request.get("QueryExecutionContext", {}),
            "Status": status,
            "Statistics": {
                "EngineExecutionTimeInMillis": took,
                "TotalExecutionTimeInMillis": took,
                "QueryQueueTimeInMillis": 0,
                "DataScannedInBytes": execution.scanned,
                "ResultReuseInformation": {"ReusedPreviousResult": False},
            },
            "WorkGroup": execution.workgroup,
            "EngineVersion": {
                "SelectedEngineVersion": "Athena engine version 3",
                "EffectiveEngineVersion": self._engine.version,
            },
        }
        if "ExecutionParameters" in request:
            told["ExecutionParameters"] = request["ExecutionParameters"]
        return told

    def _execution(self, request: JSON) -> Execution:
        name = _told(request, "QueryExecutionId")
        if name not in self._executions:
            raise _invalid(f"QueryExecution {name} was not found")
        return self._executions[name]

    def _group(self, name: str) -> JSON:
        if name not in self._groups:
            raise _invalid("WorkGroup is not found.")
        return self._groups[name]

    def _keep(self) -> None:
        new = self._kept.with_suffix(".new")
        new.write_bytes(orjson.dumps(self._groups))
        new.replace(self._kept)

    def _rows(self, execution: Execution) -> Path:
        return self._folder / f"{execution.id}.rows"

    def _file(self, execution: Execution) -> Path:
        return self._folder / f"{execution.id}.file.rows"


def _write(rows: IO[bytes], file: IO[bytes], page: Any, line: Callable[[Row], bytes]) -> None:
    for row in page:
        rows.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        file.write(line(row))


def _kind(sql: str) -> tuple[str, str]:
    """A statement's kind, and what its result's name ends with; no kind where it is not answered here."""
    first = _FIRST.match(sql)
    word = first[1].upper() if first else ""
    if word == "EXPLAIN":
        explained = _EXPLAINED.match(sql)
        reads = explained is not None and explained[1].upper() in _QUERIES - {"EXPLAIN"}
        return ("UTILITY", ".txt") if reads else ("", ".txt")
    if word in _QUERIES:
        return "DML", ".csv"
    if word in _TOLD:
        return "UTILITY", ".txt"
    return ("DDL", ".txt") if _VIEWS.match(sql) else ("", ".txt")


def _output(request: JSON, group: JSON) -> str:
    """Where results go: where the workgroup says, if it insists or nothing else is said. Ends with a slash."""
    configured = group["Configuration"]
    of_group = configured.get("ResultConfiguration", {}).get("OutputLocation", "")
    of_request = request.get("ResultConfiguration", {}).get("OutputLocation", "")
    enforced = configured.get("EnforceWorkGroupConfiguration", True)
    place = str(of_group if (enforced and of_group) or not of_request else of_request)
    if not place.startswith("s3://"):
        raise _invalid("No output location provided, neither by the workgroup nor by the request.")
    return place if place.endswith("/") else f"{place}/"


def _group(name: str, configuration: JSON, description: str) -> JSON:
    return {
        "Name": name,
        "State": "ENABLED",
        "Description": description,
        "Configuration": {"EnforceWorkGroupConfiguration": name != PRIMARY} | configuration,
        "CreationTime": time.time(),
    }


def _told(request: JSON, name: str) -> str:
    value = request.get(name)
    if not isinstance(value, str) or not value:
        raise _invalid(f"{name} is missing")
    return value


def _invalid(message: str) -> Refused:
    return Refused("InvalidRequestException", message, AthenaErrorCode="INVALID_INPUT")


def s3_client(url: str, keys: tuple[str, str]) -> Any:
    """A client of the local S3."""
    return boto3.session.Session(*keys, region_name=REGION).client("s3", endpoint_url=url)
