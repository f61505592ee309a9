"""Jobs of Amazon Comprehend over many texts: the lake keeps each from before its start until its answers are cached.

A folder each, below that of its run, named by the job's token:

input/texts   the texts, one a line
sent          whose they are: a line of JSON, then the content key of each text, 32 bytes; where it is there, the units
              of all of them are reserved, and the job was started, or will be by whoever finds it
id            the service's name for it, once that is known
output/       what the service writes

A job is paid for once: whoever finds `sent` and no `id` starts it with the same token, which the service knows. Where
there is no `sent`, the files are what a run has left that died on its way, and are removed once it is known to be over.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa

from jobs import milestones
from jobs.milestones import Milestone
from jobs.scorers.call_policy import JobPlace
from jobs.storage import storage_of
from transforms.pii.redacted import RedactedText

_DIGEST = 32  # bytes of a content key


class OpenJob(NamedTuple):
    """A job whose answers are not in the cache yet."""

    token: str
    run_id: str  # whose budget it is of
    language: str
    version: str  # of the scorer
    units: int
    keys: tuple[bytes, ...]  # content keys, in the order of the lines


def new_job(run_id: str, language: str, version: str, units: int, keys: Sequence[bytes]) -> OpenJob:
    """A job of a run; the same for the same texts."""
    told = hashlib.sha256(json.dumps([run_id, language]).encode())
    for key in keys:
        told.update(key)
    return OpenJob(told.hexdigest(), run_id, language, version, units, tuple(keys))


def content_keys(place: JobPlace, texts: Sequence[RedactedText], language: str) -> list[bytes]:
    """What the scores of texts are cached under."""
    keys = place.fingerprint.keys(pa.array(texts, pa.string()), pa.repeat(language, len(texts))).to_pylist()
    return [bytes.fromhex(key) for key in keys]


def put_texts(place: JobPlace, job: OpenJob, lines: Sequence[bytes]) -> None:
    """Put the texts of a job that is not open yet. Raises OSError."""
    folder = folder_of(place, job)
    with storage_of(folder).create(f"{folder}/input/texts") as file:
        for line in lines:
            file.write(line + b"\n")
    milestones.reached(Milestone.LAID)


def keep(place: JobPlace, job: OpenJob) -> None:
    """Put whose texts they are: from then on the job is open. Raises OSError."""
    folder = folder_of(place, job)
    about = {"language": job.language, "version": job.version, "units": job.units}
    with storage_of(folder).create(f"{folder}/sent") as file:
        file.write(json.dumps(about).encode() + b"\n" + b"".join(job.keys))
    milestones.reached(Milestone.OPENED)


class OpenJobs:
    """The open jobs of a place, listed anew whenever they are asked for: other runs open theirs meanwhile.

    What a job is of never changes, and is read once.
    """

    def __init__(self, place: JobPlace) -> None:
        self._place = place
        self._sent: dict[str, bytes] = {}  # URI -> content, of jobs that were open when last listed
        self.run_ids: set[str] = set()  # whoever had files of a job then, open or not

    def listed(self) -> list[OpenJob]:
        """All of them. Raises OSError."""
        root, open_now = self._place.root, dict[str, bytes]()
        self.run_ids = set()
        for stored in storage_of(root).list(root):
            run_id, _, rest = stored.uri.removeprefix(f"{root}/").partition("/")
            self.run_ids.add(run_id)
            if rest.endswith("/sent"):
                content = self._sent.get(stored.uri) or _read(stored.uri)
                if content is not None:
                    open_now[stored.uri] = content
        self._sent = open_now
        return [_job(uri, content) for uri, content in open_now.items()]

    def holding(self, texts: Sequence[RedactedText], language: str) -> list[tuple[OpenJob, list[int]]]:
        """The jobs that hold any of some texts, each with their places; no text is in two. Raises OSError."""
        jobs = self.listed()
        keys = content_keys(self._place, texts, language) if jobs else []
        places = {key: place for place, key in enumerate(keys)}
        found = []
        for job in jobs:
            mine = [place for key in job.keys if (place := places.pop(key, None)) is not None]
            if mine:
                found.append((job, mine))
        return found


def _job(uri: str, content: bytes) -> OpenJob:
    run_id, token, _ = uri.rsplit("/", 3)[1:]
    about, _, keys = content.partition(b"\n")
    split = tuple(keys[start : start + _DIGEST] for start in range(0, len(keys), _DIGEST))
    return OpenJob(token, run_id, keys=split, **json.loads(about))


def note_id(place: JobPlace, job: OpenJob, job_id: str) -> None:
    """Keep the service's name for a job. Raises OSError."""
    uri = f"{folder_of(place, job)}/id"
    storage_of(uri).put_if_absent(uri, job_id.encode())


def id_of(place: JobPlace, job: OpenJob) -> str | None:
    """The service's name for a job, where it is known. Raises OSError."""
    content = _read(f"{folder_of(place, job)}/id")
    return None if content is None else content.decode()


def forget(place: JobPlace, job: OpenJob) -> None:
    """Remove what there is of a job, first what says that it is open. Raises OSError."""
    folder = folder_of(place, job)
    storage = storage_of(folder)
    storage.delete(f"{folder}/sent")
    milestones.reached(Milestone.CLOSED)
    storage.delete(folder)


def sweep(place: JobPlace, run_id: str) -> None:
    """Remove what a run that is over has left, and that is not open. Raises OSError."""
    folder = f"{place.root}/{run_id}"
    storage_of(folder).delete(folder)


def folder_of(place: JobPlace, job: OpenJob) -> str:
    """Where a job's files are."""
    return f"{place.root}/{job.run_id}/{job.token}"


def _read(uri: str) -> bytes | None:
    try:
        with storage_of(uri).open(uri) as file:
            content: bytes = file.read()
            return content
    except FileNotFoundError:
        return None
