"""The views find what happens in the sample's month, and nothing in a month in which nothing does."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from jobs.lake.sql import query
from jobs.report.page import index_page
from jobs.report.questions import ASKED, QUESTIONS
from jobs.sample import documents
from jobs.sample_story import story
from tests.sql.rows import Row, published
from transforms.schemas import Sentiment
from transforms.sentiment.local.model import load
from transforms.sentiment.local.scorer import scores

NIGHTS, LAST = 30, date(2026, 11, 22)
# Words of the story that a scorer takes for a complaint.
BAD = ("server error", "app is down", "outage", "Preiserhöhung", "zu hoch", "unverschämt", "teuer")
Ask = Callable[[str], list[Row]]


def drawn(document: dict[str, str], chance: float) -> Row:
    """A document as a scorer would have it that knows complaints and else draws, the same for the same text."""
    text = document["text"]
    key = hashlib.sha256(f"{chance}{text}".encode()).hexdigest()
    drawn = Random(key).random()
    label = (
        "NEGATIVE" if any(word in text for word in BAD) or drawn < 0.25 else "POSITIVE" if drawn < 0.8 else "NEUTRAL"
    )
    shares = {f"score_{each}": 0.9 if each.upper() == label else 0.05 for each in ("positive", "negative", "neutral")}
    return _row(document, key, label) | shares


def _row(document: dict[str, str], key: str, label: str) -> Row:
    return {
        "document_id": document["document_id"],
        "source": document["source"],
        "language": document.get("language", "en"),
        "redacted_text": document["text"],
        "content_key": key,
        "sentiment": label,
    }


def by_the_local_scorer(documents: Iterable[dict[str, str]]) -> Iterator[Row]:
    """Documents as the local scorer has them; what a night would take out of them first is left in."""
    languages: dict[str, list[dict[str, str]]] = {}
    for document in documents:
        languages.setdefault(document.get("language", "en"), []).append(document)
    for language, those in languages.items():
        for document, shares in zip(those, scores(load(), [each["text"] for each in those], language), strict=True):
            label = list(Sentiment)[shares.argmax()]
            row = _row(document, hashlib.sha256(document["text"].encode()).hexdigest(), label)
            yield row | {f"score_{each.lower()}": float(share) for each, share in zip(Sentiment, shares, strict=True)}


def month(made: Callable[[str, int], Iterable[Row]], folder: Path) -> Ask:
    rows = []
    for night in range(NIGHTS):
        ds = (LAST - timedelta(NIGHTS - 1 - night)).isoformat()
        rows += [{"ds": ds} | row for row in made(ds, night)]
    files = published(rows, folder)

    def ask(sql: str) -> list[Row]:
        table: pa.Table = query(files, [], sql)
        found: list[dict[str, Any]] = table.to_pylist()
        return found

    return ask


@pytest.fixture(scope="module", params=["drawn", "local"])
def ask(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """The month of 500 documents a night that the docs show, its labels drawn, or by the local scorer."""

    def made(ds: str, night: int) -> Iterable[Row]:
        documents = story(500, ds, 7, night, NIGHTS)
        return (drawn(each, 0.5) for each in documents) if request.param == "drawn" else by_the_local_scorer(documents)

    return month(made, tmp_path_factory.mktemp("story"))


def day(night: int) -> date:
    return LAST - timedelta(NIGHTS - 1 - night)


def test_the_outage_is_found_with_why(ask: Ask) -> None:
    monday = day(16) - timedelta(day(16).weekday())
    found = ask("SELECT * FROM weekly_trend WHERE beyond_chance AND change > 0 ORDER BY change DESC")
    assert (found[0]["week"], found[0]["source"]) == (monday, "chat")
    words = ask(
        f"SELECT words FROM words_by_sentiment WHERE source = 'chat' AND week = DATE '{monday}' AND language = 'en'"
    )
    assert {"is down", "server error"} & {row["words"] for row in words}


def test_the_price_that_one_language_hates_is_found_with_why(ask: Ask) -> None:
    found = ask("SELECT * FROM movers WHERE beyond_chance AND label = 'NEGATIVE' ORDER BY rank")
    assert (found[0]["source"], found[0]["language"]) in {("mail", "de"), ("*", "de")}
    assert found[0]["change_low"] > 0.2
    assert {row["language"] for row in found} <= {"de", "*"}
    words = ask(
        "SELECT words FROM words_by_sentiment WHERE source = 'mail' AND language = 'de' AND week >= DATE '2026-11-09'"
    )
    assert any("preis" in row["words"] for row in words)


def test_the_wave_of_spam_is_found(ask: Ask) -> None:
    found = ask("SELECT * FROM repeated_texts WHERE nights <= 3 ORDER BY documents DESC")
    assert "WIN a" in found[0]["redacted_text"]
    assert {found[0]["first_ds"], found[0]["last_ds"]} == {day(10), day(11)}


def test_the_slow_drift_is_found(ask: Ask) -> None:
    found = {(row["source"], row["measure"]): row for row in ask("SELECT * FROM drift WHERE verdict <> 'stable'")}
    assert found["review", "languages"]["most"] == "es"
    assert ("chat", "languages") not in found


def test_the_report_tells_of_all_four(ask: Ask) -> None:
    page = index_page([], {name: ask(QUESTIONS[name].sql()) for name in ASKED})
    weeks = page.split("Week by week")[1].split("</section>")[0]
    monday = day(16) - timedelta(day(16).weekday())
    outage = weeks.split(f"Week of {monday}")[1].split("</tbody>")[0]
    assert "chat" in re.findall(r'class="moved"><th scope="row"><bdi>(.*?)</bdi>', outage)
    changed = page.split("What changed last night")[1].split("</section>")[0]
    assert re.search(r'class="moved">.*\(<bdi>de</bdi>\) <span class="bounds">NEGATIVE', changed)
    assert re.search("review.*languages (drifted|shifted): <bdi>es</bdi>", page)
    assert "WIN a" in page.split("Texts that many documents share")[1].split("</blockquote>")[0]


ALARMS = """
    SELECT 'week' AS alarm, source FROM weekly_trend WHERE beyond_chance
    UNION ALL SELECT 'mover' AS alarm, source FROM movers WHERE beyond_chance
    UNION ALL SELECT 'drift' AS alarm, source FROM drift WHERE verdict <> 'stable'
"""


def alarms(seed: int, folder: Path) -> list[Row]:
    folder.mkdir(exist_ok=True)
    return month(lambda ds, _: (drawn(each, seed) for each in documents(150, ds, seed)), folder)(ALARMS)


def test_a_quiet_month_raises_no_alarm(tmp_path: Path) -> None:
    assert alarms(1, tmp_path) == []


@pytest.mark.slow
def test_of_twenty_quiet_months_two_raise_an_alarm_at_most(tmp_path: Path) -> None:
    found = {seed: alarms(seed, tmp_path / str(seed)) for seed in range(20)}
    assert sum(map(bool, found.values())) <= 2, found
