"""The commands that tell how far to trust a score: label-sample, agreement."""

from __future__ import annotations

from pathlib import Path

import click

from jobs.commands.options import COMMAND_EPILOG, as_date, asked_lake_option, config_option, lake_option, option


@click.command("label-sample", epilog=COMMAND_EPILOG, short_help="Draw documents for people to label.")
@config_option
@lake_option
@option("--n", type=click.IntRange(min=2), default=200, metavar="DOCUMENTS", help="How many documents are drawn.")
@option("--out", required=True, metavar="FILE", help="Where the CSV is written; a path or s3://….")
@option("--ds", metavar="DATE", callback=as_date, help="The date; the last that has scored documents if not given.")
@option("--seed", type=int, default=7, help="Another one draws other documents.")
def label_sample(lake: str, n: int, out: str, ds: str | None, seed: int) -> None:
    """Draw scored documents of a date, redacted, as a CSV whose column label is to be filled in.

    With POSITIVE, NEGATIVE, NEUTRAL or MIXED; a copy of the file for each who labels. They are drawn by label,
    confidence and source, rare ones more often than they occur; the column drawn, which `agreement` reads and people do
    not, says how often each counts and what the scorer said. A text that was drawn several times is there once.

    \b
    Example
      aurastream label-sample --lake lake --n 200 --out sample.csv
    """
    from jobs import label_sample as job

    sample = job.label_sample(lake, n, ds, seed)
    job.write_sample(sample.rows, out)
    said = f"; {sample.passed_over}, the last that is published, has nothing scored" if sample.passed_over else ""
    click.echo(f"{out}: {len(sample.rows):,} texts of {sample.ds} to label{said}", err=True)


@click.command(epilog=COMMAND_EPILOG, short_help="Say how far a scorer agrees with people, or with another.")
@config_option
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@asked_lake_option
@option("--other", metavar="DIR", help="The lake of another scorer over the same drop, instead of files.")
@option("--ds", metavar="DATE", callback=as_date, help="The date; the last that both have published if not given.")
def agreement(files: tuple[Path, ...], lake: str | None, other: str | None, ds: str | None) -> None:
    """Read labelled FILES back, one of each who labelled: how far the scorer agrees with them.

    Or, with --lake and --other, how far two scorers agree on all documents of a date. Accuracy, macro-F1, Cohen's
    kappa, confusion, calibration, and Krippendorff's alpha of several who labelled, each weighted back to the whole
    night and with 95% bounds of a bootstrap; and the documents in which labels differ most.

    \b
    Examples
      aurastream agreement sample.csv
      aurastream agreement kim.csv ann.csv
      aurastream agreement --lake lake --other paid
    """
    from jobs import agreement as job
    from jobs.agreement_text import agreement_text
    from transforms.errors import UsageError

    if files and (other is not None or ds is not None):
        raise UsageError("give labelled files, or --lake and --other, and not both")
    if files:
        found = job.of_files(files)
    elif lake is not None and other is not None:
        found = job.of_lakes(lake, other, ds)
    else:
        raise UsageError("give labelled files, or --lake and --other")
    click.echo(agreement_text(found))
