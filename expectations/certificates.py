"""Which texts that were read back are searched again: those that nobody certified, and a random few of the others.

The redactor certifies a text when its last pass over it found nothing, and the content key of a row is made of that
certificate. So a content key that fits the text that was read back says that this very text, byte for byte, was
searched under this very policy. What a certificate cannot say is that the search was in order where it was made:
that is what the sample is for.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.text import Fingerprint, certify

# One certified text of so many is searched all the same. Were one text of a thousand wrong in a night of a million
# distinct ones, the chance that none of these comes up is (1 - 1 / 64) ^ 1000, or one in seven million.
SAMPLED = 64


def to_search(
    texts: pa.DictionaryArray, languages: pa.Array, content_keys: pa.StringArray, *fingerprints: Fingerprint
) -> pa.BooleanArray:
    """Of the distinct texts, in the order of the dictionary, which to search; all, where there is no fingerprint.

    `fingerprints` make the content keys of the run whose rows these are, one for each of its scorers.
    """
    distinct = texts.dictionary
    certified = np.zeros(len(distinct), bool)
    for fingerprint in fingerprints:
        certificates = certify(distinct, fingerprint.policy, fingerprint.key)
        fits = pc.equal(fingerprint.keys_of(certificates.take(texts.indices), languages), content_keys)
        certified[pc.fill_null(texts.indices, 0).filter(pc.fill_null(fits, False)).to_numpy()] = True
    if not fingerprints:
        return pa.array(~certified)
    return pa.array(~certified | (np.random.default_rng().integers(SAMPLED, size=len(distinct)) == 0))
