"""What the twins on AWS share: one client of a service, tried again while that is busy, and its errors told."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple, TypeVar

from jobs.aws import new_session
from transforms.errors import AuraStreamError

T = TypeVar("T")

# Calls of one client under way at once.
THREADS = 4
# How long the same call is tried again where the service is too busy or out of reach, in seconds.
PATIENCE = 60.0
# The longest pause before the second try, doubled with each, and the longest of all, in seconds.
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0
# The longest pause where another wrote the same item at the same moment, in seconds: a write takes some 5 ms.
BEATEN_PAUSE = 0.03
_SET_UP = "give the job a role, or set AWS_PROFILE, and AWS_REGION"
_UNKNOWN = f"the credentials are unknown; {_SET_UP}"
_EXPIRED = "the credentials have expired; get new ones and run again"
_ADVICE = {
    "UnrecognizedClientException": _UNKNOWN,
    "InvalidClientTokenId": _UNKNOWN,
    "ExpiredTokenException": _EXPIRED,
    "ExpiredToken": _EXPIRED,
}
_BUSY = {
    *("ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded", "Throttling"),
    "TransactionInProgressException",  # the same, whose answer was lost
}
# Another's transaction has the item at this moment.
_BEATEN = {"TransactionConflictException"}


class NotYet(Exception):
    """A try that is to be made again.

    `lost`: it may have been carried out, for its answer never came. `beaten`: by another at the same moment, so that
    there is no need to wait for long.
    """

    def __init__(self, reason: str, *, lost: bool = False, beaten: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.lost, self.beaten = reason, lost, beaten


class Refusal(NamedTuple):
    """An answer of a code that the caller expects."""

    code: str
    response: dict[str, Any]


class Client:
    """A boto3 client of one process, from AWS_REGION and the SDK's chain; every thread may use it.

    `called` names in messages what it is used for; `advice` says what to do, by the service's code of an error. Every
    method, and making one, raises `error` where the thing cannot be used, and `busy` where the service was too busy or
    out of reach for all of `PATIENCE`.
    """

    def __init__(
        self,
        service: str,
        called: str,
        error: type[AuraStreamError],
        busy: type[AuraStreamError],
        advice: Mapping[str, str],
    ) -> None:
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        self._service, self._called, self._error, self._busy = service, called, error, busy
        self._advice = {**_ADVICE, **advice}
        config = Config(
            retries={"total_max_attempts": 1},  # `persist` tries again, and nobody else
            max_pool_connections=THREADS,
            connect_timeout=5,
            read_timeout=10,
            parameter_validation=False,  # a fifth of a call's CPU, and its errors quote what was sent
            user_agent="aurastream",  # the SDK would make up its own for each call
        )
        try:
            self.boto = new_session().client(service, config=config)
        except BotoCoreError as raised:  # no region, for one
            raise self.unusable(f"{raised}; {_SET_UP}") from None

    def close(self) -> None:
        """Let go of the connections."""
        self.boto.close()

    def call(self, operation: str, expected: Collection[str] = (), **parameters: Any) -> dict[str, Any] | Refusal:
        """One try of an operation, such as `put_item`: its answer, or a refusal of an `expected` code.

        Raises NotYet where it is to be tried again.
        """
        from botocore.exceptions import BotoCoreError, ChecksumError, ClientError, ConnectTimeoutError, HTTPClientError
        from botocore.exceptions import ConnectionError as OutOfReach
        from botocore.exceptions import EndpointConnectionError as NotReached

        try:
            answer: dict[str, Any] = getattr(self.boto, operation)(**parameters)
        except ClientError as raised:
            code = raised.response["Error"]["Code"]
            if code in expected:
                return Refusal(code, raised.response)
            if code in _BUSY | _BEATEN:
                raise NotYet(code, beaten=code in _BEATEN) from None
            if raised.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                raise NotYet(code, lost=True) from None
            raise self.unusable(self._advised(code, raised.operation_name)) from None
        except (NotReached, ConnectTimeoutError) as raised:
            raise NotYet(str(raised)) from None
        except (OutOfReach, HTTPClientError, ChecksumError) as raised:
            raise NotYet(str(raised), lost=True) from None
        except BotoCoreError as raised:  # no credentials, for one
            raise self.unusable(f"{raised}; {_SET_UP}") from None
        return answer

    def persist(self, attempt: Callable[[bool], T], unknown: type[AuraStreamError] | None = None) -> T:
        """Make an attempt until it does not raise NotYet, after pauses of full jitter.

        It is told whether an earlier one was lost. Where patience ends with one lost, `unknown` is raised, if given.
        """
        deadline = time.monotonic() + PATIENCE
        longest, lost = FIRST_PAUSE, False
        while True:
            try:
                return attempt(lost)
            except NotYet as not_yet:
                reason, lost = not_yet.reason, lost or not_yet.lost
                pause = random.uniform(0, BEATEN_PAUSE if not_yet.beaten else longest)  # noqa: S311 (not for secrets)
                if not not_yet.beaten:
                    longest = min(LONGEST_PAUSE, 2 * longest)
            if time.monotonic() + pause > deadline:
                reason = f"{reason}, for {PATIENCE:g} seconds"
                if lost and unknown:
                    raise self.unusable(
                        f"{reason}; what was to be written may be there, and the next run tells", unknown
                    )
                raise self.unusable(f"{reason}; run again, what was written is kept", self._busy)
            time.sleep(pause)

    def unusable(self, reason: str, kind: type[AuraStreamError] | None = None) -> AuraStreamError:
        """The error that says so."""
        return (kind or self._error)(f"{self._called} cannot be used: {reason}")

    def _advised(self, code: str, operation: str) -> str:
        if code == "AccessDeniedException" and code not in self._advice:
            # Transactions have no permission of their own.
            needed = "PutItem, UpdateItem, DeleteItem and ConditionCheckItem" if "Transact" in operation else operation
            return f"access is denied; the role needs {self._service}:{needed} on it"
        return self._advice.get(code, f"{code} was the answer")
