"""A table's documents, read by a process of their own: what its decoders do to memory and time ends with it."""

from __future__ import annotations

import os
import pickle
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import BinaryIO, cast

import pyarrow as pa

from jobs.drops import DropFile
from jobs.formats import Telling
from jobs.readers.survey import Survey, survey
from jobs.readers.tables import TABLES
from transforms.documents import Reason, rejection
from transforms.schemas import DOCUMENTS

MEMORY_BYTES = 3 << 30  # of addresses, most of which are libraries'
SECONDS = 60  # of CPU, and one more for each of these bytes
_BYTES_A_SECOND = 1 << 20
_LOOK, _READ = "look", "read"  # what the child is asked
_NO_MEMORY = 7  # what the child exits with
_KILLED = {_NO_MEMORY, -signal.SIGABRT, -signal.SIGKILL, -signal.SIGXCPU, -signal.SIGSEGV}


def read_apart(
    file: DropFile, columns: Mapping[str, str], batch_rows: int, telling: Telling
) -> Iterator[pa.RecordBatch]:
    """Documents of a table; where its reader ends for want of memory or time, a rejection, DECOMPRESSION_BOMB."""
    child = _start()
    to, answers = cast(BinaryIO, child.stdin), cast(BinaryIO, child.stdout)
    row, whole = 0, False
    try:
        to.write(pickle.dumps((_READ, file, dict(columns), (batch_rows, telling), MEMORY_BYTES, SECONDS)))
        to.close()
        with pa.ipc.open_stream(answers) as stream:
            while True:
                batch, counted = stream.read_next_batch_with_custom_metadata()
                if batch.num_rows == 0:
                    whole = True
                    break
                yield batch.replace_schema_metadata(dict(counted)) if counted else batch
                row = batch["source_row"][-1].as_py()
    except (OSError, StopIteration, pa.ArrowException):
        pass  # it ended before its time
    finally:
        answers.close()  # where nobody wants the rest, the child ends with its next batch
        child.wait()
    if not whole:
        killed = child.returncode in _KILLED
        yield rejection(
            file.source_file, row + 1 if row else 0, Reason.DECOMPRESSION_BOMB if killed else Reason.CORRUPT_FILE
        )


def look(file: DropFile, columns: Mapping[str, str], records: str | None) -> Survey | None:
    """What a file's columns are; None where it cannot be told, within the same limits."""
    child = _start()
    told = pickle.dumps((_LOOK, file, dict(columns), records, MEMORY_BYTES, SECONDS))
    answer, _ = child.communicate(told)
    return pickle.loads(answer) if child.returncode == 0 and answer else None  # noqa: S301 - of our child


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "jobs.readers.apart"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"},
    )


def _child() -> int:
    asked, file, columns, how, memory, seconds = pickle.load(sys.stdin.buffer)  # noqa: S301 - of our parent
    limit = seconds + file.size // _BYTES_A_SECOND
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if asked == _LOOK:
        sys.stdout.buffer.write(pickle.dumps(survey(file, columns, how)))
        return 0
    row = 0
    with pa.ipc.new_stream(sys.stdout.buffer, DOCUMENTS) as out:
        reason = Reason.FILE_UNREADABLE
        try:
            with file.open() as source:
                reason = Reason.CORRUPT_FILE
                for batch in TABLES[file.format](source, file.source_file, columns, *how):
                    out.write_batch(batch, batch.schema.metadata)  # of a stream, only its first schema's goes along
                    row = batch["source_row"][-1].as_py()
        except MemoryError:
            return _NO_MEMORY
        except Exception:  # noqa: BLE001 - of a decoder; the other files are read
            out.write_batch(rejection(file.source_file, row + 1 if row else 0, reason))
        out.write_batch(pa.RecordBatch.from_pylist([], schema=DOCUMENTS))  # that was all
    return 0


if __name__ == "__main__":
    sys.exit(_child())
