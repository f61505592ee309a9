"""The examples of CONTRIBUTING.md: a view and a scorer, taken from the page and tried."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from jobs.lake.sql import query
from tests.transforms.sentiment.fakes import DictCache, fingerprint, prepared
from transforms.schemas import SCORES, conform
from transforms.sentiment.scoring import Stamp, score_batch

PAGE = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
NAMES = """
from collections.abc import Iterator, Mapping, Sequence
from transforms.pii.redacted import RedactedText
from transforms.sentiment.protocols import Claimed, Outcome, Scores, Usage
"""


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def test_the_view_of_the_page_is_sql_over_scores() -> None:
    assert query({}, [], block("sql")).column_names == ["ds", "language", "documents"]


def test_the_scorer_of_the_page_scores() -> None:
    made: dict[str, type] = {}
    exec(NAMES + block("python"), made)  # the page's own words
    scorer = made["ShrugScorer"]()
    batch = prepared([{"text": "It is what it is.", "language": "en"}, {"text": "So.", "language": "tlh"}])

    rows = score_batch(batch, scorer, DictCache(), fingerprint(), Stamp("R1", datetime(2026, 11, 22, tzinfo=UTC)))

    conform(pa.Table.from_batches([rows]), SCORES)
    assert rows["sentiment"].to_pylist() == ["NEUTRAL", None]
    assert rows["scorer"].to_pylist() == ["shrug", "shrug"]
