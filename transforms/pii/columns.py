"""Takes personal data out of what stands beside a text: ids, sources, names of files.

These are no sentences. What parts words is `_` or `/` as often as a space, so each value is looked at twice: line by
line as its path has parts, and with all of that read as spaces. And most are made by machines: UUIDs, ULIDs, digests,
dates and short numbers are no finds, whatever they look like.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.pii.finds import Finds, merge
from transforms.pii.policy import TYPES, Policy, Treatment
from transforms.pii.replacements import Cut, Held, pseudonym_of_name, replace, spots
from transforms.pii.scan import scan
from transforms.pii.views import HOLDER

# In RE2's and Python's notation.
_MADE = "|".join(
    [
        "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",  # UUID
        "[0-9a-f]{24}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}",  # ObjectId, MD5, SHA-1, SHA-256
        "[0-7][0-9A-HJKMNP-TV-Z]{25}",  # ULID
        "(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]",  # ISO 8601, and in basic format, with a time after it
        "(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[T_-][0-9]{4}(?:[0-9]{2})?)?",
    ]
)
_MADE_BY_MACHINE = re.compile(rf"(?<![0-9A-Za-z])(?:{_MADE})(?![0-9A-Za-z])")
_MADE_SURELY = rf"\b(?:{_MADE})\b"  # RE2: some of the same, for it looks at nothing beside a match
# Digits that may tell something: in one word with letters (IBAN), or seven and more (a telephone number has that many);
# but none up to nine that stand alone.
_TELLING = "[A-Za-z][0-9]|[0-9][A-Za-z]|(?:[0-9][^0-9]*){7}"
_NUMBER = r"\A[\]_.-]*[0-9]{1,9}\z"
_APART = "/ \t\r\n"
_PARTS = str.maketrans("/", "\n")
_SPACES = str.maketrans("/_=+", "    ")


_HELD = Held(TYPES)


def treat(values: pa.StringArray, treatment: Treatment, policy: Policy, key: bytes) -> pa.StringArray:
    """Values of a column, in their order, those in which something is found as the treatment has it.

    REDACT: each word that a find reaches into is `[TYPE]`. PSEUDONYM: each part of a path is `[TYPE:kqzvbnwtxabc]` as
    a whole, another for each other part, the same under the same key. More goes than the find, for what stands beside
    one without a space is seldom of another. Null stays null. What is returned holds nothing that `found` would find.
    """
    if treatment is Treatment.KEEP or values.null_count == len(values):
        return values
    encoded = values.dictionary_encode()
    distinct = encoded.dictionary
    finds = _finds(distinct, policy)
    if not len(finds.rows):
        return values
    types = [finder.type for finder in policy.of_names.finders]
    rows, firsts = np.unique(finds.rows, return_index=True)
    names: list[str] = distinct.take(pa.array(rows)).to_pylist()
    spans = zip(finds.starts.tolist(), finds.ends.tolist(), finds.places.tolist(), strict=True)
    cuts = [Cut(start, end, types[place]) for start, end, place in spans]
    written = [
        _written(name, cuts[first:last], treatment, key)
        for name, first, last in zip(names, firsts, [*firsts[1:], len(cuts)], strict=True)
    ]
    left = set(np.unique(_finds(pa.array(written, pa.string()), policy).rows).tolist())
    for number in left:
        name = names[number]
        written[number] = _stand_in(name, cuts[firsts[number]].type, treatment, key)
    mask = np.zeros(len(distinct), bool)
    mask[rows] = True
    return pc.replace_with_mask(distinct, mask, pa.array(written, pa.string())).take(encoded.indices)


def found(values: pa.StringArray, treatment: Treatment, policy: Policy) -> pa.BooleanArray:
    """Which values hold what the treatment would take out; not those that are null."""
    holds = np.zeros(len(values), bool)
    if treatment is not Treatment.KEEP:
        encoded = values.dictionary_encode()
        holding = np.unique(_finds(encoded.dictionary, policy).rows)
        holds = np.isin(pc.fill_null(encoded.indices, -1).to_numpy(), holding)
    return pa.array(holds)


def shown(name: str, policy: Policy) -> str:
    """A file's name as a message may show it: each find is `[TYPE]`, unless the policy keeps names of files."""
    if policy.columns.source_file is Treatment.KEEP:
        return name
    told: str = treat(pa.array([name], pa.string()), Treatment.REDACT, policy, b"")[0].as_py()
    return told


def _written(name: str, cuts: list[Cut], treatment: Treatment, key: bytes) -> str:
    whole = _widened(name, cuts, "/" if treatment is Treatment.PSEUDONYM else _APART)
    return replace(name, whole, (_stand_in(name[cut.start : cut.end], cut.type, treatment, key) for cut in whole))


def _stand_in(value: str, pii_type: str, treatment: Treatment, key: bytes) -> str:
    return pseudonym_of_name(value, pii_type, key) if treatment is Treatment.PSEUDONYM else f"[{pii_type}]"


def _widened(name: str, cuts: list[Cut], edges: str) -> list[Cut]:
    """Each find up to the nearest of some characters on both sides; those that then touch are one."""
    wide: list[Cut] = []
    for cut in cuts:
        start = max(name.rfind(edge, 0, cut.start) for edge in edges) + 1
        after = [name.find(edge, cut.end) for edge in edges]
        end = min((place for place in after if place >= 0), default=len(name))
        if wide and start <= wide[-1].end:
            start, pii_type = wide.pop()[::2]
            wide.append(Cut(start, end, pii_type))
        else:
            wide.append(Cut(start, end, cut.type))
    return wide


def _finds(names: pa.StringArray, policy: Policy) -> Finds:
    """The finds of each name, in characters of it."""
    rows = np.flatnonzero(_worth_a_search(names, policy))
    finds = _searched(names.take(pa.array(rows)), policy)
    return finds._replace(rows=rows[finds.rows])


def _searched(names: pa.StringArray, policy: Policy) -> Finds:
    """The finds of each name in either reading; those in one that was percent-encoded are the whole name."""
    values: list[str] = names.to_pylist()
    plain = [_MADE_BY_MACHINE.sub(lambda made: HOLDER * len(made[0]), _without_placeholders(value)) for value in values]
    loose = [(unquote(value) if "%" in value else value).translate(_SPACES) for value in plain]
    by_parts = _scanned([value.translate(_PARTS) for value in plain], policy)
    apart = np.array([row for row, value in enumerate(plain) if loose[row] != value], np.int64)
    by_words = _scanned([loose[row] for row in apart], policy)
    by_words = by_words._replace(rows=apart[by_words.rows])
    lengths = np.array([len(value) for value in values], np.int64)
    whole = (np.array(list(map(len, loose)), np.int64) != lengths)[by_words.rows]
    by_words.starts[whole] = 0
    by_words.ends[whole] = lengths[by_words.rows[whole]]
    return merge([by_parts, by_words])


def _without_placeholders(name: str) -> str:
    """A name in which what was written here is HOLDERs, however its signs are read, and nothing else is."""
    name = name.replace(HOLDER, "\1")
    placeholders = spots(name, _HELD) if "[" in name else ()
    made = (HOLDER * (end - start) for start, end in placeholders)
    return replace(name, (Cut(*spot, "") for spot in placeholders), made)


def _scanned(values: list[str], policy: Policy) -> Finds:
    """The finds of each value, without names of words that all hold a digit: `golden0` is nobody and nowhere."""
    finds, _ = scan(pa.array(values, pa.string()), policy.of_names)
    tagged = [place for place, finder in enumerate(policy.of_names.finders) if finder.name == "tagger"]
    kept = ~np.isin(finds.places, tagged)
    for number in np.flatnonzero(~kept).tolist():
        words = values[finds.rows[number]][finds.starts[number] : finds.ends[number]].split()
        kept[number] = not all(any(map(str.isdigit, word)) for word in words)
    return finds.where(kept)


def _worth_a_search(names: pa.StringArray, policy: Policy) -> np.ndarray:
    """Which names may hold a find. Most differ by a number that says nothing: such are looked at once for all numbers.

    A policy's own patterns may ask for any number: with these, every name is searched.
    """
    if policy.custom:
        valid: np.ndarray = names.is_valid().to_numpy(zero_copy_only=False)
        return valid
    left = pc.replace_substring_regex(names, _MADE_SURELY, "]")
    telling = pc.and_not(pc.match_substring_regex(left, _TELLING), pc.match_substring_regex(left, _NUMBER))
    alike = pc.replace_substring_regex(left.filter(pc.invert(telling)), "[0-9]", "1").dictionary_encode()
    holding = np.unique(_searched(alike.dictionary, policy).rows)
    worth: np.ndarray = pc.fill_null(telling, False).to_numpy(zero_copy_only=False).copy()
    worth[~worth & names.is_valid().to_numpy(zero_copy_only=False)] = np.isin(alike.indices.to_numpy(), holding)
    return worth
