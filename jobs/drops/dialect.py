"""How a CSV file is written, told by how it begins: what stands between its fields, and its quotes."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from itertools import takewhile

DELIMITERS = ",;\t|^\x01"  # the last of Hive's tables
# What programs write in a field that has no value; and what people answer, too, where they are asked for a text.
_NULLS = frozenset(("NULL", "null", "\\N", "NaN", "nan", "<NA>", "#N/A"))
_ANSWERS = frozenset(("None", "N/A", "n/a"))
_RECORDS = 20  # looked at
_TITLES = 5
_NONE = (0.0, False, 0)
_SEP = re.compile(r"\Asep=(.)\r?\n?\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """How fields stand in a CSV file."""

    delimiter: str = ","
    quote: str = '"'
    returns: bool = False  # lines end with a carriage return alone
    told: bool = False  # its first line is `sep=;` and no header


def nulls_of(ours: str) -> frozenset[str]:
    """What stands in a table for no value of one of our columns."""
    return _NULLS if ours == "text" else _NULLS | _ANSWERS


def dialect_of(sample: str, default: str) -> Dialect:
    """The dialect of a file that begins so; what does not show is as the default: a delimiter, `"`."""
    returns = "\r" in sample and "\n" not in sample
    if returns:
        sample = sample.replace("\r", "\n")
    lines = sample.split("\n")
    if found := _SEP.match(lines[0]):
        return Dialect(found[1], _quote(sample, found[1]), returns, told=True)
    # The last line may be cut.
    lines = [line for line in (lines[:-1] if len(lines) > 1 else lines) if line.strip()][: 4 * _RECORDS]
    if not lines:
        return Dialect(default, returns=returns)
    best = max([default, *DELIMITERS], key=lambda delimiter: _evidence(lines, delimiter))
    delimiter = best if _evidence(lines, best) > _NONE else default
    return Dialect(delimiter, _quote("\n".join(lines), delimiter), returns)


def _evidence(lines: list[str], delimiter: str) -> tuple[float, bool, int]:
    """The share of records that have as many fields as the header, whether it comes first, and how many that is.

    Nothing where it is one: what stands in texts alone may look like fields below titles.
    """
    try:
        counts = [len(fields) for fields in csv.reader(lines, delimiter=delimiter) if fields][:_RECORDS]
    except csv.Error:
        return _NONE
    titles = len([*takewhile(lambda count: count == 1, counts[:_TITLES])])  # of a report, above its header
    counts = counts[titles:]
    if not counts or counts[0] < 2:
        return _NONE
    share = round(Counter(counts)[counts[0]] / len(counts), 1)
    return (share, not titles, counts[0]) if not titles or (share == 1 and len(counts) > titles) else _NONE


def _quote(sample: str, delimiter: str) -> str:
    """The apostrophe, where fields begin and end with it and none with a quotation mark."""
    side = re.escape(delimiter)
    patterns = {mark: rf"(?:^|{side}){mark}[^{mark}\n]*{mark}(?={side}|$)" for mark in "\"'"}
    fields = {mark: len(re.findall(pattern, sample, re.MULTILINE)) for mark, pattern in patterns.items()}
    return "'" if fields["'"] > 2 and not fields['"'] else '"'
