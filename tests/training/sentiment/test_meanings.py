"""A word finds its row of meanings whatever else is kept, and one that is not kept finds none."""

import numpy as np

from training.sentiment.meanings import slots
from transforms.sentiment.local import model
from transforms.sentiment.local.tokens import tokenise

WORDS = ["refund", "kaputt", "não", "détestable", *(f"wort{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(600))]


def test_each_word_has_its_own_row() -> None:
    prints, which = slots(WORDS)
    rows = model.meant(prints, tokenise([word.encode() for word in WORDS]))

    assert which[rows].tolist() == list(range(len(WORDS)))


def test_a_word_that_is_not_kept_means_nothing() -> None:
    prints, _ = slots(WORDS)
    rows = model.meant(prints, tokenise([b"unheard", b"Refund", b"refunds"]))

    assert (rows == model.MEANS_NOTHING).tolist() == [True, False, True]


def test_what_is_cut_into_several_words_is_left_out() -> None:
    prints, which = slots(["one two"])

    assert not prints.any()
    assert np.all(which == -1)
