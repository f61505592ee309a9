"""Every error AuraStream raises on purpose, and what a scheduler is to do about it: its exit code.

1  failed; the same command fails again until somebody has mended what the message says
2  the command, a settings file or a policy is wrong; nothing was begun
3  what was written does not meet the expectations; nothing was published, and somebody has to look
4  nothing was published, and the same command may succeed later: try again
5  unknown whether the run was committed; the next run, or `aurastream runs`, tells

AuraStreamError                 1
├── UsageError                  2  an option, a settings file or a policy cannot be used as given
├── DropError                   1  the drop cannot be read at all
├── LakeError                   1  the lake is missing, damaged or not writable
│   ├── LakeBusy                4  the lake or its ledger is there, but does not answer in time
│   └── CommitUnknown           5  the lake was told to publish, and its answer never came
├── CacheError                  1  the score cache cannot be read or written
│   └── CacheUnavailable        4  the score cache is there, but does not answer in time
├── ScorerError                 1  the scorer cannot work
│   └── ScorerUnavailable       4  the scorer does not answer, or answers no more for now
├── ServiceError                1  a service that a policy or a setting names cannot be used
├── SchemaError                 1  a table's columns are not the declared ones
├── PlanExceeded                1  a night would cost more than it may, or end too late; nothing was bought
├── TooOld                      1  the last published date is older than it may be
├── ExpectationsNotMet          3  the audit found what must not be; nothing was published
└── TryAgain                    4  what stood in the way passes by itself; LakeBusy and both Unavailable are such
    └── PublishConflict         4  another run published the same date first, or is at work on it

A message says what happened, where, and what to do. It never holds a document's text. Every error takes its message as
its only argument, so that it survives pickling between Spark's processes.
"""

from enum import IntEnum


class Ending(IntEnum):
    """What a scheduler is to do about an error: its number is the exit code, its name begins the message on Glue."""

    FAILED = 1  # do not try again before it is mended
    USAGE = 2
    EXPECTATIONS_NOT_MET = 3
    TRY_AGAIN = 4
    UNKNOWN = 5  # whether it was committed: run again, and it is known


class AuraStreamError(Exception):
    """The root. `ending` is what the command line ends with."""

    ending = Ending.FAILED


class UsageError(AuraStreamError):
    """An option, a settings file or a policy cannot be used as given."""

    ending = Ending.USAGE


class TryAgain(AuraStreamError):
    """What stood in the way passes by itself; nothing was published, and the same command may succeed later."""

    ending = Ending.TRY_AGAIN


class DropError(AuraStreamError):
    """The drop cannot be read at all (a single bad file is a REJECTED row instead)."""


class LakeError(AuraStreamError):
    """The lake is missing, damaged or not writable."""


class LakeBusy(TryAgain, LakeError):
    """The lake or its ledger is there, but does not answer in time."""


class CommitUnknown(LakeError):
    """The lake was told to publish, and its answer never came: the next run, or `aurastream runs`, tells."""

    ending = Ending.UNKNOWN


class CacheError(AuraStreamError):
    """The score cache cannot be read or written."""


class CacheUnavailable(TryAgain, CacheError):
    """The score cache is there, but does not answer in time."""


class ScorerError(AuraStreamError):
    """The scorer cannot work."""


class ScorerUnavailable(TryAgain, ScorerError):
    """The scorer does not answer, or answers no more for now."""


class ServiceError(AuraStreamError):
    """A service that a policy or a setting names cannot be used."""


class SchemaError(AuraStreamError):
    """A table's columns are not the declared ones; the message lists every difference."""


class PlanExceeded(AuraStreamError):
    """A night would cost more than its budget, or end after its deadline; nothing was bought."""


class TooOld(AuraStreamError):
    """The last published date is older than it may be."""


class PublishConflict(TryAgain):
    """Another run published the same date first, or is at work on it; this one published nothing."""


class ExpectationsNotMet(AuraStreamError):
    """The audit found what must not be; nothing was published."""

    ending = Ending.EXPECTATIONS_NOT_MET
