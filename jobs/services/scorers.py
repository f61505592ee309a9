"""The scorers by name, and who is asked for languages."""

from __future__ import annotations

from jobs.services.calls import Terms
from transforms.errors import UsageError
from transforms.sentiment.protocols import LanguageDetector, Scorer

SCORERS = ("local", "comprehend")


def scorer_type(name: str) -> type[Scorer]:
    """What is to be known of a scorer without opening one. Raises UsageError for a name that is none."""
    if name == "local":
        from transforms.sentiment.vader import VaderScorer  # its package is part of the extra `local` alone

        return VaderScorer
    if name == "comprehend":
        from jobs.services.comprehend import ComprehendScorer

        return ComprehendScorer
    raise UsageError(f"--scorer {name}: the scorers are {', '.join(SCORERS)}")


def open_scorer(name: str, terms: Terms) -> Scorer:
    """A scorer for this process; a free one needs no terms. Raises UsageError for a name that is none."""
    if name == "comprehend":
        from jobs.services.comprehend import ComprehendScorer

        return ComprehendScorer(terms)
    return scorer_type(name)()


def open_detector(terms: Terms) -> LanguageDetector:
    """The service that is asked for the language of documents, for this process."""
    from jobs.services.comprehend import ComprehendLanguages

    return ComprehendLanguages(terms)
