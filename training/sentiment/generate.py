"""Support text of our own, labelled, in six languages: sentences of one side from `templates/`, put together."""

from __future__ import annotations

import tomllib
from pathlib import Path
from random import Random
from typing import Final

from training.corpora import is_held_out
from training.grammar import Grammar, Pieces
from training.sentiment.sources import LABELS, Row
from transforms.sentiment.local.model import LANGUAGES

_POSITIVE, _NEGATIVE, _NEUTRAL, _MIXED = range(len(LABELS))
_SHARES: Final = {"en": 0.4, "es": 0.12, "fr": 0.12, "de": 0.12, "it": 0.12, "pt": 0.12}
_WHOLE: Final = ("pos", "neg", "neu", "mix")  # rules whose lines are sentences
_SIDES: Final = {_POSITIVE: "pos", _NEGATIVE: "neg", _NEUTRAL: "neu"}


def generated(seed: int, count: int, held_out: bool | None = None) -> list[Row]:
    """Some texts, the same for the same seed.

    held_out: of the fifth of sentences that is held out by hash (True), or of the others (False); None for all.
    """
    rng = Random(seed)  # noqa: S311 - repeatable is the point
    templates = Path(__file__).parent / "templates"
    grammars = {
        language: Grammar(
            *(_kept(file.read_text(encoding="utf-8"), held_out) for file in sorted(templates.glob(f"{language}*.txt")))
        )
        for language in LANGUAGES
    }
    lists = tomllib.loads((Path(__file__).parent / "lexicon.toml").read_text(encoding="utf-8"))["signs"]
    signs = {_POSITIVE: lists["positive"].split(), _NEGATIVE: lists["negative"].split()}
    made = []
    for _ in range(count):
        (language,) = rng.choices(list(_SHARES), list(_SHARES.values()))
        (label,) = rng.choices(range(4), (0.24, 0.34, 0.3, 0.12))
        text = _varied(_document(grammars[language], label, rng), rng)
        if label in signs and rng.random() < 0.1:
            some = " ".join(rng.choices(signs[label], k=rng.randint(1, 3)))
            text = some if rng.random() < 0.15 else f"{text} {some}"
        made.append(Row("generated", language, text, label, False))
    return made


def _kept(rules: str, held_out: bool | None) -> str:
    """A file's rules, without some of those lines that are whole sentences."""
    if held_out is None:
        return rules
    kept, rule = [], ""
    for line in rules.splitlines():
        rule = line[2:] if line.startswith("= ") else rule
        if rule not in _WHOLE or line.startswith("= ") or is_held_out(line) == held_out:
            kept.append(line)
    return "\n".join(kept)


def _document(grammar: Grammar, label: int, rng: Random) -> str:
    if label == _NEUTRAL and rng.random() < 0.08:
        return _sentence(grammar, "short", rng)
    if label == _MIXED:
        body = _mixed(grammar, rng)
    else:
        # Mostly one or two sentences of the side, with facts around them that have none.
        sentences = [_of_side(grammar, label, rng) for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5)))]
        if label != _NEUTRAL:
            for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3, 5))):
                sentences.insert(rng.randint(0, len(sentences)), _sentence(grammar, "neu", rng))
        chat = rng.random() < 0.1
        body = _chat(grammar, sentences, rng) if chat else rng.choice((" ", " ", " ", "\n")).join(sentences)
    if rng.random() < 0.22:
        body = f"{_sentence(grammar, 'greet', rng)}{rng.choice((' ', chr(10)))}{body}"
    # Thanks at the end are manners, whatever a text says.
    if rng.random() < 0.25:
        body = f"{body}{rng.choice((' ', chr(10)))}{_sentence(grammar, 'close', rng)}"
        if rng.random() < 0.5:
            body += rng.choice((" [NAME]", "\n[NAME]", "\n[NAME]\n[PHONE]"))
        if rng.random() < 0.3:
            body += "".join("\n" + _sentence(grammar, "sign", rng) for _ in range(rng.randint(1, 3)))
    return body


def _of_side(grammar: Grammar, label: int, rng: Random) -> str:
    """A sentence of one side, at times of several clauses: these alone make no text MIXED."""
    if label == _NEUTRAL or rng.random() > 0.2:
        return _sentence(grammar, _SIDES[label], rng)
    if rng.random() < 0.5:
        rule = "good_clause" if label == _POSITIVE else "bad_clause"
        return _capital(", ".join(_plain(grammar, rule, rng) for _ in range(rng.randint(1, 3))) + rng.choice(".!."))
    first, second = (_plain(grammar, _SIDES[label], rng) for _ in range(2))
    return f"{_capital(first.rstrip('.!'))}, {second[:1].lower()}{second[1:]}"


def _chat(grammar: Grammar, sentences: list[str], rng: Random) -> str:
    """What a customer says, between what an agent says, which says nothing of the customer."""
    agent, customer = rng.choice((("Agent", "Customer"), ("Agent", "[NAME]"), ("Support", "Client"), ("A", "C")))
    lines = []
    for sentence in sentences:
        if rng.random() < 0.8:
            lines.append(f"{agent}: {_sentence(grammar, 'agent', rng)}")
        lines.append(f"{customer}: {sentence}")
    if rng.random() < 0.6:
        lines.append(f"{agent}: {_sentence(grammar, 'agent', rng)}")
    return rng.choice(("\n", "\n", " ")).join(lines)


def _mixed(grammar: Grammar, rng: Random) -> str:
    way = rng.random()
    if way < 0.1:
        return _sentence(grammar, "meh", rng)
    if way < 0.35:
        return _sentence(grammar, "mix", rng)
    if way < 0.7:
        first, second = ("good_clause", "bad_clause") if rng.random() < 0.7 else ("bad_clause", "good_clause")
        text = f"{_plain(grammar, first, rng)}{_raw(grammar, 'but', rng).rstrip()} {_plain(grammar, second, rng)}"
        return _capital(text) + rng.choice(".!.")
    sentences = [_sentence(grammar, side, rng) for side in ("pos", "neg")]
    if rng.random() < 0.5:
        sentences.append(_sentence(grammar, rng.choice(("pos", "neg", "neu", "neu", "meh")), rng))
    rng.shuffle(sentences)
    return " ".join(sentences)


def _sentence(grammar: Grammar, rule: str, rng: Random) -> str:
    return _capital(_plain(grammar, rule, rng))


def _plain(grammar: Grammar, rule: str, rng: Random) -> str:
    return " ".join(_raw(grammar, rule, rng).split())


def _raw(grammar: Grammar, rule: str, rng: Random) -> str:
    return "".join(text for text, _ in grammar.expand(rule, rng, _no_slot))


def _no_slot(name: str) -> Pieces:
    raise KeyError(name)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _varied(text: str, rng: Random) -> str:
    """The same as hurried people write it, sometimes."""
    chance = rng.random()
    if chance < 0.12:
        text = text.lower()
    elif chance < 0.17:
        text = text.upper()
    if rng.random() < 0.15:
        text = text.rstrip(".!")
    if rng.random() < 0.06:
        text = text.replace("'", "")
    return text
