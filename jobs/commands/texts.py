"""The commands on texts, without Spark: analyze, redact, restore."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from jobs.commands.options import (
    COMMAND_EPILOG,
    attachments_option,
    budget_option,
    cache_option,
    config_option,
    key_file_option,
    lake_of_texts_option,
    language_option,
    map_option,
    option,
    policy_option,
    quota_option,
    scorer_option,
    turns_option,
    whole_option,
)

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
    help="auto tells by the file's name, or by its first lines.",
)


@click.command(epilog=COMMAND_EPILOG, short_help="Score one text, or a file's documents, without Spark.")
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
@turns_option
@whole_option
@attachments_option
@scorer_option
@language_option
@key_file_option
@policy_option
@lake_of_texts_option
@quota_option
@cache_option
@budget_option
@click.argument("text", required=False)
@click.pass_context
def analyze(
    ctx: click.Context,
    /,
    source: Path | None,
    target: Path | None,
    mapping: tuple[str, ...],
    lake: str | None,
    text: str | None,
    **told: Any,
) -> None:
    """Score one TEXT, or the documents of a file, through the same stages as the nightly job, without Spark.

    Gives the rows that `scores` would hold: of a TEXT as JSON, of a file as JSON Lines in the documents' order. With
    --lake, scores come from the lake and go to it, and what is bought counts among its units. Without, fingerprints are
    comparable within one call alone, unless --key-file names a key.

    \b
    Examples
      aurastream analyze "I love it, call me on 212-555-0187"
      aurastream analyze --in docs.jsonl --out scored.jsonl
      aurastream analyze --lake lake --scorer comprehend --budget 0.01 "So good!"
      aurastream analyze -- "-1 for the manual"
    """
    from jobs import analyze as job
    from jobs.settings import ScoringSettings, parse_mapping

    settings = ScoringSettings(mapping=parse_mapping(mapping), **told)
    if text is not None:
        # From a file or the environment they may be meant for other calls.
        for name, parameter in (("--in", "source"), ("--out", "target"), ("--map", "mapping")):
            if ctx.get_parameter_source(parameter) is ParameterSource.COMMANDLINE:
                raise click.UsageError(f"{name} is for a file: give either a TEXT or --in FILE")
        click.echo(job.analyze_text(text, settings, lake))
    elif source is not None:
        _not_the_same(source, target or Path("-"))
        job.analyze_file(source, target, settings, lake)
    else:
        raise click.UsageError("give a TEXT or --in FILE")


@click.command(epilog=COMMAND_EPILOG, short_help="Take personal data out of a text or of JSON Lines.")
@config_option
@in_option
@out_option
@format_option
@policy_option
@key_file_option
@option("--keys", metavar="KEY,…", help="Which keys of JSON Lines hold texts, such as subject,to.*.address.")
@option("--language", default="en", metavar="CODE", help="The language of texts that name none, for a second opinion.")
@option("--explain", is_flag=True, help="Say each find on standard error: detector, confidence, what decided.")
def redact(
    source: Path,
    target: Path,
    form: str,
    policy: str | None,
    key_file: str | None,
    keys: str | None,
    language: str,
    explain: bool,
) -> None:
    """Take personal data out of a text, or of the `text` of every line of JSON Lines. No Spark, no lake.

    A text is one document. Of JSON Lines, `redacted_text` and `pii` take the place of `text`; with --keys, each text
    stays under its key, redacted. Other fields stay as they are.

    \b
    Examples
      echo "call me on 212-555-0187" | aurastream redact
      aurastream redact --in mails.jsonl --out redacted.jsonl --policy policy.toml
      aurastream redact --in mails.jsonl --keys subject,body,to.*.address
    """
    from jobs import redact as job

    _not_the_same(source, target)
    job.redact_file(
        source, target, None if form == "auto" else form, policy, key_file, language, keys, explained=explain
    )


@click.command(epilog=COMMAND_EPILOG, short_help="Turn encrypted finds back.")
@config_option
@in_option
@out_option
@format_option
@key_file_option
def restore(source: Path, target: Path, form: str, key_file: str | None) -> None:
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
