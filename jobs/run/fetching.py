"""Answers of jobs that earlier runs paid for and did not wait for: fetched into the cache, and not bought again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing

from jobs import milestones
from jobs.console import say
from jobs.milestones import Milestone
from jobs.scorers import open_jobs
from jobs.scorers.call_policy import CallPolicy, JobPlace
from jobs.scorers.comprehend import Client
from jobs.scorers.comprehend_jobs import JobFailed, Jobs
from jobs.scorers.open_jobs import OpenJob
from jobs.stores.open import Stores
from transforms.errors import ScorerUnavailable
from transforms.sentiment.protocols import Cached, Scores


def fetch(policy: CallPolicy, stores: Stores) -> None:
    """Wait for the open jobs of runs that are over, until the deadline, and keep their answers; remove what they left.

    Raises ScorerError, CacheError, and ScorerUnavailable where the lake cannot be read or written.
    """
    place = policy.jobs
    if place is None:
        return
    liveness = stores.liveness()
    try:
        found = open_jobs.OpenJobs(place)
        listed = found.listed()
        over = {run_id for run_id in found.run_ids if not liveness.lives(run_id)}
        left = [job for job in listed if job.run_id in over]
        if left and not _fetched(policy, place, stores, left):
            return
        for run_id in over:
            open_jobs.sweep(place, run_id)
    except OSError as error:
        raise ScorerUnavailable(f"the files of Amazon Comprehend's jobs cannot be used: {error}") from None


def _fetched(policy: CallPolicy, place: JobPlace, stores: Stores, left: Sequence[OpenJob]) -> bool:
    """Whether the answers of all these jobs came before the deadline; those that did are in the cache."""
    say(f"{len(left)} jobs of earlier runs at Amazon Comprehend: their answers are waited for")

    def stopped() -> str | None:
        return "" if policy.stop_at is None or time.time() < policy.stop_at else "the deadline"

    client = Client(threads=1)
    jobs = Jobs(place, client, stopped)
    with closing(client), closing(stores.cache()) as cache:
        for job in left:
            job_id = jobs.started(job)
            try:
                answers = None if job_id is None else jobs.answers(job, job_id)
            except JobFailed as failed:
                say(str(failed))
                answers = [None] * len(job.keys)
            if answers is None:
                return False
            entries = {
                key: Cached(answer, job.language, job.version)
                for key, answer in zip(job.keys, answers, strict=True)
                if isinstance(answer, Scores)
            }
            cache.put(entries)
            milestones.reached(Milestone.FETCHED)
            open_jobs.forget(place, job)
            say(f"{len(entries):,} scores of run {job.run_id} are in the cache")
    return True
