"""The redactor equals a plain reference, leaves nothing behind, keeps offsets, and cannot be slowed down."""

# ruff: noqa: RUF001 -- look-alike characters are what some of these tests are about.

from __future__ import annotations

import ast
import random
import re
from functools import partial
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.benchmarks.pii_speed import SLOW_UNITS
from tests.transforms.pii.test_detectors import CLEAN, FOUND
from transforms import schemas
from transforms.pii import redactor
from transforms.pii.context import naming, said_to_be, table
from transforms.pii.detectors import DETECTORS, Detector
from transforms.pii.folding import fold
from transforms.pii.policy import DEFAULT_POLICY, TYPES, Policy, Replacement
from transforms.pii.redactor import find, redact
from transforms.pii.replacements import Held
from transforms.pii.views import views
from transforms.text import normalise

ROOT = Path(__file__).parents[3]
VALUES = [text.replace("«", "").replace("»", "") for texts in FOUND.values() for text in texts]
PIECES = [
    *(re.split("[«»]", text)[1] for texts in FOUND.values() for text in texts),
    *("0", "1", "2", "7", "9", "12", "555", "0187", "a", "com", "٣", "３", "é", "👍", "👩‍👩‍👧"),
    *("_", ".", ",", "-", "–", "—", "/", "(", ")", "+", ":", "::", "@", "＠", "．", "[", "]"),
    *("\u0301", "\u200b", "\u202e", "\u00a0", "\u2003", "\x00", " ", "  ", "\n", "\r\n"),
    *("call ", "CC ", "card number is ", "IBAN ", "ssn ", "tel:", "www.", "http://", "[PHONE]", "[URL] "),
]
MESSY = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=14).map("".join)


def reference(text: str) -> tuple[str, list[tuple[int, int, str]]]:
    """The redaction in Python's `re`, row by row and character by character."""
    cut = plain_finds(text)
    for _ in range(8):
        redacted = plain_replace(text, cut)
        # Where each character of the redacted text comes from; a placeholder's characters from nowhere.
        source: list[int | None] = []
        position = 0
        for start, end, name in cut:
            source += [*range(position, start), *[None] * len(f"[{row(name).type}]")]
            position = end
        source += range(position, len(text))
        more = plain_finds(redacted)
        if not more:
            return redacted, cut
        moved = []
        for start, end, name in more:
            first, last = source[start], source[end - 1]
            assert first is not None
            assert last is not None
            moved.append((first, last + 1, name))
        cut = plain_union(cut + moved, text)
    cut = [(0, len(text), max(cut, key=partial(plain_rank, text))[2])]
    return plain_replace(text, cut), cut


def row(name: str) -> Detector:
    return next(each for each in DETECTORS if each.name == name)


def plain_rank(text: str, each: tuple[int, int, str]) -> tuple[float, int, int]:
    """The surest, then the longest in bytes, then the first of the table."""
    return row(each[2]).confidence, len(text[each[0] : each[1]].encode()), -[r.name for r in DETECTORS].index(each[2])


def plain_replace(text: str, cut: list[tuple[int, int, str]]) -> str:
    for start, end, name in reversed(cut):
        text = f"{text[:start]}[{row(name).type}]{text[end:]}"
    return text


def plain_finds(text: str) -> list[tuple[int, int, str]]:
    held = {place for match in re.finditer(rf"\[(?:{'|'.join(TYPES)})\]", text) for place in range(*match.span())}
    kept = [(i, sign) for i, c in enumerate(text) for sign in ("\0" if i in held else fold(c))]
    folded = "".join(character for _, character in kept).replace("_", "~")
    found = plain_search(folded)
    tables = table(folded.encode(), [start for start, _ in naming(folded.encode())])
    if tables:
        for start, end, name in plain_search(tables.data.decode()):
            edges = [np.array([len(tables.data.decode()[:edge].encode())]) for edge in (start, end)]
            (further,), (within,) = tables.in_text(*edges)
            if within:
                first, last = (len(folded.encode()[: int(edge[0] + further)].decode()) for edge in edges)
                found.append((first, last, name))
    return [(kept[start][0], kept[end - 1][0] + 1, name) for start, end, name in plain_union(found, folded)]


def plain_search(text: str) -> list[tuple[int, int, str]]:
    """Every row's finds in a text that is folded, as its validator and the words beside them leave them."""
    found = []
    lined = f"\n{text}\n"
    data = lined.encode()
    for each in DETECTORS:
        pattern = re.compile(each.expression, re.ASCII)
        position = 0
        while match := pattern.search(lined, position):
            start, end = match.span(pattern.groups)
            span: tuple[int, int] | None = (len(lined[:start].encode()), len(lined[:end].encode()))
            if span and each.validator:
                span = each.validator(data, *span)
            if span and each.unless and said_to_be(each.unless, data, span[0]):
                span = None
            if span is None:
                position = start if each.context else match.start() + 1
                continue
            start, end = (len(data[:edge].decode()) for edge in span)
            position = end
            found.append((start - 1, min(end - 1, len(text)), each.name))
    return found


def plain_union(found: list[tuple[int, int, str]], text: str) -> list[tuple[int, int, str]]:
    """Clusters as the connected parts of the graph of overlaps."""
    clusters: list[list[tuple[int, int, str]]] = []
    for each in found:
        touching = [c for c in clusters if any(each[0] < o[1] and o[0] < each[1] for o in c)]
        clusters = [c for c in clusters if c not in touching] + [[each, *(o for c in touching for o in c)]]
    return sorted(
        (min(o[0] for o in c), max(o[1] for o in c), max(c, key=partial(plain_rank, text))[2]) for c in clusters
    )


def plain(text: str) -> bool:
    """Whether a text is normalised, and looked at in one way alone."""
    held = Held(frozenset(TYPES), frozenset())
    return normalise(pa.array([text]))[0].as_py() == text and len([*views(text, held)]) == 1


def redacted(text: str) -> tuple[str, list[tuple[int, int, str]]]:
    redaction = redact(pa.array([text]), DEFAULT_POLICY)
    (finds,) = redaction.pii.to_pylist()
    return redaction.texts.array[0].as_py(), [(each["start"], each["end"], each["detector"]) for each in finds]


@pytest.mark.usefixtures("no_tagger")
@settings(max_examples=300, deadline=None)
@given(MESSY)
@example("joe@example.com212-555-0187")
@example("HTTPS://EXAMPLE.COMjo@例え.jp")
@example("call ２１２\u200b5550187\u202e and CC 4012–8888–9999–1111 👍")
def test_equals_the_plain_reference(text: str) -> None:
    text = normalise(pa.array([text]))[0].as_py()
    assume(plain(text))
    assert redacted(text) == reference(text)


@pytest.mark.usefixtures("no_tagger")
@pytest.mark.parametrize("text", [*VALUES, *CLEAN])
def test_equals_the_plain_reference_on_every_case(text: str) -> None:
    if plain(text):
        assert redacted(text) == reference(text)


@settings(max_examples=300, deadline=None)
@given(MESSY)
@example("joe@example.com212-555-0187joe@example.com")
@example("212-555-0187212-555-0188")
@example("call 212-555-0187 467 3395")
@example("User: Jessica White @jessica.white: Just fine")
def test_nothing_is_left_to_find(text: str) -> None:
    for policy in (DEFAULT_POLICY, Policy("1", default=Replacement.NUMBER), Policy("1", default=Replacement.MASK)):
        once = redact(pa.array([text]), policy)
        twice = redact(once.texts.array, policy)
        assert twice.texts.array.equals(once.texts.array)
        assert twice.pii.to_pylist() == [[]]
        assert find(once.texts.array, policy).to_pylist() == [[]]


@settings(max_examples=200, deadline=None)
@given(MESSY)
def test_what_a_scorer_is_handed_is_what_was_searched(text: str) -> None:
    handed = redact(pa.array([text]), DEFAULT_POLICY).texts.array
    assert find(handed, DEFAULT_POLICY).to_pylist() == [[]]
    assert normalise(handed).equals(handed)


SEPARATORS = [
    *("", " ", "  ", "-", " - ", "- ", ".", "/", ") ", " (", "+", ",", "–", "\u00a0", "\u2003", "\u200b"),
    *("\n", "\n\n", "\r\n", "\t", " \n", "-\n", ".\n", "\v", "\f", "\x85", "\u2028", "\u200b \n"),
]
NUMBERS = [
    *("212 555 0187", "1 800 555 0199", "+44 20 7946 0958", "0044 20 7946 0958", "(020) 7946 0958", "06 12 34 56 78"),
    *("633 349 565", "467 3395", "123 45 6789", "4111 1111 1111 1111", "3714 496353 98431", "1234 5678 9012 3456"),
    *("GB82 WEST 1234 5698 7654 32", "GB00 WEST 1234 5698 7654 32", "2 1 2 5 5 5 0 1 8 7"),
]
BEFORE = ["", "call ", "tel:\n", "ssn ", "card\r\n", "my iban is\n", "+", "(", "1\n", "x"]
AFTER = ["", "\n", " x\n12", "\next. 12", "]", "@example.com", "\n212-555-0187", " 12"]
# Usually one separator between all groups of a number, sometimes a different one in each gap.
GAPS = st.one_of(
    st.sampled_from(SEPARATORS).map(lambda each: [each] * 9), st.lists(st.sampled_from(SEPARATORS), min_size=9)
)
PARTED = st.builds(
    lambda before, number, gaps, after: "".join(
        [before, *chain(*zip(["", *gaps], number.split(), strict=False)), after]
    ),
    *map(st.sampled_from, (BEFORE, NUMBERS)),
    GAPS,
    st.sampled_from(AFTER),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PARTED, min_size=1, max_size=3).map("".join))
@example("call 212\n\n555\r\n0187")
@example("633 349\n\n565")
@example("4111\u00a0\n1111\u2028 1111\t1111")
@example("iban\nGB82 \n WEST\n1234 5698\u200b\n7654 32")
def test_the_scorer_sees_no_number_parted_by_separators_and_lines(text: str) -> None:
    seen = redact(pa.array([text]), DEFAULT_POLICY).texts.array
    assert find(seen, DEFAULT_POLICY).to_pylist() == [[]]


EDGES = [
    *("212-555-0187", "212", "555-0187", "+", "4111 1111 1111", "1111", "joe@example", "joe@", "example.com", "www."),
    *("call", "tel: ", "card number is", "IBAN", "ssn ", "GB82 WEST 1234", "5698 7654 32", "1.2.3", ".4", "::", "1"),
    *(" ", "\n", "\r\n", "[", "]", "\n]\n", "[PHONE]", '"', "'", "“", "(", ")", "_", "-", "é", "👍", "３", "\u200b"),
]
NEIGHBOUR = st.lists(st.sampled_from([*EDGES, *PIECES]), max_size=5).map("".join)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.none(), NEIGHBOUR), max_size=8))
@example(["call", "212-555-0187", None, "x 212-555", "0187", "212-555-0187", "card number is", "4111 1111 1111 1112"])
@example(["212-555-0187", "28013 Madrid212-555-0187"])
@example(["Call 212-555-0100 about my account", "212.555.0187"])
@example(["é Ctra. de Colmenar, km 912-34-56", "Calle 12 # 4"])
@example(["é call 2125550187", "a@example.com212-555-0187", "\u200b212-555-0187", "", "joe@", "example.com"])
def test_a_column_gives_what_each_of_its_texts_gives_alone(texts: list[str | None]) -> None:
    column = pa.array(texts, pa.string())
    together = redact(column, DEFAULT_POLICY)
    alone = [redact(column[i : i + 1], DEFAULT_POLICY) for i in range(len(texts))]
    assert together.texts.array.to_pylist() == [each.texts.array[0].as_py() for each in alone]
    assert together.pii.to_pylist() == [each.pii[0].as_py() for each in alone]
    assert find(column, DEFAULT_POLICY).to_pylist() == [
        find(pa.array([t], pa.string()), DEFAULT_POLICY)[0].as_py() for t in texts
    ]


@pytest.mark.parametrize("placeholder", ["[PHONE]", "[PHONE:************]", "[NAME_1]", "[EMAIL:kqzvbnwtxabcotgo]"])
def test_finds_beside_placeholders_are_where_they_are(placeholder: str) -> None:
    text = f"{placeholder} é joe@example.com {placeholder}{placeholder} call 212-555-0187 {placeholder}"
    (finds,) = find(pa.array([text]), DEFAULT_POLICY).to_pylist()
    assert [text[each["start"] : each["end"]] for each in finds] == ["joe@example.com", "212-555-0187"]


@pytest.mark.parametrize("written", [each for each in Replacement if each not in (Replacement.KEEP, Replacement.DROP)])
@pytest.mark.parametrize(
    "text",
    [
        "987card number is 10 High Street, London SW1A 1AAjoe+tag@mail.example.co.uk030/1234567",
        "www.ssn MORGA607054SM9IJjosé@example.com01/2027212/555-018715070649C103",
        "917277336 - 606409021555-0187España+44 20 7946 0958AB 123 CD25698704012 8888 9999 1111\r\n",
    ],
)
def test_nothing_is_left_beside_what_is_written(text: str, written: Replacement) -> None:
    """However long it is, and whatever it shows."""
    policy = Policy("1", default=written)
    assert find(redact(pa.array([text]), policy, b"k" * 32).texts.array, policy).to_pylist() == [[]]


@pytest.mark.parametrize("seed", range(3))
def test_no_text_reads_those_beside_it(seed: int) -> None:
    """Many at once: a neighbour can matter only where it is searched for the same."""
    chance = random.Random(seed)
    pieces = [*EDGES, *PIECES, *[" account", " order", " swift", " 1"] * 20]
    texts = list({"".join(chance.choices(pieces, k=chance.randint(1, 3))): None for _ in range(4000)})
    found = []
    for _ in range(2):
        finds = find(pa.array(texts), DEFAULT_POLICY).to_pylist()
        found.append(
            {
                text: [(each["start"], each["end"], each["detector"]) for each in its]
                for text, its in zip(texts, finds, strict=True)
            }
        )
        chance.shuffle(texts)
    assert found[0] == found[1]
    assert all(0 <= start < end <= len(text) for text, its in found[0].items() for start, end, _ in its)


@pytest.mark.usefixtures("no_tagger")
@settings(max_examples=100, deadline=None)
@given(MESSY)
def test_offsets_give_the_redacted_text_back(text: str) -> None:
    result, finds = redacted(text)
    assert normalise(pa.array([plain_replace(text, finds)]))[0].as_py() == result
    assert all(0 <= start < end <= len(text) for start, end, _ in finds)
    assert all(before[1] <= after[0] for before, after in pairwise(finds))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("👍🏽 joe@example.com é", ["joe@example.com"]),
        ("e\u0301e\u0301 212-555-0187", ["212-555-0187"]),
        ("joe＠example．com", ["joe＠example．com"]),
        ("２１２－５５５－０１８７ ok", ["２１２－５５５－０１８７"]),
        ("\u2066٢١٢-٥٥٥-٠١٨٧\u2069", ["٢١٢-٥٥٥-٠١٨٧"]),
        ("२१२-५५५-०१८७", ["२१२-५५५-०१८७"]),
        ("212\u200b–555\u00a0–\u202e0187.", ["212\u200b–555\u00a0–\u202e0187"]),
        ("jo\u200be@exam\u00adple.com", ["jo\u200be@exam\u00adple.com"]),
        ("\x00212-555-0187 \x00joe@example.com\x00", ["212-555-0187", "joe@example.com"]),
        ("joe@exam\x00ple.com\x00212-555-0187", ["joe@exam\x00ple.com", "212-555-0187"]),
        ("Peñ\u0303a: joe%40example.com\r\n\r\n &#50;12-555-0187!", ["joe%40example.com", "&#50;12-555-0187"]),
        ("👩‍👩‍👧 a@example.com 👩‍👩‍👧 b@example.com", ["a@example.com", "b@example.com"]),
    ],
)
def test_offsets_count_characters_of_the_original(text: str, values: list[str]) -> None:
    assert [text[start:end] for start, end, _ in redacted(text)[1]] == values


@pytest.mark.usefixtures("no_tagger")
def test_overlapping_finds_are_one_as_wide_as_all() -> None:
    text = "x ::ffff:192.168.0.1 y http://joe@example.com/z"
    result, finds = redacted(text)
    assert result == "x [IP_ADDRESS] y [URL]"
    assert [name for _, _, name in finds] == ["ipv4", "url"]  # equal confidence: the longer, 0.95 and 0.99


@pytest.mark.usefixtures("no_tagger")
def test_a_text_that_goes_on_and_on_is_replaced_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redactor, "_ROUNDS", 1)
    text = "x joe@example.com212-555-0187 y"
    assert redacted(text) == ("[EMAIL]", [(0, len(text), "email")])
    # Its neighbours in a column stay as they are, and so do those with a find.
    column = pa.array(["plain", "é a@example.com", text, None, "b@example.com"])
    assert redact(column, DEFAULT_POLICY).texts.array.to_pylist() == ["plain", "é [EMAIL]", "[EMAIL]", None, "[EMAIL]"]


def test_rows_keep_their_order_and_their_nulls() -> None:
    texts = pa.array(["", None, "joe@example.com", "plain", "joe@example.com", "v1.2.3"])
    redaction = redact(texts, DEFAULT_POLICY)
    assert redaction.texts.array.to_pylist() == ["", None, "[EMAIL]", "plain", "[EMAIL]", "v1.2.3"]
    assert [row and [each["type"] for each in row] for row in redaction.pii.to_pylist()] == [
        [],
        None,
        ["EMAIL"],
        [],
        ["EMAIL"],
        [],
    ]
    assert redaction.pii.type == pa.list_(schemas.PII)
    assert redaction.texts.texts() == redaction.texts.array.to_pylist()


@pytest.mark.parametrize("texts", [[], [None], ["plain"], ["joe@example.com"]])
def test_small_columns(texts: list[str | None]) -> None:
    column = pa.array(texts, pa.string())
    for part in (column, pa.array(["x", *texts], pa.string()).slice(1)):
        redaction = redact(part, DEFAULT_POLICY)
        assert len(redaction.texts.array) == len(redaction.pii) == len(texts)
        assert redaction.pii.type == find(part, DEFAULT_POLICY).type == pa.list_(schemas.PII)


@pytest.mark.parametrize("unit", SLOW_UNITS)
@pytest.mark.parametrize(
    "size",
    [
        # A second or two, unless time grows with the square of the length.
        pytest.param(100_000, marks=pytest.mark.timeout(60)),
        pytest.param(1_000_000, marks=[pytest.mark.timeout(120), pytest.mark.slow]),
    ],
)
def test_a_text_made_to_be_slow(unit: str, size: int) -> None:
    text = unit * (size // len(unit))
    (finds,) = redact(pa.array([text]), DEFAULT_POLICY).pii.to_pylist()
    assert all(0 <= found["start"] < found["end"] <= len(text) for found in finds)


def test_only_the_redactor_makes_redacted_text() -> None:
    makers = set()
    for package in ("transforms", "expectations", "jobs"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call):
                    continue
                called = ast.unparse(node.func).split(".")[-1]
                cast_to = ast.unparse(node.args[0]) if called == "cast" and node.args else ""
                if called in ("RedactedText", "RedactedTexts") or "RedactedText" in cast_to:
                    makers.add(path.relative_to(ROOT).as_posix())
    assert makers == {"transforms/pii/redactor.py", "transforms/pii/redacted.py"}


def test_more_texts_than_are_searched_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = pa.array([*VALUES, None, "", *VALUES[::-1], None])
    together = redact(texts, DEFAULT_POLICY)
    monkeypatch.setattr(redactor, "_TOGETHER", 97)
    apart = redact(texts, DEFAULT_POLICY)
    assert apart.texts.array.equals(together.texts.array)
    assert apart.pii.to_pylist() == together.pii.to_pylist()
    assert apart.certificates.equals(together.certificates)
