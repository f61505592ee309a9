"""What a cascade saves, and how often its promise holds: `python -m tests.benchmarks.cascade --data DIR`.

Stands in for the paid scorer: the labels of sets that the local scorer never learned from (and of made-up support text,
which it knows), of which a share is another label by chance. What is kept depends on how often both agree, and of
Amazon Comprehend nobody has measured that here.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.benchmarks.sentiment import ours
from training.sentiment.generate import generated
from training.sentiment.sources import MEASURED_TOO, Row, rows
from transforms.sentiment.agreement import keeps, learn
from transforms.sentiment.local import model

_SEEDS = 20
_NOISE = 0.02
_LANGUAGES = sorted(model.LANGUAGES)


def measured(name: str, found: Sequence[Row]) -> None:
    """A line for each size of the sample and agreement asked: texts kept, and nights in which the promise broke."""
    languages = np.array([_LANGUAGES.index(row.language) for row in found])
    shares = np.zeros((len(found), 4))
    for number, language in enumerate(_LANGUAGES):
        of_language = np.flatnonzero(languages == number)
        if len(of_language):
            shares[of_language] = ours(model.load())([found[place].text for place in of_language], language)
    said, labels = shares.argmax(axis=1), np.array([row.label for row in found])
    for share in (0.02, 0.1):
        size = max(200, round(share * len(found)))
        for asked in (0.8, 0.9, 0.95):
            kept, broken, agreement = [], 0, []
            for seed in range(_SEEDS):
                chance = np.random.default_rng(seed)
                order = chance.permutation(len(found))
                other = (labels + chance.integers(1, 4, len(found))) % 4
                answered = np.where(chance.random(len(found)) < _NOISE, other, labels)[order]
                groups, confidence = (languages * 4 + said)[order], shares.max(axis=1)[order]
                agrees = answered == said[order]
                agreement.append(agrees.mean())
                rule = learn(groups, confidence, agrees[:size].astype(np.int64), asked, 4 * len(_LANGUAGES))
                mask = keeps(rule.least, groups, confidence)[size:] if rule else np.zeros(len(found) - size, bool)
                kept.append(mask.sum() / len(found))
                broken += bool(mask.any()) and agrees[size:][mask].mean() < asked
            print(
                f"{name:<12}{len(found):>8,}{np.mean(agreement):>8.1%}{size:>8,}{asked:>7.0%}{np.mean(kept):>8.0%}"
                f"{sum(each == 0 for each in kept):>8}{broken:>8}"
            )


def main() -> None:
    """Measure the sets."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    print(f"{'texts of':<12}{'count':>8}{'agree':>8}{'sample':>8}{'asked':>7}{'kept':>8}{'none':>8}{'broken':>8}")
    measured("generated", generated(20_261_129, 20_000))
    measured("other sets", [row for source, files in MEASURED_TOO.items() for row in rows(data, source, files)])


if __name__ == "__main__":
    main()
