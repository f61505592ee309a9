"""An account as `doctor` asks it: what is not there is a finding, and so is what may not be looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from jobs.aws import new_session
from jobs.doctor.finding import Finding, Verdict

_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"}


class Account:
    """Clients of the account and region that the SDK's usual settings name."""

    @cached_property
    def session(self) -> Any:
        """The SDK's."""
        return new_session()

    def client(self, service: str) -> Any:
        """A client that does not wait long for what is not there."""
        return self.session.client(
            service, config=Config(connect_timeout=5, read_timeout=20, retries={"max_attempts": 2, "mode": "standard"})
        )


def looked(what: str, do: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What a look finds; where AWS refuses it, that is the finding, with what to `do` for a thing that is not there."""
    try:
        yield from look()
    except ClientError as error:
        code, operation = error.response["Error"]["Code"], error.operation_name
        if code in _DENIED:
            yield Finding(what, Verdict.UNKNOWN, f"{operation} is denied", "run doctor as somebody who may look")
        else:
            yield Finding(what, Verdict.FAILED, f"{operation}: {code}", do)
    except BotoCoreError as error:
        yield Finding(what, Verdict.UNKNOWN, str(error), "set AWS_REGION and AWS_PROFILE, and see the network")
