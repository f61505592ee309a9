"""A small grammar of our own templates: text made of alternatives, rules and slots.

A file holds rules; a line `= name` opens one, each line after it is one of its alternatives, `#` begins a comment:

    = greeting
    [Hi|Hello|] {p1.first},<small_talk>

`[a|b|]` takes one of its parts, `<name>` one alternative of a rule, `{slot}` what the caller makes of the slot (or,
where a rule has that name, of the rule), `{ORG:...}` labels what stands in it. `\\n` is a line break, `\\t` a tab; a
backslash before any other character takes it as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

Pieces: TypeAlias = list[tuple[str, str | None]]
Slot: TypeAlias = Callable[[str], Pieces]


@dataclass(frozen=True)
class Text:
    """Text as it is."""

    text: str


@dataclass(frozen=True)
class Choice:
    """One of several sequences."""

    options: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True)
class Rule:
    """One alternative of the named rule."""

    name: str


@dataclass(frozen=True)
class Fill:
    """A slot."""

    name: str


@dataclass(frozen=True)
class Labelled:
    """A sequence that is one span."""

    label: str
    nodes: tuple[Node, ...]


Node: TypeAlias = Text | Choice | Rule | Fill | Labelled


class Grammar:
    """The rules of one or more files."""

    def __init__(self, *sources: str) -> None:
        self.rules: dict[str, list[tuple[Node, ...]]] = {}
        for source in sources:
            alternatives: list[tuple[Node, ...]] = []
            for line in source.splitlines():
                if line.startswith("= "):
                    alternatives = self.rules.setdefault(line[2:].strip(), [])
                elif line.strip() and not line.startswith("#"):
                    alternatives.append(_Parser(line).sequence(""))

    def expand(self, rule: str, rng: Random, slot: Slot) -> Pieces:
        """Return one text of `rule` as pieces with their labels. Raises KeyError for a rule that is not there."""
        pieces: Pieces = []
        self._walk(rng.choice(self.rules[rule]), rng, slot, pieces)
        return pieces

    def _walk(self, nodes: tuple[Node, ...], rng: Random, slot: Slot, pieces: Pieces) -> None:
        for node in nodes:
            match node:
                case Text(text):
                    pieces.append((text, None))
                case Choice(options):
                    self._walk(rng.choice(options), rng, slot, pieces)
                case Rule(name):
                    self._walk(rng.choice(self.rules[name]), rng, slot, pieces)
                case Fill(name) if name in self.rules:
                    self._walk(rng.choice(self.rules[name]), rng, slot, pieces)
                case Fill(name):
                    pieces += slot(name)
                case Labelled(label, inner):
                    within: Pieces = []
                    self._walk(inner, rng, slot, within)
                    pieces.append(("".join(text for text, _ in within), label))


class _Parser:
    def __init__(self, line: str) -> None:
        self.line = line
        self.at = 0

    def sequence(self, ends: str) -> tuple[Node, ...]:
        """Parse up to one of `ends`, which is left to the caller."""
        nodes: list[Node] = []
        text = ""
        while self.at < len(self.line) and self.line[self.at] not in ends:
            char = self.line[self.at]
            self.at += 1
            if char == "\\":
                text += {"n": "\n", "t": "\t"}.get(self.line[self.at], self.line[self.at])
                self.at += 1
                continue
            if char not in "[{<":
                text += char
                continue
            if text:
                nodes.append(Text(text))
                text = ""
            nodes.append({"[": self._choice, "{": self._slot, "<": self._rule}[char]())
        if text:
            nodes.append(Text(text))
        return tuple(nodes)

    def _choice(self) -> Node:
        options = [self.sequence("|]")]
        while self._next() == "|":
            options.append(self.sequence("|]"))
        return Choice(tuple(options))

    def _slot(self) -> Node:
        colon, end = self.line.find(":", self.at), self.line.index("}", self.at)
        if 0 <= colon < end and self.line[self.at : colon].isupper():
            label = self.line[self.at : colon]
            self.at = colon + 1
            nodes = self.sequence("}")
            self._next()
            return Labelled(label, nodes)
        name = self.line[self.at : end]
        self.at = end + 1
        return Fill(name)

    def _rule(self) -> Node:
        end = self.line.index(">", self.at)
        name = self.line[self.at : end]
        self.at = end + 1
        return Rule(name)

    def _next(self) -> str:
        if self.at == len(self.line):
            raise ValueError(f"unclosed bracket in: {self.line}")
        self.at += 1
        return self.line[self.at - 1]
