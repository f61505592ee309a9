"""What a run's workers are told of paid calls: small and picklable, and imported without the calls themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

from transforms.pii.policy import Policy
from transforms.text import Fingerprint


@dataclass(frozen=True)
class JobPlace:
    """Where a service's jobs over many texts read and write, and what their texts are known by."""

    root: str  # an s3:// URI: a folder for each job that was paid for and whose answers are not in the cache yet
    role: str  # ARN of the role in which the service reads and writes there; empty where no job may be started
    kms_key: str | None
    policy: Policy  # what texts were searched with
    fingerprint: Fingerprint  # makes their content keys


@dataclass(frozen=True)
class CallPolicy:
    """On what terms a run's workers make calls."""

    run_id: str
    quota_tps: float  # calls a second of each operation, for all runs of the lake together
    stop_at: float | None = None  # no call is made from then on, in seconds since 1970
    key: bytes = field(default=b"", repr=False)  # what claims on texts are fingerprinted with
    jobs: JobPlace | None = None  # of a lake in S3

    @property
    def threads(self) -> int:
        """Calls that one worker has in flight: enough to use the whole quota alone at half a second a call."""
        return max(4, min(48, round(self.quota_tps / 2)))
