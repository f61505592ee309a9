"""What a run's workers are told of paid calls: small and picklable, and imported without the calls themselves."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class CallPolicy:
    """On what terms a run's workers make calls."""

    run_id: str
    quota_tps: float  # calls a second of each operation, for all runs of the lake together
    stop_at: float | None = None  # no call is made from then on, in seconds since 1970
    key: bytes = field(default=b"", repr=False)  # what claims on texts are fingerprinted with

    @property
    def threads(self) -> int:
        """Calls that one worker has in flight: enough to use the whole quota alone at half a second a call."""
        return max(4, min(48, round(self.quota_tps / 2)))
