"""Documents -> documents that are ready to be scored: redacted, their language known, their keys made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.decoding import decode
from transforms.documents import Reason, has_ink
from transforms.language import canonical, detect, is_latin, tells_little
from transforms.pii.columns import treat
from transforms.pii.policy import Policy, Treatment
from transforms.pii.redactor import Redaction, redact
from transforms.schemas import PREPARED, LanguageSource
from transforms.text import Fingerprint, subject_keys

_OTHERWISE = "en"  # what a text is in that tells little where no other text tells anything


@dataclass(frozen=True)
class Distinct:
    """A batch's distinct pairs of text and language, so that every stage works on each but once.

    Where what becomes of a text depends on whose it is, pairs of each subject.
    """

    texts: pa.StringArray
    languages: pa.StringArray  # null where no document of the pair names one
    subjects: pa.StringArray | None  # where they are told apart
    index: np.ndarray  # row of the batch -> its pair, -1 where it has no text


@dataclass(frozen=True)
class RedactedBatch:
    """A batch on its way: its documents, and what became of their distinct texts."""

    documents: pa.RecordBatch  # schemas.DOCUMENTS; those that the policy leaves out are rejections by now
    distinct: Distinct
    redaction: Redaction  # of the distinct pairs
    otherwise: LanguageSource  # where the language of documents comes from that name none


def redact_documents(
    documents: pa.RecordBatch, default_language: str | None, policy: Policy, key: bytes
) -> RedactedBatch:
    """Redact a batch of schemas.DOCUMENTS; a document that names no language has the default one, where there is one.

    Texts are decoded first: from here on a text is what a person would read, and finds refer to that.
    `source_file` stays as it is: what a file is called is decided once for all its rows, where the drop is taken in.
    Raises UsageError where the policy needs a key and `key` is empty.
    """
    documents = _treated(_decoded(documents), policy, key)
    distinct = _distinct(documents, default_language, by_subject=policy.shifts)
    subjects = distinct.subjects.to_pylist() if distinct.subjects is not None else ()
    redaction = redact(distinct.texts, policy, key, subjects=subjects)
    documents, distinct = _leave_out(documents, distinct, redaction.dropped)
    otherwise = LanguageSource.DETECTED if default_language is None else LanguageSource.DEFAULT
    return RedactedBatch(documents, distinct, redaction, otherwise)


def with_detected_languages(batch: RedactedBatch, known: Collection[str]) -> RedactedBatch:
    """The same batch, pairs without a language with the one their text is found to be in (null where undecided).

    A text in Latin letters whose language is undecided has the one that most documents of the batch have, and English
    where none has any. So does a text too short to tell that is found to be in a language that is none of those
    `known` to the scorer, nor any other's in the batch, where there are others.
    """
    distinct = batch.distinct
    unknown = distinct.languages.is_null()
    if not pc.any(unknown).as_py():
        return batch
    found = detect(distinct.texts.filter(unknown))
    told = replace(distinct, languages=pc.replace_with_mask(distinct.languages, unknown, found))
    return replace(batch, distinct=replace(told, languages=_as_most(told, unknown, known)))


def _as_most(distinct: Distinct, detected: pa.BooleanArray, known: Collection[str]) -> pa.StringArray:
    """The languages, with that of most documents for what is undecided, or doubtful."""
    languages = distinct.languages
    little = pc.and_(detected, pc.fill_null(tells_little(distinct.texts), False))
    sure = pc.if_else(little, pa.scalar(None, pa.string()), languages)
    believed = pa.array(sorted({*known, *sure.drop_null().unique().to_pylist()}), pa.string())
    doubtful = pc.and_(little, pc.invert(pc.is_in(languages, value_set=believed)))
    most = _commonest(sure, distinct.index)
    if most is not None:
        languages = pc.if_else(doubtful, most, languages)
    else:
        most = _commonest(pc.if_else(doubtful, pa.scalar(None, pa.string()), languages), distinct.index) or _OTHERWISE
    undecided = pc.and_(languages.is_null(), pc.fill_null(is_latin(distinct.texts), False))
    return pc.if_else(undecided, most, languages)


def ready(batch: RedactedBatch, fingerprint: Fingerprint) -> pa.RecordBatch:
    """The documents as schemas.PREPARED, in their order."""
    documents, distinct, redaction = batch.documents, batch.distinct, batch.redaction
    of_pair = pa.array(distinct.index, mask=distinct.index < 0)
    source = pc.if_else(pc.is_valid(documents["language"]), str(LanguageSource.GIVEN), str(batch.otherwise))
    columns = {
        "language": distinct.languages.take(of_pair),
        "language_source": pc.if_else(of_pair.is_valid(), source, pa.scalar(None, pa.string())),
        "redacted_text": redaction.texts.array.take(of_pair),
        "certificate": redaction.certificates.take(of_pair),
        "pii": redaction.pii.take(of_pair),
        "content_key": fingerprint.keys_of(redaction.certificates, distinct.languages).take(of_pair),
        "subject_key": subject_keys(documents["subject_id"], fingerprint.key),
    }
    arrays = [columns[name] if name in columns else documents[name] for name in PREPARED.names]
    return pa.RecordBatch.from_arrays(arrays, schema=PREPARED)


def _decoded(documents: pa.RecordBatch) -> pa.RecordBatch:
    """The documents with their texts decoded; one of which nothing is left to read is a rejection."""
    written = documents["text"]
    texts = decode(written)
    if texts is written:
        return documents
    blank = pc.and_(texts.is_valid(), pc.invert(has_ink(texts)))
    columns = {
        "text": pc.if_else(blank, pa.scalar(None, pa.string()), texts),
        "subject_id": pc.if_else(blank, pa.scalar(None, pa.string()), documents["subject_id"]),
        "left_out": pc.if_else(blank, pa.scalar(None, pa.int32()), documents["left_out"]),
        "error_code": pc.if_else(blank, str(Reason.TEXT_BLANK), documents["error_code"]),
    }
    arrays = [columns.get(name, documents[name]) for name in documents.schema.names]
    return pa.RecordBatch.from_arrays(arrays, schema=documents.schema)


def _treated(documents: pa.RecordBatch, policy: Policy, key: bytes) -> pa.RecordBatch:
    """The documents, what stands beside their texts as the policy has it; languages are codes."""
    how = policy.columns
    columns = {
        "document_id": treat(documents["document_id"], how.document_id, policy, key),
        "source": treat(documents["source"], how.source, policy, key),
        "language": canonical(documents["language"], codes_alone=how.language is not Treatment.KEEP),
    }
    arrays = [columns[name] if name in columns else documents[name] for name in documents.schema.names]
    return pa.RecordBatch.from_arrays(arrays, schema=documents.schema)


def _distinct(documents: pa.RecordBatch, default_language: str | None, *, by_subject: bool) -> Distinct:
    """The distinct pairs in a batch; a document that names no language has the default one."""
    texts = documents["text"].dictionary_encode()
    languages = pc.fill_null(documents["language"], default_language or "").dictionary_encode()
    several = max(len(languages.dictionary), 1)
    pairs = pc.add(pc.multiply(texts.indices.cast(pa.int64()), several), languages.indices.cast(pa.int64()))
    subjects = documents["subject_id"].dictionary_encode(null_encoding="encode") if by_subject else None
    whose = len(subjects.dictionary) if subjects is not None else 1
    if subjects is not None:
        pairs = pc.add(pc.multiply(pairs, whose), subjects.indices.cast(pa.int64()))
    encoded = pairs.dictionary_encode()  # null where the text is
    numbers = encoded.dictionary.to_numpy()
    found = languages.dictionary.take(pa.array(numbers // whose % several))
    return Distinct(
        texts.dictionary.take(pa.array(numbers // whose // several)),
        pc.if_else(pc.equal(found, ""), pa.scalar(None, pa.string()), found),
        subjects.dictionary.take(pa.array(numbers % whose)) if subjects is not None else None,
        pc.fill_null(encoded.indices, -1).to_numpy(),
    )


def _commonest(languages: pa.StringArray, index: np.ndarray) -> str | None:
    """The language of most documents, the first by its code of equals; None where none has one."""
    counts = pc.value_counts(languages.take(pa.array(index[index >= 0])).drop_null()).to_pylist()
    best = min(counts, key=lambda each: (-each["counts"], each["values"]), default=None)
    return best and best["values"]


def _leave_out(documents: pa.RecordBatch, distinct: Distinct, dropped: np.ndarray) -> tuple[pa.RecordBatch, Distinct]:
    """Make rejections of the documents whose text is one of some numbers of the distinct ones: its text goes."""
    if not len(dropped):
        return documents, distinct
    out = np.isin(distinct.index, dropped)
    mask = pa.array(out)
    columns = {
        "text": pc.replace_with_mask(documents["text"], mask, pa.scalar(None, pa.string())),
        "left_out": pc.replace_with_mask(documents["left_out"], mask, pa.scalar(None, pa.int32())),
        "error_code": pc.replace_with_mask(documents["error_code"], mask, pa.scalar(str(Reason.DROPPED_BY_POLICY))),
    }
    arrays = [columns.get(name, documents[name]) for name in documents.schema.names]
    left = pa.RecordBatch.from_arrays(arrays, schema=documents.schema)
    return left, replace(distinct, index=np.where(out, -1, distinct.index))
