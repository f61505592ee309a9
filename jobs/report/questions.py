"""What the report asks: every figure is an answer of SQL over the views, and each page shows the query beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

Row: TypeAlias = dict[str, Any]
Answers: TypeAlias = Mapping[str, list[Row]]


class Question(NamedTuple):
    """A query over one view. A page narrows it to its own rows by `by`, a date, a week or a run."""

    columns: str
    view: str
    order: str
    by: str | None = None
    where: str | None = None
    group: str | None = None

    def sql(self, condition: str | None = None) -> str:
        """The statement, of the rows of which a condition holds, or of all."""
        conditions = [each for each in (self.where, condition) if each]
        lines = [f"SELECT {self.columns}", f"FROM {self.view}"]  # S608: both are of this module
        lines += [f"WHERE {' AND '.join(conditions)}"] if conditions else []
        lines += [f"GROUP BY {self.group}"] if self.group else []
        return "\n".join([*lines, f"ORDER BY {self.order}"])


_CHANGE = "change, change_low, change_high"
_SHARE = "share_negative, share_negative_low, share_negative_high"

QUESTIONS: Mapping[str, Question] = MappingProxyType(
    {
        "trend": Question(
            f"ds, source, documents, scored, {_SHARE}, nights_before, share_negative_before, {_CHANGE}",
            "daily_trend",
            "source, ds",
            by="ds",
        ),
        "weeks": Question(
            f"week, source, scored, {_SHARE}, {_CHANGE}, p_adjusted, beyond_chance",
            "weekly_trend",
            "week DESC, source",
            by="week",
        ),
        "movers": Question(
            f"rank, ds, source, language, label, scored, share_before, share, {_CHANGE}, p_adjusted, beyond_chance",
            "movers",
            "rank",
            by="ds",
            where="rank <= 10",
        ),
        "drift": Question(
            "ds, source, measure, verdict, psi, chance, most, share_before, share",
            "drift",
            "round(psi, 6) DESC, source, measure",  # sums of doubles differ in their last digits
            by="ds",
            where="verdict IN ('shifted', 'drifted')",
        ),
        "words": Question(
            "week, source, language, rank, words, negative, other, z",
            "words_by_sentiment",
            "week DESC, source, language, rank",
            by="week",
            where="rank <= 8",
        ),
        "worst": Question(
            "week, source, rank, score_negative, documents, ds, document_id, language, redacted_text",
            "worst_documents",
            "week DESC, source, rank",
            by="week",
            where="rank <= 3",
        ),
        "repeated": Question(
            "documents, nights, first_ds, last_ds, on_busiest, source, negative, redacted_text",
            "repeated_texts",
            "documents DESC, redacted_text LIMIT 5",
        ),
        "not_scored": Question(
            "ds, status, error_code, why, what_to_do, count(*) AS documents, min(source_file) AS first_file",
            "not_scored",
            "ds, documents DESC, error_code, status",
            by="ds",
            group="ds, status, error_code, why, what_to_do",
        ),
        "costs": Question(
            "ds, CAST(sum(documents) AS bigint) AS documents, CAST(sum(units) AS bigint) AS units, "
            "sum(dollars) AS dollars, CAST(sum(cache_hits) AS bigint) AS cache_hits, "
            "sum(saved_by_cache_dollars + saved_by_copies_dollars) AS saved_dollars",
            "cost_by_day",
            "ds",
            by="ds",
            group="ds",
        ),
        "quality": Question(
            "run_id, labels, low_confidence, share_low_confidence", "run_quality", "run_id", by="run_id"
        ),
        "months": Question(
            "CAST(date_trunc('month', started_at) AS date) AS month, count(*) AS runs, "
            "count(*) FILTER (WHERE outcome <> 'PUBLISHED') AS runs_not_published, "
            "CAST(sum(documents) AS bigint) AS documents, CAST(sum(scored) AS bigint) AS scored, "
            "CAST(sum(rejected) AS bigint) AS rejected, CAST(sum(failed) AS bigint) AS failed, "
            "CAST(sum(deferred) AS bigint) AS deferred, CAST(sum(billed_units) AS bigint) AS units, "
            "sum(dollars) AS dollars",
            "runs",
            "month DESC",
            group="date_trunc('month', started_at)",
        ),
        "run": Question("*", "runs", "run_id", by="run_id"),
    }
)
# A run's row is at hand: its maps would be asked of Athena three times.
ASKED = tuple(name for name in QUESTIONS if name != "run")
OF_A_RUN = tuple(name for name, question in QUESTIONS.items() if question.by)


def week_of(ds: date) -> date:
    """The Monday of a date, as the views name weeks."""
    return ds - timedelta(ds.weekday())


def own(question: Question, run_id: str, dates: Iterable[date]) -> set[Any]:
    """The values of `question.by` that are a run's own."""
    if question.by == "run_id":
        return {run_id}
    return {week_of(ds) if question.by == "week" else ds for ds in dates}


def narrowed(answers: Answers, run_id: str, dates: Iterable[date]) -> dict[str, list[Row]]:
    """The rows of all answers that are a run's own."""
    days = list(dates)
    found = {}
    for name in OF_A_RUN:
        question = QUESTIONS[name]
        wanted = own(question, run_id, days)
        found[name] = [row for row in answers.get(name, ()) if row[str(question.by)] in wanted]
    return found


def queries(run_id: str, dates: Iterable[date], names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Of each question of a run's page its name, and the statement that answers it."""
    days = list(dates)
    for name in names:
        question = QUESTIONS[name]
        values = sorted(own(question, run_id, days))
        listed = ", ".join(f"DATE '{each}'" if isinstance(each, date) else f"'{each}'" for each in values)
        yield name, question.sql(f"{question.by} IN ({listed})")
