"""The text of letters: PDF, DOCX, ODT, RTF. A program of its own, which `jobs.readers.letters` starts and ends.

It imports nothing of ours, for it is started from its source alone. Asked on standard input by a line `KIND SIZE` and
the file's bytes, it answers on standard output by a line `text SIZE` and the text in UTF-8, or `REASON 0`. A letter
that takes too long ends the process, and so may one that takes too much memory.
"""

from __future__ import annotations

import io
import resource
import signal
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

MEMORY = 2 << 30  # bytes of address space; libraries and a large page take a fifth
MAX_XML_BYTES = 64 << 20
MAX_TEXT = 2 << 20  # characters: more than a document may have

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_ODF = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_OLE = b"\xd0\xcf\x11\xe0"  # what Word puts around a document with a password


class Refused(Exception):
    """A letter is not read; the argument is the reason code."""


def text_of(kind: str, content: bytes) -> str:
    """The text of a letter. Raises Refused, and whatever the libraries raise on what is none."""
    return {"pdf": _pdf, "docx": _docx, "odt": _odt, "rtf": _rtf}[kind](content)


def _pdf(content: bytes) -> str:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise Refused("ENCRYPTED" if "password" in str(error).lower() else "CORRUPT_FILE") from None
    pages: list[str] = []
    size = 0
    for page in document:
        text = page.get_textpage().get_text_range()
        # A hyphen at the end of a line, which goes on in the next.
        pages.append(text.replace("\x02\r\n", "").replace("\ufffe", "").replace("\x02", ""))
        size += len(text)
        if size > MAX_TEXT:
            break
    return "\n".join(pages)


def _docx(content: bytes) -> str:
    if content.startswith(_OLE):
        raise Refused("ENCRYPTED")
    return _joined(_of_docx(_xml(content, "word/document.xml")))


def _of_docx(body: Any) -> Iterator[str]:
    from lxml import etree

    signs = {f"{_WORD}tab": " ", f"{_WORD}br": "\n", f"{_WORD}cr": "\n", f"{_WORD}noBreakHyphen": "-"}
    walk = etree.iterwalk(body, events=("start", "end"))
    for event, node in walk:
        if event == "end":
            if node.tag == f"{_WORD}p":
                yield "\n"
        elif node.tag == _FALLBACK:  # the same again, for programs that know no better
            walk.skip_subtree()
        elif node.tag == f"{_WORD}t":
            yield node.text or ""
        elif node.tag in signs:
            yield signs[node.tag]


def _odt(content: bytes) -> str:
    manifest = "META-INF/manifest.xml"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if manifest in archive.namelist() and b"encryption-data" in _member(archive, manifest):
            raise Refused("ENCRYPTED")
    return _joined(_of_odt(_xml(content, "content.xml")))


def _of_odt(body: Any) -> Iterator[str]:
    from lxml import etree

    signs = {f"{_ODF}s": " ", f"{_ODF}tab": " ", f"{_ODF}line-break": "\n"}
    paragraphs = (f"{_ODF}p", f"{_ODF}h")
    skipped = (f"{_ODF}tracked-changes", "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}annotation")
    inside = 0  # of how many paragraphs and headings
    walk = etree.iterwalk(body, events=("start", "end"))
    for event, node in walk:
        if node.tag in skipped:
            if event == "start":
                walk.skip_subtree()
            elif inside:
                yield node.tail or ""
        elif event == "start":
            inside += node.tag in paragraphs
            if inside:
                yield signs.get(node.tag, "") + (node.text or "")
        else:
            if node.tag in paragraphs:
                inside -= 1
                yield "\n"
            if inside:
                yield node.tail or ""


def _xml(content: bytes, name: str) -> Any:
    from lxml import etree

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        data = _member(archive, name)
    # No entity is resolved and nothing fetched; libxml2 bounds depth and the length of texts.
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        data = member.read(MAX_XML_BYTES + 1)
    if len(data) > MAX_XML_BYTES:
        raise Refused("FILE_TOO_LARGE")
    return data


def _joined(parts: Iterator[str]) -> str:
    text, size = [], 0
    for part in parts:
        text.append(part)
        size += len(part)
        if size > MAX_TEXT:
            break
    return "".join(text)


def _rtf(content: bytes) -> str:
    from striprtf.striprtf import rtf_to_text

    text: str = rtf_to_text(content.decode("cp1252", errors="replace"), errors="replace")
    return text


def _answer(kind: str, content: bytes) -> tuple[str, bytes]:
    try:
        text = text_of(kind, content)[:MAX_TEXT]
    except Refused as refused:
        return str(refused), b""
    except ImportError:
        return "READER_MISSING", b""
    except (MemoryError, RecursionError):
        return "READING_LIMIT", b""
    except Exception:  # noqa: BLE001 - whatever a library makes of what is no letter
        return "CORRUPT_FILE", b""
    data = text.encode("utf-8", "replace")
    return ("text", data) if text.strip() else ("NO_TEXT", b"")


def serve(seconds: float) -> None:
    """Answer until standard input ends, each letter within so much time of CPU."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    while line := asked.readline():
        kind, size = line.decode().split()
        content = asked.read(int(size))
        signal.setitimer(signal.ITIMER_PROF, seconds)  # SIGPROF ends the process, also in a library's loop
        reason, data = _answer(kind, content)
        signal.setitimer(signal.ITIMER_PROF, 0)
        answers.write(f"{reason} {len(data)}\n".encode() + data)
        answers.flush()


if __name__ == "__main__":
    serve(float(sys.argv[1]))
