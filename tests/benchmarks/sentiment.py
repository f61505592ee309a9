"""How well the local scorer does beside VADER and TextBlob: `python -m tests.benchmarks.sentiment --data DIR`.

`--leave-one-out SOURCE ...` trains without each source in turn and measures on it, `--held-out-sentences` without a
fifth of our templates' sentences and measures on text made of these; other rows of the shipped model's sources were
learned from, and say little. The support texts were never learned from. No label of a set is looked for in another: a
class that a set has not counts as wrong where it is said.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from textblob import TextBlob

from tests.benchmarks.vader import VaderScorer
from training.sentiment import train
from training.sentiment.examples import examples_of
from training.sentiment.generate import generated
from training.sentiment.sources import LABELS, MEASURED_TOO, rows, support
from transforms.pii.redacted import RedactedText
from transforms.sentiment.local import model
from transforms.sentiment.local.scorer import scores
from transforms.sentiment.protocols import Scores

Judge = Callable[[Sequence[str], str], np.ndarray]  # texts and their language -> shares, (texts, 4)
_MOST = 5_000  # texts of a set


def ours(loaded: model.Model) -> Judge:
    return lambda texts, language: scores(loaded, texts, language)


def vader(texts: Sequence[str], language: str) -> np.ndarray:
    (answers,) = VaderScorer().score([RedactedText(text) for text in texts], language)
    return np.array([answer for answer in answers.values() if isinstance(answer, Scores)])


def textblob(texts: Sequence[str], language: str) -> np.ndarray:
    """TextBlob's polarity, cut at ±0.05 as VADER's."""
    found = np.array([TextBlob(text).sentiment.polarity for text in texts])
    neutral = 1 - np.minimum(np.abs(found) / 0.1, 1)
    return np.stack(
        [np.where(found > 0, 1 - neutral, 0), np.where(found < 0, 1 - neutral, 0), neutral, found * 0], axis=1
    )


def f1(labels: np.ndarray, said: np.ndarray) -> dict[str, float]:
    """F1 of each label that the set has."""
    found = {}
    for label in np.unique(labels).tolist():
        right = ((said == label) & (labels == label)).sum()
        found[LABELS[label]] = float(2 * right / ((said == label).sum() + (labels == label).sum()))
    return found


def calibration(labels: np.ndarray, shares: np.ndarray) -> float:
    """Expected calibration error over ten bins of confidence."""
    confidence, right = shares.max(axis=1), shares.argmax(axis=1) == labels
    bins = np.minimum((confidence * 10).astype(int), 9)
    return float(sum(abs((confidence - right)[bins == number].sum()) for number in range(10)) / len(labels))


def report(name: str, judge: Judge, texts: Sequence[str], labels: np.ndarray, confusion: bool = False) -> None:
    shares = judge(texts, "en")
    said = shares.argmax(axis=1)
    each = f1(labels, said)
    recall = np.mean([(said[labels == label] == label).mean() for label in np.unique(labels)])
    print(
        f"{name:34} n={len(labels):5} macro-F1 {np.mean(list(each.values())):.3f} macro-recall {recall:.3f} "
        f"ECE {calibration(labels, shares):.3f}, said with {shares.max(axis=1).mean():.2f} on average and right in",
        f"{(said == labels).mean():.2f} ",
        " ".join(f"{label} {value:.2f}" for label, value in each.items()),
    )
    if confusion:
        for label in np.unique(labels).tolist():
            print(f"{'':34} {LABELS[label]:8} as", np.bincount(said[labels == label], minlength=4).tolist())


def domain(data: Path, judge: Judge) -> None:
    """Support texts: right where either label is said."""
    every = list(support(data))
    for language in model.LANGUAGES:
        its = [each for each in every if each[0].language == language]
        said = judge([row.text for row, _, _ in its], language).argmax(axis=1)
        right = np.array([label in (row.label, second) for label, (row, second, _) in zip(said, its, strict=True)])
        labels = np.array([row.label for row, _, _ in its])
        found = " ".join(f"{name} {right[labels == number].mean():.2f}" for number, name in enumerate(LABELS))
        held = np.array([row.held_out for row, _, _ in its])
        print(
            f"support texts, {language}: n={len(its)} accuracy {right.mean():.3f}; found of {found};",
            f"looked at {right[~held].mean():.3f}, not looked at ({held.sum()}) {right[held].mean():.3f}",
        )


def held_out_sentences(data: Path, words: train.Words) -> None:
    """Text of our own: of sentences that a model was made without, how many it reads right."""
    judge = ours(train.learn(examples_of(data, 1, held_out=False), words, 1))
    made = generated(99, 9_000, held_out=True)
    for language in model.LANGUAGES:
        its = [row for row in made if row.language == language]
        labels = np.array([row.label for row in its])
        said = judge([row.text for row in its], language).argmax(axis=1)
        confused = (said[labels == LABELS.index("NEUTRAL")] == LABELS.index("NEGATIVE")).mean()
        right = (said == labels).mean()
        print(f"held-out sentences, {language}: accuracy {right:.3f}; of NEUTRAL {confused:.3f} said to be NEGATIVE")


def speed(judge: Judge, texts: Sequence[str]) -> None:
    joined = " ".join(texts)
    for characters, count in ((100, 5_000), (300, 5_000), (40_000, 5)):
        step = max((len(joined) - characters) // count, 1)
        some = [joined[place * step : place * step + characters] for place in range(count)]
        best = min(_seconds(judge, some) for _ in range(5))
        each = best / count
        print(f"{characters:6} characters: {1 / each:,.0f} documents a second of CPU, {each * 1e6:,.0f} µs each")


def _seconds(judge: Judge, texts: Sequence[str]) -> float:
    began = time.process_time()
    judge(texts, "en")
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--leave-one-out", nargs="*", default=[])
    parser.add_argument("--held-out-sentences", action="store_true", help="train without a fifth of our own sentences")
    parser.add_argument("--vectors", type=Path, help="what training.sentiment.meanings wrote")
    parser.add_argument("--most", type=int, default=None, help="learn from so many texts at most")
    told = parser.parse_args()
    shipped = ours(model.load())
    domain(told.data, shipped)
    reviews = list(rows(told.data, "mams", MEASURED_TOO["mams"]))
    report(
        "mams val, its train learned from",
        shipped,
        [row.text for row in reviews],
        np.array([row.label for row in reviews]),
    )
    texts = [row.text for row in rows(told.data, "vader_nyt")]
    speed(shipped, texts)
    if told.held_out_sentences:
        held_out_sentences(told.data, train.words_of(told.vectors))
    for source in told.leave_one_out:
        held = [row for row in rows(told.data, source, MEASURED_TOO.get(source)) if row.language == "en"][:_MOST]
        labels = np.array([row.label for row in held])
        examples = examples_of(told.data, 1, [source])
        if told.most:
            order = np.random.default_rng(0).permutation(len(examples))[: told.most]
            examples = [examples[place] for place in order.tolist()]
        judges = {
            "ours": ours(train.learn(examples, train.words_of(told.vectors), 1)),
            "VADER": vader,
            "TextBlob": textblob,
        }
        for name, judge in judges.items():
            report(f"{source}, left out: {name}", judge, [row.text for row in held], labels, confusion=name == "ours")


if __name__ == "__main__":
    main()
