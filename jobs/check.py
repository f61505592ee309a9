"""What a drop is, before anything is made of it: what was found in each file, and what would become of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from jobs.drops import DropFile, Split, find_drop, recognised
from jobs.formats import Format, Telling
from jobs.readers import read_split
from jobs.readers.apart import look
from jobs.readers.describe import described, hint, noted, one_text, remedy
from transforms.documents import COLUMNS, Reason, notes
from transforms.language import canonical, detect
from transforms.pii.columns import shown
from transforms.pii.policy import DEFAULT_POLICY

_DETECTED = 200  # texts whose language is looked at
_MOST_FILES = 20  # told of one by one


@dataclass(frozen=True)
class CheckSettings:
    """What `check` is told."""

    drops: str
    ds: str
    file_format: Format | None
    date_pattern: str | None
    mapping: Mapping[str, str]
    records: str | None
    each_line: bool
    turns: bool
    whole: bool
    attachments: bool


def check(settings: CheckSettings) -> Iterator[str]:
    """Say of each file what it is and what would become of its documents; nothing is written.

    No value of a document is shown but by its shape. Raises UsageError, DropError.
    """
    found = find_drop(settings.drops, settings.ds, file_format=settings.file_format, date_pattern=settings.date_pattern)
    for name, reason in found.skipped:
        yield f"skipped {shown(name, DEFAULT_POLICY)}: {reason}"
    for file in recognised(found.files[:_MOST_FILES]):
        yield from _file(file, settings)
    if len(found.files) > _MOST_FILES:
        yield f"{len(found.files) - _MOST_FILES:,} files more: check them one by one, or a folder of them"


def _file(file: DropFile, settings: CheckSettings) -> Iterator[str]:
    name = shown(file.source_file, DEFAULT_POLICY)
    yield f"{name}: {described(file)}"
    dated = "of its path" if file.dated else "the run's own, for its path names none"
    yield f"  date       {file.ds}, {dated}"
    columns = {ours: settings.mapping.get(ours, ours) for ours in COLUMNS}
    told = None if file.error_code or file.format is Format.TEXT else look(file, columns, settings.records)
    if told is not None:
        for column in told.columns.values():
            types = ", ".join(column.types)
            called = shown(column.name, DEFAULT_POLICY)
            filled = f"in {column.filled:,} of {told.records:,}"
            yield f"  column     {called} ({types}; {filled}): {' | '.join(column.examples)}"
    documents = 0
    counted: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    members: set[str] = set()  # of an archive, that are not read
    languages: Counter[str] = Counter()
    texts: list[str] = []
    telling = Telling(settings.turns, settings.whole, settings.attachments)
    for batch in read_split(
        Split(file, 0, file.size, 0),
        settings.mapping,
        records=settings.records,
        each_line=settings.each_line,
        telling=telling,
    ):
        documents += batch.num_rows
        counted.update(notes(batch))
        reasons.update(batch["error_code"].drop_null().to_pylist())
        unknown = batch.filter(pc.equal(batch["error_code"], Reason.UNKNOWN_FORMAT))
        members.update(name for name in unknown["source_file"].to_pylist() if name != file.source_file)
        good = batch.filter(pc.is_null(batch["error_code"]))
        labels = canonical(good["language"])  # what is no code may be anything
        languages.update(labels.drop_null().to_pylist())
        if len(texts) < _DETECTED:
            texts += good["text"].filter(labels.is_null()).to_pylist()[:_DETECTED]
    yield f"  documents  {documents:,}, of which {reasons.total():,} would be rejected"
    for reason, number in reasons.most_common():
        yield f"  rejected   {number:,}: {reason}"
    only = next(iter(reasons), None) if reasons.total() == documents else None
    advice = [remedy(file, only), *(remedy(file, Reason.UNKNOWN_FORMAT, name) for name in sorted(members))]
    for what in filter(None, dict.fromkeys(advice)):
        yield f"  advice     {what}"
    if what := one_text(file, each_line=settings.each_line):
        yield f"  advice     {what}"
    for line in noted(counted):
        yield f"  note       {line}"
    if languages:
        yield f"  languages  {', '.join(f'{label} {number:,}' for label, number in languages.most_common(5))}"
    if texts:
        detected = Counter(language or "undecided" for language in detect(pa.array(texts, pa.string())).to_pylist())
        yield (
            f"  detected   {', '.join(f'{label} {number:,}' for label, number in detected.most_common(5))}"
            f", of {len(texts):,} that name none"
        )
    if told is not None and (what := hint(told, columns)):
        yield f"  advice     {what}"
