"""The command line: `aurastream`."""

from __future__ import annotations

import os
import tomllib
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from transforms.errors import AuraStreamError, UsageError

Command = TypeVar("Command", bound=Callable[..., Any])

EPILOG = (
    "Every option can also come from a TOML file (--config: keys named like the options, for all commands at the top "
    "or for one in its table, as in [nightly]) and from the environment (AURASTREAM_LAKE for --lake); the command line "
    "goes before the environment, and that before the file. "
    "Exit codes: 0 done, 1 failed, 2 usage, 3 expectations not met (nothing published)."
)


class _Failed(click.ClickException):
    def __init__(self, error: AuraStreamError) -> None:
        super().__init__(str(error))
        self.exit_code = error.exit_code  # type: ignore[misc] # a class variable to click's annotations alone


class _Commands(click.Group):
    """Turns AuraStream's errors into a line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AuraStreamError as error:
            raise _Failed(error) from None
        except (click.exceptions.Exit, click.ClickException, click.Abort, BrokenPipeError):
            raise
        except Exception as error:  # noqa: BLE001 - its message could hold a document's text, so type and place alone
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(last.filename).name}:{last.lineno}"
            raise click.ClickException(f"unexpected {type(error).__name__} at {place}: please report it") from None


def option(*names: str, **settings: Any) -> Callable[[Command], Command]:
    """A click option that the environment can give too."""
    variable = names[-1].removeprefix("--").replace("-", "_").upper()
    return click.option(*names, envvar=f"AURASTREAM_{variable}", show_default=bool(settings.get("default")), **settings)


def _load_config(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is None:
        return
    try:
        config = tomllib.loads(value.read_text(encoding="utf-8"))
    except OSError as error:
        raise click.UsageError(f"--config {value}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"--config {value}: {error}") from None
    commands = cli.commands
    everywhere = {key: item for key, item in config.items() if key not in commands}
    known = {parameter.name for command in commands.values() for parameter in command.params}
    own = config.get(ctx.command.name or "", {})
    mine = {parameter.name for parameter in ctx.command.params}
    by_option = {_name(key): item for key, item in everywhere.items()}
    by_own = {_name(key): item for key, item in own.items()}
    unknown = sorted((by_option.keys() - known) | (by_own.keys() - mine))
    if unknown:
        raise click.UsageError(f"--config {value}: no option is named {', '.join(unknown)}")
    ctx.default_map = {key: _value(item) for key, item in (by_option | by_own).items()}


def _name(key: str) -> str:
    """An option's key in a file as the parameter it sets."""
    name = key.replace("-", "_")
    return _PARAMETERS.get(name, name)


def _value(item: Any) -> Any:
    """A table as the `KEY=VALUE` pairs that the command line takes, a date as its text."""
    if isinstance(item, dict):
        return [f"{key}={value}" for key, value in item.items()]
    return item if isinstance(item, (str, int, float, bool, list)) else str(item)


# Options whose parameter has another name, because the option's own is a word of Python.
_PARAMETERS = {"format": "file_format", "map": "mapping", "in": "source", "out": "target"}

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="AURASTREAM_CONFIG",
    is_eager=True,
    expose_value=False,
    callback=_load_config,
    help="A TOML file with options.",
)
lake_option = option("--lake", required=True, help="The lake's root: tables, ledger, cache and reports.")
map_option = option(
    "mapping",
    "--map",
    multiple=True,
    metavar="COLUMN=THEIRS",
    help="Which of the drop's columns holds one of ours: text=body. Once for each column.",
)
language_option = option("--language", default="en", help="The language of documents that name none.")
scorer_option = option("--scorer", default="local", help="What scores: local (in process, English, free).")
key_file_option = option(
    "--key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with the key of fingerprints, instead of the one kept in the lake.",
)


def _date(_: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).date().isoformat()
    except ValueError:
        raise click.BadParameter("write a date as 2026-11-22", param=parameter) from None


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


@click.group(
    cls=_Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="aurastream")
def cli() -> None:
    """Scores every document of a nightly drop for sentiment: personal data out first, no text paid for twice."""


@cli.command(epilog=EPILOG)
@config_option
@option("target", "--out", default="drops", help="Where the drop is written, below ds=DATE.")
@option("--documents", default=2000, type=click.IntRange(min=1), help="How many documents.")
@option("--ds", callback=_date, help="The drop's date; today (UTC) if not given.")
@option("--seed", default=7, help="The same seed writes the same documents.")
def sample(target: str, documents: int, ds: str | None, seed: int) -> None:
    """Write a sample drop: a support desk's mails, chats and reviews, with made-up people."""
    from jobs.sample import write_sample

    for path in write_sample(Path(target), documents, ds or _today(), seed):
        click.echo(path)


@cli.command(epilog=EPILOG)
@config_option
@option("--drops", required=True, help="The drop: a folder, one file, or a URI such as s3://bucket/drops.")
@lake_option
@option("--ds", callback=_date, help="The date of files whose path names none; today (UTC) if not given.")
@option(
    "file_format",
    "--format",
    type=click.Choice(["auto", "jsonl", "csv", "parquet", "text"]),
    default="auto",
    help="The files' format; auto tells by name and first bytes.",
)
@option("--date-pattern", metavar="PATTERN", help="Where a path holds its date, as in %Y/%m/%d; ds=DATE needs none.")
@map_option
@scorer_option
@language_option
@option("--reprocess", is_flag=True, help="Take files again that a published run has taken.")
@key_file_option
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
) -> None:
    """Score what is new in a drop, and publish it once what was written holds what it must.

    Files that a published run has taken are not taken again, so running twice scores nothing twice.
    """
    from jobs import nightly as job
    from jobs.drops import Format
    from jobs.settings import NightlySettings, parse_mapping
    from transforms.report import plain

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
    )
    night = job.run(settings)
    if night is None:
        click.echo("Nothing new to score.")
        return
    click.echo(plain(night.summary))
    click.echo(f"report: {Path(lake) / 'reports' / night.summary.run_id}.html")


@cli.command(epilog=EPILOG)
@config_option
@lake_option
@option(
    "output",
    "--format",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    help="How rows are printed.",
)
@option("parameters", "--parameter", multiple=True, help="A value for a ? of the query, in order.")
@click.argument("query")
def sql(lake: str, output: str, parameters: tuple[str, ...], query: str) -> None:
    """Answer one SQL query over what is published.

    Tables: scores, runs. Views: daily_sentiment, sentiment_by_source, rejected, pii_exposure.
    """
    from jobs.published import answer

    click.echo(answer(lake, query, parameters, output), nl=False)


@cli.command(epilog=EPILOG)
@config_option
@lake_option
def runs(lake: str) -> None:
    """List every run, one line each, the newest last."""
    from jobs.published import list_runs

    click.echo(list_runs(lake))


@cli.command(epilog=EPILOG)
@config_option
@lake_option
@option("--ds", callback=_date, required=True, help="The date to take back.")
def rollback(lake: str, ds: str) -> None:
    """Take a date's publication back: readers see the run before, at once. Nothing is copied.

    The files that the run took count as new again.
    """
    from jobs.lake import open_lake
    from jobs.services.ledger import LocalLedger

    taken_back, now = LocalLedger(open_lake(lake, create=False).ledger).rollback(ds)
    click.echo(f"{ds}: readers see run {now}; run {taken_back} is taken back")


@cli.command(epilog=EPILOG)
@config_option
@option("source", "--in", type=click.Path(path_type=Path), help="A file of documents, as `nightly` reads them.")
@option("target", "--out", type=click.Path(path_type=Path, allow_dash=True), help="Where rows go, as JSON Lines.")
@map_option
@scorer_option
@language_option
@key_file_option
@click.argument("text", required=False)
def analyze(
    source: Path | None,
    target: Path | None,
    mapping: tuple[str, ...],
    scorer: str,
    language: str,
    key_file: Path | None,
    text: str | None,
) -> None:
    """Score one TEXT, or the documents of a file, through the same stages as the nightly job, without Spark.

    Prints, or writes as JSON Lines, the rows that `scores` would hold, in the documents' order.
    """
    from jobs import analyze as job
    from jobs.settings import parse_mapping

    if (text is None) == (source is None):
        raise UsageError("give either a TEXT or --in FILE")
    if text is not None:
        click.echo(job.analyze_text(text, scorer, language, key_file))
    else:
        assert source is not None  # noqa: S101 - for the type checker
        job.analyze_file(source, target, parse_mapping(mapping), scorer, language, key_file)


def main() -> None:
    """The console script."""
    # Set before any library reads it: nothing phones home.
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    cli()


if __name__ == "__main__":
    main()
