"""Makes few files of many: a query opens each, and for 100,000 Athena takes ten times as long."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from jobs.lake.layout import Lake
from jobs.lake.parquet import WrittenFile, new_file
from jobs.lake.published import read_published
from jobs.run.workers import Workers
from jobs.storage import storage_of
from jobs.stores.protocols import PublishedFile
from transforms.errors import LakeError

# Athena's own advice for a file is 128 MB and more. A date of less than that is left in the files that its tasks wrote,
# unless these are many.
LEAST_BYTES = 128 << 20
TARGET_BYTES = 256 << 20
MANY_FILES = 64


class _Whole(NamedTuple):
    """Files of a date that become one."""

    ds: str
    target: str
    files: list[PublishedFile]


def compact(workers: Workers, lake: Lake, run_id: str, files: Sequence[WrittenFile]) -> list[WrittenFile]:
    """The files of a date, small ones put together, in their order: rows and their order stay what they are.

    What they were made of stays for whoever removes what is not named. Raises LakeError.
    """
    if len(files) < 2:
        return [*files]
    folder = lake.scores(files[0].ds, run_id)
    sizes = {stored.uri: stored.size for stored in storage_of(folder).list(folder)}
    if gone := next((file.uri for file in files if file.uri not in sizes), None):
        raise LakeError(f"{gone} is gone: another start took this run for dead and removed what it wrote; run again")
    if sum(sizes[file.uri] for file in files) < LEAST_BYTES and len(files) <= MANY_FILES:
        return [*files]
    bins = _bins(files, sizes)
    work = [
        _Whole(some[0].ds, f"{folder}/whole-{uuid.uuid4().hex[:8]}.parquet", [_published(lake, each) for each in some])
        for some in bins
        if len(some) > 1
    ]
    made = iter(workers.spread("putting files together", lake, work, _put_together))
    return [some[0] if len(some) == 1 else next(made) for some in bins]


def _bins(files: Sequence[WrittenFile], sizes: dict[str, int]) -> list[list[WrittenFile]]:
    """Neighbours that come to TARGET_BYTES or a little more; a file that is large by itself stays alone."""
    bins: list[list[WrittenFile]] = []
    room = 0
    for file in files:
        size = sizes[file.uri]
        if size >= LEAST_BYTES:
            bins.append([file])
            room = 0
            continue
        if room <= 0:
            bins.append([])
            room = TARGET_BYTES
        bins[-1].append(file)
        room -= size
    return bins


def _published(lake: Lake, file: WrittenFile) -> PublishedFile:
    return PublishedFile(lake.path_of(file.uri), file.rows)


def _put_together(lake: Lake, _: int, whole: _Whole) -> WrittenFile:
    with new_file(whole.ds, whole.target) as writer:
        for file in whole.files:
            for batch in read_published(lake, file):
                writer.write(batch)
    return writer.written
