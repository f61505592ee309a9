"""The local Comprehend's jobs: over the lines of files in S3, with the service's limits, and what may become of them.

Limits are those of Guidelines and quotas in the Developer Guide, shapes those of the API model and of the Guide's pages
on the output of asynchronous analysis: a line of JSON for each line that was read, with `File` and `Line` from 0.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import uuid
from collections.abc import Callable, Iterator
from typing import NamedTuple

import orjson

from infra.local.answers import Sentiment
from infra.local.refusal import JSON, Refusal
from jobs.storage import storage_of

MOST_LINES = 1_000_000
MOST_BYTES = 5 * 10**9
MOST_BYTES_A_LINE = 5_000
MOST_ACTIVE = 10  # jobs that are not done, of an account unless Amazon grants more
_SECOND = 1_000_000_000  # nanoseconds
_NAMES = ("Positive", "Negative", "Neutral", "Mixed")  # in the order of `Scores`


class Harm(NamedTuple):
    """What becomes of a job otherwise than well."""

    status: str | None  # FAILED or STOPPED: it ends so, and says nothing
    answers: int | None  # it says nothing of lines from this one on


class Job:
    """A job that was started; by `done_at`, in nanoseconds of `clock`, it is to be done."""

    def __init__(self, request: JSON, language: str, harm: Harm, clock: Callable[[], int], done_at: int) -> None:
        self.request, self.language = request, language
        self.id, self.status, self.message = uuid.uuid4().hex, "SUBMITTED", ""
        self._harm, self._clock, self._done_at = harm, clock, done_at
        place = request["OutputDataConfig"]["S3Uri"].rstrip("/")
        self.output = f"{place}/000000000000-SENTIMENT-{self.id}/output/output.tar.gz"

    @property
    def active(self) -> bool:
        """Whether it counts among those that go on."""
        return self.status in ("SUBMITTED", "IN_PROGRESS")

    def work(self, sentiment: Sentiment, item_error: Callable[[], str | None]) -> list[str]:
        """Do what is to be done of it by now; the texts that are billed for it."""
        if not self.active:
            return []
        if self._clock() < self._done_at:
            self.status = "IN_PROGRESS"
            return []
        if self._harm.status:
            self._end(self._harm.status, "INTERNAL_SERVER_ERROR: The fault schedule has it so.")
            return []
        try:
            billed, said = self._answers(sentiment, item_error)
            with storage_of(self.output).create(self.output) as file:
                file.write(_packed(said))
        except OSError:
            self._end("FAILED", "NO_READ_ACCESS_TO_INPUT: The input cannot be read, or the output not be written.")
            return []
        except Refusal as refusal:
            self._end("FAILED", f"{refusal.code}: {refusal.message}")
            return []
        self._end("COMPLETED", "")
        return billed

    def _end(self, status: str, message: str) -> None:
        self.status, self.message = status, message

    def _answers(self, sentiment: Sentiment, item_error: Callable[[], str | None]) -> tuple[list[str], list[JSON]]:
        """What is billed, and what is said of each line."""
        billed: list[str] = []
        said: list[JSON] = []
        size = 0
        for count, (name, number, line) in enumerate(self._lines(), 1):
            size += len(line) + 1
            if count > MOST_LINES or size > MOST_BYTES:
                raise Refusal("INPUT_SIZE_LIMIT_EXCEEDED", f"At most {MOST_LINES} lines and {MOST_BYTES} bytes.")
            if self._harm.answers is not None and number >= self._harm.answers:
                continue
            about = {"File": name, "Line": number}
            try:
                text = line.decode()
            except UnicodeDecodeError:
                said.append(about | {"ErrorCode": "UNSUPPORTED_ENCODING", "ErrorMessage": "The rest is ignored."})
                break
            code = "DOCUMENT_SIZE_EXCEEDED" if len(line) > MOST_BYTES_A_LINE else item_error()
            if code:
                said.append(about | {"ErrorCode": code, "ErrorMessage": "As its code says."})
                continue
            scores = sentiment(text, self.language)
            label = _NAMES[scores.index(max(scores))].upper()
            said.append(about | {"Sentiment": label, "SentimentScore": dict(zip(_NAMES, scores, strict=True))})
            billed.append(text)
        return billed, said

    def _lines(self) -> Iterator[tuple[str, int, bytes]]:
        """File, number and content of every line, of all objects whose names begin with what was given."""
        given = self.request["InputDataConfig"]["S3Uri"]
        folder, _, begin = given.rpartition("/")
        for stored in sorted(storage_of(given).list(folder)):
            name = stored.uri.removeprefix(f"{folder}/")
            if name.startswith(begin):
                with storage_of(given).open(stored.uri) as file:
                    for number, line in enumerate(file.read().splitlines()):
                        yield name, number, line


class Jobs:
    """All jobs that were started. Each takes `seconds`; `clock` counts nanoseconds."""

    def __init__(self, seconds: float, clock: Callable[[], int]) -> None:
        self._seconds, self._clock = seconds, clock
        self._by_id: dict[str, Job] = {}
        self._by_token: dict[str, Job] = {}

    def start(self, request: JSON, language: str, harm: Harm | None) -> Job:
        """Start a job, or find the one of the request's token. Raises Refusal."""
        token = request.get("ClientRequestToken")
        if known := self._by_token.get(str(token)):
            if known.request != request:
                raise Refusal("InvalidRequestException", "The token is that of another request.")
            return known
        if sum(job.active for job in self._by_id.values()) >= MOST_ACTIVE:
            raise Refusal("TooManyRequestsException", f"{MOST_ACTIVE} jobs go on already.")
        done_at = self._clock() + round(self._seconds * _SECOND)
        job = Job(request, language, harm or Harm(None, None), self._clock, done_at)
        self._by_id[job.id] = job
        if token is not None:
            self._by_token[str(token)] = job
        return job

    def work(self, sentiment: Sentiment, item_error: Callable[[], str | None]) -> list[str]:
        """Do what is to be done by now, whether anybody asks for it or not; the texts that are billed."""
        return [text for job in self._by_id.values() for text in job.work(sentiment, item_error)]

    def find(self, job_id: str) -> Job:
        """A job by its name. Raises Refusal."""
        if job_id not in self._by_id:
            raise Refusal("JobNotFoundException", "There is no such job.")
        return self._by_id[job_id]


def _packed(said: list[JSON]) -> bytes:
    """A file `output` of lines of JSON, as output.tar.gz."""
    content = b"".join(orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE) for each in said)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        member = tarfile.TarInfo("output")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return gzip.compress(packed.getvalue())
