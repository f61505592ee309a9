from __future__ import annotations

import pickle
import re
from collections.abc import Iterator

import pytest

from transforms import errors
from transforms.errors import AuraStreamError, CacheError, LakeError, ScorerError, TryAgain

CODES = {
    "AuraStreamError": 1,
    "UsageError": 2,
    "DropError": 1,
    "LakeError": 1,
    "LakeBusy": 4,
    "CommitUnknown": 5,
    "CacheError": 1,
    "CacheUnavailable": 4,
    "ScorerError": 1,
    "ScorerUnavailable": 4,
    "ServiceError": 1,
    "SchemaError": 1,
    "PlanExceeded": 1,
    "TooOld": 1,
    "ExpectationsNotMet": 3,
    "TryAgain": 4,
    "PublishConflict": 4,
}
EVERY = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, AuraStreamError)]


def test_every_error_has_its_exit_code() -> None:
    assert {kind.__name__: kind.ending for kind in EVERY} == CODES


@pytest.mark.parametrize("kind", EVERY)
def test_an_error_survives_pickling(kind: type[AuraStreamError]) -> None:
    error = pickle.loads(pickle.dumps(kind("the message")))
    assert type(error) is kind
    assert (str(error), error.ending) == ("the message", kind.ending)


@pytest.mark.parametrize("kind", EVERY)
def test_an_error_has_one_message_and_is_found_by_its_name(kind: type[AuraStreamError]) -> None:
    """As jobs/spark/tasks.py makes it anew from what Spark's log says of it."""
    assert "__init__" not in vars(kind)
    again = getattr(errors, kind.__name__)("the message")
    assert again.args == ("the message",)


@pytest.mark.parametrize(
    ("name", "kind"), [("LakeBusy", LakeError), ("CacheUnavailable", CacheError), ("ScorerUnavailable", ScorerError)]
)
def test_what_passes_by_itself_is_caught_as_either(name: str, kind: type[AuraStreamError]) -> None:
    mixed = getattr(errors, name)
    assert issubclass(mixed, kind)
    assert issubclass(mixed, TryAgain)
    assert kind.ending == 1


def drawn() -> Iterator[tuple[str, str, int]]:
    """What the docstring's tree says: each error below its parent, and its code."""
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"([│├└─ ]*)([A-Z]\w+) +(\d)(?:  |$)", line):
            depth = len(found[1]) // 4
            above[depth:] = [found[2]]
            yield found[2], above[depth - 1] if depth else "Exception", int(found[3])


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    tree = list(drawn())
    assert {name: code for name, _, code in tree} == CODES
    assert len(tree) == len(CODES)
    for name, parent, _ in tree:
        assert parent in {base.__name__ for base in getattr(errors, name).__bases__}


def test_the_docstring_explains_every_code() -> None:
    explained = re.findall(r"^(\d)  \w", errors.__doc__ or "", re.MULTILINE)
    assert list(map(int, explained)) == sorted(set(CODES.values()))
