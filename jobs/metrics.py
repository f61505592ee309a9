"""Metrics of a night, as CloudWatch takes them: one namespace, by stack. Alarms and dashboard are the template's.

They are put by PutMetricData and not written into the log: what becomes of a line of a job's output on its way to
CloudWatch is Glue's to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from statistics import median
from typing import Any

from jobs.aws import new_session
from jobs.console import say
from jobs.lake.verify import Verified
from transforms.report import RunSummary
from transforms.schemas import RunState

NAMESPACE = "AuraStream"
# What a night's documents are held against: the median of so many published runs before it, where there are at least
# LEAST_KNOWN; TimesUsual is how many times more or fewer they are.
USUAL_RUNS, LEAST_KNOWN = 14, 5
# Data points that one call takes (CloudWatch API Reference, PutMetricData).
_MOST = 1000

Datum = dict[str, Any]


def of_run(summary: RunSummary, before: Sequence[RunSummary]) -> list[Datum]:
    """What a run did, beside the runs `before` it, in the order in which they began."""
    documents = summary.documents
    found = [
        _datum("CacheHits", summary.cache_hits),
        _datum("Units", summary.billed_units + summary.unconfirmed_units),
        _datum("Dollars", summary.dollars, "None"),
        _datum("Calls", summary.calls),
        _datum("Throttles", summary.throttles),
        *(_datum("Documents", count, Status=status) for status, count in summary.statuses.items()),
        *(_datum("PersonalData", count, Type=kind) for kind, count in summary.pii.items()),
        *(_datum("StageSeconds", seconds, "Seconds", Stage=stage) for stage, seconds in summary.stages.items()),
    ]
    if summary.budget:
        found.append(_datum("ShareOfBudget", 100 * summary.dollars / summary.budget, "Percent"))
    if summary.calls:
        found.append(_datum("ShareThrottled", 100 * summary.throttles / summary.calls, "Percent"))
    if documents:
        found.append(_datum("ShareRejected", 100 * summary.rejected / documents, "Percent"))
        found.append(_datum("ShareFailed", 100 * summary.failed / documents, "Percent"))
    known = [run.documents for run in before if run.outcome is RunState.PUBLISHED and run.documents][-USUAL_RUNS:]
    if len(known) >= LEAST_KNOWN:
        usual = median(known)
        found.append(_datum("TimesUsual", max(documents / usual, usual / max(documents, 1)), "None"))
    return found


def of_readers(verified: Verified, today: date) -> list[Datum]:
    """How old what readers see is, in days; nothing where nothing is published, and then silence is what alarms."""
    age = verified.age(today)
    return [] if age is None else [_datum("AgeOfLastPublishedDate", age, "None")]


def put(stack: str, data: Iterable[Datum]) -> None:
    """Put metrics of a stack. Where CloudWatch does not take them, that is said, and nothing comes of it."""
    from botocore.exceptions import BotoCoreError, ClientError

    # Metrics of all of a stack have its name as a dimension, beside their own.
    named = [{**each, "Dimensions": [{"Name": "Stack", "Value": stack}, *each["Dimensions"]]} for each in data]
    try:
        client = new_session().client("cloudwatch")
        for few in _in_calls(named):
            client.put_metric_data(Namespace=NAMESPACE, MetricData=few)
    except (BotoCoreError, ClientError) as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        say(f"metrics of {stack} could not be put ({code}): alarms and dashboard do not know this run")


def _in_calls(data: Sequence[Datum]) -> Iterator[Sequence[Datum]]:
    for i in range(0, len(data), _MOST):
        yield data[i : i + _MOST]


def _datum(name: str, value: float, unit: str = "Count", **dimensions: str) -> Datum:
    told = [{"Name": key, "Value": each} for key, each in dimensions.items()]
    return {"MetricName": name, "Dimensions": told, "Value": float(value), "Unit": unit}
