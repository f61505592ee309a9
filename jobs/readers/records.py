"""Where in a JSON value the records are, and where in a record a column is: `tickets[]`, `transcript[].content`."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeAlias

import orjson

from transforms.errors import UsageError

# A key, or ELEMENT for every element of an array.
Steps: TypeAlias = tuple[str, ...]
ELEMENT = "[]"

_TOKEN = re.compile(rb'"((?:[^"\\\n]|\\.)*+)"?\s*+(:?)|[{}\[\]]')
SAMPLE_BYTES = 1 << 20  # in which records are looked for
_BASE64 = ("eyJ", "W3si")  # `{"` and `[{"`
_WORDS = 3  # that a sentence has at least, and a name or a link has not
_DEEPEST = 6  # containers around a record that is found by itself


def steps_of(path: str) -> Steps:
    """The steps of a path: `comment.body`, `transcript[].content`, `[].tickets[]`."""
    steps: list[str] = []
    for part in path.split("."):
        key = part
        arrays = 0
        while key.endswith(ELEMENT):
            key, arrays = key.removesuffix(ELEMENT), arrays + 1
        if key:
            steps.append(key)
        steps += [ELEMENT] * arrays
    return tuple(steps)


def records_steps(path: str) -> Steps:
    """The steps of `--records`. Raises UsageError where it does not end at an array's elements."""
    steps = steps_of(path)
    if not steps or steps[-1] != ELEMENT:
        raise UsageError(f"--records {path}: write where the array of records is, such as tickets[] or data.items[]")
    return steps


def is_nested(path: str) -> bool:
    """Whether a column's name may be a path."""
    return "." in path or ELEMENT in path


def find_records(sample: bytes, columns: Mapping[str, str]) -> Steps:
    """Where the records of a stream of JSON values are, told by how it begins; () for the values themselves.

    columns: our column -> theirs. The outermost objects that have a key of `text` and of `document_id` are records;
    else those that have `text`, unless they lie in others of an array that have an id, as turns do; else those of the
    outermost array with most sentences, or most objects, or, where there is none, the values themselves.
    """
    found, counts, sentences, values = _objects(sample[:SAMPLE_BYTES])
    wanted = [_roots(columns[ours]) for ours in ("text", "document_id") if ours in columns]
    for roots in (wanted, wanted[:1]):
        for steps, keys in found.items():
            if all(not some.isdisjoint(keys) for some in roots) and (roots is wanted or not _are_turns(steps, found)):
                return steps
    if () in found and (values > 1 or any(not some.isdisjoint(found[()]) for some in wanted)):
        return ()
    # Of arrays side by side the one where most is said: who took part may stand before it.
    outer = [steps for steps in found if steps and len(steps) == min(len(each) for each in found if each)]
    none = (ELEMENT,) if sample.lstrip().startswith(b"[") else ()
    return max(outer, key=lambda steps: (sentences[steps], counts[steps]), default=none)


def _are_turns(steps: Steps, found: Mapping[Steps, set[str]]) -> bool:
    """Whether objects lie in elements of an array that have an id."""
    around = (steps[:end] for end in range(1, len(steps)) if steps[end - 1] == ELEMENT)
    return any(key.lower().endswith("id") for each in around for key in found.get(each, ()))


def _roots(name: str) -> set[str]:
    return {name, steps_of(name)[0]} if steps_of(name) else {name}


def _objects(sample: bytes) -> tuple[dict[Steps, set[str]], Counter[Steps], Counter[Steps], int]:
    """Where objects are that are values or elements of arrays, with the keys of the first at each place, how many
    there are, and how many characters of sentences are in them; how many values there are."""
    found: dict[Steps, set[str]] = {}
    counts: Counter[Steps] = Counter()
    path: list[str] = []  # of the container that is open, and of those around it
    kinds: list[bytes] = []
    places: list[Steps | None] = []  # of the open containers, those that are first objects
    within: list[Steps] = [()]  # of the open containers, the objects that they are or lie in
    sentences: Counter[Steps] = Counter()
    key = ""
    values = 0
    for token in _TOKEN.finditer(sample):
        sign = token.group()
        if sign in (b"{", b"["):
            if kinds:
                path.append(ELEMENT if kinds[-1] == b"[" else key)
            else:
                values += 1
            steps = tuple(path[: _DEEPEST + 1])
            counted = sign == b"{" and len(path) <= _DEEPEST and (not steps or steps[-1] == ELEMENT)
            counts[steps] += counted
            new = counted and steps not in found
            if new:
                found[steps] = set()
            places.append(steps if new else None)
            within.append(steps if counted else within[-1])
            kinds.append(sign)
        elif sign in (b"}", b"]"):
            if kinds:
                kinds.pop()
                places.pop()
                within.pop()
                del path[-1:]
        elif token.group(2):
            key = token.group(1).decode("utf-8", "replace")
            if places and (place := places[-1]) is not None:
                found[place].add(key)
        elif sign.count(b" ") > _WORDS:
            for steps in {*within}:
                sentences[steps] += len(sign)
    return found, counts, sentences, values


def value_at(record: Any, name: str, steps: Steps) -> Any:
    """A column of a record: what its name names, or else what lies at its steps; of several, their texts in lines."""
    if isinstance(record, dict) and name in record:
        return record[name]
    return at(record, steps)


def at(value: Any, steps: Steps) -> Any:
    """What lies at some steps within a value, of arrays every element's, also in JSON in a string: see `value_at`."""
    for place, step in enumerate(steps):
        value = opened(value)
        if step == ELEMENT:
            if not isinstance(value, list):
                continue  # what stands where a list may is one of one
            parts = [part for each in value if (part := at(each, steps[place + 1 :])) is not None]
            if all(isinstance(part, str) for part in parts):
                return "\n".join(parts) if parts else None
            return parts
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def opened(value: Any) -> Any:
    """What a string of JSON holds, as envelopes of queues have it, or of JSON in base64, as Kinesis'; else itself."""
    if not isinstance(value, str) or not value.startswith(("{", "[", *_BASE64)):
        return value
    try:
        return orjson.loads(base64.b64decode(value, validate=True) if value.startswith(_BASE64) else value)
    except ValueError:  # binascii.Error and orjson.JSONDecodeError are
        return value
