"""The texts of a line of JSON, and what becomes of them: which are searched, which taken whole, what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from transforms.decoding import decode
from transforms.documents import MAX_TEXT_BYTES, Reason
from transforms.pii.explain import explain, masked
from transforms.pii.keys import Leaf, leaves
from transforms.pii.policy import Keys, Policy, Replacement
from transforms.pii.redactor import SecondOpinion, redact
from transforms.pii.replacements import Cut, render, spots
from transforms.pii.scan import held

TEXT, REDACTED, PII, ERROR = "text", "redacted_text", "pii", "error_code"
_BY_KEY = "keys"  # what finds a value that is taken for its key


@dataclass
class Document:
    """A text, or a line: its fields, the texts among them and the values that are taken whole, each with its type."""

    where: str
    row: dict[str, Any]
    reason: Reason | None = None
    texts: list[Leaf] = field(default_factory=list)
    taken: list[tuple[Leaf, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # of each find, what decided
    decodes: bool = True  # not where it is lines of JSON, whose escapes are their own


def of_text(text: str) -> Document:
    """A text as a document of its own."""
    row = {REDACTED: text}
    return Document(TEXT, row, texts=[Leaf((), row, REDACTED)])


def unreadable(where: str, reason: Reason) -> Document:
    """A line that holds no fields."""
    return Document(where, {REDACTED: None}, reason)


def of_line(where: str, row: dict[str, Any], keys: Keys) -> Document:
    """A line as a document. `redacted_text` takes the place of `text` where the keys do not say what is searched."""
    never = leaves(row, keys.never)
    always = {
        path: (leaf, pii_type)
        for pii_type, paths in keys.always
        for path, leaf in leaves(row, paths).items()
        if path not in never and leaf.text is not None
    }
    document = Document(where, row, taken=list(always.values()))
    if keys.search:
        found = leaves(row, keys.search).items()
        document.texts = [leaf for path, leaf in found if leaf.text and path not in never and path not in always]
    else:
        text = row.pop(TEXT, None)
        row[REDACTED] = text
        document.texts = [Leaf((), row, REDACTED)]
        if not isinstance(text, str):
            document.reason = Reason.TEXT_MISSING if text is None else Reason.TEXT_NOT_STRING
    for leaf in document.texts:
        document.reason = document.reason or _unusable(leaf.text or "")
    return document


def _unusable(text: str) -> Reason | None:
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return Reason.LONE_SURROGATE
    return Reason.TEXT_TOO_LARGE if len(data) > MAX_TEXT_BYTES else None


def redact_documents(
    documents: Sequence[Document],
    policy: Policy,
    key: bytes,
    opinion: SecondOpinion | None,
    language: str,
    *,
    explained: bool,
) -> None:
    """Put redacted values in the documents' rows, their finds, and a reason where they are left out.

    Texts are decoded first, as a night decodes them, and finds count from what is decoded.
    """
    asked = [(document, leaf) for document in documents if not document.reason for leaf in document.texts]
    written = pa.array([leaf.text for _, leaf in asked], pa.string())
    kept = pa.array([not document.decodes for document, _ in asked], pa.bool_())
    texts = pc.if_else(kept, written, decode(written))
    languages = [str(document.row.get("language") or language) for document, _ in asked]
    redaction = redact(texts, policy, key, opinion, languages)  # of which the finds are used
    dropped = set(redaction.dropped.tolist())
    finds: dict[int, list[dict[str, Any]]] = {id(document): [] for document in documents}
    read = zip(asked, texts.to_pylist(), redaction.pii.to_pylist(), strict=True)
    for number, ((document, leaf), text, found) in enumerate(read):
        if text != leaf.text:
            leaf.holder[leaf.at] = text
        finds[id(document)] += [_told(find, leaf) for find in found]
        if number in dropped:
            document.reason = Reason.DROPPED_BY_POLICY
        if explained:
            document.said += _explained(document, leaf, text, found, policy)
        if found:
            cuts = [Cut(each["start"], each["end"], each["type"]) for each in found]
            # As it came, with its lines and spaces, less its finds; the redactor's own is normalised, to be scored.
            leaf.holder[leaf.at] = render(text, cuts, policy, key, _subject(document))
    for document in documents:
        finds[id(document)] += _taken(document, policy, key, explained=explained)
        if document.reason:
            for leaf in (*document.texts, *(leaf for leaf, _ in document.taken)):
                leaf.holder[leaf.at] = None
        document.row[PII] = finds[id(document)]
        if document.reason:
            document.row[ERROR] = document.reason


def _subject(document: Document) -> str | None:
    """Whose a line is, by its field `subject_id`."""
    subject = document.row.get("subject_id")
    return str(subject) if isinstance(subject, str | int) else None


def _told(find: dict[str, Any], leaf: Leaf) -> dict[str, Any]:
    """A find as a row has it; of a text that has a key, with that."""
    return ({"key": leaf.name} if leaf.path else {}) | find | {"confidence": round(find["confidence"], 4)}


def _explained(document: Document, leaf: Leaf, text: str, found: list[dict[str, Any]], policy: Policy) -> list[str]:
    where = f"{document.where}, {leaf.name}" if leaf.path else document.where
    return [
        f"{where}, {each.span}: {each.type} {each.value} by {each.detector}, {each.confidence}: {each.decided}"
        for each in explain(text, found, policy)
    ]


def _taken(document: Document, policy: Policy, key: bytes, *, explained: bool) -> list[dict[str, Any]]:
    """Take what goes for its key, whole, but what this redactor has put there already."""
    finds = []
    for leaf, pii_type in document.taken:
        value = leaf.text or ""
        whole = (0, len(value))
        if not value or spots(value, held(policy)) == [whole]:
            continue
        if policy.replacement(pii_type) is Replacement.DROP:
            document.reason = Reason.DROPPED_BY_POLICY
        find = {"type": pii_type, "start": 0, "end": len(value), "detector": _BY_KEY, "confidence": 1.0}
        finds.append(_told(find, leaf))
        if explained:
            said = f"{pii_type} {masked(value)} by {_BY_KEY}, 1.00: its key"
            document.said.append(f"{document.where}, {leaf.name}, 0-{len(value)}: {said}")
        leaf.holder[leaf.at] = render(value, [Cut(*whole, pii_type)], policy, key, _subject(document))
    return finds
