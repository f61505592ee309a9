"""A file in a line: what it was found to be, and what its columns would have to be called."""

from __future__ import annotations

import re
from collections.abc import Mapping

from jobs.drops import Compression, DropFile
from jobs.drops.recognition import named
from jobs.formats import Format
from jobs.readers.survey import ID_WORD, Survey, missing_of
from transforms.documents import ATTACHMENTS, SHORTENED, TURNS, UNREAD, Reason
from transforms.pii.columns import shown
from transforms.pii.policy import DEFAULT_POLICY

_FORMATS = {
    Format.JSONL: "JSON Lines",
    Format.JSON: "JSON",
    Format.CSV: "CSV",
    Format.PARQUET: "Parquet",
    Format.FEATHER: "Feather",
    Format.ORC: "ORC",
    Format.AVRO: "Avro",
    Format.SHEET: "a workbook",
    Format.TEXT: "text",
    Format.MAIL: "a mail",
    Format.MBOX: "a mailbox",
    Format.HTML: "HTML",
    Format.RTF: "RTF",
    Format.DOCX: "DOCX",
    Format.ODT: "ODT",
    Format.PDF: "PDF",
    Format.CAPTIONS: "captions",
    Format.CONVERSATION: "a conversation",
    Format.ZIP: "a zip archive",
    Format.TAR: "a tar archive",
    Format.UNKNOWN: "unknown",
}
_NOTED = {
    UNREAD: "documents have a created_at that cannot be read: it is null",
    SHORTENED: "mails are read without what they quote, their signature or disclaimer: --whole takes all",
    ATTACHMENTS: "attachments of mails are left; of those that are text --attachments makes documents",
    TURNS: "turns of conversations are an agent's or a machine's, and left: --whole takes them",
}
# Endings of what is not read -> what to do.
_ADVICE = (
    ((".msg",), "a mail in Outlook's own format: save it as .eml, or export a mailbox (.mbox)"),
    ((".pst", ".ost", ".olm"), "a mail archive of Outlook's: export it as .mbox or .eml files, as readpst does"),
    ((".doc", ".wpd", ".pages"), "a letter in a format that is not read: save it as .docx, .odt or .pdf"),
    ((".ppt", ".pptx", ".odp", ".key"), "slides: save them as .pdf"),
    ((".numbers", ".epub"), "a format that is not read: save it as .csv, or a book as .pdf"),
    ((".7z", ".rar"), "an archive that is not read: unpack it, or pack it as .zip or .tar.gz"),
    ((".xml",), "XML, of whose tags nobody knows which hold texts: convert it to JSON Lines or CSV"),
    ((".db", ".sqlite", ".sqlite3", ".mdb", ".accdb", ".sav", ".dta", ".sas7bdat"), "export its table as CSV"),
    (
        (".jpg", ".jpeg", ".png", ".gif", ".webp", ".heic", ".tif", ".tiff", ".bmp"),
        "a picture: make text of it first, or leave it out of the drop",
    ),
    (
        (".mp3", ".wav", ".m4a", ".ogg", ".opus", ".flac", ".mp4", ".mov", ".webm", ".amr"),
        "a recording: transcribe it first (what Amazon Transcribe makes of it is read), or leave it out of the drop",
    ),
)
_NO_BOOK = "no workbook that can be read: save it again, as .xlsx or .csv"
_PACKED = "compressed once more, though it is an archive or a table: unpack it once"
_UNTOLD = "neither its name nor its content tells what it is: --format says it, or leave it out of the drop"
# What a file is rejected for -> what to do.
_REMEDIES = {
    Reason.MALFORMED_CSV: "its records have more fields than its header, or quotes that do not end: what holds a "
    "delimiter or a quote has to stand in quotes",
    Reason.DUPLICATE_KEY: "several of its columns may be meant by one name: rename all but one",
    Reason.NOT_AN_OBJECT: 'its records have no names: write each as an object, {"document_id": "1", "text": "…"}',
    Reason.MALFORMED_JSON: "it is no JSON as the standard has it, without comments and in double quotes: write it anew "
    "by a library for JSON",
}
_ONE_TEXT = "a text, and so one document: --each-line makes a document of each line, --format csv reads it as a table"
# Endings of what is read as one text, though it holds records.
_ONE_OF_RECORDS = {
    "yaml": "YAML is read as a text, and so as one document: convert it to JSON Lines for a document a record",
    "sql": "a dump is read as a text, and so as one document: export the table as CSV for a document a row",
}
_ONE_OF_RECORDS["yml"] = _ONE_OF_RECORDS["yaml"]
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
# `created_at`, `comment.body`, `tags[]`
_IDENTIFIER = re.compile(rf"[a-z]+(?:_[a-z]+)*(?:\[\])*(?:\.[a-z]+(?:_[a-z]+)*(?:\[\])*)*|{ID_WORD}")
_SHOWN = 30  # names of columns


def described(file: DropFile) -> str:
    """What a file is: `CSV with semicolons, Windows-1252`."""
    parts = [_FORMATS[file.format]]
    if file.error_code:
        return f"cannot be read: {file.error_code}"
    if file.dialect is not None:
        delimiter = file.dialect.delimiter
        parts[0] += f" with {_DELIMITERS.get(delimiter, repr(delimiter))}"
        if file.dialect.quote != '"':
            parts.append("quoted by apostrophes")
        if file.dialect.returns:
            parts.append("lines that end with carriage returns")
    if file.charset is not None:
        parts.append({"cp1252": "Windows-1252"}.get(file.charset, file.charset.upper()))
    if file.compression is not Compression.NONE:
        parts.append(file.compression)
    return ", ".join(parts)


def is_plain(file: DropFile) -> bool:
    """Whether the file is what anybody expects by its name, so that nothing has to be said of it."""
    unusual = file.charset is not None or file.format is Format.JSON
    return not (unusual or (file.dialect is not None and file.dialect.delimiter not in ",\t"))


def one_text(file: DropFile, *, each_line: bool) -> str:
    """What to do where a file is read as one text, and its name does not say that it is one; nothing elsewhere."""
    base = file.uri.rpartition("/")[2].lower()
    if file.format is not Format.TEXT or each_line or named(base)[0] is Format.TEXT:
        return ""
    return next((what for ending, what in _ONE_OF_RECORDS.items() if ending in base.split(".")), _ONE_TEXT)


def noted(counted: Mapping[str, int]) -> list[str]:
    """A line for each of transforms.documents.NOTES that was counted."""
    return [f"{counted[note]:,} {line}" for note, line in _NOTED.items() if counted.get(note)]


def remedy(file: DropFile, reason: str | None, member: str | None = None) -> str:
    """What to do about a file, or a member of an archive, that is rejected as a whole; nothing where that is clear.

    member: what the member is called.
    """
    if reason == Reason.CORRUPT_FILE and file.format is Format.SHEET:
        return _NO_BOOK
    if reason != Reason.UNKNOWN_FORMAT:
        return _REMEDIES.get(Reason(reason), "") if reason in _REMEDIES else ""
    if member is None and file.format is not Format.UNKNOWN:  # of an archive, its members are what is not known
        return ""
    if member is None and file.compression is not Compression.NONE:
        return _PACKED
    name = (member or file.uri).lower()
    return next((advice for endings, advice in _ADVICE if name.endswith(endings)), _UNTOLD)


def _called(name: str) -> str:
    """A column's name as a message may show it. A plain identifier is no person, whatever a search takes it for."""
    return name if _IDENTIFIER.fullmatch(name) else shown(name, DEFAULT_POLICY)


def hint(survey: Survey, columns: Mapping[str, str]) -> str:
    """Which columns there are where one of ours is missing, and the `--map` that may do; nothing where none is."""
    missing = missing_of(survey, columns)
    if not missing:
        return ""
    names = [*map(_called, survey.columns)]
    listed = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else "")
    found = survey.suggestion(missing)
    how = " ".join(f"--map {ours}={_called(theirs)}" for ours, theirs in found.items())
    wanted = " and ".join(missing)
    if not survey.header:
        line = f"it has no header, {len(names):,} columns, none of which is called {wanted}"
        return f"{line}: try {how or '--map text=NUMBER'}, or give it a first line of names"
    if not names:
        return ""
    line = f"its columns are {listed}; none is {wanted}"
    line += f": try {how}" if how else ": name them by --map COLUMN=THEIRS"
    if "document_id" in missing and "document_id" not in found:
        line += "; where no column is an id, add one, of numbers"
    return line
