"""The command line: `aurastream-local`."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import click

from infra.local.aws.cli import aws
from jobs.commands.group import Commands
from transforms.errors import ServiceError, UsageError

EPILOG = """\b
Exit codes
  0  ended by control-C or SIGTERM
  1  failed
  2  usage
"""


@click.group(
    cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="aurastream")
def cli() -> None:
    """AWS on this machine, for tests and for trying out."""


@cli.command(short_help="Serve Amazon Comprehend.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=4570, show_default=True, help="Where it listens; 0: any free port."
)
@click.option(
    "--tps",
    type=click.FloatRange(min=0.001),
    metavar="CALLS",
    help="Calls a second that each operation takes before it throttles; any number if not given.",
)
@click.option(
    "--faults", type=click.Path(path_type=Path, dir_okay=False), help="A TOML file: what goes wrong, and when."
)
@click.option("--seed", default=1, show_default=True, help="The same seed and order of calls give the same faults.")
@click.option(
    "--answers",
    type=click.Choice(["local", "hash"]),
    default="local",
    show_default=True,
    help="Sentiment by the local scorer (what it does not know, by a hash), or all by a hash: for load.",
)
@click.option(
    "--latency",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    metavar="SECONDS",
    help="How long each answer takes at least.",
)
@click.option(
    "--job-seconds",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a job over many texts takes. It reads and writes S3 as AWS_ENDPOINT_URL_S3 has it.",
)
def comprehend(
    port: int, tps: float | None, faults: Path | None, seed: int, answers: str, latency: float, job_seconds: float
) -> None:
    """Serve Amazon Comprehend on this machine alone, until control-C. Prints what points any AWS SDK to it.

    Limits, errors, throttling and billing are the service's; sentiment is the local scorer's. What was asked and billed
    is at /usage, every text that arrived at /texts; DELETE /usage forgets both.

    \b
    Example
      aurastream-local comprehend --port 4570 --tps 10 --faults faults.toml
    """
    from infra.local.answers import from_hash, from_local_scorer
    from infra.local.comprehend import HOST, listen, serve
    from infra.local.faults import Rule, parse_faults
    from infra.local.service import Service

    rules: list[Rule] = []
    if faults is not None:
        try:
            rules.extend(parse_faults(faults.read_text(encoding="utf-8"), f"--faults {faults}"))
        except OSError as error:
            raise UsageError(f"--faults {faults}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise UsageError(f"--faults {faults}: it is not UTF-8") from None
    service = Service(
        from_hash if answers == "hash" else from_local_scorer(), tps, rules, seed, job_seconds=job_seconds
    )
    try:
        listening = listen(port)
    except OSError as error:
        raise ServiceError(f"port {port} cannot be listened on: {os.strerror(error.errno or 0)}") from None
    with listening:
        url = f"http://{HOST}:{listening.getsockname()[1]}"
        serve(service, listening, latency, lambda: _tell(url))


def _tell(url: str) -> None:
    """What a shell needs for any AWS SDK to come here; SDKs want credentials and a region, whichever."""
    click.echo(f"export AWS_ENDPOINT_URL_COMPREHEND={url}")
    click.echo("export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local")
    click.echo("export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1")


cli.add_command(aws)


def main() -> None:
    """The console script."""
    # Libraries log exceptions whole, and those could hold a text.
    logging.getLogger().addHandler(logging.NullHandler())
    cli(prog_name="aurastream-local")


if __name__ == "__main__":
    main()
