"""Trains the sentiment scorer: `python -m training.sentiment.train --data DIR --vectors VECTORS --out MODEL`.

Set OPENBLAS_NUM_THREADS=1: the order of sums, and so the file, depends on it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from training.sentiment import lexicon, meanings
from training.sentiment.examples import examples_of, name_of
from training.sentiment.sources import LABELS, Row
from transforms.sentiment.local import model
from transforms.sentiment.local.model import COUNTED, LANGUAGES, NOTHING, Model
from transforms.sentiment.local.tokens import tokenise

DIMENSIONS, UNITS = 16, 32
_POOLED = (UNITS, 2 * UNITS, 3 * UNITS)
_BATCH, _RATE, _EPOCHS = 1024, 4e-3, 3
_DROPPED = np.array([0.35, 0.65, 0.4, 0.75], np.float32)  # share of words, pairs … left out in training
_DROPPED_LIST = 0.1  # share of clauses that do without the word list
_DROPPED_MEANING = 0.15  # share of words whose meaning is left out
_ALONE = 0.2  # share of texts that are seen by what words mean alone, and by the word list
_DECAY = 1e-2
_SMOOTH = 0.03  # of each label's weight that goes to all
# What logits are divided by, in English and elsewhere: fitted to sources that were left out (CARD.md).
_TEMPERATURE = (1.3, 1.5)
_MARKED = (0.5, 1)  # what that is multiplied by in texts with an emoji or `!`, of which more are right than it says


class Texts(NamedTuple):
    """Texts as features, their labels and weights."""

    rows: np.ndarray
    meanings: np.ndarray
    counted: np.ndarray
    clauses: np.ndarray  # token pointers, with the end
    texts: np.ndarray  # clause pointers, with the end
    labels: np.ndarray
    sources: np.ndarray
    weights: np.ndarray


class Words(NamedTuple):
    """What is known of words before training."""

    slots: np.ndarray  # the word list
    prints: np.ndarray  # of the meanings
    vectors: np.ndarray  # float32 (rows of meanings + 1, 384): the encoder's, 0 where a row is of no word


def words_of(path: Path) -> Words:
    """The word list, and the encoder's vectors of `meanings.py`, each scaled to have none of what all share."""
    words, vectors = meanings.load(path)
    prints, which = meanings.slots(words)
    centred = vectors.astype(np.float32)
    centred -= centred.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    rows = np.zeros((len(prints) + 1, centred.shape[1]), np.float32)
    rows[:-1][which >= 0] = centred[which[which >= 0]]
    return Words(lexicon.slots(), prints, rows)


def encode(examples: Sequence[Row], words: Words, sources: Sequence[str]) -> Texts:
    """Features of texts, language by language; texts without a word are left out."""
    parts = []
    for language in LANGUAGES:
        its = [row for row in examples if row.language == language]
        if its:
            seen = model.features(words.slots, words.prints, tokenise([row.text.encode() for row in its]), language)
            parts.append((seen, [its[which] for which in seen.which]))
    tokens = np.cumsum([0, *(len(seen.rows) for seen, _ in parts)])
    clauses = np.cumsum([0, *(len(seen.clauses) for seen, _ in parts)])
    kept = [row for _, its in parts for row in its]
    return Texts(
        np.concatenate([seen.rows for seen, _ in parts]).astype(np.int32),
        np.concatenate([seen.meanings for seen, _ in parts]).astype(np.int32),
        np.concatenate([seen.counted for seen, _ in parts]),
        np.append(np.concatenate([seen.clauses + t for (seen, _), t in zip(parts, tokens, strict=False)]), tokens[-1]),
        np.append(np.concatenate([seen.texts + c for (seen, _), c in zip(parts, clauses, strict=False)]), clauses[-1]),
        np.array([row.label for row in kept]),
        np.array([sources.index(name_of(row)) for row in kept]),
        np.array([_weight(row) for row in kept], np.float32),
    )


def _weight(row: Row) -> float:
    return {"generated": 1.3, "xed": 0.5}.get(row.source, 1.0)


def part(texts: Texts, which: np.ndarray) -> Texts:
    """Some of the texts."""
    clauses, clause_pointers = _ranges(texts.texts, which)
    tokens, token_pointers = _ranges(texts.clauses, clauses)
    return Texts(
        texts.rows[tokens],
        texts.meanings[tokens],
        texts.counted[tokens],
        token_pointers,
        clause_pointers,
        texts.labels[which],
        texts.sources[which],
        texts.weights[which],
    )


def _ranges(pointers: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    lengths = pointers[which + 1] - pointers[which]
    ends = np.cumsum(lengths)
    flat = np.arange(ends[-1]) + np.repeat(pointers[which] - (ends - lengths), lengths)
    return flat, np.append(0, ends)


class Trainer:
    """The parameters in float32 with their moments (Adam)."""

    def __init__(self, rng: np.random.Generator, words: Words, sources: Sequence[str], allowed: np.ndarray) -> None:
        inputs = DIMENSIONS + model.MEANINGS + len(COUNTED)
        pooled = 3 * UNITS + inputs + model.VERDICTS
        table = rng.normal(0, 0.05, (NOTHING + 1, DIMENSIONS))
        table[NOTHING] = 0
        self.rng = rng
        self.words = words
        self.sources = sources
        self.allowed = allowed  # (sources, labels)
        self.parameters = [
            value.astype(np.float32)
            for value in (
                table,
                rng.normal(0, np.sqrt(2 / inputs), (inputs, UNITS)),
                np.zeros(UNITS),
                rng.normal(0, np.sqrt(1 / pooled), (pooled, 4)),
                np.zeros(4),
                np.zeros((len(sources), 4)),
                _axes(words.vectors),
            )
        ]
        self.first = [np.zeros_like(value) for value in self.parameters]
        self.second = [np.zeros_like(value) for value in self.parameters]
        self.steps = 0

    def step(self, batch: Texts, rate: float) -> None:
        """One step of the parameters."""
        table, hidden_w, hidden_b, out, out_b, of_source, axes = self.parameters
        alone = np.repeat(self.rng.random(len(batch.labels)) < _ALONE, np.diff(batch.texts))
        dropped = self.rng.random(batch.rows.shape, np.float32) < _DROPPED
        dropped |= np.repeat(alone, np.diff(batch.clauses))[:, None]
        rows = np.where(dropped, NOTHING, batch.rows)
        starts, _ends = batch.clauses[:-1], batch.clauses[1:]
        matrix = sparse.csr_matrix(
            (np.ones(rows.size, np.float32), rows.ravel(), batch.clauses * 4), shape=(len(starts), len(table))
        )
        kept_words = np.where(self.rng.random(len(batch.meanings), np.float32) < _DROPPED_MEANING, 0, 1)
        vectors = sparse.csr_matrix(
            (kept_words.astype(np.float32), batch.meanings, batch.clauses), shape=(len(starts), len(self.words.vectors))
        )
        meant = vectors @ self.words.vectors
        sums = np.concatenate([matrix @ table, meant @ axes], axis=1)
        counted = np.add.reduceat(batch.counted, starts, axis=0)
        texts, text_ends = batch.texts[:-1], batch.texts[1:]
        of_clause = np.repeat(np.arange(len(texts)), text_ends - texts)
        without = self.rng.random(len(texts)) < _DROPPED_LIST
        counted[without[of_clause], :4] = 0
        squashed, root = model.squashed(counted)
        inner = np.concatenate([sums / root, squashed], axis=1)
        before = inner @ hidden_w + hidden_b
        hidden = np.maximum(before, 0)
        lengths = (text_ends - texts).astype(np.float32)[:, None]
        most = np.maximum.reduceat(hidden, texts, axis=0)
        totals = np.add.reduceat(counted, texts, axis=0)
        whole_squashed, whole_root = model.squashed(totals)
        whole = np.concatenate([np.add.reduceat(sums, texts, axis=0) / whole_root, whole_squashed], axis=1)
        pooled = np.concatenate(
            [
                most,
                np.add.reduceat(hidden, texts, axis=0) / lengths,
                hidden[text_ends - 1],
                whole,
                model.verdicts(totals),
            ],
            axis=1,
        )
        kept = (self.rng.random(pooled.shape, np.float32) > 0.1) / np.float32(0.9)
        pooled *= kept
        # A source that never says NEUTRAL tells nothing of what is.
        allowed = self.allowed[batch.sources]
        logits = np.where(allowed, pooled @ out + out_b + of_source[batch.sources], -30).astype(np.float32)
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares = raised / raised.sum(axis=1, keepdims=True)
        wanted = (_SMOOTH * allowed / allowed.sum(axis=1, keepdims=True)).astype(np.float32)
        wanted[np.arange(len(shares)), batch.labels] += 1 - _SMOOTH
        weights = batch.weights[:, None] / len(shares)
        # Backwards.
        d_logits = (shares - wanted) * weights * allowed
        d_pooled = (d_logits @ out.T) * kept
        d_most, d_mean, d_last, d_whole, _ = np.split(d_pooled, [*_POOLED, -model.VERDICTS], axis=1)
        d_hidden = (d_mean / lengths)[of_clause] + d_most[of_clause] * (hidden == most[of_clause])
        d_hidden[text_ends - 1] += d_last
        d_before = d_hidden * (before > 0)
        d_inner = d_before @ hidden_w.T
        summed = DIMENSIONS + model.MEANINGS
        d_sums = d_inner[:, :summed] / root + (d_whole[:, :summed] / whole_root)[of_clause]
        d_table = matrix.T.tocsr() @ d_sums[:, :DIMENSIONS]
        d_table[NOTHING] = 0
        d_source = np.zeros_like(of_source)
        np.add.at(d_source, batch.sources, d_logits)
        self._adam(
            [
                d_table,
                inner.T @ d_before,
                d_before.sum(axis=0),
                pooled.T @ d_logits,
                d_logits.sum(axis=0),
                d_source + 1e-3 * of_source,
                meant.T @ d_sums[:, DIMENSIONS:],
            ],
            rate,
        )

    def _adam(self, gradients: list[np.ndarray], rate: float) -> None:
        self.steps += 1
        corrected = rate * np.sqrt(1 - 0.99**self.steps) / (1 - 0.9**self.steps)
        for number, (value, gradient) in enumerate(zip(self.parameters, gradients, strict=True)):
            first, second = self.first[number], self.second[number]
            first *= 0.9
            first += 0.1 * gradient
            second *= 0.99
            second += 0.01 * gradient * gradient
            value -= corrected * first / (np.sqrt(second) + 1e-7)
            if number in (0, 1, 3):
                value *= 1 - rate * _DECAY * (10 if number == 0 else 1)

    def model(self) -> Model:
        """What is learned, as it is kept."""
        table, hidden_w, hidden_b, out, out_b, of_source, axes = self.parameters
        # Rows that are all but never met hold noise alone.
        rounded, scale = _rounded(table, 99.98)
        meanings_, meaning_scale = _rounded(self.words.vectors @ axes, 99.98)
        # Labels are as frequent as in our own text.
        bias = np.stack([out_b + of_source[self._typical(language)].mean(axis=0) for language in LANGUAGES])
        temperature, marked = (
            np.array([of[language != "en"] for language in LANGUAGES], np.float32) for of in (_TEMPERATURE, _MARKED)
        )
        kept = (self.words.slots, rounded, scale, self.words.prints, meanings_, meaning_scale)
        return Model(*kept, hidden_w, hidden_b, out, bias, temperature, marked)

    def _typical(self, language: str) -> list[int]:
        """The source whose labels are as frequent as in texts to come: our own, or all where it is left out."""
        found = [i for i, name in enumerate(self.sources) if name == f"generated_{language}"]
        return found or list(range(len(self.sources)))


def _axes(vectors: np.ndarray) -> np.ndarray:
    """The directions in which words differ most, so long that sums are as large as the table's."""
    _, axes = np.linalg.eigh(vectors.T @ vectors)
    return axes[:, ::-1][:, : model.MEANINGS]


def _rounded(values: np.ndarray, percentile: float) -> tuple[np.ndarray, np.ndarray]:
    scale = np.maximum(np.percentile(np.abs(values), percentile, axis=0), 1e-6) / 127
    return np.clip(np.round(values / scale), -127, 127).astype(np.int8), scale.astype(np.float32)


def learn(examples: Sequence[Row], words: Words, seed: int) -> Model:
    """A model of some examples, its probabilities not calibrated yet."""
    rng = np.random.default_rng(seed)
    sources = sorted({name_of(row) for row in examples})
    texts = encode(examples, words, sources)
    allowed = np.zeros((len(sources), len(LABELS)), bool)
    allowed[texts.sources, texts.labels] = True
    trainer = Trainer(rng, words, sources, allowed)
    total = _EPOCHS * (len(texts.labels) // _BATCH)
    done = 0
    for _epoch in range(_EPOCHS):
        order = rng.permutation(len(texts.labels))
        for first in range(0, len(order) - _BATCH + 1, _BATCH):
            rate = _RATE * min(1, (done + 1) / 50) * (1 - done / total) + 1e-5
            trainer.step(part(texts, order[first : first + _BATCH]), rate)
            done += 1
    return trainer.model()


def save(found: Model, path: Path) -> None:
    """Write a model file, the same for the same model."""
    arrays: dict[str, Any] = found._asdict()
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--vectors", type=Path, required=True, help="what training.sentiment.meanings wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", nargs="*", default=[])
    told = parser.parse_args()
    examples = examples_of(told.data, told.seed, told.without)
    save(learn(examples, words_of(told.vectors), told.seed), told.out)


if __name__ == "__main__":
    main()
