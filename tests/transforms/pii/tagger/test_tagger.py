"""What holds of the tagger's finds whatever the texts, and that the shipped model finds the plainest ones."""

# ruff: noqa: RUF001 -- letters and signs of other scripts are what some of these tests are about.

import random
import re
from itertools import chain, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.pii import tagger
from transforms.pii.tagger import TYPES, model, tag

PIECES = [
    *("Ana", "María", "John Smith", "JOHN", "O'Neil", "de la Cruz", "Müller", "Анна", "J.", "Dr.", "Mr", "john"),
    *("London", "Springfield, IL", "12 Oak Street", "Calle Mayor 3", "28040", "Paris", "P.O. Box 7", "75011"),
    *("Dear", "my name is", "said", "lives at", "the", "won't", "Thanks", "is", "REGARDS", "http://a.b/c", "a@b.com"),
    *("\0", "\0\0", "\0Ana", "[Ana]", "[", "]", "a~Ana", "王小明", "김민수님", "さくらさん", "คุณสมหญิง", "Anna-Лена"),
    *(".", ",", ":", ";", "!", "-", "’", '"', "(", ")", "@", "#", "/", "«", "»", "…", "😀", "\0", "\x1f", "好"),
]
SPACES = [" ", " ", "\n"]
TEXT = st.lists(st.one_of(st.sampled_from(PIECES), st.sampled_from(SPACES), st.text(max_size=3)), max_size=24).map(
    "".join
)
SPACED = st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(SPACES)), max_size=16).map(
    lambda pairs: "".join(piece + space for piece, space in pairs)
)
TEXTS = st.one_of(TEXT, SPACED)


def finds(*texts: str) -> list[list[tuple[str, str, float]]]:
    """Type, value and confidence of each find, text by text."""
    data = [text.encode() for text in texts]
    found: list[list[tuple[str, str, float]]] = [[] for _ in texts]
    for row, start, end, kind, sure in zip(*(column.tolist() for column in tag(data)), strict=True):
        found[row].append((TYPES[kind], data[row][start:end].decode(), sure))
    return found


def spans(text: str) -> list[tuple[int, int]]:
    tags = tag([text.encode()])
    return list(zip(tags.starts.tolist(), tags.ends.tolist(), strict=True))


@given(TEXTS)
@settings(deadline=None)  # the first reads the model
def test_a_find_touches_no_placeholder_and_no_edge_of_white_space(text: str) -> None:
    data = text.encode()
    before = 0
    for start, end in spans(text):
        value = data[start:end].decode()
        assert before <= start < end <= len(data)
        assert value == value.strip()
        assert "\0" not in value
        before = end


def same(found: list[list[tuple[str, str, float]]], alone: list[list[tuple[str, str, float]]]) -> bool:
    """The same finds, as sure but for the last bits: on some processors the batch decides in what order is summed."""
    sure, sure_alone = ([each[2] for finds in both for each in finds] for both in (found, alone))
    return [[each[:2] for each in finds] for finds in found] == [[each[:2] for each in finds] for finds in alone] and (
        sure == pytest.approx(sure_alone, abs=1e-6)
    )


@given(st.lists(TEXTS, min_size=2, max_size=8))
@settings(max_examples=50, deadline=None)
def test_a_text_is_read_alone(texts: list[str]) -> None:
    assert same(finds(*texts), [finds(text)[0] for text in texts])


def test_a_text_is_read_alone_among_thousands() -> None:
    rng = np.random.default_rng(1)
    texts = [" ".join(rng.choice(PIECES, size)) for size in rng.integers(0, 90, 3000)]
    together = finds(*texts)
    assert sum(map(len, together)) > 3000
    assert same(together[::40], [finds(text)[0] for text in texts[::40]])


def test_a_long_text_is_read_alone_and_to_its_end() -> None:
    long = "Dear John Smith, I live in London. " * 6000
    assert finds("Ana", long, "Ana")[1] == finds(long)[0]
    assert [(value, sure > 0.5) for _, value, sure in finds(long)[0]] == [("John Smith", True), ("London", True)] * 6000


def test_a_second_look_finds_what_a_look_at_the_texts_as_they_are_by_then_does() -> None:
    rng = random.Random(2)
    texts = ["".join(rng.choice(PIECES) + rng.choice(" .,\n") for _ in range(rng.randint(0, 40))) for _ in range(900)]
    its, held, spans = [], [], []
    for number, text in enumerate(texts):
        words = [match.span() for match in re.finditer(r"(?<![^ .,\n])[A-Za-z]+(?: [A-Za-z]+)?(?![^ .,\n])", text)]
        cut = sorted(rng.sample(words, min(len(words), rng.randint(0, 3)))) if number % 3 else []
        if number % 3:
            its.append(number)
            spans += [(number, len(text[:start].encode()), len(text[:end].encode())) for start, end in cut]
            parts = pairwise([0, *chain.from_iterable(cut), len(text)])
            held.append("\0".join(text[start:end] for start, end in [*parts][::2]).encode())
    _, looks = tagger.look([text.encode() for text in texts])
    again = tagger.look_again(looks, np.array(its), *np.array(spans).T)
    whole = tag(held)
    assert len(whole.rows) > 1000
    assert again.rows.tolist() == np.array(its)[whole.rows].tolist()
    for one, other in zip(again[1:4], whole[1:4], strict=True):
        assert one.tolist() == other.tolist()
    assert again.confidences == pytest.approx(whole.confidences, abs=1e-6)


def test_confidences_and_types_are_what_they_say() -> None:
    tags = tag([b"Dear John Smith, 12 Oak Street, Springfield"] * 3)
    assert tags.confidences.dtype == np.float32
    assert ((tags.confidences >= tagger.LEAST) & (tags.confidences <= 1)).all()
    assert tags.rows.tolist() == sorted(tags.rows.tolist())
    assert set(tags.types.tolist()) == {0, 1}


@pytest.mark.parametrize(
    "text",
    [
        "Dear «Maria Lopez», thank you for your letter.",
        "Please ask «John Smith» about it.",
        "My name is «Priya Sharma» and I live in {London}.",
        "Estimada «Lucía Fernández»: le escribimos desde {Madrid}.",
        "Je m'appelle «Camille Durand» et j'habite à {Lyon}.",
        "Mein Name ist «Jürgen Schneider», ich wohne in {München}.",
        "Mi chiamo «Giulia Rossi» e abito a {Napoli}.",
        "O meu nome é «João Pereira» e moro em {Lisboa}.",
        "Ship it to {12 Oak Street, Springfield, IL 62704}.",
        "Regards, «Tom»",
        "Please ask «Jean-Luc O'Brien» about it.",
        "The parcel arrived on Monday and the Box was empty. Thanks anyway!",
        "I Love This Phone. GREAT value, would buy again from Amazon.",
        "Das Essen war gut, aber der Kellner hatte keine Zeit für Gäste.",
        "«Sunita», «Kwabena» & «Hiroshi» missed the bus.",
        "«Nguyen Thi Lan» rang twice, «Chidi» did not.",
        "thanks, «tran van minh»",
        "Kind regards,\n«Zanele Khumalo»\n{Durban}",
        '{"customer":"«rosa delgado»","id":7}',
        "[«Rosa Delgado»] wants it replaced",
        "Меня зовут «Ольга Миронова», заказ не пришёл.",
        "我叫«王丽华»，订单还没到。",
        "Will you mark the form? May I pay the bill?",
        "My Hugo Boss jacket and my Calvin Klein jeans shrank.",
        "",
    ],
)
def test_plain_cases(text: str) -> None:
    marks = r"«([^»]*)»|\{(\w[^}]*)\}"
    plain = re.sub(marks, r"\1\2", text)
    expected = [("NAME" if name else "ADDRESS", name or place) for name, place in re.findall(marks, text)]
    assert [(kind, value) for kind, value, sure in finds(plain)[0] if sure >= 0.5] == expected


@pytest.mark.parametrize("text", ["I met Zoya Brown-Xqzzt.", "Please ask Jean-Luc about it."])
def test_a_hyphenated_name_is_found_whole(text: str) -> None:
    assert [value.split()[-1] for _, value, _ in finds(text)[0]] == re.findall(r"\S+-\w+", text)


def test_nothing_to_look_at_gives_nothing() -> None:
    assert [column.tolist() for column in tag([])] == [[]] * 5
    assert finds("", " ", "\n") == [[], [], []]


def test_the_version_is_of_the_file() -> None:
    assert re.fullmatch(r"[0-9]+-[0-9a-f]{12}", tagger.VERSION)
    assert tagger.VERSION.endswith(model.version())
    assert len(model.file()) < 10 << 20


@pytest.mark.timeout(60)  # half a second, unless time grows with the square of the length
@pytest.mark.parametrize("piece", ["Dear John Smith, I live in London. ", "a", "[", "A" * 50 + " ", "é’", "\n"])
def test_a_megabyte_of_one_piece(piece: str) -> None:
    text = piece * (1 + (1 << 20) // len(piece.encode()))
    found = tag([text.encode()])
    assert (found.starts < found.ends).all()
    assert found.ends.max(initial=0) <= len(text.encode())
