"""What a command gives: an answer, to a file or standard output, and lines to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from transforms.errors import UsageError
from transforms.report import visible


def say(line: str) -> None:
    """One line to standard error; what a file's name may hold and a terminal would obey is shown as escapes."""
    click.echo(visible(line), err=True)


@contextmanager
def output(target: Path | None) -> Iterator[BinaryIO]:
    """A binary file; None or `-` is standard output. Raises UsageError where it cannot be written."""
    if target is None or str(target) == "-":
        yield sys.stdout.buffer
        return
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as out:
            yield out
        unfinished.replace(target)
    except OSError as error:
        raise UsageError(f"--out {target}: {error.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)
