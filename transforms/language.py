"""The language of a document: as it names it, or else detected here, without a network."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from math import log
from typing import Any

import eldc
import pyarrow as pa
import pyarrow.compute as pc

VERSION = f"eldc-{version('eldc')}"  # the model is part of the library

_CHARACTERS = 1_000  # that a text is judged by
_EVIDENCE = 1.5  # what the likeliest language must be ahead by; measured, see docs/languages.md
# What the redactor put in ([NAME], [PHONE_1], [PHONE:***]); addresses of pages and of people, and handles, in ASCII,
# for Chinese and Japanese may follow without a space; and NUL, which ends a text for the detector.
_NOT_LANGUAGE = r"\[[A-Z][A-Z_]*[0-9]*(?::[^\[\]]*)?\]|(?i:https?://|\bwww\.)[!-~]+|[\w.+-]*@[\w.-]+|\x00"
_TRADITIONAL = frozenset({"tw", "hant", "hk", "mo"})


def canonical(languages: pa.StringArray) -> pa.StringArray:
    """Labels that documents give -> codes as Comprehend writes them, in the same order: `en-US` is `en`.

    Lower case, trimmed, without region and script; but Chinese in traditional script, as that of Taiwan, Hong Kong and
    Macao, is `zh-TW`. A label that is unknown stays what it is before its first `-` or `_`. Null stays null.
    """
    encoded = languages.dictionary_encode()
    codes = pa.array([_code(label) for label in encoded.dictionary.to_pylist()], pa.string())
    return codes.take(encoded.indices)


def detect(texts: pa.StringArray) -> pa.StringArray:
    """The language of each text as a code of `canonical`, in the same order; judged by its first 1,000 characters.

    Placeholders of the redactor, URLs, e-mail addresses and handles do not count. Null where the text is null, where
    nothing tells, or where a second language is about as likely.
    """
    cut = pc.utf8_slice_codeunits(texts, 0, _CHARACTERS)
    words = pc.replace_substring_regex(cut, _NOT_LANGUAGE, " ")
    return pa.array([None if text is None else _detect(text) for text in words.to_pylist()], pa.string())


def _code(label: str) -> str:
    base, *rest = label.strip().lower().replace("_", "-").split("-")
    traditional = "hans" not in rest and not _TRADITIONAL.isdisjoint(rest)
    return "zh-TW" if base == "zh" and traditional else base


def _detect(text: str) -> str | None:
    found = _detector().detect_details(text)
    if found.language == "und":
        return None
    # A score is 1 - exp(-x), with x the mean over the n-grams of the text. So the difference of two languages' x, times
    # the length, is how far the whole text speaks for the one rather than the other.
    rest = [max(1 - score, 1e-6) for score in (*found.scores.values(), 0.0)]  # falling scores: rising rests
    if len(text.strip()) * log(rest[1] / rest[0]) < _EVIDENCE:
        return None
    return _chinese(text) if found.language == "zh" else str(found.language)


def _chinese(text: str) -> str:
    """`zh-TW` where Big5, the traditional character set, holds more of the text than GB 2312, the simplified one."""
    traditional, simplified = (len(text.encode(charset, "ignore")) for charset in ("big5", "gb2312"))
    return "zh-TW" if traditional > simplified else "zh"


@cache
def _detector() -> Any:
    eldc.init()
    detector = eldc.instance()
    detector.set_scores(2)  # the likeliest language and the next
    return detector
