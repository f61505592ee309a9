"""Views: what is hidden by how a text is written can be read in one of them, and leads back to where it stands."""

# ruff: noqa: RUF001 -- look-alike characters are what some of these tests are about.

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.pii.policy import DEFAULT_POLICY
from transforms.pii.redactor import redact
from transforms.pii.replacements import Held
from transforms.pii.views import remarkable, views
from transforms.rewriting import Change, rewrite

HELD = Held(frozenset({"NAME", "PHONE"}), frozenset())
PIECES = [
    *("a", "é", "𝐃", "²", "\u200b", "\x00", "\x1b[31m", "[NAME]", "[NAME_1]", "[PHONE_7]", "[x]", "٣", "½", "👍"),
    *("%40", "%C3%A9", "&amp;", "&#64;", "&commat;", "=40", "=\n", "\\n", "\\u0041", '\\"', "+", "%", "&", " ", "\n"),
]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain [text], nº 3 é", ["plain [text], nº 3 é"]),
        ("[NAME] and [NAME_1] and [NAME_3]", ["\0 and \0 and [NAME_3]"]),
        ("𝐃𝐚𝐧𝐚 ②①②", ["Dana 212"]),
        ("da\u00adna\x01lee \x1b[1mx\x1b[0m", ["danalee x", "da na lee x"]),
        ("dana%40example.com+%2B1", ["dana%40example.com+%2B1", "dana@example.com +1"]),
        ("a+b &lt;d&#64;example.com&gt; &#x2460;", ["a+b &lt;d&#64;example.com&gt; &#x2460;", "a+b <d@example.com> 1"]),
        ("dana=40exam=\nple.com =C3=A9", ["dana=40exam=\nple.com =C3=A9", "dana@example.com é"]),
        (r"Tel:\n\"1\" \u0044\u00e9 \ud83d\ude00", [r"Tel:\n\"1\" \u0044\u00e9 \ud83d\ude00", 'Tel:\n"1" Dé 😀']),
        ("&amp;#64;", ["&amp;#64;", "@"]),
        ("100% & more = 3", ["100% & more = 3"]),
    ],
)  # fmt: skip
def test_views(text: str, seen: list[str]) -> None:
    assert [view.text for view in views(text, HELD)] == seen
    assert remarkable(text) == (seen != [text])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_each_place_of_a_view_leads_to_one_of_the_text_in_order(text: str) -> None:
    for view in views(text, HELD):
        spans = [view.origin(place, place + 1) for place in range(len(view.text))]
        assert all(0 <= start < end <= len(text) for start, end in spans)
        assert spans == sorted(spans)
        assert view.origin(0, len(view.text)) == (spans[0][0], spans[-1][1]) if spans else True
    assert remarkable(text) or [view.text for view in views(text, HELD)] == [text]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=12).map("".join))
def test_what_is_not_remarkable_has_no_views(text: str) -> None:
    if not remarkable(text):
        assert [view.text for view in views(text, HELD)] == [text]


def test_rewriting() -> None:
    rewriting = rewrite("abcdef", [Change(0, 1, ""), Change(2, 4, "xyz"), Change(5, 6, "!")])
    assert rewriting.text == "bxyze!"
    assert [rewriting.origin(place, place + 1) for place in range(6)] == [
        (1, 2),
        (2, 4),
        (2, 4),
        (2, 4),
        (4, 5),
        (5, 6),
    ]
    assert rewriting.origin(0, 6) == (1, 6)


@pytest.mark.parametrize(
    "text",
    [
        "Write to dana.lee%40example.com today",
        "Write to dana.lee&#64;example.com today",
        "Write to dana.lee=40exam=\nple.com today",
        r'{"mail": "Write to dana.lee\u0040example.com\ntoday"}',
        "Write to dana.lee@exam\x00ple.com today",
        "Write to \x1b[1mdana.lee\x1b[0m@example.com today",
        "Write to 𝐝𝐚𝐧𝐚.𝐥𝐞𝐞@example.com today",
        "[Write to dana.lee@example.com today]",
        "[EMAIL:dana.lee@example.com] today",
        "[EMAIL_dana.lee@example.com] today",
    ],
)
def test_nothing_hides(text: str) -> None:
    (redacted,) = redact(pa.array([text]), DEFAULT_POLICY).texts.texts()
    assert redacted is not None
    assert "dana" not in redacted
    assert "example" not in redacted
    assert "today" in redacted
