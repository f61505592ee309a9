"""Nights by jobs, against a server that behaves like Comprehend and a server that behaves like S3.

Whatever ends a worker or a run, each text is billed once and every one ends with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jobs.run.fetching import fetch
from jobs.scorers import comprehend_async, open_jobs
from jobs.scorers.call_policy import CallPolicy, JobPlace
from jobs.scorers.comprehend import ComprehendScorer
from jobs.scorers.comprehend_async import AsyncComprehendScorer, as_lines, parts
from jobs.storage import storage_of
from jobs.stores.protocols import Meter
from tests.infra.serving import Server, serving
from tests.jobs.scorers.meters import local_meter
from tests.s3 import S3, s3
from transforms.cost import text_units
from transforms.errors import ScorerError, ScorerUnavailable
from transforms.pii.policy import DEFAULT_POLICY
from transforms.pii.redacted import RedactedText
from transforms.pii.redactor import find
from transforms.sentiment.protocols import Cached, Claimed, Deferred, Failure, Outcome, Scores
from transforms.text import Fingerprint

__all__ = ["s3"]  # the fixture

KEY = b"k" * 32
ROLE = "arn:aws:iam::111122223333:role/jobs"
MADE = Fingerprint("comprehend", ComprehendScorer.version, DEFAULT_POLICY.id, KEY)
MONTH = "2026-11"


@dataclass
class World:
    """A lake's place for jobs, a meter, a cache, and Comprehend."""

    place: JobPlace
    meter: Meter
    server: Server
    cached: dict[bytes, Cached]
    alive: set[str]

    def policy(self, run_id: str, **told: Any) -> CallPolicy:
        return CallPolicy(run_id, 500.0, key=KEY, jobs=self.place, **told)

    def begin(self, run_id: str, budget: int | None = None, after: str = "") -> None:
        """A run, after another that is over."""
        self.meter.claims.forget(after)
        self.meter.spending.begin(run_id, MONTH, budget)

    def scored(
        self, run_id: str, texts: list[RedactedText], language: str = "en", least: int = 1, **told: Any
    ) -> tuple[dict[int, Outcome | Claimed], AsyncComprehendScorer]:
        scorer = AsyncComprehendScorer(self.policy(run_id, **told), self.meter, least, sleep=lambda _: None)
        ended: dict[int, Outcome | Claimed] = {}
        with closing(scorer):
            for some in scorer.score(texts, language):
                assert not ended.keys() & some.keys()
                ended |= some
        assert sorted(ended) == list(range(len(texts)))
        return ended, scorer

    def fetch(self, run_id: str) -> None:
        """As the driver of a run does, of a lake whose cache is `cached`."""
        fetch(self.policy(run_id), self)  # type: ignore[arg-type]  # of Stores it is what is asked

    def cache(self) -> World:
        return self

    def put(self, entries: dict[bytes, Cached]) -> None:
        self.cached |= entries

    def close(self) -> None: ...

    def liveness(self) -> World:
        return self

    def lives(self, run_id: str) -> bool:
        return run_id in self.alive

    @property
    def open(self) -> list[open_jobs.OpenJob]:
        return open_jobs.OpenJobs(self.place).listed()


@contextmanager
def world(s3: S3, tmp_path: Path, *options: str) -> Iterator[World]:
    place = JobPlace(f"{s3.folder()}/comprehend", ROLE, None, DEFAULT_POLICY, MADE)
    with (
        s3.used(),
        serving("--answers", "hash", *options) as server,
        closing(local_meter(tmp_path / "meter.sqlite")) as meter,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("AWS_ENDPOINT_URL_COMPREHEND", server.url)
        made = World(place, meter, server, {}, set())
        made.begin("R1")
        yield made


@pytest.fixture(scope="module")
def shared(s3: S3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(s3, tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def here(shared: World, s3: S3, tmp_path: Path) -> Iterator[World]:
    """A world with no faults, as if just made."""
    shared.server.reset()
    with closing(local_meter(tmp_path / "meter.sqlite")) as meter:
        made = World(replace(shared.place, root=f"{s3.folder()}/comprehend"), meter, shared.server, {}, set())
        made.begin("R1")
        yield made


Faulty = Callable[[str], Any]


@pytest.fixture
def faulty(s3: S3, tmp_path: Path) -> Faulty:
    def start(faults: str) -> Any:
        (tmp_path / "faults.toml").write_text(faults)
        return world(s3, tmp_path, "--faults", str(tmp_path / "faults.toml"))

    return start


def texts(count: int, about: str = "text") -> list[RedactedText]:
    return [RedactedText(f"It was {about} number {number}, and it was good.") for number in range(count)]


def units(sent: list[RedactedText]) -> int:
    return sum(map(text_units, sent))


def test_each_text_is_a_line_and_its_answer_that_of_a_call(here: World) -> None:
    sent = [*texts(40), RedactedText("First line.\nSecond line.")]
    ended, scorer = here.scored("R1", sent)

    assert here.server.usage()["operations"]["BatchDetectSentiment"]["calls"] == 0
    assert here.server.usage()["operations"]["StartSentimentDetectionJob"]["calls"] == 1
    arrived = {each["text"]: each["billed"] for each in here.server.texts()}
    assert arrived == dict.fromkeys([*sent[:40], "First line. Second line."], 1)
    assert here.meter.spending.of_runs(["R1"]) == units(sent) == here.server.usage()["units"]
    assert here.open == []
    assert list(storage_of(here.place.root).list(here.place.root)) == []  # no text is left behind
    assert (scorer.usage.calls, scorer.usage.unconfirmed_units) == (1, 0)
    here.meter.claims.forget("R1")
    with closing(ComprehendScorer(here.policy("R1"), here.meter)) as by_calls:
        same = {place: each for some in by_calls.score(sent[:40], "en") for place, each in some.items()}
    assert {place: ended[place] for place in range(40)} == same


def test_few_texts_go_by_calls(here: World) -> None:
    here.scored("R1", texts(9), least=10)
    operations = here.server.usage()["operations"]
    assert (operations["StartSentimentDetectionJob"]["calls"], operations["BatchDetectSentiment"]["calls"]) == (0, 1)


def test_lines_of_which_nothing_is_said_fail_and_are_not_dropped(faulty: Faulty) -> None:
    with faulty('[[fault]]\nkind = "job"\nanswers = 3') as here:
        ended, scorer = here.scored("R1", sent := texts(5))
        assert [type(ended[place]) for place in range(5)] == [Scores] * 3 + [Failure] * 2
        assert ended[4] == Failure("NO_ANSWER")
        assert scorer.usage.unconfirmed_units == units(sent[3:])
        assert here.meter.spending.of_runs(["R1"]) == units(sent)


def test_lines_that_the_service_cannot_answer_are_not_paid(faulty: Faulty) -> None:
    with faulty('[[fault]]\nkind = "item_error"\ncode = "InternalServerError"\ncalls = 2') as here:
        ended, _ = here.scored("R1", sent := texts(5))
        assert [ended[place] for place in (0, 1)] == [Failure("INTERNAL_SERVER_ERROR")] * 2
        assert here.meter.spending.of_runs(["R1"]) == units(sent[2:]) == here.server.usage()["units"]


@pytest.mark.parametrize("status", ["FAILED", "STOPPED"])
def test_a_job_that_fails_ends_the_run_and_is_bought_anew_by_the_next(faulty: Faulty, status: str) -> None:
    with faulty(f'[[fault]]\nkind = "job"\nstatus = "{status}"\ncalls = 1') as here:
        with pytest.raises(ScorerError, match=rf"job \w+ ended as {status} \(INTERNAL_SERVER_ERROR\)"):
            here.scored("R1", texts(5))
        here.begin("R2", after="R1")
        here.fetch("R2")
        assert (here.open, here.cached) == ([], {})
        ended, _ = here.scored("R2", texts(5))
        assert all(isinstance(each, Scores) for each in ended.values())
        assert here.server.usage()["most_billed"] == 1


def killed(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """The next time that this is done, nothing follows."""
    real = getattr(open_jobs, where)

    def once(*told: Any) -> Any:
        monkeypatch.setattr(open_jobs, where, real)
        if where != "note_id":  # else it is killed before it
            real(*told)
        raise OSError("killed")

    monkeypatch.setattr(open_jobs, where, once)


@pytest.mark.parametrize("where", ["keep", "note_id"])
def test_a_worker_in_place_of_a_killed_one_waits_for_its_job(
    here: World, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Killed before the job was started, or when it was, before its name was known."""
    killed(monkeypatch, where)
    with pytest.raises(ScorerUnavailable, match="killed"):
        here.scored("R1", sent := texts(7))
    assert len(here.open) == 1

    ended, _ = here.scored("R1", sent)

    assert all(isinstance(each, Scores) for each in ended.values())
    assert (here.server.usage()["most_billed"], here.server.usage()["billed"]) == (1, 7)
    assert here.meter.spending.of_runs(["R1"]) == units(sent)
    assert here.open == []


@pytest.mark.parametrize("where", ["keep", "note_id"])
def test_the_next_run_fetches_what_a_killed_one_has_paid_for(
    here: World, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    killed(monkeypatch, where)
    with pytest.raises(ScorerUnavailable):
        here.scored("R1", sent := texts(7))
    here.begin("R2")

    here.alive = {"R1"}
    here.fetch("R2")
    assert here.cached == {}  # it is the living run's
    here.alive = set()
    here.fetch("R2")

    keys = [bytes.fromhex(key) for key in MADE.keys(pa.array(sent), pa.repeat("en", 7)).to_pylist()]
    assert set(here.cached) == set(keys)
    assert all(each.scores and each.language == "en" for each in here.cached.values())
    assert (here.server.usage()["most_billed"], here.server.usage()["billed"]) == (1, 7)
    assert (here.meter.spending.of_runs(["R1"]), here.meter.spending.of_runs(["R2"])) == (units(sent), 0)
    assert here.open == []


def test_a_text_in_an_open_job_is_bought_by_nobody_else(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    killed(monkeypatch, "note_id")
    with pytest.raises(ScorerUnavailable):
        here.scored("R1", texts(4))
    here.begin("R2")
    more = [*texts(4), RedactedText("Another one.")]

    by_job, _ = here.scored("R2", more)
    here.begin("R3", after="R2")
    with closing(ComprehendScorer(here.policy("R3"), here.meter)) as scorer:
        by_calls = {place: each for some in scorer.score(more, "en") for place, each in some.items()}

    for ended in (by_job, by_calls):
        assert [ended[place] for place in range(4)] == [Deferred("BOUGHT_BY_A_JOB")] * 4
        assert isinstance(ended[4], Scores)


def test_the_deadline_ends_the_waiting_and_the_next_run_has_the_answers(s3: S3, tmp_path: Path) -> None:
    with world(s3, tmp_path, "--job-seconds", "1") as here:
        clock = iter([0.0] * 4 + [10.0] * 20)
        scorer = AsyncComprehendScorer(
            here.policy("R1", stop_at=5.0), here.meter, 1, now=lambda: next(clock), sleep=lambda _: None
        )
        with closing(scorer):
            ended = {place: each for some in scorer.score(texts(3), "en") for place, each in some.items()}
        assert ended == dict.fromkeys(range(3), Deferred("DEADLINE_REACHED"))
        assert scorer.usage.unconfirmed_units == here.meter.spending.of_runs(["R1"]) == units(texts(3))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("jobs.scorers.comprehend_jobs.POLL_SECONDS", 0.2)
            here.fetch("R2")
        assert len(here.cached) == 3
        assert here.server.usage()["most_billed"] == 1


def test_what_the_budget_does_not_cover_is_not_sent(here: World) -> None:
    here.begin("R2", budget=units(texts(2)))
    ended, _ = here.scored("R2", texts(5))
    assert [type(ended[place]) for place in range(5)] == [Scores] * 2 + [Deferred] * 3
    assert ended[4] == Deferred("BUDGET_SPENT")
    assert here.server.usage()["billed"] == 2

    ended, _ = here.scored("R2", texts(3, "later"))
    assert set(ended.values()) == {Deferred("BUDGET_SPENT")}
    assert here.server.usage()["operations"]["StartSentimentDetectionJob"]["calls"] == 1


def test_a_text_that_another_worker_claims_is_left_to_it(here: World) -> None:
    first, second = (AsyncComprehendScorer(here.policy("R1"), here.meter, 1, sleep=lambda _: None) for _ in range(2))
    own, others = first._claim(texts(3), "en", [0, 1])
    assert (own, others) == ([0, 1], [])
    with closing(second):
        ended = {place: each for some in second.score(texts(3), "en") for place, each in some.items()}
    assert (ended[0], ended[1], type(ended[2])) == (Claimed(), Claimed(), Scores)
    assert here.meter.spending.of_runs(["R1"]) == units(texts(3)[2:])


def test_where_the_lake_does_not_say_what_is_bought_nothing_is(here: World) -> None:
    gone = replace(here.place, root="s3://nobody-has-this/comprehend")
    policy = replace(here.policy("R1"), jobs=gone)
    scorers: list[ComprehendScorer] = [ComprehendScorer(policy, here.meter), AsyncComprehendScorer(policy, here.meter)]
    for scorer in scorers:
        with closing(scorer), pytest.raises(ScorerUnavailable, match="jobs cannot be"):
            list(scorer.score(texts(1), "en"))
    assert here.server.usage()["calls"] == 0


def test_an_outage_is_waited_out_for_a_while(faulty: Faulty) -> None:
    with faulty('[[fault]]\nkind = "outage"\ncalls = 5') as here:
        assert all(isinstance(each, Scores) for each in here.scored("R1", texts(3))[0].values())
        assert here.server.usage()["most_billed"] == 1


def test_an_outage_that_lasts_is_left_to_the_next_run(faulty: Faulty) -> None:
    with faulty('[[fault]]\nkind = "outage"\noperation = "DescribeSentimentDetectionJob"\ncalls = 60') as here:
        ended, _ = here.scored("R1", texts(3))
        assert ended == dict.fromkeys(range(3), Deferred("SERVICE_UNAVAILABLE"))
        here.fetch("R2")
        assert len(here.cached) == 3


def test_of_two_runs_at_once_one_buys_a_text(here: World) -> None:
    here.begin("R2")
    sent = texts(30)
    with ThreadPoolExecutor(2) as both:
        (first, _), (second, _) = both.map(lambda run: here.scored(run, sent), ["R1", "R2"])
    for one, other in ((first[place], second[place]) for place in range(30)):
        assert isinstance(one, Scores) or isinstance(other, Scores)
        assert {type(one), type(other)} <= {Scores, Claimed, Deferred}
    assert (here.server.usage()["most_billed"], here.server.usage()["billed"]) == (1, 30)
    assert here.meter.spending.of_month(MONTH) == units(sent)


def test_a_text_in_which_a_lost_line_break_would_lay_something_open_goes_as_it_was_searched(here: World) -> None:
    hidden = RedactedText("Call\n555-0187 or write.\nThe number is 212\n555-0187")
    apart = RedactedText("We met\nin spring.")
    found = find(pa.array([hidden.replace("\n", " ")]), DEFAULT_POLICY).to_pylist()[0]
    assert found
    assert as_lines([hidden, apart], DEFAULT_POLICY) == [None, b"We met in spring."]

    here.scored("R1", [hidden, apart])

    assert {each["text"] for each in here.server.texts()} == {hidden, "We met in spring."}


def test_a_job_has_as_many_lines_and_bytes_as_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = dict.fromkeys(range(7), b"abcd")
    monkeypatch.setattr(comprehend_async, "MOST_LINES", 3)
    assert list(parts(lines)) == [[0, 1, 2], [3, 4, 5], [6]]
    monkeypatch.setattr(comprehend_async, "MOST_BYTES", 11)
    assert list(parts(lines)) == [[0, 1], [2, 3], [4, 5], [6]]
    assert list(parts({})) == []
