"""What a command gives: an answer, to a file or standard output, and lines to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

import click

from jobs.storage import LocalStorage
from transforms.display import visible
from transforms.errors import UsageError

# What stands in every line of a log in JSON, once there is one; None: lines are for people.
_fields: dict[str, str] | None = None


@contextmanager
def json_log(**fields: str) -> Iterator[None]:
    """Within it a line is a JSON object with these fields, by which a log's reader finds what a run said."""
    global _fields
    _fields = fields
    try:
        yield
    finally:
        _fields = None


def log_run(run_id: str) -> None:
    """From now on lines in JSON bear the id of a run."""
    if _fields is not None:
        _fields["run"] = run_id


def say(line: str) -> None:
    """One line to standard error; what a file's name may hold and a terminal would obey is shown as escapes."""
    if _fields is None:
        click.echo(visible(line), err=True)
    else:
        click.echo(json.dumps({"at": datetime.now(UTC).isoformat(), **_fields, "message": visible(line)}), err=True)


@contextmanager
def output(target: Path | None) -> Iterator[BinaryIO]:
    """A binary file; None or `-` is standard output. Raises UsageError where it cannot be written."""
    if target is None or str(target) == "-":
        yield sys.stdout.buffer
        return
    target = target.resolve() if target.is_symlink() else target
    if not target.parent.is_dir():
        raise UsageError(f"--out {target}: there is no folder {target.parent}")
    if target.exists() and not target.is_file():  # a pipe, or /dev/null
        with click.open_file(str(target), "wb") as out:
            yield cast(BinaryIO, out)
        return
    try:
        with LocalStorage().create(str(target)) as out:
            yield cast(BinaryIO, out)
    except OSError as error:
        raise UsageError(f"--out {target}: {error.strerror}") from None
