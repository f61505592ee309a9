"""Patterns alone, for tests of what they find; the tagger has its own, and test_redactor.py has both together."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from transforms.pii import tagger

NOBODY = tagger.tag([])


@pytest.fixture(scope="module")
def no_tagger() -> Iterator[None]:
    """Nothing is tagged."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tagger, "look", lambda _: (NOBODY, []))
        patch.setattr(tagger, "look_again", lambda *_: NOBODY)
        yield
