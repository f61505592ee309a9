"""Letters: HTML, and in a process of their own, with limits of time and memory, PDF, DOCX, ODT and RTF."""

from __future__ import annotations

import atexit
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import resources

import pyarrow as pa

from jobs.formats import Format
from jobs.readers.mail import decoded
from jobs.readers.whole import read_whole
from transforms.documents import Reason, documents, rejection
from transforms.markup import text_of_html

MAX_LETTER_BYTES = 64 << 20
_CPU_SECONDS = 20.0  # a letter, after which the child ends itself
_WAITED = 120.0  # seconds for an answer, on a machine that has other things to do
_META = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def read_letter(blocks: Iterator[bytes], form: Format, source_file: str, document_id: str) -> pa.RecordBatch:
    """The one document of a letter, or why there is none."""
    content = read_whole(blocks, MAX_LETTER_BYTES)
    if isinstance(content, Reason):
        return rejection(source_file, 1, content, document_id)
    text = _page(content) if form is Format.HTML else _extracted(form, content)
    if isinstance(text, Reason):
        return rejection(source_file, 1, text, document_id)
    return documents({"document_id": [document_id], "text": [text]}, [1], source_file)


def _page(content: bytes) -> str | Reason:
    """The text of an HTML page, of the charset that its first bytes name."""
    charset = next((name for mark, name in _MARKS.items() if content.startswith(mark)), None)
    if charset is None and (named := _META.search(content[:4096])):
        charset = named[1].decode()
    return text_of_html(decoded(content, charset).removeprefix("\ufeff")) or Reason.NO_TEXT


def _extracted(form: Format, content: bytes) -> str | Reason:
    """What the child makes of a letter; one that it did not survive took more than a letter may."""
    global _child  # one for all letters of this process: to start it takes longer than most letters
    if _child is None or _child.owner != os.getpid():
        _child = _Child()
    answer = _child.ask(form, content)
    if answer is None:
        _child.end()
        _child = None
        return Reason.READING_LIMIT
    return answer


class _Child:
    """The process that reads letters. Raises OSError where it cannot be started."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        program = resources.files("jobs.readers").joinpath("extraction.py").read_text(encoding="utf-8")
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-I", "-c", program, str(_CPU_SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what a library says of a letter may quote it
        )
        self._process, self._asked, self._answers = process, process.stdin, process.stdout
        atexit.register(self.end)

    def ask(self, form: Format, content: bytes) -> str | Reason | None:
        """The text of a letter, or why it is not read; None where the process ended over it."""
        if self._asked is None or self._answers is None:  # pipes were asked for
            return None
        until = time.monotonic() + _WAITED
        try:
            self._asked.write(f"{form} {len(content)}\n".encode() + content)
            self._asked.flush()
        except OSError:
            return None
        answer = b""
        size = None
        while size is None or len(answer) < size:
            ready, _, _ = select.select([self._answers], [], [], max(until - time.monotonic(), 0))
            data = os.read(self._answers.fileno(), 1 << 20) if ready else b""
            if not data:
                return None
            answer += data
            if size is None and b"\n" in answer:
                line, _, answer = answer.partition(b"\n")
                said, length = line.decode().split()
                size = int(length)
        return answer.decode() if said == "text" else Reason(said)

    def end(self) -> None:
        """End the process, whatever it does."""
        atexit.unregister(self.end)
        if self.owner != os.getpid():
            return
        self._process.kill()
        for pipe in (self._asked, self._answers):
            if pipe:
                try:
                    pipe.close()
                except OSError:  # it had not taken all
                    continue
        self._process.wait()


_child: _Child | None = None
