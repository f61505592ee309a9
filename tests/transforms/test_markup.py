import pytest

from transforms.markup import is_html, text_of_html

READ = {
    "tags": ("<p>It <b>came</b> late.</p><p>Again.</p>", "It came late.\nAgain."),
    "hidden": ("<head><title>t</title><style>p{}</style></head><script>bad()</script><p>a<!-- b -->c", "ac"),
    "entities": ("<p>a &lt; b &amp; &#8364;5&nbsp;x</p>", "a < b & €5\xa0x"),
    "line breaks": ("a<br>b<BR/>c<hr>d", "a\nb\nc\nd"),
    "white space": ("<div>\n  one\n  line </div>\n\n<div>two</div>", "one line\ntwo"),
    "cells": ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
    "attributes": ("<a href='x>y' title=\"a > b\">link</a>", "link"),
    "an address in brackets": ("<p>Kim <kim@example.com> wrote</p>", "Kim <kim@example.com> wrote"),
    "office": ("<o:p>late</o:p><st1:place>here</st1:place>", "latehere"),
    "cut": ("<p>late</p><a href=", "late"),
    "a long number": ("&#99999999999;", "&#99999999999;"),
}


@pytest.mark.parametrize(("page", "text"), READ.values(), ids=READ)
def test_what_a_person_reads(page: str, text: str) -> None:
    assert text_of_html(page) == text


@pytest.mark.parametrize("page", ["<!DOCTYPE html><p>a", "<html>", "a<br>b", "<b>a</b>", "Hi,</p>"])
def test_html_is_told(page: str) -> None:
    assert is_html(page)


@pytest.mark.parametrize(
    "text", ["a < b and c > d", "<kim@example.com> wrote", "List<String> a", "I <3 you </3", "<Kim>"]
)
def test_other_text_is_not_html(text: str) -> None:
    assert not is_html(text)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "page",
    [
        *("<div>" * 50_000, "<!--" * 50_000, "<" * 200_000, '<a "' * 30_000, "<a '\"" * 30_000, "<!" * 50_000),
        *("<script>" * 10_000, "<script>" + "</scrip" * 200_000, "<a " + "a=1 " * 30_000, "<a" + ":a" * 50_000),
        *("&#" + "9" * 10_000 + ";", "&" * 200_000, "</" * 50_000, "\n" * 200_000, "<a" * 50_000),
    ],
    ids=lambda page: page[:9],
)
def test_hostile_pages_are_read_in_bounded_time(page: str) -> None:
    is_html(page)
    text_of_html(page)
