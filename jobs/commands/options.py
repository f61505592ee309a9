"""Options: what several commands share, and where each may come from: command line, environment, file."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import click

from transforms.cost import DEFAULT_TPS
from transforms.errors import UsageError

COMMAND_EPILOG = "Options can also come from the environment and a file: see `aurastream --help`."

Command = TypeVar("Command", bound=Callable[..., Any])


class _Option(click.Option):
    """An option that the environment can give too, for one command or for all, and that is never empty."""

    @property
    def key(self) -> str:
        """What the option is called in a file: `key-file` for --key-file."""
        return self.opts[-1].removeprefix("--")

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        name = self.key.replace("-", "_").upper()
        command = (ctx.command.name or "").replace("-", "_").upper()
        given = (os.environ.get(f"AURASTREAM_{prefix}{name}") for prefix in (f"{command}_", ""))
        return next(filter(None, given), None)

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        # As from an unset variable of a shell; as a path it would be the folder one happens to stand in.
        if isinstance(value, str) and not value.strip():
            raise click.BadParameter("it is empty", ctx, self)
        return super().process_value(ctx, value)


class Dollars(click.ParamType):  # type: ignore[type-arg] # generic in click 8.4 alone
    """An amount of money that is not negative, exact to whatever was written."""

    name = "dollars"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """As Decimal, or a usage error."""
        from jobs.settings import parse_dollars

        try:
            return parse_dollars(str(value))
        except UsageError as error:
            self.fail(str(error), param, ctx)


class Share(click.ParamType):  # type: ignore[type-arg] # generic in click 8.4 alone
    """A share that is written as a percentage, as a number from 0 to 1."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """As float, or a usage error."""
        from jobs.settings import parse_share

        try:
            return value if isinstance(value, float) else parse_share(str(value))
        except UsageError as error:
            self.fail(str(error), param, ctx)


def option(*names: str, **settings: Any) -> Callable[[Command], Command]:
    """See `_Option`; a default is shown."""
    return click.option(*names, cls=_Option, show_default=bool(settings.get("default")), **settings)


def _load_config(ctx: click.Context, _: click.Parameter, path: Path | None) -> None:
    """Make a file's options the defaults of the command."""
    if path is None:
        return
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
        for command, defaults in _defaults(config, _commands(ctx)):
            if command is ctx.command:
                ctx.default_map = defaults
    except OSError as error:
        raise click.UsageError(f"--config {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise click.UsageError(f"--config {path}: it is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"--config {path}: {error}") from None


def _commands(ctx: click.Context) -> Mapping[str, click.Command]:
    group = ctx.find_root().command
    return group.commands if isinstance(group, click.Group) else {}


def _defaults(
    config: Mapping[str, Any], commands: Mapping[str, click.Command]
) -> Iterator[tuple[click.Command, dict[str, Any]]]:
    """Each command with what a file says for it, by parameter. Raises ValueError where the file cannot be meant so."""
    # `lake` is an option of all commands, and [lake.create] a command of a group.
    tables = {name for name in commands if isinstance(config.get(name), dict)}
    everywhere = {key: item for key, item in config.items() if key not in tables}
    unknown = set(everywhere)
    for name, command, own in _told_by(config, commands):
        options = {option.key: option for option in command.params if isinstance(option, _Option)}
        unknown -= set(options)
        unknown |= {f"{name}.{key}" for key in own if key not in options}
        items = {key: item for key, item in (everywhere | own).items() if key in options}
        yield command, {str(options[key].name): _default(options[key], item) for key, item in items.items()}
    if unknown:
        raise ValueError(f"no option is named {', '.join(sorted(unknown))}")


def _told_by(
    config: Mapping[str, Any], commands: Mapping[str, click.Command]
) -> Iterator[tuple[str, click.Command, dict[str, Any]]]:
    """Each command, those of groups too, with its name in a file and the table that the file has for it."""
    for name, command in commands.items():
        own = config.get(name, {})
        if isinstance(command, click.Group):
            of_group = own if isinstance(own, dict) else {}
            if unknown := set(of_group) - set(command.commands):
                raise ValueError(f"no command is named {', '.join(f'{name} {each}' for each in sorted(unknown))}")
            for each, found, told in _told_by(of_group, command.commands):
                yield f"{name}.{each}", found, told
        elif isinstance(own, dict):
            yield name, command, own
        else:
            raise ValueError(f"{name} is a command, so [{name}] must be a table of its options")


def _default(option: _Option, item: Any) -> Any:
    """A value of a file as what the command line takes. Raises ValueError where it is of another type."""
    if option.key == "map":
        if isinstance(item, dict) and all(isinstance(theirs, str) for theirs in item.values()):
            return [f"{ours}={theirs}" for ours, theirs in item.items()]
        wanted = 'a table such as { text = "body" }'
    elif option.key == "ds":
        if isinstance(item, str) or type(item) is date:
            return [str(item)] if option.multiple else str(item)
        wanted = "a date such as 2026-11-22"
    elif option.multiple:
        if isinstance(item, list) and all(isinstance(each, str) for each in item):
            return item
        wanted = 'a list such as ["a", "b"]'
    elif option.is_flag:
        if isinstance(item, bool):
            return item
        wanted = "true or false"
    elif isinstance(option.type, click.types.IntParamType):
        if type(item) is int:
            return item
        wanted = "a whole number"
    elif isinstance(option.type, (click.types.FloatParamType, Dollars)):
        if type(item) in (int, float):
            return str(item)
        wanted = "a number"
    else:
        if isinstance(item, str):
            return item
        wanted = "a string"
    raise ValueError(f"{option.key} must be {wanted}")


def as_date(_: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """An option's callback: a date as it is, or a usage error."""
    try:
        if value is None or datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).date().isoformat() == value:
            return value
    except ValueError:
        pass
    raise click.BadParameter(f"{value!r} is not a date: write it as 2026-11-22", param=parameter)


def _language(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    return value and value.strip().lower()


config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="AURASTREAM_CONFIG",
    is_eager=True,
    expose_value=False,
    callback=_load_config,
    help="A TOML file with options.",
)
lake_option = option(
    "--lake",
    required=True,
    metavar="DIR",
    help="The lake: tables, ledger, cache and reports. A folder, or a URI such as s3://bucket/lake.",
)
asked_lake_option = option(
    "--lake", metavar="DIR", help="The lake that is asked. A folder, or a URI such as s3://bucket/lake."
)
lake_of_texts_option = option(
    "--lake", metavar="DIR", help="A lake whose scores are used and added to, under its key, quota and budget."
)
cache_option = option(
    "--cache",
    metavar="NAME",
    help="Where scores are kept: local, in a local lake; dynamodb, or dynamodb:TABLE. The lake's own if not given.",
)
budget_option = option(
    "--budget", type=Dollars(), metavar="DOLLARS", help="What the run may spend; what does not fit waits for the next."
)
map_option = option(
    "mapping",
    "--map",
    multiple=True,
    metavar="COLUMN=THEIRS",
    help="Which of the drop's columns holds one of ours: text=body. Once for each column.",
)
records_option = option(
    "--records",
    metavar="PATH",
    help="Where the records are in JSON: tickets[], data.items[]. Found out if not given.",
)
each_line_option = option("--each-line", is_flag=True, help="Take each line of a plain text file for a document.")
turns_option = option("--turns", is_flag=True, help="Of a conversation, each turn is a document.")
whole_option = option(
    "--whole",
    is_flag=True,
    help="Score what agents say, too, and what a mail quotes, its signature and its disclaimer.",
)
attachments_option = option("--attachments", is_flag=True, help="A text attached to a mail is a document, too.")
max_rejected_option = option(
    "--max-rejected",
    type=Share(),
    default="20%",
    metavar="SHARE",
    help="The share of new documents, and of files, that may be rejected: above it nothing is published.",
)
max_failed_option = option(
    "--max-failed", type=Share(), default="20%", metavar="SHARE", help="The same of documents that are FAILED."
)
language_option = option(
    "--language",
    metavar="CODE|detect|...",
    callback=_language,
    help="The language of documents that name none; or found out for each, here (detect) or by Amazon Comprehend, paid "
    "(detect-comprehend). Found out here if not given.",
)
scorer_option = option(
    "--scorer",
    default="local",
    metavar="NAME",
    help="local: in process, en es fr de it pt, free. comprehend: Amazon Comprehend, 12 languages, paid. "
    "comprehend-async: the same by its jobs, for very large nights, of a lake in S3. "
    "cascade, of a night: local where both agree, comprehend for the rest.",
)
sample_option = option(
    "--sample",
    type=Share(),
    default="2%",
    metavar="SHARE",
    help="With the scorer cascade: the share of texts, 200 at least, bought at random to learn where both agree.",
)
agreement_option = option(
    "--agreement",
    type=click.FloatRange(min=0, max=1, min_open=True, max_open=True),
    default=0.95,
    metavar="SHARE",
    help="With the scorer cascade: of texts that keep their local label, the share of which it is Comprehend's, too.",
)
quota_option = option(
    "--quota-tps",
    type=click.FloatRange(min=0, min_open=True),
    default=DEFAULT_TPS,
    metavar="CALLS",
    help="Calls a second to a paid scorer, for all runs of the lake together.",
)
deadline_option = option(
    "--deadline", metavar="HH:MM", help="The time (UTC) to have published by: buying stops before."
)
key_file_option = option(
    "--key-file",
    metavar="FILE",
    help="A file, or s3:// object, with the key of fingerprints, 16 bytes or more.",
)
policy_option = option(
    "--policy",
    metavar="FILE",
    help="A TOML file, or s3:// object: what is taken out, and what stands in its place.",
)
