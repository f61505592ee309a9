"""Which column is meant, however it is written."""

from __future__ import annotations

import pytest

from jobs.drops.names import by_number, looks_like_names, places_of


@pytest.mark.parametrize(
    ("names", "columns", "places", "repeated"),
    [
        (["Document ID", "TEXT"], {"document_id": "document_id", "text": "text"}, {"document_id": 0, "text": 1}, False),
        (["Text", "text"], {"text": "text"}, {"text": 1}, False),  # as it is written comes first
        (["Text", "TEXT"], {"text": "text"}, {"text": 0}, True),
        (["text", "text"], {"text": "text"}, {"text": 0}, True),
        (["body"], {"text": "text"}, {}, False),
        (["", "-"], {"text": "--"}, {}, False),
    ],
)
def test_a_name_is_found(names: list[str], columns: dict[str, str], places: dict[str, int], *, repeated: bool) -> None:
    assert places_of(names, columns) == (places, repeated)


def test_a_first_record_is_a_header_or_a_document() -> None:
    assert looks_like_names(["Document ID", "text", "via.channel"])
    assert not looks_like_names(["1", "Ana", "Hello, this is Ana."])
    assert not looks_like_names(["a", "A"])
    assert by_number({"text": "3", "document_id": "1"}, ["1", "Ana", "Late."])
    assert not by_number({"text": "3"}, ["x", "y"])
    assert not by_number({"text": "body"}, ["1", "Ana", "Late."])
