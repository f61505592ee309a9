"""The word list of the sentiment scorer: words with a side, and words that turn, strengthen or part others."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from transforms.sentiment.local import model
from transforms.sentiment.local.tokens import tokenise

_ROLES: Final = {
    "negators": model.NEGATOR,
    "boosters": model.BOOSTER,
    "dampeners": model.DAMPENER,
    "contrasts": model.CONTRAST,
    "askers": model.ASKER,
}
_SIDES: Final = (("positive", 1), ("negative", -1))
_OURS: Final = 4  # how good or bad the words of our own lists are, of 7


def slots() -> np.ndarray:
    """The word list of all languages, as `model.known` reads it."""
    table = np.zeros(1 << model.SLOT_BITS, np.uint32)
    for language, words in _entries():
        names = list(words)
        tokens = tokenise([name.encode() for name in names])
        alone = np.bincount(tokens.rows, minlength=len(names)) == 1
        keys = model.keys_of(tokens, language)
        for row, first, second, mark in zip(tokens.rows, *model.places(keys), strict=True):
            if not alone[row]:
                continue
            entry = np.uint32(mark << model.KNOWN_BITS | words[names[row]])
            # A word that finds both its slots taken is left out.
            for slot in (first, second):
                if table[slot] in (0, entry):
                    table[slot] = entry
                    break
    return table


def _entries() -> Iterator[tuple[str, dict[str, int]]]:
    with (Path(__file__).parent / "lexicon.toml").open("rb") as lines:
        lists = tomllib.load(lines)
    signs = _emoji()
    for side, sign in _SIDES:
        signs |= dict.fromkeys(lists["signs"][side].split(), model.MIDDLE + sign * _OURS)
    for language in model.LANGUAGES:
        words = _vader() if language == "en" else {}
        for side, sign in _SIDES:
            for word in lists[language][side].split():
                for form in _forms(word, language):
                    words.setdefault(form, model.MIDDLE + sign * _OURS)
        for name, role in _ROLES.items():
            for word in lists[language][name].split():
                words[word] = role << 4 | words.get(word, 0) & 15
        yield language, words | signs


def _vader() -> dict[str, int]:
    """Words rated by VADER's raters, from -4 to 4."""
    rated = SentimentIntensityAnalyzer().lexicon
    return {word: _graded(value) for word, value in rated.items() if word.isascii()}


def _emoji() -> dict[str, int]:
    """Emoji by what VADER says of their names."""
    analyzer = SentimentIntensityAnalyzer()
    rated = {sign: analyzer.polarity_scores(name)["compound"] * 4 for sign, name in analyzer.emojis.items()}
    return {sign[:1]: _graded(value) for sign, value in rated.items() if abs(value) > 1}


def _graded(value: float) -> int:
    return model.MIDDLE + max(-7, min(7, round(value * 1.9)))


def _forms(word: str, language: str) -> list[str]:
    """A word and what may become of its ending."""
    if language in ("es", "it", "pt", "fr"):
        ends = {
            "es": (
                ("o", ("o", "a", "os", "as", "amente")),
                ("e", ("e", "es")),
                ("al", ("al", "ales")),
                ("", ("", "s")),
            ),
            "it": (("o", ("o", "a", "i", "e")), ("e", ("e", "i"))),
            "pt": (("o", ("o", "a", "os", "as")), ("e", ("e", "es")), ("el", ("el", "eis")), ("", ("", "s"))),
            "fr": (("é", ("é", "ée", "és", "ées")), ("eux", ("eux", "euse", "euses")), ("", ("", "e", "s", "es"))),
        }[language]
        for end, others in ends:
            if word.endswith(end) and len(word) > 3:
                return [word[: len(word) - len(end)] + other for other in others]
    if language == "de" and len(word) > 3 and word[-1] not in "en":
        return [word, *(word + end for end in ("e", "en", "er", "es", "em"))]
    return [word]
