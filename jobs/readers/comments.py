"""Records that hold a conversation in an array, as a helpdesk's tickets do: `--map text=comments[].body`.

The array's objects are turns. What agents are known to say is left out unless all is asked for, as in conversations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.formats import Telling
from jobs.readers.records import ELEMENT, Steps, at
from jobs.readers.roles import AGENT, role_in
from transforms.documents import TURNS, Reason, Values, documents, with_notes
from transforms.schemas import DOCUMENTS


class Comment(NamedTuple):
    """A turn: who spoke, where that is known, and what stands where its text should."""

    role: str | None
    value: Any


def holds_turns(steps: Steps) -> bool:
    """Whether a text's path goes through an array to a key of its objects."""
    return ELEMENT in steps and steps[-1] != ELEMENT


def comments_of(record: Any, name: str, steps: Steps) -> list[Comment] | None:
    """The turns of a record, without those that are blank; None where its text is not in an array, but a column."""
    if not isinstance(record, dict):
        return []
    if name in record:
        return None
    place = len(steps) - 1 - steps[::-1].index(ELEMENT)
    before, within = steps[:place], steps[place + 1 :]
    found = [*_each(record, before)]
    opening = record.get("source")
    if "conversation_parts" in before and isinstance(opening, dict):
        found.insert(0, opening)  # Intercom's conversations hold their first message apart
    turns = (Comment(role_in(each, record), at(each, within)) for each in found)
    return [turn for turn in turns if turn.value is not None and turn.value != ""]


def _each(value: Any, steps: Steps) -> Iterator[Any]:
    if not steps:
        yield from value if isinstance(value, list) else [value]
    elif steps[0] == ELEMENT:
        for each in value if isinstance(value, list) else [value]:
            yield from _each(each, steps[1:])
    elif isinstance(value, dict) and steps[0] in value:
        yield from _each(value[steps[0]], steps[1:])


# A document's text, who spoke, why it is none, and of a turn its number.
Document: TypeAlias = tuple[Any, str | None, Reason | None, int | None]


class Told(NamedTuple):
    """What records become, of each document: the place of its record, its text, who spoke, and of a turn its number."""

    places: list[int]
    texts: list[Any]
    roles: list[str | None]
    reasons: list[Reason | None]
    numbers: list[int | None]
    left: int  # turns that are in none


def told(conversations: Sequence[list[Comment] | None], texts: Sequence[Any], telling: Telling) -> Told:
    """One document a conversation, or one a turn that is kept. `texts` are of records that hold none."""
    found = Told([], [], [], [], [], sum(_left(turns, telling) for turns in conversations))
    for place, turns in enumerate(conversations):
        whole: list[Document] = [(texts[place], None, None, None)]
        for text, role, reason, number in whole if turns is None else _documents(turns, telling):
            found.places.append(place)
            found.texts.append(text)
            found.roles.append(role)
            found.reasons.append(reason)
            found.numbers.append(number)
    return found


def _left(turns: list[Comment] | None, telling: Telling) -> int:
    return 0 if telling.whole else sum(turn.role == AGENT for turn in turns or ())


def _documents(turns: list[Comment], telling: Telling) -> list[Document]:
    kept = [(number, turn) for number, turn in enumerate(turns, 1) if telling.whole or turn.role != AGENT]
    if not kept:
        return [(None, None, Reason.NO_TEXT if turns else None, None)]
    if telling.turns:
        return [(turn.value, turn.role, None, number) for number, turn in kept]
    roles = {turn.role for _, turn in kept}
    named = telling.whole and len(roles) > 1
    return [(_joined([turn for _, turn in kept], named=named), roles.pop() if len(roles) == 1 else None, None, None)]


def _joined(turns: Sequence[Comment], *, named: bool) -> Any:
    """The texts in lines; where one is no text, all as they are, for which there is a reason code."""
    if not all(isinstance(turn.value, str) for turn in turns):
        return [turn.value for turn in turns]
    return "\n".join(f"{turn.role}: {turn.value}" if named and turn.role else turn.value for turn in turns)


def turned_documents(
    values: Mapping[str, Values],
    rows: Sequence[int] | np.ndarray,
    source_file: str,
    reasons: Sequence[Reason | None] | None,
    found: Told,
    batch_rows: int,
) -> Iterator[pa.RecordBatch]:
    """The documents of what `told` found; values, rows and reasons are of the records.

    A turn's `document_id` ends in its number, and its `source` is who spoke; so is a conversation's that names none.
    """
    taken = {ours: _taken(column, found.places) for ours, column in values.items()} | {"text": found.texts}
    before = [None] * len(found.places) if reasons is None else [reasons[place] for place in found.places]
    codes = [one or other for one, other in zip(before, found.reasons, strict=True)]
    batch = documents(taken, np.asarray(rows)[found.places], source_file, codes)
    roles, numbers = pa.array(found.roles, pa.string()), pa.array(found.numbers, pa.int64())
    named = pc.binary_join_element_wise(batch["document_id"], numbers.cast(pa.string()), "#")
    sources = (pc.coalesce(roles, batch["source"]), pc.coalesce(batch["source"], roles))
    columns = {
        "document_id": pc.coalesce(named, batch["document_id"]),
        "source": pc.if_else(numbers.is_valid(), *sources),
    }
    arrays = [columns.get(name, batch[name]) for name in DOCUMENTS.names]
    whole = with_notes(pa.RecordBatch.from_arrays(arrays, schema=batch.schema), **{TURNS: found.left})
    if whole.num_rows <= batch_rows:
        yield whole
        return
    for start in range(0, whole.num_rows, batch_rows):  # taken, for Arrow 22 reads slices of strings wrongly
        part = whole.take(pa.array(range(start, min(start + batch_rows, whole.num_rows))))
        yield part if not start else part.replace_schema_metadata()


def _taken(column: Values, places: list[int]) -> Values:
    if isinstance(column, pa.Array):
        return column.take(pa.array(places, pa.int64()))
    return [column[place] for place in places]
