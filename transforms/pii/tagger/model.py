"""The network: what a word is like, looked up and summed; the words around it side by side; one hidden layer."""

from __future__ import annotations

import hashlib
import io
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np

from transforms.pii.tagger.tokens import CODE, GAPS, LOWER, NUMBER, SHAPES, SIGHT, Tokens
from transforms.vectorised import mix

LABELS = ("O", "NAME", "PLACE", "STREET", "ORG")
WORDS, PREFIXES, SUFFIXES, CLASSES = 1 << 15, 1 << 12, 1 << 13, 1 << 9
# Rows of the table of embeddings: one block for each feature.
SIZES = (WORDS, PREFIXES, SUFFIXES, SHAPES, GAPS, CLASSES)
OFFSETS = np.cumsum((0, *SIZES))
NOTHING = int(OFFSETS[-1])  # a row of zeros, for a word that has no embedding of its own
OWN = CLASSES  # the bit of a class that says it has one
SLOTS = 19  # of the word table, as a power of two
CLASS_BITS = 12
# Words in a product, and numbers of a matrix in one: up to 2^18 multiplications OpenBLAS does not share out to threads.
_GLANCED, _BLOCK, _WEIGHTS = 128, 32, 1 << 13
_ALONE = np.isin(np.arange(SHAPES >> 2), (LOWER, NUMBER, CODE))  # forms of words that are not told apart by case
_CHUNK = 512  # words scored at a time


class Model(NamedTuple):
    """Everything a model file holds."""

    slots: np.ndarray  # uint32: a word's fingerprint and its class
    table: np.ndarray  # int16: embeddings
    gate: np.ndarray  # a linear look at the words around, for what is worth a second one: (dimensions, words seen)
    gate_bias: np.ndarray
    hidden: np.ndarray  # weights of the first layer: (words seen x dimensions, units)
    hidden_bias: np.ndarray
    second: np.ndarray  # (units, labels and 4 x second units): to the end; own, for the next, the last, the same word
    second_bias: np.ndarray
    out: np.ndarray  # (second units, labels)
    out_bias: np.ndarray


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


def classes(slots: np.ndarray, words: np.ndarray) -> np.ndarray:
    """What is known of each word, by its hash; 0 where nothing is."""
    first, second, prints = places(words)
    one, other = slots[first], slots[second]
    found = np.where(one >> CLASS_BITS == prints, one, np.where(other >> CLASS_BITS == prints, other, 0))
    known: np.ndarray = found & ((1 << CLASS_BITS) - 1)
    return known


def places(words: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The two slots a word may be in, and its fingerprint, never 0."""
    hashes = mix(words)
    prints = (hashes >> np.uint64(12 + CLASS_BITS)).astype(np.uint32) >> np.uint32(CLASS_BITS)
    slot = np.uint64((1 << SLOTS) - 1)
    return (hashes & slot).astype(np.int64), (hashes >> np.uint64(40) & slot).astype(np.int64), np.maximum(prints, 1)


def features(tokens: Tokens, known: np.ndarray) -> np.ndarray:
    """Rows of the table for each word, (6, words)."""
    rows = np.empty((len(SIZES), len(tokens.words)), np.int64)
    rows[0] = np.where(known & OWN, tokens.words >> np.uint64(64 - 15), NOTHING)
    rows[1] = mix(tokens.prefixes) >> np.uint64(64 - 12)
    rows[2] = mix(tokens.suffixes) >> np.uint64(64 - 13)
    rows[3] = tokens.shapes
    rows[4] = tokens.gaps
    rows[5] = known & (CLASSES - 1)
    rows[1:] += OFFSETS[1:-1, None]
    return rows


def score(model: Model, rows: np.ndarray, tokens: Tokens) -> tuple[np.ndarray, np.ndarray]:
    """Words that may be of a name or a place, and for each the probabilities of `LABELS`, (words, labels).

    Products are of blocks of one size, so that no sum depends on how many rows there are or which one it is. Blocks are
    too small for BLAS to start threads for, which cost several times what they save here.
    """
    words = rows.shape[1]
    beyond = np.full((len(rows), -words % _GLANCED), NOTHING)
    embedded = embed(model.table, np.concatenate([rows, beyond], axis=1))
    glance = (embedded.reshape(-1, _GLANCED, embedded.shape[1]) @ model.gate).reshape(len(embedded), -1)
    total = np.full(words, model.gate_bias)
    total[tokens.closed] = -np.inf
    for place in range(2 * SIGHT + 1):
        total[SIGHT:-SIGHT] += glance[place : place + words - 2 * SIGHT, place]
    which = np.flatnonzero(total > 0)
    if not len(which):
        return which, np.empty((0, len(LABELS)), np.float32)
    groups = same(tokens, which)
    units = model.out_bias.size, model.second_bias.size
    # Each word's row and those beside it are one run of bytes: taking it whole is twice as fast as row by row.
    run = np.dtype((np.void, embedded.strides[0] * (2 * SIGHT + 1)))
    seen: np.ndarray = np.ndarray((len(embedded) - 2 * SIGHT,), run, embedded, strides=embedded.strides[:1])
    runs = np.zeros(len(which) + -len(which) % _BLOCK, np.int64)
    runs[: len(which)] = which - SIGHT
    own = np.empty((len(runs), model.second.shape[1]), np.float32)
    for first in range(0, len(runs), _CHUNK):
        some = seen[runs[first : first + _CHUNK]].view(np.float32).reshape(-1, _BLOCK, len(model.hidden))
        hidden = _times(some, model.hidden)
        hidden += model.hidden_bias
        own[first : first + _CHUNK] = _times(np.maximum(hidden, 0, out=hidden), model.second).reshape(-1, own.shape[1])
    direct, parts = own[:, : units[0]], own[: len(which), units[0] :].reshape(-1, 4, units[1])
    total = np.zeros((len(own), units[1]), np.float32)
    inner = total[: len(which)]
    inner += parts[:, 0] + model.second_bias
    beside = np.flatnonzero(np.diff(which) == 1)
    inner[beside + 1] += parts[beside, 1]
    inner[beside] += parts[beside + 1, 2]
    inner += _shared(parts[:, 3], groups)
    logits = _times(np.maximum(total, 0).reshape(-1, _BLOCK, units[1]), model.out).reshape(direct.shape)
    logits = (logits + direct + model.out_bias)[: len(which)]
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return which, raised / raised.sum(axis=1, keepdims=True)


def _times(blocks: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Blocks of rows times weights; large ones are taken in parts, for products of few rows with them are slow."""
    step = -(-len(weights) // -(-weights.size // _WEIGHTS))
    result: np.ndarray = blocks[:, :, :step] @ weights[:step]
    for first in range(step, len(weights), step):
        result += blocks[:, :, first : first + step] @ weights[first : first + step]
    return result


def same(tokens: Tokens, which: np.ndarray) -> np.ndarray:
    """For each of some words a number that it shares with the same word in the same text, where it has a capital."""
    keys = mix(tokens.words[which] + tokens.rows[which].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    alone = _ALONE[tokens.shapes[which] >> 2]
    keys[alone] = mix(which[alone].astype(np.uint64))
    return keys


def _shared(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Each row's mean with those of its group."""
    order = np.argsort(groups, kind="stable")
    begins = np.flatnonzero(np.diff(groups[order], prepend=groups[order[:1]] ^ np.uint64(1)))
    counts = np.diff(begins, append=len(order))
    several = np.repeat(counts > 1, counts)
    some, counts = order[several], counts[counts > 1]
    shared = values.copy()
    if len(some):
        begins = np.cumsum(counts) - counts
        means = np.add.reduceat(values[some], begins) / counts[:, None].astype(np.float32)
        shared[some] = np.repeat(means, counts, axis=0)
    return shared


def embed(table: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The sums of some rows of the table, (words, dimensions)."""
    total = table.take(rows[0], axis=0)
    for column in rows[1:]:
        total += table.take(column, axis=0)
    summed: np.ndarray = total.astype(np.float32)
    return summed
