"""The command line: `aurastream`."""

from __future__ import annotations

import logging
import os
import tomllib
import traceback
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from transforms.errors import AuraStreamError, UsageError

Command = TypeVar("Command", bound=Callable[..., Any])

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


class _Option(click.Option):
    """An option that the environment can give too, for one command or for all, and that is never empty."""

    @property
    def key(self) -> str:
        """What the option is called in a file: `key-file` for --key-file."""
        return self.opts[-1].removeprefix("--")

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        name = self.key.replace("-", "_").upper()
        given = (os.environ.get(f"AURASTREAM_{prefix}{name}") for prefix in (f"{ctx.command.name}_".upper(), ""))
        return next(filter(None, given), None)

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        # As from an unset variable of a shell; as a path it would be the folder one happens to stand in.
        if isinstance(value, str) and not value.strip():
            raise click.BadParameter("it is empty", ctx, self)
        return super().process_value(ctx, value)


def option(*names: str, **settings: Any) -> Callable[[Command], Command]:
    """See `_Option`; a default is shown."""
    return click.option(*names, cls=_Option, show_default=bool(settings.get("default")), **settings)


def _load_config(ctx: click.Context, _: click.Parameter, path: Path | None) -> None:
    """Make a file's options the defaults of the command."""
    if path is None:
        return
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
        for command, defaults in _defaults(config):
            if command is ctx.command:
                ctx.default_map = defaults
    except OSError as error:
        raise click.UsageError(f"--config {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise click.UsageError(f"--config {path}: it is not UTF-8") from None
    except ValueError as error:
        raise click.UsageError(f"--config {path}: {error}") from None


def _defaults(config: Mapping[str, Any]) -> Iterator[tuple[click.Command, dict[str, Any]]]:
    """Each command with what a file says for it, by parameter. Raises ValueError where the file cannot be meant so."""
    commands = cli.commands
    everywhere = {key: item for key, item in config.items() if key not in commands}
    unknown = set(everywhere)
    for name, command in commands.items():
        options = {option.key: option for option in command.params if isinstance(option, _Option)}
        own = config.get(name, {})
        if not isinstance(own, dict):
            raise ValueError(f"{name} is a command, so [{name}] must be a table of its options")
        unknown -= set(options)
        unknown |= {f"{name}.{key}" for key in own if key not in options}
        items = {key: item for key, item in (everywhere | own).items() if key in options}
        yield command, {str(options[key].name): _default(options[key], item) for key, item in items.items()}
    if unknown:
        raise ValueError(f"no option is named {', '.join(sorted(unknown))}")


def _default(option: _Option, item: Any) -> Any:
    """A value of a file as what the command line takes. Raises ValueError where it is of another type."""
    if option.key == "map":
        if isinstance(item, dict) and all(isinstance(theirs, str) for theirs in item.values()):
            return [f"{ours}={theirs}" for ours, theirs in item.items()]
        wanted = 'a table such as { text = "body" }'
    elif option.multiple:
        if isinstance(item, list) and all(isinstance(each, str) for each in item):
            return item
        wanted = 'a list such as ["a", "b"]'
    elif option.key == "ds":
        if isinstance(item, str) or type(item) is date:
            return str(item)
        wanted = "a date such as 2026-11-22"
    elif option.is_flag:
        if isinstance(item, bool):
            return item
        wanted = "true or false"
    elif isinstance(option.type, click.types.IntParamType):
        if type(item) is int:
            return item
        wanted = "a whole number"
    else:
        if isinstance(item, str):
            return item
        wanted = "a string"
    raise ValueError(f"{option.key} must be {wanted}")


def _date(_: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    try:
        if value is None or datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).date().isoformat() == value:
            return value
    except ValueError:
        pass
    raise click.BadParameter(f"{value!r} is not a date: write it as 2026-11-22", param=parameter)


def _language(_: click.Context, __: click.Parameter, value: str) -> str:
    return value.strip().lower()


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="AURASTREAM_CONFIG",
    is_eager=True,
    expose_value=False,
    callback=_load_config,
    help="A TOML file with options.",
)
lake_option = option("--lake", required=True, metavar="DIR", help="The lake: tables, ledger, cache and reports.")
map_option = option(
    "mapping",
    "--map",
    multiple=True,
    metavar="COLUMN=THEIRS",
    help="Which of the drop's columns holds one of ours: text=body. Once for each column.",
)
language_option = option(
    "--language", default="en", metavar="CODE", callback=_language, help="The language of documents that name none."
)
scorer_option = option("--scorer", default="local", metavar="NAME", help="local: in process, English, free.")
key_file_option = option(
    "--key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with the key of fingerprints, 16 bytes or more.",
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
@option("--ds", metavar="DATE", callback=_date, help="The drop's date; today (UTC) if not given.")
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
@option("--ds", metavar="DATE", callback=_date, help="The date of files whose path names none; today (UTC).")
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
@option("--ds", metavar="DATE", callback=_date, required=True, help="The date to take back.")
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
        click.echo(job.analyze_text(text, scorer, language, key_file))
    elif source is not None:
        if target is not None and target.exists() and target.samefile(source):
            raise click.UsageError("--out is the file that --in reads")
        job.analyze_file(source, target, parse_mapping(mapping), scorer, language, key_file)
    else:
        raise click.UsageError("give a TEXT or --in FILE")


def main() -> None:
    """The console script."""
    # What a run says are its own lines. Libraries log exceptions whole; those that matter arrive as exceptions too.
    logging.getLogger().addHandler(logging.NullHandler())
    # Set before any library reads it: nothing phones home.
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    cli(prog_name="aurastream")


if __name__ == "__main__":
    main()
