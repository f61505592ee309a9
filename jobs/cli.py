"""The command line: `aurastream`."""

from __future__ import annotations

import logging
import os
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from jobs.options import (
    as_date,
    config_option,
    key_file_option,
    lake_option,
    language_option,
    map_option,
    option,
    policy_option,
    scorer_option,
)
from transforms.errors import AuraStreamError, UsageError

EPILOG = """\b
Every option can also come from
  the environment  AURASTREAM_LAKE, or for one command AURASTREAM_NIGHTLY_LAKE
  a TOML file      --config FILE, or AURASTREAM_CONFIG: lake = "lake" for all
                   commands, or below [nightly] for one
The command line goes before the environment, and that before the file.

\b
Exit codes
  0  done
  1  failed
  2  usage
  3  expectations not met, nothing published
"""
COMMAND_EPILOG = "Options can also come from the environment and a file: see `aurastream --help`."


class _Failed(click.ClickException):
    def __init__(self, message: str, exit_code: int = 1) -> None:
        from transforms.report import visible

        super().__init__("\n".join(map(visible, message.split("\n"))))
        self.exit_code = exit_code  # type: ignore[misc] # a class variable to click's annotations alone


class _Commands(click.Group):
    """Turns every error into a line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AuraStreamError as error:
            raise _Failed(str(error), error.exit_code) from None
        except (click.exceptions.Exit, click.ClickException, click.Abort, BrokenPipeError):
            raise
        except Exception as error:  # noqa: BLE001 - its message could hold a document's text, so type and place alone
            if isinstance(error, OSError) and error.strerror and error.filename:
                raise _Failed(f"{error.filename}: {error.strerror}") from None
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(last.filename).name}:{last.lineno}"
            raise _Failed(f"unexpected {type(error).__name__} at {place}: please report it") from None


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


in_option = option(
    "source",
    "--in",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
    default="-",
    metavar="FILE|-",
    help="What is read; - is standard input.",
)
out_option = option(
    "target",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default="-",
    metavar="FILE|-",
    help="What is written, whole or not at all; - is standard output.",
)
format_option = option(
    "form",
    "--format",
    type=click.Choice(["auto", "text", "jsonl"]),
    default="auto",
    help="auto tells by the file's name, or by its first line.",
)


@click.group(
    cls=_Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="aurastream")
def cli() -> None:
    """Scores every document of a nightly drop for sentiment: personal data out first, no text paid for twice."""


@cli.command(epilog=COMMAND_EPILOG, short_help="Write a sample drop.")
@config_option
@option("target", "--out", default="drops", metavar="DIR", help="Where the drop is written, in its folder ds=DATE.")
@option("--documents", default=2000, type=click.IntRange(min=1), help="How many documents.")
@option("--ds", metavar="DATE", callback=as_date, help="The drop's date; today (UTC) if not given.")
@option("--seed", default=7, help="The same seed writes the same documents.")
def sample(target: str, documents: int, ds: str | None, seed: int) -> None:
    """Write a sample drop: a support desk's mails, chats and reviews, with made-up people.

    JSON Lines, gzipped JSON Lines, CSV, Parquet and plain text; five of its rows cannot be used, on purpose.

    \b
    Example
      aurastream sample --out drops --documents 2000 --ds 2026-11-22
    """
    from jobs.sample import write_sample

    for path in write_sample(Path(target), documents, ds or _today(), seed):
        click.echo(path)


@cli.command(epilog=COMMAND_EPILOG, short_help="Score what is new in a drop, and publish it.")
@config_option
@option(
    "--drops", required=True, metavar="PATH", help="The drop: a folder, a file, or a URI such as s3://bucket/drops."
)
@lake_option
@option("--ds", metavar="DATE", callback=as_date, help="The date of files whose path names none; today (UTC).")
@option(
    "file_format",
    "--format",
    type=click.Choice(["auto", "jsonl", "csv", "parquet", "text"]),
    default="auto",
    help="The files' format; auto tells by name and content.",
)
@option("--date-pattern", metavar="PATTERN", help="Where a path holds its date: %Y/%m/%d. ds=DATE needs none.")
@map_option
@scorer_option
@language_option
@option("--reprocess", is_flag=True, help="Take files again that a published run has taken.")
@key_file_option
@policy_option
def nightly(
    drops: str,
    lake: str,
    ds: str | None,
    file_format: str,
    date_pattern: str | None,
    mapping: tuple[str, ...],
    scorer: str,
    language: str,
    reprocess: bool,
    key_file: Path | None,
    policy: Path | None,
) -> None:
    """Score what is new in a drop, and publish it if what was written holds what it must.

    Files that a published run has taken are not taken again, so running twice scores nothing twice. The lake is made
    where there is none, and so is its key, unless --key-file names another.

    \b
    Examples
      aurastream nightly --drops drops --lake lake
      aurastream nightly --drops tickets.csv --lake lake --ds 2026-11-22 \\
          --map document_id=ticket --map text=body
    """
    from jobs import nightly as job
    from jobs.drops import Format
    from jobs.settings import NightlySettings, parse_mapping
    from transforms.report import plain

    if "://" not in drops and Path(lake).resolve().is_relative_to(Path(drops).resolve()):
        raise UsageError(f"--lake {lake} lies in --drops {drops}: its own files would be taken for documents")
    settings = NightlySettings(
        drops=drops,
        lake=lake,
        ds=ds or _today(),
        file_format=None if file_format == "auto" else Format(file_format),
        date_pattern=date_pattern,
        mapping=parse_mapping(mapping),
        scorer=scorer,
        language=language,
        reprocess=reprocess,
        key_file=key_file,
        policy=policy,
    )
    night = job.run(settings)
    if night is None:
        click.echo("Nothing new to score.")
        return
    click.echo(plain(night.summary))
    click.echo(f"{'report':<16}{Path(lake) / 'reports' / night.summary.run_id}.html")


@cli.command(epilog=COMMAND_EPILOG, short_help="Answer one SQL query over what is published.")
@config_option
@lake_option
@option(
    "output",
    "--format",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    help="How rows are printed; table cuts long values.",
)
@option("parameters", "--parameter", multiple=True, metavar="VALUE", help="A value for a ? of the query, in order.")
@click.argument("query")
def sql(lake: str, output: str, parameters: tuple[str, ...], query: str) -> None:
    """Answer one SQL query over what is published.

    Tables: scores, runs. Views: daily_sentiment, sentiment_by_source, rejected, pii_exposure. Nothing can be changed.

    \b
    Examples
      aurastream sql --lake lake "select * from daily_sentiment"
      aurastream sql --lake lake "describe scores"
      aurastream sql --lake lake --format csv --parameter 2026-11-22 \\
          "select * from rejected where ds = ?"
    """
    from jobs.published import answer

    click.echo(answer(lake, query, parameters, output), nl=False)


@cli.command(epilog=COMMAND_EPILOG, short_help="List every run.")
@config_option
@lake_option
def runs(lake: str) -> None:
    """List every run, one line each, the newest last.

    The last column says whether readers see the run: yes, no longer (replaced or taken back), or why not.

    \b
    Example
      aurastream runs --lake lake
    """
    from jobs.published import list_runs

    click.echo(list_runs(lake))


@cli.command(epilog=COMMAND_EPILOG, short_help="Take a date's last publication back.")
@config_option
@lake_option
@option("--ds", metavar="DATE", callback=as_date, required=True, help="The date to take back.")
def rollback(lake: str, ds: str) -> None:
    """Take a date's last publication back: readers see the run before, at once. Nothing is copied.

    The files that the run took for that date count as new again.

    \b
    Example
      aurastream rollback --lake lake --ds 2026-11-22
    """
    from jobs.lake import open_lake
    from jobs.services.ledger import LocalLedger

    taken_back, now = LocalLedger(open_lake(lake, create=False).ledger).rollback(ds)
    click.echo(f"{ds}: readers see run {now}; run {taken_back} is taken back")


@cli.command(epilog=COMMAND_EPILOG, short_help="Score one text, or a file's documents, without Spark.")
@config_option
@option(
    "source",
    "--in",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file of documents, as `nightly` reads them.",
)
@option(
    "target",
    "--out",
    type=click.Path(path_type=Path, allow_dash=True, dir_okay=False),
    help="Where --in's rows go, as JSON Lines; standard output if not given.",
)
@map_option
@scorer_option
@language_option
@key_file_option
@policy_option
@click.argument("text", required=False)
@click.pass_context
def analyze(
    ctx: click.Context,
    source: Path | None,
    target: Path | None,
    mapping: tuple[str, ...],
    scorer: str,
    language: str,
    key_file: Path | None,
    policy: Path | None,
    text: str | None,
) -> None:
    """Score one TEXT, or the documents of a file, through the same stages as the nightly job, without Spark.

    Gives the rows that `scores` would hold: of a TEXT as JSON, of a file as JSON Lines in the documents' order. Without
    --key-file, fingerprints are comparable within one call alone.

    \b
    Examples
      aurastream analyze "I love it, call me on 212-555-0187"
      aurastream analyze --in docs.jsonl --out scored.jsonl
      aurastream analyze -- "-1 for the manual"
    """
    from jobs import analyze as job
    from jobs.settings import parse_mapping

    if text is not None:
        # From a file or the environment they may be meant for other calls.
        for name, parameter in (("--in", "source"), ("--out", "target"), ("--map", "mapping")):
            if ctx.get_parameter_source(parameter) is ParameterSource.COMMANDLINE:
                raise click.UsageError(f"{name} is for a file: give either a TEXT or --in FILE")
        click.echo(job.analyze_text(text, scorer, language, key_file, policy))
    elif source is not None:
        _not_the_same(source, target or Path("-"))
        job.analyze_file(source, target, parse_mapping(mapping), scorer, language, key_file, policy)
    else:
        raise click.UsageError("give a TEXT or --in FILE")


@cli.command("redact", epilog=COMMAND_EPILOG, short_help="Take personal data out of a text or of JSON Lines.")
@config_option
@in_option
@out_option
@format_option
@policy_option
@key_file_option
@language_option
@option("--explain", is_flag=True, help="Say each find on standard error: detector, confidence, what decided.")
def redact_command(
    source: Path, target: Path, form: str, policy: Path | None, key_file: Path | None, language: str, explain: bool
) -> None:
    """Take personal data out of a text, or of the `text` of every line of JSON Lines. No Spark, no lake.

    A text is one document. Of JSON Lines, `redacted_text` and `pii` take the place of `text`; other fields stay as they
    are.

    \b
    Examples
      echo "call me on 212-555-0187" | aurastream redact
      aurastream redact --in mails.jsonl --out redacted.jsonl --policy policy.toml
    """
    from jobs import redact as job

    _not_the_same(source, target)
    job.redact_file(source, target, None if form == "auto" else form, policy, key_file, language, explained=explain)


@cli.command(epilog=COMMAND_EPILOG, short_help="Turn encrypted finds back.")
@config_option
@in_option
@out_option
@format_option
@key_file_option
def restore(source: Path, target: Path, form: str, key_file: Path | None) -> None:
    """Turn back what a policy encrypted, in a text or in the `redacted_text` of JSON Lines.

    Pseudonyms, masks and numbers stay: nothing turns them back.

    \b
    Example
      aurastream restore --in redacted.jsonl --out restored.jsonl --key-file key
    """
    from jobs import redact as job

    _not_the_same(source, target)
    if key_file is None:
        raise click.UsageError("--key-file is needed: the key that the finds were encrypted under")
    job.restore_file(source, target, None if form == "auto" else form, key_file)


def _not_the_same(source: Path, target: Path) -> None:
    if str(target) != "-" and str(source) != "-" and target.exists() and target.samefile(source):
        raise click.UsageError("--out is the file that --in reads")


def main() -> None:
    """The console script."""
    # What a run says are its own lines. Libraries log exceptions whole; those that matter arrive as exceptions too.
    logging.getLogger().addHandler(logging.NullHandler())
    # Set before any library reads it: nothing phones home.
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    cli(prog_name="aurastream")


if __name__ == "__main__":
    main()
