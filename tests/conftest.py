"""One Spark session for the whole suite, and the base row that drops are made of."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from pyspark.sql import SparkSession

from jobs.spark.session import spark_session

# How long a machine that is busy takes to make examples says nothing of them.
settings.register_profile("busy", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    session = spark_session("aurastream tests")
    yield session
    session.stop()


def document(**fields: object) -> dict[str, object]:
    """A document that is scored, with the fields a test is about."""
    return {
        "document_id": "d1",
        "text": "The new kettle works well and I am happy with it.",
        "language": "en",
        "source": "mail",
        "created_at": "2026-11-22T10:00:00Z",
        "subject_id": "customer-1",
    } | fields


def write_key(path: Path, content: bytes = b"k" * 32) -> Path:
    """A key file that its owner alone may read."""
    path.touch(0o600)
    path.write_bytes(content)
    return path


def write_json_lines(path: Path, rows: Sequence[Mapping[str, object] | str]) -> Path:
    """A JSON Lines file of documents; a string stands as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8"
    )
    return path
