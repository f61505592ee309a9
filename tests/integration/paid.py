"""What tests of paid nights share: documents that try the pipeline, and the server that the workers are sent to."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pyspark.sql import SparkSession

from jobs.scorers import comprehend_jobs, registry
from jobs.scorers.call_policy import CallPolicy
from jobs.scorers.comprehend_async import AsyncComprehendScorer
from jobs.stores.protocols import Meter
from tests.conftest import document, write_json_lines
from tests.infra.serving import Server
from tests.integration.lakes import DS

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
FAST = 500.0  # calls a second, where the pace is not what a test is about

_WORDS = (
    *("the", "kettle", "lid", "parcel", "shop", "refund", "works", "broke", "late", "again"),
    *("really", "very", "good", "bad", "fine", "awful", "lovely"),
)


@contextmanager
def sent_to(server: Server | SimpleNamespace, spark: SparkSession, **more: str) -> Iterator[None]:
    """Spark's workers call this server: their environment is fixed when Spark starts, but for what is set here."""
    environment = spark.sparkContext.environment
    before = dict(environment)
    environment.update(CREDENTIALS | {"AWS_ENDPOINT_URL_COMPREHEND": server.url} | more)
    try:
        yield
    finally:
        environment.clear()
        environment.update(before)


class Eager(AsyncComprehendScorer):
    """Takes a job for the few texts of a test."""

    def __init__(self, policy: CallPolicy, meter: Meter) -> None:
        super().__init__(policy, meter, least_lines=2)


def hasten(patch: Callable[[Any, str, Any], None]) -> None:
    """Have this process take a job for few texts, and look at it often. `patch` is setattr, or a test's own."""
    patch(registry, "_SCORERS", registry._SCORERS | {registry.ASYNC: f"{__name__}:Eager"})
    patch(comprehend_jobs, "POLL_SECONDS", 0.05)


def sentences(chance: random.Random, words: int) -> str:
    """Made-up English."""
    return " ".join(chance.choice(_WORDS) for _ in range(words)).capitalize() + "."


def random_drop(folder: Path, seed: int, count: int = 150, ds: str = DS) -> Path:
    """A drop of whatever may come: copies, white space, long texts that share pieces, languages, bad rows."""
    chance = random.Random(seed)
    # A text in two languages is two texts to a scorer: each has one here, named in one way or another, or not at all.
    bodies: list[tuple[str, list[str | None]]] = [
        (sentences(chance, chance.randint(8, 90)), chance.choice([["en", "EN-us", None], ["de", "de_AT"], ["nl"]]))
        for _ in range(count // 2)
    ]
    footer = sentences(chance, 700)
    rows: list[dict[str, object] | str] = []
    for number in range(count):
        text, languages = chance.choice(bodies)
        match chance.randrange(12):
            case 0:
                text = f"  {text}\n\n"
            case 1:
                text = f"{text} " * chance.randint(40, 120)
            case 2:
                text, languages = f"{sentences(chance, 900)} {footer} {footer}", ["en"]
            case 3:
                text = f"{text} Write to kim{number}@example.com."
            case 4:
                rows.append("{not json")
                continue
        rows.append(document(document_id=f"d{number}", text=text, language=chance.choice(languages)))
    cut = len(rows) // 2
    write_json_lines(folder / f"ds={ds}" / "a.jsonl", rows[:cut])
    write_json_lines(folder / f"ds={ds}" / "b.jsonl", rows[cut:])
    return folder


def distinct_drop(folder: Path, count: int, name: str = "mails", ds: str = DS, start: int = 0) -> Path:
    """A drop of so many different short texts: three units each."""
    rows = [
        document(document_id=f"{name}{number}", text=f"Text {number} of {name} is good.")
        for number in range(start, start + count)
    ]
    write_json_lines(folder / f"ds={ds}" / f"{name}.jsonl", rows)
    return folder


def codes(rows: list[dict[str, Any]]) -> dict[tuple[str, str | None], int]:
    """How many rows ended how."""
    counts: dict[tuple[str, str | None], int] = {}
    for row in rows:
        ended = row["status"], row["error_code"]
        counts[ended] = counts.get(ended, 0) + 1
    return counts
