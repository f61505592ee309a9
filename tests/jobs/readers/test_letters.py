import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.formats import Format
from jobs.readers import letters
from tests.jobs.readers.drop import listed, read, rejected, written
from tests.jobs.readers.test_archives import zipped

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
ODF = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
)


@pytest.fixture(autouse=True)
def _child() -> Iterator[None]:
    yield
    if letters._child:
        letters._child.end()
        letters._child = None


def docx(body: str, doctype: str = "") -> bytes:
    document = f"<?xml version='1.0'?>{doctype}<w:document {W} {MC}><w:body>{body}</w:body></w:document>"
    return zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": document.encode()})


def odt(body: str, manifest: str = "<manifest/>") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        content = f"<office:document-content {ODF}><office:body>{body}</office:body></office:document-content>"
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    return made.getvalue()


def pdf(*streams: str, forms: dict[int, str] | None = None) -> bytes:
    """A PDF of a page for each content stream; `forms` are further objects, of which X is 100."""
    kids = " ".join(f"{10 + 2 * number} 0 R" for number in range(len(streams)))
    objects = {
        1: "<</Type/Catalog/Pages 2 0 R>>",
        2: f"<</Type/Pages/Count {len(streams)}/Kids[{kids}]>>",
        3: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    }
    for number, stream in enumerate(streams):
        page, content = 10 + 2 * number, 11 + 2 * number
        objects[page] = (
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents {content} 0 R"
            f"/Resources<</Font<</F 3 0 R>>/XObject<</X 100 0 R>>>>>>"
        )
        objects[content] = f"<</Length {len(stream)}>>stream\n{stream}\nendstream"
    body = "".join(f"{number} 0 obj\n{content}\nendobj\n" for number, content in (objects | (forms or {})).items())
    return f"%PDF-1.4\n{body}trailer\n<</Root 1 0 R>>\n%%EOF".encode()


def shown(text: str) -> str:
    return f"BT /F 12 Tf 50 700 Td ({text}) Tj ET"


P = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>"
R = "<w:r><w:t>new</w:t></w:r>"
READ = {
    "a.html": (b"<html><head><meta charset=latin-1></head><p>sch\xf6n<p>sp\xe4t", "schön\nspät"),
    "utf-16.html": ("\ufeff<p>schön</p>".encode("utf-16-le"), "schön"),
    "a.htm": ("<p>schön</p>".encode(), "schön"),
    "a.rtf": (rb"{\rtf1\ansi It was \b very\b0  sch\'f6n.\par Late.}", "It was very schön.\nLate."),
    "a.docx": (docx(P.format("One") + f"<w:tbl><w:tr><w:tc>{P.format('cell')}</w:tc></w:tr></w:tbl>"), "One\ncell\n"),
    "changed.docx": (docx(f"<w:p><w:ins>{R}</w:ins><w:del><w:delText>old</w:delText></w:del></w:p>"), "new\n"),
    "box.docx": (
        docx(f"<w:p><mc:AlternateContent><mc:Choice>{R}</mc:Choice><mc:Fallback>{R}</mc:Fallback></mc:AlternateContent>"
             "</w:p>"),
        "new\n",
    ),
    "a.odt": (
        odt("<text:h>A</text:h><text:p>It<text:s/>was <text:span>so</text:span> late<text:line-break/>x</text:p>"),
        "A\nIt was so late\nx\n",
    ),
    "changed.odt": (
        odt("<text:tracked-changes><text:p>old</text:p></text:tracked-changes><text:p>new</text:p>"),
        "new\n",
    ),
    "a.pdf": (pdf(shown("It came late."), shown("Again.")), "It came late.\nAgain."),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "text"), [(name, *each) for name, each in READ.items()], ids=READ)
def test_the_text_of_a_letter(tmp_path: Path, name: str, content: bytes, text: str) -> None:
    [row] = read(written(tmp_path / name, content))
    assert row["error_code"] is None
    assert row["text"] == text
    assert row["document_id"] == name


LAUGHS = "<!DOCTYPE l [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {after} '{f'&{before};' * 10}'>" for before, after in zip("abcdefghij", "bcdefghijk", strict=True)
)
REFUSED = {
    "scan.pdf": (pdf("0 0 100 100 re f"), "NO_TEXT"),
    "broken.pdf": (b"%PDF-1.4 nothing", "CORRUPT_FILE"),
    "empty.docx": (docx("<w:p/>"), "NO_TEXT"),
    "none.docx": (zipped({"other.xml": b"<a/>"}), "CORRUPT_FILE"),
    "cut.docx": (docx(P.format("late"))[:80], "CORRUPT_FILE"),
    "password.docx": (b"\xd0\xcf\x11\xe0" + bytes(600), "ENCRYPTED"),
    "password.odt": (odt("<text:p>x</text:p>", "<manifest><encryption-data/></manifest>"), "ENCRYPTED"),
    "large.docx": (zipped({"word/document.xml": bytes(65 << 20)}), "FILE_TOO_LARGE"),
    "page.html": (b"<html><script>bad()</script></html>", "NO_TEXT"),
}


@pytest.mark.parametrize(("name", "content", "reason"), [(name, *each) for name, each in REFUSED.items()], ids=REFUSED)
def test_a_letter_that_cannot_be_read(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    assert rejected(read(written(tmp_path / name, content))) == [(1, reason, name)]


def test_entities_are_not_resolved(tmp_path: Path) -> None:
    rows = read(written(tmp_path / "a.docx", docx(P.format("&k; late"), f"{LAUGHS}]>")))
    assert rejected(rows) or rows[0]["text"].strip() == "late"

    secret = written(tmp_path / "secret", b"secret")
    outside = f"<!DOCTYPE l [<!ENTITY a SYSTEM '{secret.as_uri()}'>]>"
    [row] = read(written(tmp_path / "b.docx", docx(P.format("&a; late"), outside)))
    assert row["error_code"] or "secret" not in row["text"]


@pytest.mark.timeout(120)
def test_a_letter_that_takes_too_long_ends_its_own_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "_CPU_SECONDS", 1)
    # Each line opens a group that is never closed, a million times.
    rows = read(written(tmp_path / "a.rtf", b"{\\rtf1 " + b"{\\b x" * 3_000_000))
    assert rejected(rows) == [(1, "READING_LIMIT", "a.rtf")]
    # The next is read by a new one.
    [row] = read(written(tmp_path / "b.rtf", b"{\\rtf1 late}"))
    assert row["text"] == "late"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("calls", [1, 10])
def test_a_pdf_that_calls_itself_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    monkeypatch.setattr(letters, "_CPU_SECONDS", 2)
    # Forms each of which draws the next one, or does so ten times, in a ring.
    stream = "/X Do " * calls
    forms = {
        100 + number: f"<</Type/XObject/Subtype/Form/BBox[0 0 600 800]/Length {len(stream)}"
        f"/Resources<</XObject<</X {100 + (number + 1) % 30} 0 R>>>>>>stream\n{stream}\nendstream"
        for number in range(30)
    }
    [row] = read(written(tmp_path / "a.pdf", pdf(f"{shown('late')} {stream}", forms=forms)))
    assert row["text"] == "late" or row["error_code"] == "READING_LIMIT"


def test_letters_are_told_by_their_content(tmp_path: Path) -> None:
    forms = {
        "a.pdf": Format.PDF,
        "a.rtf": Format.RTF,
        "a.html": Format.HTML,
        "a.docx": Format.DOCX,
        "a.odt": Format.ODT,
    }
    for name, form in forms.items():
        assert listed(written(tmp_path / f"{name}_", READ[name][0])).format is form
        assert listed(written(tmp_path / f"{name}.txt", READ[name][0])).format is form
