"""Support text of our own: the same for the same seed, in every language and of every side."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from training.grammar import Grammar
from training.sentiment import generate
from training.sentiment.generate import generated
from training.sentiment.sources import LABELS
from transforms.sentiment.local.model import LANGUAGES

TEMPLATES = Path(generate.__file__).parent / "templates"


def test_the_same_seed_makes_the_same_texts() -> None:
    assert generated(3, 200) == generated(3, 200)
    assert generated(3, 200) != generated(4, 200)


def test_every_language_has_every_label() -> None:
    kinds = Counter((row.language, row.label) for row in generated(1, 3_000))

    assert set(kinds) == {(language, label) for language in LANGUAGES for label in range(len(LABELS))}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_can_be_made_into_text(language: str) -> None:
    grammar = Grammar(*(file.read_text(encoding="utf-8") for file in sorted(TEMPLATES.glob(f"{language}*.txt"))))
    rng = Random(1)

    for rule in grammar.rules:
        for _ in range(60):
            text = generate._plain(grammar, rule, rng)
            assert not set("<>{}") & set(text), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_is_held_out_or_learned_from(language: str) -> None:
    files = [file.read_text(encoding="utf-8") for file in sorted(TEMPLATES.glob(f"{language}*.txt"))]
    every, learned, held = (
        Grammar(*(generate._kept(file, held_out) for file in files)).rules for held_out in (None, False, True)
    )

    for rule, lines in every.items():
        if rule in generate._WHOLE:
            assert len(learned[rule]) > len(held[rule]) > 0
            assert len(learned[rule]) + len(held[rule]) == len(lines)
        else:
            assert learned[rule] == held[rule] == lines
