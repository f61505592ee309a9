"""Text in scripts other than Latin: our sentences, with names of the lists."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path
from random import Random
from typing import Any, Final

from training.corpora import NAME, Example
from training.people import of_faker

_LISTS: Final[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "templates" / "native.toml").read_text(encoding="utf-8")
)
_SLOT: Final = re.compile(r"\{([pflnw])\}")
_JUDGED: Final = frozenset({NAME})


class Native:
    """The languages' sentences and stocks."""

    def __init__(self) -> None:
        self.stocks = {
            language: [of_faker([locale]) for locale in entry["locales"]] for language, entry in _LISTS.items()
        }
        self.words = {
            language: [word for locale in entry["locales"] for word in _words(locale)]
            for language, entry in _LISTS.items()
        }

    def draw(self, rng: Random) -> Example:
        """Make up a text of one to three sentences."""
        language = rng.choice([*_LISTS])
        sentences = [
            rng.choice(_LISTS[language]["named" if rng.random() < 0.45 else "plain"])
            for _ in range(rng.choice((1, 1, 2, 3)))
        ]
        pattern = rng.choice((" ", "\n")).join(sentences)
        if rng.random() < 0.15:
            pattern = pattern.rstrip(".。।!")
        text, at, spans = "", 0, []
        for slot in _SLOT.finditer(pattern):
            text += pattern[at : slot.start()]
            value = self._value(rng, language, slot[1])
            if slot[1] in "pfl":
                spans.append((len(text), len(text) + len(value), NAME))
            text += value
            at = slot.end()
        return Example(text + pattern[at:], tuple(spans), language, "native", _JUDGED)

    def _value(self, rng: Random, language: str, slot: str) -> str:
        if slot == "n":
            return str(rng.randint(10, 99999))
        if slot == "w":
            words = self.words[language] or ["."]
            gap = "" if language in ("zh", "ja", "th") else " "
            line = gap.join(rng.choice(words) for _ in range(rng.randint(3, 9)))
            return line[:1].upper() + line[1:]
        male, female, last = rng.choice(self.stocks[language])
        first, surname = rng.choice(rng.choice((male, female))), rng.choice(last)
        if slot != "p":
            return first if slot == "f" else surname
        if language in ("zh", "ko"):
            return surname + first
        if language == "ja":
            return f"{surname}{rng.choice(('', '', ' '))}{first}"
        if rng.random() < 0.06:
            surname = f"{surname}-{rng.choice(last)}"
        return f"{surname} {first}" if language == "ru" and rng.random() < 0.3 else f"{first} {surname}"


def _words(locale: str) -> list[str]:
    """Ordinary words; none where faker has none of the language."""
    try:
        provider: Any = importlib.import_module(f"faker.providers.lorem.{locale}").Provider
    except ModuleNotFoundError as error:
        if error.name == "faker":
            raise
        return []
    return [str(word) for word in provider.word_list]
