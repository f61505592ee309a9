"""Jobs of Amazon Comprehend over many texts: the lake keeps each from before its start until its answers are cached.

A folder each, named by the job's token:

input/texts   the texts, one a line
sent          whose they are: a line of JSON, then the content key of each text, 32 bytes; where it is there, the units
              of all of them are reserved, and the job was started, or will be by whoever finds it
id            the service's name for it, once that is known
output/       what the service writes

A job is paid for once: whoever finds `sent` and no `id` starts it with the same token, which the service knows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa

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
    folder = folder_of(place, job.token)
    with storage_of(folder).create(f"{folder}/input/texts") as file:
        for line in lines:
            file.write(line + b"\n")


def keep(place: JobPlace, job: OpenJob) -> None:
    """Put whose texts they are: from then on the job is open. Raises OSError."""
    folder = folder_of(place, job.token)
    about = {"run_id": job.run_id, "language": job.language, "version": job.version, "units": job.units}
    with storage_of(folder).create(f"{folder}/sent") as file:
        file.write(json.dumps(about).encode() + b"\n" + b"".join(job.keys))


def open_jobs(place: JobPlace) -> list[OpenJob]:
    """The jobs that are open. Raises OSError."""
    storage = storage_of(place.root)
    found = []
    for stored in storage.list(place.root):
        token, _, name = stored.uri.removeprefix(f"{place.root}/").partition("/")
        if name == "sent":
            content = _read(stored.uri)
            if content is not None:
                about, _, keys = content.partition(b"\n")
                split = tuple(keys[start : start + _DIGEST] for start in range(0, len(keys), _DIGEST))
                found.append(OpenJob(token, keys=split, **json.loads(about)))
    return found


def note_id(place: JobPlace, token: str, job_id: str) -> None:
    """Keep the service's name for a job. Raises OSError."""
    uri = f"{folder_of(place, token)}/id"
    storage_of(uri).put_if_absent(uri, job_id.encode())


def id_of(place: JobPlace, token: str) -> str | None:
    """The service's name for a job, where it is known. Raises OSError."""
    content = _read(f"{folder_of(place, token)}/id")
    return None if content is None else content.decode()


def forget(place: JobPlace, token: str) -> None:
    """Remove what there is of a job, first what says that it is open. Raises OSError."""
    folder = folder_of(place, token)
    storage = storage_of(folder)
    storage.delete(f"{folder}/sent")
    storage.delete(folder)


def folder_of(place: JobPlace, token: str) -> str:
    """Where a job's files are."""
    return f"{place.root}/{token}"


def _read(uri: str) -> bytes | None:
    try:
        with storage_of(uri).open(uri) as file:
            content: bytes = file.read()
            return content
    except FileNotFoundError:
        return None
