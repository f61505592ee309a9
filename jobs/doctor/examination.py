"""All that `doctor` looks at, in order."""

from __future__ import annotations

from collections.abc import Iterator

from jobs.doctor.finding import Finding, Verdict
from jobs.doctor.here import look_here
from transforms.errors import UsageError


def examine(lake: str | None, env: str | None) -> Iterator[Finding]:
    """Look at this machine, a lake, an environment. Raises UsageError where the environment is not there."""
    yield from look_here(lake)
    if env is None and (lake is None or ":" not in lake):
        return
    from jobs.doctor.account import Account, looked  # and so boto3
    from jobs.doctor.lake import look_at_lake
    from jobs.doctor.stack import look_at_stack, outputs

    account, told = Account(), {}
    if env is not None:

        def find() -> Iterator[Finding]:
            told.update(outputs(account, env))
            yield Finding(f"environment {env}", Verdict.OK, told["Lake"])

        yield from looked(f"environment {env}", f"`make deploy ENV={env}`", find)
        if told and lake is not None and lake.rstrip("/") != told["Lake"]:
            raise UsageError(f"--lake {lake}: the lake of {env} is {told['Lake']}; leave one of the two out")
    if lake is not None or told:
        yield from look_at_lake(account, lake or told["Lake"])
    if env is not None and told:
        yield from look_at_stack(account, env, told)
