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
_BLOCK, _WEIGHTS = 32, 1 << 13
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


def glanced(model: Model) -> np.ndarray:
    """The gate of each row of the table: the sum of these is the gate of the sum, with a fifth of the numbers."""
    gates: np.ndarray = model.table.astype(np.float32) @ model.gate
    return gates


@cache
def shipped_glanced() -> np.ndarray:
    """Those of the shipped model, worked out once."""
    return glanced(load())


def sums(table: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The sums of some rows of a table, (words, columns)."""
    total: np.ndarray = table.take(rows[0], axis=0)
    for column in rows[1:]:
        total += table.take(column, axis=0)
    return total


def worth(model: Model, glances: np.ndarray, closed: np.ndarray) -> np.ndarray:
    """The words that may be of a name or a place, by a linear look at the words around: `glances` is what each adds."""
    words = len(glances)
    total = np.full(words, model.gate_bias)
    total[closed] = -np.inf
    for place in range(2 * SIGHT + 1):
        total[SIGHT:-SIGHT] += glances[place : place + words - 2 * SIGHT, place]
    return np.flatnonzero(total > 0)


def score(model: Model, rows: np.ndarray, tokens: Tokens, which: np.ndarray) -> np.ndarray:
    """Of each word that is `worth` it the probabilities of `LABELS`, (words, labels).

    Products are of blocks of one size, so that no sum depends on how many rows there are or which one it is. Blocks are
    too small for BLAS to start threads for, which cost several times what they save here.
    """
    if not len(which):
        return np.empty((0, len(LABELS)), np.float32)
    groups = same(tokens, which)
    units = model.out_bias.size, model.second_bias.size
    middles = np.full(len(which) + -len(which) % _BLOCK, SIGHT)
    middles[: len(which)] = which
    own = np.empty((len(middles), model.second.shape[1]), np.float32)
    for first in range(0, len(middles), _CHUNK):
        around = middles[first : first + _CHUNK, None] + np.arange(-SIGHT, SIGHT + 1)
        some = embed(model.table, rows[:, around.ravel()]).reshape(-1, _BLOCK, len(model.hidden))
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
    chances: np.ndarray = raised / raised.sum(axis=1, keepdims=True)
    return chances


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
    summed: np.ndarray = sums(table, rows).astype(np.float32)
    return summed
