"""The network: what words, pairs and stems say, summed by clause; clauses pooled over the text; four shares."""

from __future__ import annotations

import hashlib
import io
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np

from transforms.sentiment.local.tokens import EMOJI, SIGN, WORD, Tokens
from transforms.vectorised import mix

LANGUAGES = ("en", "es", "fr", "de", "it", "pt")
# Rows of the table: words, pairs of neighbours, stems and negated words, pairs with a word between.
WORD_BITS, PAIR_BITS, STEM_BITS, SKIP_BITS = 16, 17, 16, 16
OFFSETS = np.cumsum((0, 1 << WORD_BITS, 1 << PAIR_BITS, 1 << STEM_BITS, 1 << SKIP_BITS))
NOTHING = int(OFFSETS[-1])  # a row of zeros
# What the word list says of a word, in the lowest 12 bits of a slot: a role, and 8 + how good it is.
SLOT_BITS, KNOWN_BITS = 16, 12
PLAIN, NEGATOR, BOOSTER, DAMPENER, CONTRAST, ASKER = range(6)
MIDDLE = 8
# What words mean, in all languages: an encoder's vectors, reduced in training. The last row is of words not kept.
MEANING_BITS, MEANINGS = 17, 16
MEANS_NOTHING = 1 << MEANING_BITS
# What is counted in a clause, beside the table's sums.
COUNTED = (
    *("good", "bad", "good negated", "bad negated", "capitals", "exclamation", "question", "asker", "negator"),
    *("contrast", "emoji", "tokens"),
)
VERDICTS = 4
_SCOPE = 4  # how many words a negator reaches
_NEGATED = np.uint64(0x5DEECE66D1234567)
_BEFORE = np.uint64(0x9E3779B97F4A7C15)
_BEYOND = np.uint64(0xC2B2AE3D27D4EB4F)
_NAME = np.uint64(0xA24BAED4963EE407)  # what all names are
LEAST = 0.02  # a share is never less: nothing is as good as certain
_DIGITS = 6  # of a share: sums of doubles differ by batch in the sixteenth


class Model(NamedTuple):
    """Everything a model file holds."""

    slots: np.ndarray  # uint32: the word list, a fingerprint and what is known
    table: np.ndarray  # int8: (rows, dimensions)
    scale: np.ndarray  # float32: of the table, by dimension
    prints: np.ndarray  # uint32: a fingerprint of the word that a row of meanings is of, 0 for none
    meanings: np.ndarray  # int8: (rows, MEANINGS)
    meaning_scale: np.ndarray  # float32: of the meanings, by dimension
    hidden: np.ndarray  # (dimensions + meanings + counted, units)
    hidden_bias: np.ndarray
    out: np.ndarray  # (3 units + dimensions + meanings + counted + verdicts, 4)
    out_bias: np.ndarray  # by language
    temperature: np.ndarray  # by language: what logits are divided by
    marked: np.ndarray  # by language: what the temperature is multiplied by where a text has an emoji or `!`


class Features(NamedTuple):
    """Texts as the network sees them."""

    rows: np.ndarray  # int64 (tokens, 4): rows of the table
    meanings: np.ndarray  # int64 (tokens,): rows of the meanings
    counted: np.ndarray  # float32 (tokens, len(COUNTED))
    clauses: np.ndarray  # the token that each clause starts with
    texts: np.ndarray  # the clause that each text starts with that has any
    which: np.ndarray  # the numbers of those texts


def file() -> bytes:
    """The model file."""
    return (resources.files(__package__ or "") / "model.npz").read_bytes()


@cache
def load() -> Model:
    """The shipped model, read once."""
    return read(file())


def read(data: bytes) -> Model:
    """A model file's model."""
    with np.load(io.BytesIO(data)) as arrays:
        return Model(**{name: arrays[name] for name in Model._fields})


def version() -> str:
    """Changes with the model file."""
    return hashlib.sha256(file()).hexdigest()[:12]


def seed(language: str) -> np.uint64:
    """Keeps the words of languages apart: `die` is not `die`."""
    return np.uint64(int.from_bytes(hashlib.blake2b(language.encode(), digest_size=8).digest(), "little"))


def places(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The two slots a word may be in, and its fingerprint, never 0."""
    prints = np.maximum((keys >> np.uint64(44)).astype(np.uint32), 1)
    mask = np.uint64((1 << SLOT_BITS) - 1)
    return (keys & mask).astype(np.int64), (keys >> np.uint64(SLOT_BITS) & mask).astype(np.int64), prints


def known(slots: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """What the word list says of each key; 0 where it has none."""
    first, second, prints = places(keys)
    one, other = slots[first], slots[second]
    found = np.where(one >> KNOWN_BITS == prints, one, np.where(other >> KNOWN_BITS == prints, other, 0))
    bits: np.ndarray = found & ((1 << KNOWN_BITS) - 1)
    return bits


def meaning_places(hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The two rows of meanings a word may have, and its fingerprint, never 0."""
    mask = np.uint64((1 << MEANING_BITS) - 1)
    prints = np.maximum((hashes >> np.uint64(2 * MEANING_BITS)).astype(np.uint32), 1)
    return (hashes & mask).astype(np.int64), (hashes >> np.uint64(MEANING_BITS) & mask).astype(np.int64), prints


def meant(prints: np.ndarray, tokens: Tokens) -> np.ndarray:
    """The row of meanings of each token."""
    first, second, marks = meaning_places(tokens.hashes)
    return np.where(prints[first] == marks, first, np.where(prints[second] == marks, second, MEANS_NOTHING))


def keys_of(tokens: Tokens, language: str) -> np.ndarray:
    """Words of a language by number; signs and emoji are the same in all."""
    return np.where(tokens.kinds == WORD, mix(tokens.hashes ^ seed(language)), tokens.hashes)


def features(slots: np.ndarray, prints: np.ndarray, tokens: Tokens, language: str) -> Features:
    """What the network sees of the tokens of texts of one language."""
    tokens = _unnamed(tokens, language)
    count = len(tokens.rows)
    keys = keys_of(tokens, language)
    bits = known(slots, keys)
    role = bits >> 4
    value = np.where(bits & 15, (bits & 15).astype(np.int8) - MIDDLE, 0).astype(np.float32)
    places_ = np.arange(count)
    new_text = np.empty(count, bool)
    new_text[:1] = True
    np.not_equal(tokens.rows[1:], tokens.rows[:-1], out=new_text[1:])
    starts = new_text | (role == CONTRAST)
    starts[1:] |= tokens.bounds[:-1] & ~tokens.bounds[1:] & (tokens.kinds[1:] != EMOJI)
    clauses = np.flatnonzero(starts)
    begin = np.maximum.accumulate(np.where(starts, places_, 0))
    negator = role == NEGATOR
    last = np.maximum.accumulate(np.where(negator, places_, -_SCOPE - 1))
    last[1:], last[:1] = last[:-1].copy(), -_SCOPE - 1
    negated = (last >= begin) & (places_ - last <= _SCOPE) & (tokens.kinds == WORD)
    before = np.empty(count, np.uint64)
    before[:1], before[1:] = 0, keys[:-1]
    before[new_text] = 0
    beyond = np.empty(count, np.uint64)
    beyond[:1], beyond[1:] = 0, before[:-1]
    beyond[new_text] = 0
    rows = np.empty((count, 4), np.int64)
    rows[:, 0] = keys >> np.uint64(64 - WORD_BITS)
    rows[:, 1] = mix(before * _BEFORE + keys) >> np.uint64(64 - PAIR_BITS)
    stem = np.where(negated, mix(keys ^ _NEGATED), tokens.stems)
    rows[:, 2] = np.where(stem != 0, stem >> np.uint64(64 - STEM_BITS), NOTHING - OFFSETS[2])
    rows[:, 3] = np.where(beyond != 0, mix(beyond * _BEYOND + keys) >> np.uint64(64 - SKIP_BITS), NOTHING - OFFSETS[3])
    rows += OFFSETS[:-1]
    counted = _counted(tokens, role, value, negated, starts)
    text_starts = np.flatnonzero(new_text)
    texts = np.searchsorted(clauses, text_starts)
    return Features(rows, meant(prints, tokens), counted, clauses, texts, tokens.rows[text_starts])


def _unnamed(tokens: Tokens, language: str) -> Tokens:
    """Names as one word, whatever stands in them; German has capitals at other words, too."""
    if language == "de" or not tokens.names.any():
        return tokens
    hashes = np.where(tokens.names, _NAME, tokens.hashes)
    return tokens._replace(hashes=hashes, stems=np.where(tokens.names, np.uint64(0), tokens.stems))


def _counted(
    tokens: Tokens, role: np.ndarray, value: np.ndarray, negated: np.ndarray, starts: np.ndarray
) -> np.ndarray:
    strength = np.ones(len(value), np.float32)
    strength[1:][role[:-1] == BOOSTER] = 1.3
    strength[1:][role[:-1] == DAMPENER] = 0.7
    value = value * strength * np.float32(0.5)
    good, bad = np.maximum(value, 0), np.maximum(-value, 0)
    counted = np.empty((len(value), len(COUNTED)), np.float32)
    counted[:, 0], counted[:, 1] = np.where(negated, 0, good), np.where(negated, 0, bad)
    counted[:, 2], counted[:, 3] = np.where(negated, good, 0), np.where(negated, bad, 0)
    counted[:, 4] = tokens.capitals
    sign = tokens.kinds == SIGN
    counted[:, 5] = sign & ((tokens.leads == ord("!")) | (tokens.tails == ord("!")))
    counted[:, 6] = sign & ((tokens.leads == ord("?")) | (tokens.tails == ord("?")))
    counted[:, 7] = (role == ASKER) & starts
    counted[:, 8] = role == NEGATOR
    counted[:, 9] = role == CONTRAST
    counted[:, 10] = tokens.kinds == EMOJI
    counted[:, 11] = 1
    return counted


def squashed(counted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums of what is counted as the network sees them, and the root of how many tokens there are, as a column."""
    root = np.sqrt(np.maximum(counted[:, -1:], 1))
    return np.sqrt(counted), root


def verdicts(counted: np.ndarray) -> np.ndarray:
    """What the word list alone says of each text, as VADER weighs it: (texts, VERDICTS)."""
    net = counted[:, 0] - counted[:, 1] - 0.74 * (counted[:, 2] - counted[:, 3])
    compound = net / np.sqrt(net * net + 15)
    both = np.minimum(counted[:, 0] + counted[:, 3], counted[:, 1] + counted[:, 2])
    columns = (compound, np.abs(compound), np.abs(compound) < 0.05, both / (both + 2))
    return np.stack(columns, axis=1).astype(counted.dtype)


def score(model: Model, seen: Features, language: str) -> np.ndarray:
    """Four shares for each text of `seen.which`, (texts, 4). They depend on no other text."""
    table = model.table
    words = table.take(seen.rows[:, 0], axis=0).astype(np.int16)
    for column in range(1, 4):
        words += table.take(seen.rows[:, column], axis=0)
    parts = (words, model.meanings.take(seen.meanings, axis=0))
    sums = np.concatenate([np.add.reduceat(part, seen.clauses, axis=0, dtype=np.int32) for part in parts], axis=1)
    scales = np.concatenate([model.scale, model.meaning_scale]).astype(np.float64)
    counted = np.add.reduceat(seen.counted, seen.clauses, axis=0, dtype=np.float64)
    inner = _inputs(sums * scales, counted)
    hidden = np.maximum(inner @ model.hidden.astype(np.float64) + model.hidden_bias, 0)
    lasts = np.append(seen.texts[1:], len(seen.clauses)) - 1
    lengths = (lasts + 1 - seen.texts)[:, None]
    totals = np.add.reduceat(counted, seen.texts, axis=0)
    whole = _inputs(np.add.reduceat(sums, seen.texts, axis=0) * scales, totals)
    pooled = np.concatenate(
        [
            np.maximum.reduceat(hidden, seen.texts, axis=0),
            np.add.reduceat(hidden, seen.texts, axis=0) / lengths,
            hidden[lasts],
            whole,
            verdicts(totals),
        ],
        axis=1,
    )
    number = LANGUAGES.index(language)
    marked = totals[:, COUNTED.index("exclamation")] + totals[:, COUNTED.index("emoji")] > 0
    temperature = model.temperature[number] * np.where(marked, model.marked[number], 1)
    logits = (pooled @ model.out.astype(np.float64) + model.out_bias[number]) / temperature[:, None]
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares = raised / raised.sum(axis=1, keepdims=True)
    rounded = np.round(shares * (1 - 4 * LEAST) + LEAST, _DIGITS)
    exact: np.ndarray = rounded / rounded.sum(axis=1, keepdims=True)
    return exact


def _inputs(sums: np.ndarray, counted: np.ndarray) -> np.ndarray:
    squashed_, root = squashed(counted)
    return np.concatenate([sums / root, squashed_], axis=1)
