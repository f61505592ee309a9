"""The local scorer: a network of our own, in process and free."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from transforms.pii.redacted import RedactedText
from transforms.sentiment.local import model
from transforms.sentiment.local.tokens import tokenise
from transforms.sentiment.protocols import Claimed, Outcome, Scores, Usage
from transforms.vectorised import slices

# Of a text without a word, a sign or an emoji: placeholders alone, or a link.
SAYS_NOTHING = Scores(0.02, 0.02, 0.94, 0.02)


class LocalScorer:
    """Scores texts in six languages; never fails and costs nothing."""

    name = "local"
    version = f"4-{model.version()}"  # of what this package does, and of the model file
    languages = frozenset(model.LANGUAGES)
    max_bytes = 5_000  # as Comprehend's: the scores of a longer text are those of its chunks
    paid = False

    def __init__(self) -> None:
        self.usage = Usage()
        self._model = model.load()

    def units(self, text: RedactedText) -> int:  # noqa: ARG002 - the protocol's argument; nothing is billed here
        """Nothing is billed."""
        return 0

    def score(self, texts: Sequence[RedactedText], language: str) -> Iterator[Mapping[int, Outcome | Claimed]]:
        """Score each text by itself: the others of the batch do not count. See `Scorer.score`."""
        yield dict(enumerate(Scores(*row) for row in scores(self._model, texts, language).tolist()))

    def stop(self, code: str) -> None:
        """Free, so there is nothing to stop."""

    def close(self) -> None:
        """In process, so there is nothing to let go of."""


def scores(loaded: model.Model, texts: Sequence[str], language: str) -> np.ndarray:
    """The four shares of each text in the order of `Scores`, (texts, 4), by a model that may be another."""
    shares = np.tile(np.array(SAYS_NOTHING), (len(texts), 1))
    for first, last in slices(texts):
        tokens = tokenise([text.encode() for text in texts[first:last]])
        if len(tokens.rows):
            seen = model.features(loaded.slots, loaded.prints, tokens, language)
            shares[first + seen.which] = model.score(loaded, seen, language)
    return shares
