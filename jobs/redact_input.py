"""What `redact` and `restore` read: one text, or JSON Lines, told by its content where nothing else tells it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from jobs.console import say
from jobs.readers.lines import Rejected, split_lines
from transforms.documents import MAX_TEXT_BYTES, Reason
from transforms.errors import DropError

TEXT, JSON_LINES = "text", "jsonl"
UNDECIDED = "undecided"  # lines of JSON of which few hold what is looked for
_BY_NAME = {".txt": TEXT, ".jsonl": JSON_LINES, ".ndjson": JSON_LINES}
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BLOCK_BYTES = 1 << 20
_FIRST_LINES = 100  # that are not blank, by which the format is told


class Parsed(NamedTuple):
    """One line: its fields, or why it has none."""

    row: dict[str, Any]
    reason: Reason | None


class Input(NamedTuple):
    """An input that is open. JSON Lines are never held whole."""

    name: str
    form: str
    blocks: Iterator[bytes]  # without a byte order mark

    def text(self, most: int = MAX_TEXT_BYTES) -> str:
        """All of it as one text of at most so many bytes. Raises DropError where it is longer, or is not UTF-8."""
        data = b""
        for block in self.blocks:
            data += block
            if len(data) > most:
                raise DropError(
                    f"{self.name}: a text has at most {most:,} bytes. Cut it into several, or give JSON Lines, "
                    "one text a line; --format jsonl and --keys say how its lines are read"
                )
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise DropError(f"{self.name}: byte {error.start + 1} is not UTF-8; convert the text first") from None

    def lines(self) -> Iterator[tuple[int, bytes | Reason]]:
        """Each line that is not blank with its number, or the reason why it cannot be held."""
        for each in split_lines(self.blocks, 1):
            if isinstance(each, Rejected):
                yield each.row, each.reason
            else:
                numbered = enumerate(each.data.split(b"\n"), each.first)
                yield from ((number, line) for number, line in numbered if line.strip())


@contextmanager
def opened(source: Path, form: str | None, holds: Callable[[dict[str, Any]], bool]) -> Iterator[Input]:
    """A file, or standard input for `-`. `form` is TEXT or JSON_LINES; None tells by the name, or by the first lines.

    Content is JSON Lines where at least half of the first lines are objects with what is looked for, as `holds` says.
    Raises DropError for UTF-16.
    """
    with _file(source) as file:
        head = file.read(_BLOCK_BYTES)
        if head.startswith(_UTF_16) or head[:_BLOCK_BYTES].count(0) * 3 > len(head):
            raise DropError(f"{source}: it is UTF-16, not UTF-8; convert it first, as by `iconv -f UTF-16 -t UTF-8`")
        head = head.removeprefix(_BOM)
        found = form or _BY_NAME.get(source.suffix.lower()) or _by_content(head, holds)
        if found == UNDECIDED:
            say(
                f"{source}: lines of JSON, but few of the first hold a text that is looked for: searched as one text, "
                "and every string in it by itself. Say --format jsonl, --format text, or --keys"
            )
        yield Input(str(source), found, chain([head] if head else [], iter(lambda: file.read(_BLOCK_BYTES), b"")))


@contextmanager
def _file(source: Path) -> Iterator[BinaryIO]:
    if str(source) == "-":
        yield sys.stdin.buffer
    else:
        with source.open("rb") as file:
            yield file


def _by_content(head: bytes, holds: Callable[[dict[str, Any]], bool]) -> str:
    whole = len(head) < _BLOCK_BYTES - len(_BOM)
    lines = head.split(b"\n") if whole else head.split(b"\n")[:-1]  # the last one may be cut
    first = list(islice((line for line in lines if line.strip()), _FIRST_LINES))
    if not first and head.lstrip().startswith(b"{"):
        return JSON_LINES  # no text is as long as this line
    held = sum(holds(parsed(line).row) for line in first)
    if held and held * 2 >= len(first):
        return JSON_LINES
    like = sum(line.lstrip().startswith(b"{") for line in first)
    return UNDECIDED if held or (like and like * 2 >= len(first)) else TEXT


def parsed(line: bytes | Reason) -> Parsed:
    """A line's fields, or why there are none."""
    if isinstance(line, Reason):
        return Parsed({}, line)
    try:
        row = json.loads(line.decode())
    except UnicodeDecodeError:
        return Parsed({}, Reason.INVALID_UTF8)
    except (ValueError, RecursionError):
        return Parsed({}, Reason.MALFORMED_JSON)
    return Parsed(row, None) if isinstance(row, dict) else Parsed({}, Reason.NOT_AN_OBJECT)


def written(row: dict[str, Any]) -> bytes:
    """A line of JSON Lines. What fields hold of half characters is written as the escapes that it came as."""
    text = json.dumps(row, ensure_ascii=False)
    return (text if is_unicode(text) else json.dumps(row)).encode() + b"\n"


def is_unicode(text: str) -> bool:
    """Whether no half of a UTF-16 pair is in it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
