"""The command doctor."""

from __future__ import annotations

import json
from collections import Counter

import click

from jobs.commands.options import COMMAND_EPILOG, config_option, option
from transforms.errors import AuraStreamError


@click.command(epilog=COMMAND_EPILOG, short_help="Look whether all that a night needs is there.")
@config_option
@option("--lake", metavar="DIR", help="A lake to look at, too: a folder, or a URI such as s3://bucket/lake.")
@option("--env", metavar="NAME", help="An environment that `make deploy` has deployed, with its lake.")
@option("as_json", "--json", is_flag=True, help="A JSON object a line.")
def doctor(lake: str | None, env: str | None, as_json: bool) -> None:
    """Look whether all that a night needs is there, and say for what is not what to do. Changes nothing.

    Here: Java, memory, disk, locale, clock. There: the lake's bucket, tables, key, catalog; the environment's jobs,
    permissions, schedule, quota, endpoints.

    \b
    Examples
      aurastream doctor
      aurastream doctor --lake s3://acme-lake/mail
      aurastream doctor --env dev --json
    """
    from jobs.doctor.examination import examine
    from jobs.doctor.finding import Verdict
    from transforms.display import visible

    found: Counter[Verdict] = Counter()
    for finding in examine(lake, env):
        found[finding.verdict] += 1
        if as_json:
            click.echo(json.dumps(finding._asdict()))
            continue
        click.echo(visible(f"{finding.verdict:<9}{finding.what}: {finding.said}"))
        if finding.do:
            click.echo(visible(f"{'':<9}  {finding.do}"))
    if failed := found[Verdict.FAILED]:
        raise AuraStreamError(f"{failed} of these would have a night fail, or do other than it should")
    if unknown := found[Verdict.UNKNOWN]:
        raise AuraStreamError(f"{unknown} of these could not be looked at")
