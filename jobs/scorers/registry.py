"""The scorers by name, and who is asked for languages."""

from __future__ import annotations

from collections.abc import Callable
from pkgutil import resolve_name

from jobs.scorers.call_policy import CallPolicy
from jobs.stores.protocols import Meter
from transforms.errors import UsageError
from transforms.sentiment.protocols import LanguageDetector, Scorer

ASYNC = "comprehend-async"
# Name -> module:class, imported when it is asked for: what a scorer needs may be slow to import, or part of an extra.
_SCORERS = {
    "local": "transforms.sentiment.local.scorer:LocalScorer",
    "comprehend": "jobs.scorers.comprehend:ComprehendScorer",
    ASYNC: "jobs.scorers.comprehend_async:AsyncComprehendScorer",
}
# Of a night alone, and no scorer: `local` for what it can be trusted with, `comprehend` for the rest.
CASCADE = "cascade"


def scorer_type(name: str) -> type[Scorer]:
    """What is to be known of a scorer without opening one. Raises UsageError for a name that is none."""
    if name not in _SCORERS:
        raise UsageError(f"--scorer {name}: the scorers are {', '.join((*_SCORERS, CASCADE))}")
    kind: type[Scorer] = resolve_name(_SCORERS[name])
    return kind


def open_scorer(name: str, policy: CallPolicy, meter: Meter | None) -> Scorer:
    """A scorer for this process. One that is paid for takes the policy and the meter; a free one needs neither.

    Raises UsageError for a name that is none.
    """
    kind = scorer_type(name)
    opened: Callable[..., Scorer] = kind  # what a scorer is made of is no part of `Scorer`
    return opened(policy, meter) if kind.paid else opened()


def open_detector(policy: CallPolicy, meter: Meter) -> LanguageDetector:
    """The service that is asked for the language of documents, for this process."""
    from jobs.scorers.comprehend import ComprehendLanguages  # late, as scorers are

    return ComprehendLanguages(policy, meter)
