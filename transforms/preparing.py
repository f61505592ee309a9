"""Documents -> documents that are ready to be scored: redacted, their language known, their keys made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.documents import Reason
from transforms.language import canonical, detect
from transforms.pii.redactor import RedactedTexts, Redaction
from transforms.schemas import PREPARED
from transforms.text import Fingerprint, subject_keys


class LanguageSource(StrEnum):
    """Where a document's language comes from."""

    GIVEN = "given"
    DEFAULT = "default"  # it named none, and counts as --language
    DETECTED = "detected"


@dataclass(frozen=True)
class Distinct:
    """A batch's distinct pairs of text and language, so that every stage works on each but once."""

    texts: pa.StringArray
    languages: pa.StringArray  # null where no document of the pair names one
    index: np.ndarray  # row of the batch -> its pair, -1 where it has no text


def distinct_texts(documents: pa.RecordBatch, default_language: str | None) -> Distinct:
    """The distinct pairs of text and language in a batch; a document that names no language has the default one."""
    texts = documents["text"].dictionary_encode()
    named = canonical(documents["language"])
    languages = pc.fill_null(named, default_language or "").dictionary_encode()
    several = max(len(languages.dictionary), 1)
    pairs = pc.add(pc.multiply(texts.indices.cast(pa.int64()), several), languages.indices.cast(pa.int64()))
    encoded = pairs.dictionary_encode()  # null where the text is
    numbers = encoded.dictionary.to_numpy()
    found = languages.dictionary.take(pa.array(numbers % several))
    return Distinct(
        texts.dictionary.take(pa.array(numbers // several)),
        pc.if_else(pc.equal(found, ""), pa.scalar(None, pa.string()), found),
        pc.fill_null(encoded.indices, -1).to_numpy(),
    )


def leave_out(documents: pa.RecordBatch, distinct: Distinct, dropped: np.ndarray) -> tuple[pa.RecordBatch, Distinct]:
    """Make rejections of the documents whose text is one of some numbers of the distinct ones: its text goes."""
    if not len(dropped):
        return documents, distinct
    out = np.isin(distinct.index, dropped)
    mask = pa.array(out)
    columns = {
        "text": pc.replace_with_mask(documents["text"], mask, pa.scalar(None, pa.string())),
        "error_code": pc.replace_with_mask(documents["error_code"], mask, pa.scalar(str(Reason.DROPPED_BY_POLICY))),
    }
    arrays = [columns.get(name, documents[name]) for name in documents.schema.names]
    left = pa.RecordBatch.from_arrays(arrays, schema=documents.schema)
    return left, replace(distinct, index=np.where(out, -1, distinct.index))


def with_detected_languages(distinct: Distinct) -> Distinct:
    """The same pairs, those without a language with the one their text is found to be in (null where undecided)."""
    unknown = distinct.languages.is_null()
    if not pc.any(unknown).as_py():
        return distinct
    found = detect(distinct.texts.filter(unknown))
    return replace(distinct, languages=pc.replace_with_mask(distinct.languages, unknown, found))


def ready(
    documents: pa.RecordBatch,
    distinct: Distinct,
    redaction: Redaction,
    texts: RedactedTexts,
    fingerprint: Fingerprint,
    otherwise: LanguageSource,
) -> pa.RecordBatch:
    """Documents as schemas.PREPARED, in their order.

    `redaction` and `texts`, the redacted texts normalised, belong to the distinct pairs. `otherwise` is where the
    language of documents comes from that name none.
    """
    pair = distinct.index
    of_pair = pa.array(pair, mask=pair < 0)
    source = pc.if_else(pc.is_valid(documents["language"]), str(LanguageSource.GIVEN), str(otherwise))
    columns = {
        "language": distinct.languages.take(of_pair),
        "language_source": pc.if_else(of_pair.is_valid(), source, pa.scalar(None, pa.string())),
        "redacted_text": redaction.texts.array.take(of_pair),
        "pii": redaction.pii.take(of_pair),
        "content_key": fingerprint.keys(texts.array, distinct.languages).take(of_pair),
        "subject_key": subject_keys(documents["subject_id"], fingerprint.key),
    }
    arrays = [columns[name] if name in columns else documents[name] for name in PREPARED.names]
    return pa.RecordBatch.from_arrays(arrays, schema=PREPARED)
