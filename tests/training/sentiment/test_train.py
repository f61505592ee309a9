"""The same examples and seed make the same model."""

import numpy as np

from training.sentiment import lexicon, train
from training.sentiment.generate import generated
from training.sentiment.meanings import slots


def words() -> train.Words:
    """Two words with vectors."""
    prints, which = slots(["refund", "kaputt"])
    vectors = np.random.default_rng(1).normal(size=(len(prints) + 1, 20)).astype(np.float32)
    vectors[:-1][which < 0] = 0
    return train.Words(lexicon.slots(), prints, vectors)


def test_the_same_seed_makes_the_same_model() -> None:
    examples, known = generated(1, 1_200), words()
    one, again, other = (train.learn(examples, known, seed) for seed in (1, 1, 2))

    assert all(np.array_equal(each, same) for each, same in zip(one, again, strict=True))
    assert not np.array_equal(one.out, other.out)
