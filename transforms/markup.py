"""HTML as the text that a person reads of it.

Tags are told by their form and never nested: a tree would cost more than time, for every parser that builds one takes
quadratic time on some page (a million `<div>`, a tag of 200,000 attributes), and what is read needs none. Every pattern
here reads on to the end of the page at most once.
"""

from __future__ import annotations

import html
import re

# Elements that begin and end a line, and further ones that are known: a word between angle brackets that is none of
# them, such as <kim@example.com>, is text.
_LINES_OF_THEIR_OWN = """
address article aside blockquote body br button caption center dd details dialog dir div dl dt fieldset figcaption
figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol optgroup option p pre
search section select summary table tbody textarea tfoot thead tr ul
"""
_WITHIN_LINES = """
a abbr acronym applet area audio b base basefont bdi bdo big blink canvas cite code col colgroup data datalist del
dfn em embed font frame head i iframe img input ins kbd label link map mark marquee meta meter nobr noframes
noscript object output param picture progress q rp rt ruby s samp slot small source span strike strong sub sup svg
template time track tt u var video wbr
"""
_BLOCKS = frozenset(_LINES_OF_THEIR_OWN.split())
_CELLS = frozenset(("td", "th"))
_KNOWN = _BLOCKS | _CELLS | frozenset(_WITHIN_LINES.split())

# What is never shown, up to its end or that of the page; comments, declarations; any tag.
_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(?P<hidden>script|style|title|template)\b.*?(?:</(?P=hidden)\b[^<>]*>?|\Z)"
    r"|<[!?][^<>]*>"
    r"|</?(?P<name>[a-z][a-z0-9]*(?P<foreign>[:-][a-z0-9:-]*)?)(?:[\s/](?:[^<>\"']|\"[^\"<]*\"|'[^'<]*'|[\"'])*+)?>",
    re.IGNORECASE | re.DOTALL,
)
# RE2: what a text holds that may be HTML; and what it has to have to be taken for it: a beginning of a page, an end tag
# or a line break of an element that is known. A comparison (a < b) and an address in brackets are none.
MAY_BE_HTML = r"<[!/A-Za-z]"
_IS_HTML = re.compile(
    rf"<!doctype\s+html\b|<(?:html|body)[\s>]|<br\s*/?>|</(?:{'|'.join(sorted(_KNOWN))})\s*>", re.IGNORECASE
)
_LONG_NUMBER = re.compile(r"&#(?=x?[0-9a-f]{8})", re.IGNORECASE)  # no character; Python refuses to read a longer one
_SPACES = re.compile(r"[ \t\n\r\f]+")
_LINES = re.compile(r"[ \t]*\n[ \t\n]*|  +")
_UNENDED = re.compile(r"<[A-Za-z/!][^<>]*\Z")


def is_html(text: str) -> bool:
    """Whether a text that could be anything is HTML. Decided in favour of text, which stays as it is."""
    return _IS_HTML.search(text) is not None


def text_of_html(page: str) -> str:
    """What a person reads of a page: without tags, comments, style and script; entities decoded, a block a line."""
    text = _MARKUP.sub(_read_as, _SPACES.sub(" ", page))
    text = _UNENDED.sub("", text) if text.rfind("<") > text.rfind(">") else text  # a page cut within a tag
    text = html.unescape(_LONG_NUMBER.sub("&amp;#", text))
    return _LINES.sub(lambda match: "\n" if "\n" in match[0] else " ", text).strip()


def _read_as(match: re.Match[str]) -> str:
    name = match["name"]
    if name is None:
        return ""
    name = name.lower()
    if name in _BLOCKS:
        return "\n"
    if name in _CELLS:
        return " "
    return "" if name in _KNOWN or match["foreign"] else match[0]
