"""What a process that nights are forked from has made ready. It starts no thread: a fork has none of them."""

from datetime import UTC, datetime

import pyarrow as pa

import tests.integration.harmed  # noqa: F401 - all are imported for those who are forked
from expectations.verdict import Verdict
from jobs.aws import new_session
from jobs.report.page import run_page
from jobs.scorers.registry import scorer_type
from tests.environment import known
from transforms.pii.policy import DEFAULT_POLICY
from transforms.pii.redactor import find
from transforms.report import unfinished
from transforms.schemas import RunState

_NOW = datetime(2026, 11, 22, tzinfo=UTC)

find(pa.array(["Anna called 212-555-0187"]), DEFAULT_POLICY)
run_page(unfinished("R", _NOW, _NOW, RunState.FAILED), Verdict(holds=False, failures=[], evaluated=0))
scorer_type("local")
with known({"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "unused", "AWS_SECRET_ACCESS_KEY": "unused"}):
    for service in ("s3", "dynamodb", "secretsmanager", "glue", "comprehend"):
        new_session().client(service)  # what the SDK knows of it is read
