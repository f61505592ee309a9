from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pyarrow as pa
import pytest

from expectations.gate import Judgement, judge
from expectations.profile import Profile, merge, profile_rows
from expectations.verdict import Verdict
from transforms.pii.policy import DEFAULT_POLICY

Rows = Callable[..., pa.RecordBatch]
Judged = Callable[..., Judgement]

NOT_NULL = "expect_column_values_to_not_be_null"
NULL = "expect_column_values_to_be_null"
IN_SET = "expect_column_values_to_be_in_set"
REGEX = "expect_column_values_to_match_regex"
BETWEEN = "expect_column_values_to_be_between"
PAIR = "expect_column_pair_values_to_be_in_set"
FIND = {"type": "EMAIL", "start": 17, "end": 32, "detector": "email", "confidence": 0.99}


def profiled(batch: pa.RecordBatch, ds: str = "2026-11-22") -> Profile:
    return merge([profile_rows(batch, ds, DEFAULT_POLICY, "01JD0000000000000000000000")])


def kept(judgement: Judgement) -> Any:
    return json.loads(judgement.pages["validation.json"])


def docs(judgement: Judgement) -> str:
    return judgement.pages["docs/index.html"].decode()


def subjects(verdict: Verdict) -> list[str]:
    """The failures without what was observed."""
    return [failure[: failure.index(")") + 1] for failure in verdict.failures]


@pytest.fixture
def judged(rows: Rows) -> Judged:
    def judged(*changes: dict[str, Any]) -> Judgement:
        return judge(profiled(rows(*changes)), documents_in=len(changes), repeated_ids=0)

    return judged


def test_what_holds_is_let_through(judged: Judged) -> None:
    judgement = judged(
        {},
        {"cache_hit": True, "billed_units": 0, "pii": []},
        {"status": "REJECTED"},
        {"status": "REJECTED", "document_id": "d-1", "error_code": "DUPLICATE_ID", "billed_units": 3},
        {"status": "FAILED"},
        {"status": "DEFERRED"},
        {"run_id": "01JC0000000000000000000000", "language_source": "default"},
        {"role": "agent", "left_out": 500},
        {"role": None, "left_out": None},  # of an earlier version
    )
    verdict = judgement.verdict
    assert verdict.failures == []
    assert verdict.holds
    assert verdict.evaluated > 50
    suites = kept(judgement).pop("suites")
    assert kept(judgement) == asdict(verdict) | {"suites": suites}
    assert sum(len(suite["results"]) for suite in suites) == verdict.evaluated
    assert f"All of {verdict.evaluated} expectations hold" in docs(judgement)
    assert "redacted_text" in docs(judgement)


def test_a_verdict_is_kept_as_ever() -> None:
    """The ledger holds those of earlier versions."""
    assert asdict(Verdict(False, ["line"], 53)) == {"holds": False, "failures": ["line"], "evaluated": 53}


def test_an_empty_run_holds(judged: Judged) -> None:
    assert judged().verdict.holds


# What one row may be changed to, and all that then does not hold.
BROKEN: list[tuple[dict[str, Any], list[str]]] = [
    ({"run_id": None, "pii": None}, [f"documents: {NOT_NULL} (run_id)"]),
    ({"run_id": None}, [f"documents: {NOT_NULL} (run_id)", f"finds: {NOT_NULL} (run_id)"]),
    ({"source_file": None}, [f"documents: {NOT_NULL} (source_file)"]),
    ({"document_id": None}, [f"documents: {NOT_NULL} (document_id)"]),
    ({"status": "FAILED", "error_code": None}, [f"documents: {NOT_NULL} (error_code)"]),
    ({"status": "FAILED", "error_code": "why?"}, [f"documents: {REGEX} (error_code)"]),
    ({"status": "FAILED", "error_code": "oops"}, [f"documents: {REGEX} (error_code)"]),
    ({"language_source": "guessed"}, [f"documents: {IN_SET} (language_source)"]),
    ({"role": "Kim"}, [f"documents: {IN_SET} (role)"]),
    ({"left_out": -1}, [f"ranges: {BETWEEN} (left_out)"]),
    ({"status": "REJECTED", "left_out": 0}, [f"rejected: {NULL} (left_out)"]),
    ({"redacted_text": "mail ann.lee@example.com"}, [f"documents: {IN_SET} (pii_left)"]),
    ({"status": "DEFERRED", "redacted_text": "mail ann.lee@example.com"}, [f"documents: {IN_SET} (pii_left)"]),
    *(
        ({name: "ann.lee@example.com"}, [f"documents: {IN_SET} (pii_beside)"])
        for name in ("document_id", "source", "source_file", "language")
    ),
    (
        {"status": "REJECTED", "error_code": "TEXT_BLANK", "source": "call 212-555-0187"},
        [f"documents: {IN_SET} (pii_beside)"],
    ),
    ({"status": "REJECTED", "error_code": None}, [f"rejected: {NOT_NULL} (error_code)"]),
    ({"status": "REJECTED", "error_code": "BAD_MOOD"}, [f"rejected: {IN_SET} (error_code)"]),
    ({"status": "REJECTED", "redacted_text": "but why"}, [f"rejected: {NULL} (redacted_text)"]),
    ({"status": "REJECTED", "content_key": "ab" * 32}, [f"rejected: {NULL} (content_key)"]),
    *(
        ({name: None}, [f"scored: {NOT_NULL} ({name})"])
        for name in (
            "sentiment",
            "score_negative",
            "score_neutral",
            "score_mixed",
            "redacted_text",
            "content_key",
            "language",
            "scorer",
            "scorer_version",
            "cache_hit",
            "chunks",
            "billed_units",
            "scored_at",
        )
    ),
    ({"score_positive": None}, [f"scored: {NOT_NULL} (score_positive)"]),
    ({"error_code": "TEXT_BLANK"}, [f"scored: {NULL} (error_code)"]),
    ({"sentiment": "CHEERFUL"}, [f"scored: {IN_SET} (sentiment)"]),
    ({"sentiment": "MIXED"}, [f"scored: {IN_SET} (sentiment_is_largest)"]),
    ({"chunks": 0}, [f"scored: {IN_SET} (chunks)"]),
    ({"cache_hit": True}, [f"scored: {PAIR} (cache_hit, billed_units)"]),
    ({"status": "FAILED", "billed_units": -1}, [f"ranges: {BETWEEN} (billed_units)"]),
    ({"status": "FAILED", "sentiment": "MIXED"}, [f"unscored: {NULL} (sentiment)"]),
    ({"status": "DEFERRED", "score_positive": 0.5}, [f"unscored: {NULL} (score_positive)"]),
    ({"status": "FAILED", "score_negative": 0.5}, [f"unscored: {NULL} (score_negative)"]),
    ({"status": "REJECTED", "score_neutral": 0.5}, [f"unscored: {NULL} (score_neutral)"]),
    ({"status": "FAILED", "score_mixed": 0.5}, [f"unscored: {NULL} (score_mixed)"]),
    ({"score_mixed": 0.2}, [f"ranges: {BETWEEN} (score_sum)"]),
    ({"score_mixed": 0.100002}, [f"ranges: {BETWEEN} (score_sum)"]),
    *(
        ({name: -0.1, "score_positive": 0.9}, [f"ranges: {BETWEEN} ({name})"])
        for name in ("score_negative", "score_neutral", "score_mixed")
    ),
    (
        {"score_positive": 1.2, "score_negative": -0.4},
        [f"ranges: {BETWEEN} (score_positive)", f"ranges: {BETWEEN} (score_negative)"],
    ),
    (
        {"score_mixed": float("nan")},
        [f"ranges: {BETWEEN} (score_mixed)", f"ranges: {BETWEEN} (score_sum)"],
    ),
    ({"pii": [FIND | {"start": -1}]}, [f"ranges: {BETWEEN} (start)"]),
    ({"pii": [FIND, FIND | {"end": 17}]}, [f"ranges: {BETWEEN} (length)"]),
    ({"pii": [FIND | {"confidence": 1.5}]}, [f"ranges: {BETWEEN} (confidence)"]),
    ({"pii": [FIND | {"type": None}]}, [f"finds: {NOT_NULL} (type)"]),
    ({"pii": [FIND | {"detector": None}]}, [f"finds: {NOT_NULL} (detector)"]),
]


@pytest.mark.parametrize(("change", "failures"), BROKEN, ids=[" ".join(map(str, change)) for change, _ in BROKEN])
def test_one_bad_row_among_good_ones_is_found(judged: Judged, change: dict[str, Any], failures: list[str]) -> None:
    verdict = judged({}, change, {"status": "REJECTED"}).verdict
    assert subjects(verdict) == failures
    assert not verdict.holds
    for failure in verdict.failures:
        assert ": found " in failure if failure.startswith(("ranges", "finds")) else ": 1 document with " in failure


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what Great Expectations imports
def test_every_expectation_is_seen_to_fail() -> None:
    from expectations import documents, scores

    elsewhere = {f"documents: {REGEX} (ds)", f"documents: {NOT_NULL} (status)", f"documents: {IN_SET} (status)"}
    seen = elsewhere | {failure for _, failures in BROKEN for failure in failures}
    suites = (documents.documents(), documents.rejected(), scores.scored(), scores.unscored())
    for suite in (*suites, scores.ranges(), scores.finds()):
        for each in suite.expectations:
            kwargs = each.configuration.kwargs
            columns = ", ".join(kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs)
            assert f"{suite.name}: {each.expectation_type} ({columns})" in seen


@pytest.mark.parametrize("status", [None, "LOST"])
def test_every_document_has_a_status(judged: Judged, status: str | None) -> None:
    failures = subjects(judged({}, {"status": status, "sentiment": None, "score_positive": None}).verdict)
    assert f"documents: {IN_SET if status else NOT_NULL} (status)" in failures
    assert "accounting: expect_multicolumn_sum_to_equal (SCORED, REJECTED, FAILED, DEFERRED)" in failures


@pytest.mark.parametrize("documents_in", [1, 3])
def test_no_document_is_lost_or_made_up(rows: Rows, documents_in: int) -> None:
    verdict = judge(profiled(rows({}, {})), documents_in, repeated_ids=0).verdict
    [failure] = verdict.failures
    assert failure == (
        "accounting: expect_multicolumn_sum_to_equal (SCORED, REJECTED, FAILED, DEFERRED): "
        f"found SCORED=2, REJECTED=0, FAILED=0, DEFERRED=0 where {documents_in} is the sum"
    )


def test_no_id_is_repeated(rows: Rows) -> None:
    verdict = judge(profiled(rows({}, {})), documents_in=2, repeated_ids=1).verdict
    assert verdict.failures == [f"accounting: {IN_SET} (repeated_ids): found repeated_ids=1"]


def test_a_date_is_a_date(rows: Rows) -> None:
    verdict = judge(profiled(rows({}), ds="today"), documents_in=1, repeated_ids=0).verdict
    assert verdict.failures == [f"documents: {REGEX} (ds): 1 document with ds=today"]


def test_another_schema_fails(rows: Rows) -> None:
    profile = replace(profiled(rows({})), schema_differences=("pii: missing",))
    verdict = judge(profile, documents_in=1, repeated_ids=0).verdict
    assert verdict.failures == [f"accounting: {NULL} (schema_differences): found schema_differences=pii: missing"]


def test_what_cannot_be_judged_does_not_hold(rows: Rows) -> None:
    profile = profiled(rows({}))
    profile = replace(profile, combinations=profile.combinations.drop_columns(["scorer"]))
    judgement = judge(profile, documents_in=1, repeated_ids=0)
    assert judgement.verdict.failures == [f"scored: {NOT_NULL} (scorer): could not be judged"]
    assert "(scorer): could not be judged" in docs(judgement)


def test_a_line_counts_documents_and_shows_three_values(judged: Judged) -> None:
    many = [{"language_source": name} for name in ("a", "b", "c", "d", "a")]
    [line] = judged({}, *many).verdict.failures
    assert line.startswith(f"documents: {IN_SET} (language_source): 5 documents with language_source=a; ")
    assert line.count("language_source=") == 3


def test_the_results_are_kept_where_they_fail_and_hold_no_text(rows: Rows) -> None:
    secret = "quokka lives at 10.20.30.40"
    fields = ("redacted_text", "sentiment", "error_code", "language", "status", "scorer", "document_id", "content_key")
    changes = [{field: secret} for field in fields] + [{"pii": [FIND | {"type": secret, "detector": secret}]}]
    judgement = judge(profiled(rows(*changes)), documents_in=len(changes), repeated_ids=0)
    assert not judgement.verdict.holds
    assert set(judgement.pages) == {"validation.json", "docs/index.html"}
    for text in [*(page.decode() for page in judgement.pages.values()), *judgement.verdict.failures]:
        assert "quokka" not in text
        assert "10.20" not in text
    assert kept(judgement)["failures"] == judgement.verdict.failures
    assert "Not all of" in docs(judgement)


def test_every_expectation_is_kept_with_whether_it_held(judged: Judged) -> None:
    judgement = judged({}, {"language_source": "guessed"}, {"status": "REJECTED"})
    suites = kept(judgement)["suites"]
    results = [each for suite in suites for each in suite["results"]]
    assert len(results) == judgement.verdict.evaluated
    assert all(each["expectation_config"]["type"] and each["expectation_config"]["kwargs"] for each in results)
    [failed] = [each for each in results if not each["success"]]
    assert failed["expectation_config"]["kwargs"]["column"] == "language_source"
    assert failed["result"]["unexpected_list"] == ["guessed"]
    assert [suite["suite_name"] for suite in suites if not suite["success"]] == ["documents"]
    page = docs(judgement)
    assert page.count('<section class="fails">') == 1
    assert page.count('<section class="holds">') == len(suites) - 1


def test_the_page_needs_no_network(rows: Rows) -> None:
    profile = replace(merge([]), schema_differences=("<script>alert(1)</script>: missing",))
    page = docs(judge(profile, documents_in=0, repeated_ids=0))
    for online in ("http:", "https:", "<script", "<link", "src=", "url("):
        assert online not in page
    assert "?script?" in page


def test_the_page_escapes(rows: Rows) -> None:
    page = docs(judge(profiled(rows({"sentiment": "<b>"}), ds="<b>"), documents_in=1, repeated_ids=0))
    assert "<b>" not in page


QUIET = """
import socket, sys

def no_network(*args, **kwargs):
    raise AssertionError("the network was asked for")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = no_network
from expectations.gate import judge
from expectations.profile import merge
assert "great_expectations" not in sys.modules, "imported before it is needed"
assert judge(merge([]), 0, 0).verdict.holds
"""


def test_it_is_quiet_and_stays_off_the_network() -> None:
    done = subprocess.run([sys.executable, "-c", QUIET], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
