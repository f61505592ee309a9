"""The commands of `aurastream-local aws`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

# Variables of whoever calls that would take precedence.
_FOREIGN = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")

_folder = click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".aurastream-aws"),
    show_default=True,
    help="The folder with all that the servers keep, and their logs.",
)


@click.group(short_help="Serve the AWS services that a night needs.")
def aws() -> None:
    """Serve S3, DynamoDB, the Glue catalog, Secrets Manager, Comprehend and more to this machine alone.

    \b
    Example
      aurastream-local aws up
      eval "$(aurastream-local aws env)"
      aws s3 ls
      aurastream-local aws down
    """


@aws.command(short_help="Start what does not run.")
@_folder
def up(folder: Path) -> None:
    """Start the servers that do not run, on free ports of 127.0.0.1, and wait until they answer.

    What they need is fetched the first time, into ~/.cache/aurastream. The folder keeps what they hold, but
    for what Comprehend counted, SNS and CloudWatch.
    """
    from infra.local.aws import stack
    from infra.local.aws.parts import PARTS

    stack.up(folder, PARTS, lambda line: click.echo(line, err=True))
    click.echo(_table(folder))


@aws.command(short_help="Show what runs.")
@_folder
def status(folder: Path) -> None:
    """Show each server: what it is, whether it runs, where, and its process."""
    click.echo(_table(folder))


@aws.command(short_help="Print what points any AWS client here.")
@_folder
def env(folder: Path) -> None:
    """Print the lines that make a shell's AWS clients come to these servers and to no account of anybody's."""
    from infra.local.aws import stack

    lines = stack.environment(folder)
    click.echo(f"unset {' '.join(_FOREIGN)}")
    for name, value in lines.items():
        click.echo(f"export {name}={shlex.quote(value)}")


@aws.command(short_help="Stop all of them.")
@_folder
def down(folder: Path) -> None:
    """Stop the servers. What they keep in the folder is there at the next start; to forget it, remove the folder."""
    from infra.local.aws import stack

    stack.down(folder)


def _table(folder: Path) -> str:
    from infra.local.aws import stack
    from transforms.display import aligned

    rows = []
    for name, entry in stack.read(folder).items():
        running = entry.state == "running"
        endpoint = next(iter((entry.endpoints or {}).values()), "") if running else ""
        pid = str(entry.process.pid) if entry.process is not None and running else ""
        rows.append((name, entry.state, endpoint, pid, entry.what))
    if not rows:
        return f"nothing was started in {folder}; `aurastream-local aws up` does"
    return aligned(("part", "state", "endpoint", "process", "server"), rows, frozenset({3}))
