"""Amazon Comprehend by jobs: for nights so large that calls at the quota would not be done in time."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence

import pyarrow as pa

from jobs import milestones
from jobs.milestones import Milestone
from jobs.scorers import open_jobs
from jobs.scorers.batches import BUDGET_SPENT
from jobs.scorers.call_policy import CallPolicy
from jobs.scorers.calls import CLAIM_PAUSE, DEADLINE_REACHED, SERVICE_UNAVAILABLE, claim_keys
from jobs.scorers.comprehend import BOUGHT_BY_A_JOB, SENTIMENT, ComprehendScorer
from jobs.scorers.comprehend_jobs import MOST_BYTES, MOST_LINES, POLL_SECONDS, Jobs
from jobs.scorers.open_jobs import OpenJob, content_keys
from jobs.scorers.outcomes import NO_ANSWER
from jobs.scorers.reservations import Reservation
from jobs.stores.protocols import Meter
from jobs.stores.steps import LEASE_SECONDS
from transforms.errors import ScorerError
from transforms.pii.policy import Policy
from transforms.pii.redacted import RedactedText
from transforms.pii.redactor import find
from transforms.sentiment.protocols import Claimed, Deferred, Failure, Outcome

# Fewer texts of a language go by calls: at the default quota they are answered before a job has begun.
LEAST_LINES = 5_000


class AsyncComprehendScorer(ComprehendScorer):
    """`Scorer` by StartSentimentDetectionJob, a job for each language of what a worker is handed at once.

    Its answers are those of `ComprehendScorer`, and cached as those: a text that one bought the other does not buy.
    """

    def __init__(
        self,
        policy: CallPolicy,
        meter: Meter,
        least_lines: int = LEAST_LINES,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """The meter stays open: it is whoever's who opened it. Raises ScorerError where there is no place for jobs."""
        super().__init__(policy, meter)
        if policy.jobs is None:
            raise ScorerError("--scorer comprehend-async works on a lake in S3 alone")
        self._place = policy.jobs
        self._policy, self._meter, self._least_lines = policy, meter, least_lines
        self._now, self._sleep = now, sleep
        self._holder = uuid.uuid4().hex
        self._looked_up: set[bytes] = set()  # see `Calls`
        self._told_to_stop: str | None = None

    def stop(self, code: str) -> None:
        """See `Scorer.stop`. A job that was started goes on; the next run has its answers."""
        super().stop(code)
        self._told_to_stop = self._told_to_stop or code

    def _of_job(
        self, job: OpenJob, places: Sequence[int], texts: Sequence[RedactedText]
    ) -> Iterator[Mapping[int, Outcome | Claimed]]:
        if job.run_id != self._policy.run_id:  # of a run that works, or of one that the next night fetches
            yield dict.fromkeys(places, Deferred(BOUGHT_BY_A_JOB))
        elif len(places) == len(job.keys):  # of a worker in whose place this one is
            yield from self._wait(job, places, texts)
        else:  # a chunk that another worker buys
            self._sleep(POLL_SECONDS)
            yield dict.fromkeys(places, Deferred(stopped) if (stopped := self._reason_to_stop()) else Claimed())

    def _buy(
        self, texts: Sequence[RedactedText], places: Sequence[int], language: str
    ) -> Iterator[Mapping[int, Outcome | Claimed]]:
        """Buy by jobs what is enough for one, and the rest by calls."""
        lines = as_lines([texts[place] for place in places], self._place.policy)
        of_line = {place: line for place, line in zip(places, lines, strict=True) if line is not None}
        if len(of_line) < self._least_lines:
            of_line = {}
        for part in parts(of_line):
            yield from self._by_job(texts, language, {place: of_line[place] for place in part})
        yield from super()._buy(texts, [place for place in places if place not in of_line], language)

    def _by_job(
        self,
        texts: Sequence[RedactedText],
        language: str,
        lines: Mapping[int, bytes],
    ) -> Iterator[Mapping[int, Outcome | Claimed]]:
        """Buy texts by a job: claimed, then reserved, then kept as open, then started."""
        if stopped := self._reason_to_stop():
            yield dict.fromkeys(lines, Deferred(stopped))
            return
        numbers = list(lines)
        units = {number: self.units(texts[number]) for number in numbers}
        granted = self._meter.spending.reserve(self._policy.run_id, list(units.values()))
        if dear := numbers[granted.items :]:
            yield dict.fromkeys(dear, Deferred(BUDGET_SPENT))
        numbers = numbers[: granted.items]
        with Reservation(self._meter.spending, self._policy.run_id, {each: units[each] for each in numbers}) as held:
            since = self._now()
            own, others = self._claim(texts, language, numbers)
            held.give_back(others)
            total = sum(units[number] for number in own)
            keys = content_keys(self._place, [texts[each] for each in own], language)
            job = open_jobs.new_job(self._policy.run_id, language, self.version, total, keys)
            if own:
                open_jobs.put_texts(self._place, job, [lines[number] for number in own])
            if self._now() - since > LEASE_SECONDS / 2 and self._claim(texts, language, own)[1]:
                others, own = [*others, *own], []  # it took so long that others may buy them already
            if own:
                held.sent()  # where the next line raises, nobody knows whether the job is open
                open_jobs.keep(self._place, job)
        if others:
            self._sleep(CLAIM_PAUSE)
            yield dict.fromkeys(others, Claimed())
        if own:
            yield from self._wait(job, own, texts)

    def _wait(
        self, job: OpenJob, numbers: Sequence[int], texts: Sequence[RedactedText]
    ) -> Iterator[Mapping[int, Outcome | Claimed]]:
        """Wait for an open job; `numbers` are the texts of its lines."""
        jobs = Jobs(self._place, self._client, self._reason_to_stop, self._sleep)
        job_id = jobs.started(job)
        answers = None if job_id is None else jobs.answers(job, job_id)
        self.usage.calls += 1
        self.usage.throttles += jobs.throttles
        if answers is None:
            self.usage.unconfirmed_units += job.units
            yield dict.fromkeys(numbers, Deferred(self._reason_to_stop() or SERVICE_UNAVAILABLE))
            return
        units = {number: self.units(texts[number]) for number in numbers}
        refused = [number for number, answer in zip(numbers, answers, strict=True) if isinstance(answer, Failure)]
        if unbilled := sum(units[number] for number in refused):
            self._meter.spending.release(self._policy.run_id, unbilled)
        silent = [number for number, answer in zip(numbers, answers, strict=True) if answer is None]
        self.usage.unconfirmed_units += sum(units[number] for number in silent)
        milestones.reached(Milestone.ANSWERED)
        yield {number: answer or Failure(NO_ANSWER) for number, answer in zip(numbers, answers, strict=True)}
        open_jobs.forget(self._place, job)  # whoever reads has kept the answers when it comes back

    def _claim(
        self, texts: Sequence[RedactedText], language: str, numbers: Sequence[int]
    ) -> tuple[list[int], list[int]]:
        """Claim texts: those that are this worker's to buy, and those that others are buying."""
        keys = claim_keys(self._policy.key, SENTIMENT, language, [texts[number] for number in numbers])
        held = self._meter.claims.claim(self._policy.run_id, self._holder, keys, self._looked_up)
        self._looked_up.update(set(keys) - held)
        own = [number for number, key in zip(numbers, keys, strict=True) if key in held]
        return own, [number for number, key in zip(numbers, keys, strict=True) if key not in held]

    def _reason_to_stop(self) -> str | None:
        if self._policy.stop_at is not None and self._now() >= self._policy.stop_at:
            self.stop(DEADLINE_REACHED)
        return self._told_to_stop


def as_lines(texts: Sequence[RedactedText], policy: Policy) -> list[bytes | None]:
    """Texts as lines of a file; None for one that must not be a line.

    A line break becomes a space. What comes of that was not searched as it is sent, and so it is searched now: where
    that finds anything, the text is no line.
    """
    broken = [number for number, text in enumerate(texts) if "\n" in text]
    flat = {number: texts[number].replace("\n", " ") for number in broken}
    finds = find(pa.array(flat.values(), pa.string()), policy).to_pylist() if flat else []
    left = {number for number, found in zip(flat, finds, strict=True) if found}
    return [None if number in left else flat.get(number, text).encode() for number, text in enumerate(texts)]


def parts(lines: Mapping[int, bytes]) -> Iterator[list[int]]:
    """Texts by their numbers, as many together as a job takes."""
    part: list[int] = []
    size = 0
    for number, line in lines.items():
        if part and (len(part) == MOST_LINES or size + len(line) + 1 > MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(number)
        size += len(line) + 1
    if part:
        yield part
