"""Amazon Comprehend's sentiment jobs: started, waited for, and their answers told apart by the line."""

from __future__ import annotations

import gzip
import re
import tarfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from jobs import milestones
from jobs.milestones import Milestone
from jobs.scorers import open_jobs
from jobs.scorers.call_policy import JobPlace
from jobs.scorers.calls import OUTAGE_SECONDS
from jobs.scorers.comprehend import Client, shares
from jobs.scorers.open_jobs import OpenJob
from jobs.scorers.outcomes import NO_ANSWER, Rejected, Throttled, Unanswered, reason_code
from jobs.storage import storage_of
from transforms.errors import ScorerError
from transforms.sentiment.protocols import Failure, Scores

# Of one job (docs.aws.amazon.com/comprehend/latest/dg/guidelines-and-limits.html): lines, and bytes of all.
MOST_LINES, MOST_BYTES = 1_000_000, 5 * 10**9
# A job takes minutes at the least; nobody is kept waiting by looking twice a minute.
POLL_SECONDS = 30.0
_GOING_ON = {"SUBMITTED", "IN_PROGRESS", "STOP_REQUESTED"}


class Jobs:
    """Jobs of a place. `stopped` tells why no more is to be waited, if so."""

    def __init__(
        self,
        place: JobPlace,
        client: Client,
        stopped: Callable[[], str | None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._place, self._client, self._stopped, self._sleep = place, client, stopped, sleep
        self.throttles = 0

    def started(self, job: OpenJob) -> str | None:
        """Start a job that is open, or find that it was; the service's name for it, None where it is not to be waited.

        With the same token the service starts nothing twice. Raises ScorerError, OSError.
        """
        if known := open_jobs.id_of(self._place, job):
            return known
        folder = open_jobs.folder_of(self._place, job)
        key = {"KmsKeyId": self._place.kms_key} if self._place.kms_key else {}
        answer = self._asked(
            "start_sentiment_detection_job",
            # A prefix takes what begins with it as well: it ends with a slash.
            InputDataConfig={"S3Uri": f"{folder}/input/", "InputFormat": "ONE_DOC_PER_LINE"},
            OutputDataConfig={"S3Uri": f"{folder}/output/", **key},
            DataAccessRoleArn=self._place.role,
            JobName=f"aurastream-{job.token[:16]}",
            LanguageCode=job.language,
            ClientRequestToken=job.token,
        )
        if answer is None:
            return None
        job_id = str(answer["JobId"])
        milestones.reached(Milestone.STARTED)
        open_jobs.note_id(self._place, job, job_id)
        return job_id

    def answers(self, job: OpenJob, job_id: str) -> list[Scores | Failure | None] | None:
        """Wait for a job's end; how each line ended, None for one that nothing is said of.

        None where it is not to be waited. Raises ScorerError where the job ends otherwise, OSError.
        """
        while (answer := self._asked("describe_sentiment_detection_job", JobId=job_id)) is not None:
            told = answer["SentimentDetectionJobProperties"]
            if told["JobStatus"] == "COMPLETED":
                return _read(told["OutputDataConfig"]["S3Uri"], len(job.keys))
            if told["JobStatus"] not in _GOING_ON:
                raise JobFailed(job_id, told["JobStatus"], told.get("Message", ""))
            if not self._pause():
                break
        return None

    def _asked(self, operation: str, **arguments: Any) -> Any:
        """An answer, however often it is asked for; None where it is not to be waited, or after a long outage."""
        unanswered = 0
        while unanswered * POLL_SECONDS < OUTAGE_SECONDS:
            try:
                return self._client.call(operation, **arguments)
            except Throttled:  # so is told that so many jobs go on already
                self.throttles += 1
            except Unanswered:
                unanswered += 1
            except Rejected as refused:
                raise ScorerError(f"Amazon Comprehend refuses {operation}: {refused.code}") from None
            if not self._pause():
                break
        return None

    def _pause(self) -> bool:
        if self._stopped():
            return False
        self._sleep(POLL_SECONDS)
        return not self._stopped()


class JobFailed(ScorerError):
    """A job that ended without answers."""

    def __init__(self, job_id: str, status: str, message: str) -> None:
        # A message of the service begins with a code; what follows may be anything.
        code = re.match(r"[A-Z][A-Z_]+(?=:)", message)
        super().__init__(
            f"Amazon Comprehend's job {job_id} ended as {status}{f' ({code[0]})' if code else ''}: see it in the "
            "console, mend what it says, and run again, which buys these texts anew"
        )


def _read(uri: str, lines: int) -> list[Scores | Failure | None]:
    """How each line ended, of an output.tar.gz: the first that is said of it. Raises OSError."""
    found: list[Scores | Failure | None] = [None] * lines
    for told in _told(uri):
        line = told.get("Line")
        if not isinstance(line, int) or not 0 <= line < lines or found[line] is not None:
            continue
        if "SentimentScore" in told:
            found[line] = shares(told["SentimentScore"])
        else:
            found[line] = Failure(reason_code(told.get("ErrorCode", NO_ANSWER)))
    return found


def _told(uri: str) -> Iterator[dict[str, Any]]:
    with storage_of(uri).open(uri) as stored, gzip.open(stored) as file, tarfile.open(fileobj=file, mode="r|") as tar:
        for member in tar:
            if (content := tar.extractfile(member)) is not None:
                yield from map(orjson.loads, content)
