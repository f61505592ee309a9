"""Trains the tagger: `python -m training.train --data ../shared/data --out transforms/pii/tagger/model.npz --seed 1`.

Set OPENBLAS_NUM_THREADS=1: the order of sums, and so the file, depends on it.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from training import lexicon
from training.corpora import Example, labelled, unlabelled
from training.evaluate import as_read, figures
from training.generate import generated
from training.weak import weak
from transforms.pii.tagger import model
from transforms.pii.tagger.model import LABELS, NOTHING, OFFSETS, Model
from transforms.pii.tagger.tokens import SIGHT, tokenise

DIMENSIONS, UNITS, SECOND = 32, 64, 48
# Logits taken off a label, for the network has seen more names than texts have. Sets left out of training ask for 0.8
# to 1.4; less is taken, for a missed name is worse than a word too many.
_CAUTION = {"NAME": 0.1}
_ROUNDS, _MADE, _RATE = 8, 110_000, 3e-3
_DROPPED_WORDS, _DROPPED_LISTS, _DROPPED_USAGE, _DROPPED_UNITS = 0.12, 0.12, 0.3, 0.2
_MISSED = 15  # how much worse it is that the gate misses a word than that it lets one through
_THINGS = ("_thing", "_things", "_word_names", "_cosa", "_chose", "_ding", "_coisa")
_SHARES = {"wnut17_train": 2, "wnut17_dev": 2, "btc_h_dev": 3, "echr_es_manual": 1, "echr_fr_manual": 2}


class Batch(NamedTuple):
    """Words with walls, their features, and what each may be."""

    rows: np.ndarray  # (features, words)
    which: np.ndarray  # words that count
    allowed: np.ndarray  # (those, labels): float32, 1 where the label may be right
    same: np.ndarray  # of those, a number for each text and word with a capital
    known: np.ndarray  # of all words, whether they are not to be forgotten: a brand is told from a name by its words


def encode(examples: Sequence[Example], slots: np.ndarray) -> Batch:
    """Features and labels of some examples."""
    data, marks = [], []
    for example in examples:
        text, kept = as_read(example.text)
        of_characters = np.full(len(example.text), sum(1 << LABELS.index(x) for x in LABELS if x not in example.judged))
        for start, end, label in example.spans:
            of_characters[start:end] = 1 | 1 << LABELS.index("ORG") if label == "O" else 1 << LABELS.index(label)
        marks.append(of_characters[kept])
        data.append(text)
    tokens = tokenise(data)
    rows = model.features(tokens, model.classes(slots, tokens.words))
    which = np.flatnonzero(~tokens.closed)
    sizes = np.array([len(mark) for mark in marks])
    begins = np.cumsum(sizes) - sizes
    of_rows, starts, _ = tokens.locate(which, which)
    bits = np.concatenate(marks)[begins[of_rows] + starts]
    allowed = (bits[:, None] >> np.arange(len(LABELS)) & 1).astype(np.float32)
    things = np.array([example.source.endswith(_THINGS) for example in examples])
    return Batch(rows, which, allowed, model.same(tokens, which), things[tokens.rows])


def vary(example: Example, rng: random.Random) -> Example:
    """Sometimes the same example in other case, or with some of its finds already taken out."""
    if "\n" in example.text and rng.random() < 0.4:
        # Of many texts the lines were joined before they come here.
        text = example.text.replace("\n", " ")
        example = Example(text, example.spans, example.language, example.source, example.judged)
    chance = rng.random()
    text = example.text
    if example.source == "weak":
        return example
    if chance < 0.03:
        changed = text.lower()
    elif chance < 0.07:
        changed = text.upper()
    elif chance < 0.11:
        changed = text.title()
    elif chance < 0.16:
        return _redacted(example, rng)
    else:
        return example
    return (
        Example(changed, example.spans, example.language, example.source, example.judged)
        if len(changed) == len(text)
        else example
    )


def _redacted(example: Example, rng: random.Random) -> Example:
    text, spans, moved = example.text, [], 0
    for start, end, label in example.spans:
        if rng.random() < 0.4 and label != "ORG":
            text = text[: start + moved] + "\0" + text[end + moved :]
            moved += 1 - (end - start)
        else:
            spans.append((start + moved, end + moved, label))
    return Example(text, tuple(spans), example.language, example.source, example.judged)


class Trainer:
    """The parameters in float32 with their moments (Adam; rows of the table only where they are touched)."""

    def __init__(self, rng: np.random.Generator) -> None:
        seen = 2 * SIGHT + 1
        table = rng.normal(0, 0.1, (NOTHING + 1, DIMENSIONS))
        table[: OFFSETS[1]] *= 0.3
        table[NOTHING] = 0
        self.rng = rng
        self.parameters = [
            value.astype(np.float32)
            for value in (
                table,
                np.zeros((DIMENSIONS, seen)),
                np.zeros(()),
                rng.normal(0, np.sqrt(2 / seen / DIMENSIONS), (seen * DIMENSIONS, UNITS)),
                np.zeros(UNITS),
                rng.normal(0, np.sqrt(2 / UNITS / 4), (4 * UNITS, SECOND)),
                np.zeros(SECOND),
                rng.normal(0, np.sqrt(1 / UNITS), (UNITS + SECOND, len(LABELS))),
                np.zeros(len(LABELS)),
            )
        ]
        self.first = [np.zeros_like(value) for value in self.parameters]
        self.second = [np.zeros_like(value) for value in self.parameters]
        self.steps = 0
        self.mean = [np.zeros_like(value) for value in self.parameters]
        self.means = 0

    def step(self, batch: Batch, rate: float) -> float:
        """One step of the parameters; the loss before it."""
        table, gate, gate_bias, weights, bias, weights2, bias2, out, out_bias = self.parameters
        rows = self._dropped(batch.rows, batch.known)
        embedded = model.embed(table, rows)
        every, places = batch.which, range(2 * SIGHT + 1)
        glance = embedded @ gate
        total = sum(glance[every + place - SIGHT, place] for place in places) + gate_bias
        passed = 1 / (1 + np.exp(-total))
        wanted = batch.allowed[:, 0] + batch.allowed[:, 4] == 0
        slope_gate = (passed - wanted) * np.where(wanted, _MISSED, 1) * np.float32(0.1 / len(every))
        on = np.flatnonzero(passed > 0.5)  # what goes on, as it will in use
        which, allowed = every[on], batch.allowed[on]
        around = which[:, None] + np.arange(-SIGHT, SIGHT + 1)
        seen = embedded[around].reshape(len(around), len(weights))
        hidden = np.maximum(seen @ weights + bias, 0)
        kept = (self.rng.random(hidden.shape, np.float32) > _DROPPED_UNITS) / np.float32(1 - _DROPPED_UNITS)
        hidden *= kept
        beside, put, counts = _neighbours(which, batch.same[on])
        wide = _widen(hidden, beside, put, counts)
        second = np.maximum(wide @ weights2 + bias2, 0)
        both = np.concatenate([hidden, second], axis=1)
        logits = both @ out + out_bias
        chances = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
        chances /= chances.sum(axis=1, keepdims=True)
        right = chances * allowed
        sums = right.sum(axis=1, keepdims=True) + 1e-9
        slope = (chances - right / sums) / np.float32(len(every))
        back_both = slope @ out.T
        back2 = back_both[:, UNITS:] * (second > 0)
        back_wide = back2 @ weights2.T
        back = back_both[:, :UNITS] + back_wide[:, :UNITS]
        for place in (1, 2):
            ok = beside[place - 1] >= 0
            back[beside[place - 1][ok]] += back_wide[ok, place * UNITS : (place + 1) * UNITS]
        pooled = np.zeros((len(counts), UNITS), np.float32)
        _add_at(pooled, put, back_wide[:, 3 * UNITS :])
        back += (pooled / counts[:, None])[put]
        back *= (hidden > 0) * kept
        pushed = (back @ weights.T).reshape(len(around), len(places), DIMENSIONS)
        moved = np.zeros_like(embedded)
        of_gate = np.empty_like(gate)
        for place in places:
            moved[around[:, place]] += pushed[:, place]
            moved[every + place - SIGHT] += slope_gate[:, None] * gate[:, place]
            of_gate[:, place] = slope_gate @ embedded[every + place - SIGHT]
        order = np.argsort(rows.ravel(), kind="stable")
        touched, begins = np.unique(rows.ravel()[order], return_index=True)
        of_table = np.add.reduceat(moved[order % rows.shape[1]], begins)
        of_table[touched == NOTHING] = 0
        self.steps += 1
        self._move(0, of_table, rate, touched)
        slopes = (
            of_gate,
            slope_gate.sum(),
            seen.T @ back,
            back.sum(0),
            wide.T @ back2,
            back2.sum(0),
            both.T @ slope,
            slope.sum(0),
        )
        for place, of_parameter in enumerate(slopes, 1):
            self._move(place, of_parameter, rate, ...)
        return float(-np.log(sums).sum() / len(every))

    def _dropped(self, rows: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Forget some words, of some that they are in a list, and of rarer ones how they are used."""
        rows = rows.copy()
        codes = rows[5] - OFFSETS[5]
        chance = self.rng.random((3, rows.shape[1])) + known
        rows[:3, chance[0] < _DROPPED_WORDS] = NOTHING
        codes[chance[1] < _DROPPED_LISTS] &= 0b111_00_00_00
        strange = (chance[2] < _DROPPED_USAGE) & (codes >> 6 != 5)
        codes[strange] &= 0b111111
        rows[0, strange] = NOTHING
        rows[5] = codes + OFFSETS[5]
        return rows

    def _move(self, place: int, slope: np.ndarray, rate: float, where: Any) -> None:
        first, second = self.first[place], self.second[place]
        first[where] = 0.9 * first[where] + 0.1 * slope
        second[where] = 0.99 * second[where] + 0.01 * slope * slope
        change = first[where] / (np.sqrt(second[where] / (1 - 0.99**self.steps)) + 1e-8) / (1 - 0.9**self.steps)
        self.parameters[place][where] -= rate * change

    def average(self) -> None:
        """Take the parameters as they are now into the mean of the last ones, which is what is shipped."""
        self.means += 1
        for mean, value in zip(self.mean, self.parameters, strict=True):
            mean += (value - mean) / self.means

    def model(self, slots: np.ndarray) -> Model:
        """The model as it is shipped: embeddings as small whole numbers."""
        table, *rest = self.mean if self.means else self.parameters
        scale = np.float32(np.abs(table).max() / 127)
        gate, gate_bias, hidden, hidden_bias, second, second_bias, out, out_bias = rest
        second = np.concatenate([out[:UNITS], *second.reshape(4, UNITS, SECOND)], axis=1)
        whole = np.round(table / scale).astype(np.int16)
        out_bias = out_bias - np.array([_CAUTION.get(label, 0) for label in LABELS], np.float32)
        gate, hidden = gate * scale, hidden * scale
        return Model(slots, whole, gate, gate_bias, hidden, hidden_bias, second, second_bias, out[UNITS:], out_bias)


def _neighbours(which: np.ndarray, same: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, np.ndarray]:
    """The place of the word before and after, -1 where there is none; each word's group, and the groups' sizes."""
    number = np.arange(len(which))
    left = np.where(np.diff(which, prepend=-9) == 1, number - 1, -1)
    right = np.where(np.diff(which, append=-9) == 1, number + 1, -1)
    _, put, counts = np.unique(same, return_inverse=True, return_counts=True)
    return (left, right), put, counts.astype(np.float32)


def _widen(
    hidden: np.ndarray, beside: tuple[np.ndarray, np.ndarray], put: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """What the second layer sees: the first one's units of the word, its neighbours, and the mean of its group."""
    units = hidden.shape[1]
    wide = np.zeros((len(hidden), 4 * units), np.float32)
    wide[:, :units] = hidden
    for place in (1, 2):
        ok = beside[place - 1] >= 0
        wide[ok, place * units : (place + 1) * units] = hidden[beside[place - 1][ok]]
    sums = np.zeros((len(counts), units), np.float32)
    _add_at(sums, put, hidden)
    wide[:, 3 * units :] = (sums / counts[:, None])[put]
    return wide


def _add_at(sums: np.ndarray, put: np.ndarray, values: np.ndarray) -> None:
    """Add rows to rows of `sums`."""
    if not len(put):
        return
    order = np.argsort(put, kind="stable")
    begins = np.flatnonzero(np.diff(put[order], prepend=-1))
    sums[put[order[begins]]] = np.add.reduceat(values[order], begins)


def own_words(examples: Sequence[Example], data: Path) -> set[str]:
    """Words often enough outside names to deserve an embedding."""
    counts = Counter[str]()
    for _, text in unlabelled(data):
        counts.update(dict.fromkeys(lexicon.WORD.findall(text.lower()), 0.34))
    for example in examples:
        if example.source == "native":
            continue
        letters = list(example.text.lower())
        for start, end, label in example.spans:
            if label in ("NAME", "PLACE"):
                letters[start:end] = " " * (end - start)
        counts.update(dict.fromkeys(lexicon.WORD.findall("".join(letters)), 1))
    return {word for word, count in counts.most_common(24_000) if count >= 3}


def batches(examples: list[Example], slots: np.ndarray, size: int = 20_000) -> Iterator[Batch]:
    """Examples encoded, about `size` characters a batch."""
    some: list[Example] = []
    length = 0
    for example in examples:
        some.append(example)
        length += len(example.text)
        if length > size:
            yield encode(some, slots)
            some, length = [], 0


def main(arguments: Sequence[str]) -> None:
    """Train, write the model, print its figures on held-out rows."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without-names", action="store_true", help="leave a fifth of the names out, to measure on")
    parser.add_argument("--without", nargs="*", default=[], help="labelled sets to leave out, to measure on them whole")
    options = parser.parse_args(arguments)
    rng = random.Random(options.seed)  # noqa: S311 - variety, no secrets
    known = (each for each in labelled(options.data) if each.source not in options.without)
    real = [each for each in known for _ in range(_SHARES.get(each.source, 1))]
    made = list(generated(options.seed, _MADE, options.data, options.without_names))
    own = own_words([*real, *made], options.data)
    classes = lexicon.word_classes(options.data, own, options.without_names)
    slots = lexicon.slots(classes)
    half_sure = list(weak(options.data, classes))
    rng.shuffle(half_sure)
    trainer = Trainer(np.random.default_rng(options.seed))
    for number in range(_ROUNDS):
        examples = [*real, *made[number::_ROUNDS], *made[(number + _ROUNDS // 2) % _ROUNDS :: _ROUNDS]]
        examples += half_sure[number % 5 :: 5]
        rng.shuffle(examples)
        losses: list[float] = []
        encoded = list(batches([vary(each, rng) for each in examples], slots))
        for place, batch in enumerate(encoded):
            done = (number + place / len(encoded)) / _ROUNDS
            losses.append(trainer.step(batch, _RATE * (1 - done) + 2e-5))
            if done > 0.6 and place % 10 == 0:
                trainer.average()
        sys.stdout.write(f"round {number}: loss {np.mean(losses):.4f}, {time.process_time():.0f} s\n")
        sys.stdout.flush()
    np.savez_compressed(options.out, **trainer.model(slots)._asdict())
    sys.stdout.writelines(f"{line}\n" for line in figures(options.data, trainer.model(slots), (0.3, 0.5, 0.8)))


if __name__ == "__main__":
    main(sys.argv[1:])
