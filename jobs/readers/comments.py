"""Records that hold a conversation in an array, as a helpdesk's tickets do: `--map text=comments[].body`.

The array's objects are turns. What agents are known to say is left out unless all is asked for, as in conversations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.formats import Telling
from jobs.readers.records import ELEMENT, Steps, at
from jobs.readers.roles import in_lines, role_in, says_who_asked, who_asked
from transforms.decoding import lengths
from transforms.documents import TURNS, Reason, Values, documents, with_notes
from transforms.roles import AGENT, role_of, whose
from transforms.schemas import DOCUMENTS, Role

_PIECE_CHARACTERS = 8 << 20
_INTERCOM, _OPENING = "conversation_parts", "source"


class Comment(NamedTuple):
    """A turn: who spoke, where that is known, and what stands where its text should."""

    role: Role | None
    value: Any


def holds_turns(steps: Steps) -> bool:
    """Whether a text's path goes through an array to a key of its objects."""
    return ELEMENT in steps and steps[-1] != ELEMENT


def label_within(steps: Steps, role: Steps) -> Steps:
    """Where in a turn its role stands, if `--map` names it within the same array as the text; () where it does not."""
    turn = _turn_of(steps)
    return role[len(turn) :] if role[: len(turn)] == turn else ()


def _turn_of(steps: Steps) -> Steps:
    """The steps to a turn, which lead through an array, of those to its text."""
    return steps[: len(steps) - steps[::-1].index(ELEMENT)]


def comments_of(record: Any, name: str, steps: Steps, label: Steps = ()) -> list[Comment] | None:
    """The turns of a record, without those that are empty; None where its text is not in an array, but a column.

    label: where in a turn its role stands, see `label_within`; where nothing is known there, the rest of it tells.
    """
    if not isinstance(record, dict):
        return []
    if name in record:
        return None
    turn_of = _turn_of(steps)
    before, within = turn_of[:-1], steps[len(turn_of) :]
    found = [*_each(record, before, None)]
    opening = record.get(_OPENING)
    if _INTERCOM in before and isinstance(opening, dict):
        found.insert(0, (opening, None))  # Intercom's conversations hold their first message apart
    turns = (
        Comment(
            (role_of(at(each, label)) if label else None)
            or role_in(each, asked)
            or role_in(at(each, within[:-1]), asked),
            at(each, within),
        )
        for each, asked in found
    )
    return [turn for turn in turns if turn.value is not None and turn.value != ""]


def beside(names: Iterable[str], steps: Steps) -> list[str]:
    """Of a record's keys those that tell of its turns, beside the one that holds their texts at some steps."""
    return [name for name in names if says_who_asked(name) or (name == _OPENING and _INTERCOM in steps)]


def _each(value: Any, steps: Steps, asked: str | None) -> Iterator[tuple[Any, str | None]]:
    """What lies at some steps, each with who asked by what it lies in."""
    if steps and steps[0] == ELEMENT:
        for each in value if isinstance(value, list) else [value]:
            yield from _each(each, steps[1:], asked)
    elif steps:
        if isinstance(value, dict) and steps[0] in value:
            yield from _each(value[steps[0]], steps[1:], who_asked(value) or asked)
    else:
        for each in value if isinstance(value, list) else [value]:
            yield each, asked


class Turned(NamedTuple):
    """A document that a record becomes: a conversation, or a turn of it."""

    place: int  # of the record
    text: Any
    role: Any = None  # who spoke: a Role, or the label in the column of a record that holds no turns
    reason: Reason | None = None
    number: int | None = None  # of a turn
    left_out: int = 0  # characters of turns that are not in it


class Told(NamedTuple):
    """What records become, and how many turns are in no document."""

    documents: list[Turned]
    left: int


def told(conversations: Sequence[list[Comment] | None], values: Mapping[str, Values], telling: Telling) -> Told:
    """One document a conversation, or one a turn that is kept. `values` are the columns, for records that hold none."""
    found: list[Turned] = []
    left = 0
    left_out = [0] * len(conversations) if telling.whole or telling.turns else _left_out(conversations)
    for place, turns in enumerate(conversations):
        if turns is None:
            found.append(Turned(place, values["text"][place], values["role"][place] if "role" in values else None))
            continue
        kept = [(number, turn) for number, turn in enumerate(turns, 1) if telling.whole or turn.role != AGENT]
        left += len(turns) - len(kept)
        if not kept:
            found.append(Turned(place, None, reason=Reason.NO_TEXT if turns else None))
        elif telling.turns:
            found += [Turned(place, turn.value, turn.role, number=number) for number, turn in kept]
        else:
            roles = {turn.role for _, turn in kept}
            text = _joined([turn for _, turn in kept], named=telling.whole and len(roles) > 1)
            found.append(Turned(place, text, whose(roles), left_out=left_out[place]))
    return Told(found, left)


def _left_out(conversations: Sequence[list[Comment] | None]) -> list[int]:
    """How many characters agents said in each conversation."""
    said = [
        (place, turn.value)
        for place, turns in enumerate(conversations)
        for turn in turns or ()
        if turn.role == AGENT and isinstance(turn.value, str)
    ]
    total = np.zeros(len(conversations), np.int64)
    np.add.at(total, [place for place, _ in said], lengths([text for _, text in said]))
    return total.tolist()


def _joined(turns: Sequence[Comment], *, named: bool) -> Any:
    """The texts in lines; where one is no text, all as they are, for which there is a reason code."""
    if not all(isinstance(turn.value, str) for turn in turns):
        return [turn.value for turn in turns]
    return in_lines([(turn.role, turn.value) for turn in turns], named=named)


def turned_documents(
    values: Mapping[str, Values],
    rows: Sequence[int] | np.ndarray,
    source_file: str,
    reasons: Sequence[Reason | None] | None,
    found: Told,
    batch_rows: int,
) -> Iterator[pa.RecordBatch]:
    """The documents of what `told` found; values, rows and reasons are of the records.

    A turn's `document_id` ends in its number.
    """
    numbers = np.asarray(rows)
    for start, some in _pieces(found.documents, _widths(values, len(rows)), batch_rows):
        places = [each.place for each in some]
        taken = {ours: _taken(column, places) for ours, column in values.items()}
        given = [None] * len(some) if reasons is None else [reasons[place] for place in places]
        codes = [reason or each.reason for reason, each in zip(given, some, strict=True)]
        told_of = {"text": [each.text for each in some], "role": [each.role for each in some]}
        left_out = [each.left_out for each in some]
        batch = documents(taken | told_of, numbers[places], source_file, codes, left_out=left_out)
        yield with_notes(_numbered(batch, some), **{TURNS: 0 if start else found.left})


def _numbered(batch: pa.RecordBatch, some: Sequence[Turned]) -> pa.RecordBatch:
    """The batch with ids of turns."""
    numbers = pa.array([each.number for each in some], pa.int64()).cast(pa.string())
    named = pc.binary_join_element_wise(batch["document_id"], numbers, "#")
    place = DOCUMENTS.names.index("document_id")
    return batch.set_column(place, DOCUMENTS.field(place), pc.coalesce(named, batch["document_id"]))


def _widths(values: Mapping[str, Values], count: int) -> list[int]:
    """The characters of each record that stand in every one of its documents."""
    widths = [0] * count
    for name, column in values.items():
        if name != "text":
            for place, value in enumerate(column.to_pylist() if isinstance(column, pa.Array) else column):
                widths[place] += len(value) if isinstance(value, str) else 0
    return widths


def _pieces(found: Sequence[Turned], widths: Sequence[int], batch_rows: int) -> Iterator[tuple[int, Sequence[Turned]]]:
    """What is made documents at once, and where it begins: a long id stands in each of a record's turns."""
    start = held = 0
    for end, each in enumerate(found):
        if end - start == batch_rows or held > _PIECE_CHARACTERS:
            yield start, found[start:end]
            start, held = end, 0
        held += widths[each.place]
    if start < len(found):
        yield start, found[start:]


def _taken(column: Values, places: list[int]) -> Values:
    if isinstance(column, pa.Array):
        return column.take(pa.array(places, pa.int64()))
    return [column[place] for place in places]
