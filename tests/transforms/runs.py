"""A run that is summed up, for the tests of what is made of it."""

from datetime import UTC, datetime

from transforms.report import RunSummary
from transforms.schemas import RunState

RUN = RunSummary(
    run_id="01JDB2Q8M4Z6T1X9W3V5K7R0HE",
    started_at=datetime(2026, 11, 23, 2, 0, 4, tzinfo=UTC),
    finished_at=datetime(2026, 11, 23, 2, 1, 52, 500_000, tzinfo=UTC),
    outcome=RunState.PUBLISHED,
    dates=["2026-11-22"],
    files=9,
    documents=2005,
    scored=1900,
    rejected=5,
    failed=80,
    deferred=20,
    carried=3,
    cache_hits=780,
    calls=61,
    throttles=2,
    billed_units=12_345,
    dollars=1.2345,
    sentiments={"POSITIVE": 1000, "NEGATIVE": 900},
    reasons={"TEXT_BLANK": 5},
    pii={"EMAIL": 321},
    stages={"read": 1.25, "score": 8.0},
    scorer="local",
    scorer_version="3.3.2",
    policy="standard",
)
