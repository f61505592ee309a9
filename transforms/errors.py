"""Every error AuraStream raises on purpose.

AuraStreamError                 exit code 1
├── UsageError                  2  an option, a settings file or a policy cannot be used as given
├── DropError                   1  the drop cannot be read at all
├── LakeError                   1  the lake is missing, damaged or not writable
├── CacheError                  1  the score cache cannot be read or written
├── ScorerError                 1  the scorer cannot work
├── ServiceError                1  a service that a policy or a setting names cannot be used
├── SchemaError                 1  a table's columns are not the declared ones
├── PublishConflict             1  another run published the same date first
└── ExpectationsNotMet          3  the audit found what must not be; nothing was published

A message says what happened, where, and what to do. It never holds a document's text. Every error takes its message as
its only argument, so that it survives pickling between Spark's processes.
"""


class AuraStreamError(Exception):
    """The root. `exit_code` is what the command line ends with."""

    exit_code = 1


class UsageError(AuraStreamError):
    """An option, a settings file or a policy cannot be used as given."""

    exit_code = 2


class DropError(AuraStreamError):
    """The drop cannot be read at all (a single bad file is a REJECTED row instead)."""


class LakeError(AuraStreamError):
    """The lake is missing, damaged or not writable."""


class CacheError(AuraStreamError):
    """The score cache cannot be read or written."""


class ScorerError(AuraStreamError):
    """The scorer cannot work."""


class ServiceError(AuraStreamError):
    """A service that a policy or a setting names cannot be used."""


class SchemaError(AuraStreamError):
    """A table's columns are not the declared ones; the message lists every difference."""


class PublishConflict(AuraStreamError):
    """Another run published the same date first; this one published nothing."""


class ExpectationsNotMet(AuraStreamError):
    """The audit found what must not be; nothing was published."""

    exit_code = 3
