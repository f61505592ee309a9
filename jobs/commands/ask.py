"""The commands that ask a lake: sql, export, report, notebook."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from jobs.commands.options import COMMAND_EPILOG, as_date, asked_lake_option, config_option, lake_option, option

FORMATS = ("table", "csv", "json", "jsonl", "parquet", "xlsx")


@click.command(epilog=COMMAND_EPILOG, short_help="Answer one SQL query over what is published.")
@config_option
@asked_lake_option
@option("listed", "--list", is_flag=True, help="Say what each view has: a row, its columns, their units.")
@option("--view", metavar="NAME", help="Answer a view, instead of a query.")
@option("--where", metavar="CONDITION", help="Of --view the rows of which this holds.")
@option(
    "source",
    "-f",
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
    metavar="FILE|-",
    help="Read the query from a file; - is standard input.",
)
@option(
    "output",
    "--format",
    type=click.Choice(FORMATS),
    default="table",
    help="How rows are written; table cuts long values, parquet and xlsx need --out.",
)
@option("target", "--out", metavar="FILE", help="Where rows go, whole or not at all; a path or s3://….")
@option("parameters", "--parameter", multiple=True, metavar="VALUE", help="A value for a ? of the query, in order.")
@option(
    "--engine",
    type=click.Choice(["athena", "duckdb"]),
    help="Who answers; athena for a lake in S3, duckdb, which reads the published files here, for any other.",
)
@click.argument("query", required=False)
def sql(
    lake: str | None,
    listed: bool,
    view: str | None,
    where: str | None,
    source: Path | None,
    output: str,
    target: str | None,
    parameters: tuple[str, ...],
    engine: str | None,
    query: str | None,
) -> None:
    """Answer one SQL query over what is published: an argument, a file, standard input, or a view.

    Tables: scores, runs; --list has the views. Nothing can be changed. Over a lake in S3 Amazon Athena answers, and
    bills what it scans. In csv and xlsx a text that a spreadsheet would run as a formula has an apostrophe before it.

    \b
    Examples
      aurastream sql --list
      aurastream sql --lake lake --view movers --where "source = 'chat'"
      aurastream sql --lake lake "select * from weekly_trend order by week"
      aurastream sql --lake lake --format xlsx --out rejected.xlsx \\
          --view not_scored --where "ds = date '2026-11-22'"
    """
    from jobs.lake.views import described, views
    from transforms.errors import UsageError

    if listed:
        if query is not None or view is not None or source is not None:
            raise UsageError("--list answers nothing: leave the query out")
        click.echo("\n\n".join(f"{name}\n  " + described(said).replace("\n", "\n  ") for name, said in views().items()))
        return
    if output in ("parquet", "xlsx") and target is None:
        raise UsageError(f"--format {output} is for a file: give --out")
    statement = _statement(query, view, where, source)
    from jobs.lake.asking import asked
    from jobs.stores.open import open_lake
    from transforms.answers import written

    if lake is None:
        raise UsageError("say which lake is asked: give --lake")
    opened, stores = open_lake(lake, create=False)
    with asked(opened, stores.ledger(), statement, parameters, engine) as answer:
        if target is None:
            for piece in written(answer.schema, answer.batches, output):
                click.echo(piece, nl=False)
            return
        from jobs.lake.export import write_answer

        click.echo(f"{target}: {write_answer(answer, output, target):,} rows", err=True)


def _statement(query: str | None, view: str | None, where: str | None, source: Path | None) -> str:
    """The one statement that is told. Raises UsageError."""
    from jobs.lake.views import views
    from transforms.errors import UsageError

    if sum(each is not None for each in (query, view, source)) > 1:
        raise UsageError("give a query, --view or --file, and one of them alone")
    if where is not None and view is None:
        raise UsageError("--where is for --view; a query has a WHERE of its own")
    if view is not None:
        if view not in {*views(), "scores", "runs"}:
            raise UsageError(f"--view {view}: there is none; there are {', '.join(views())}")
        return f"SELECT * FROM {view}" + (f" WHERE (\n{where}\n)" if where else "")  # noqa: S608 - asked as any query is
    if query is not None:
        return query
    if source is not None and str(source) != "-":
        return _text(source.read_bytes())
    if source is None and sys.stdin.isatty():
        raise UsageError("give a query, --view or --file; --list says which views there are")
    said = _text(sys.stdin.buffer.read())
    if not said.strip():
        raise UsageError("no query came by standard input: give one, --view or --file")
    return said


def _text(content: bytes) -> str:
    from transforms.errors import UsageError

    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("the query is not UTF-8") from None


@click.command(epilog=COMMAND_EPILOG, short_help="Write what is published of dates, and nothing else.")
@config_option
@lake_option
@option(
    "dates",
    "--ds",
    metavar="DATE",
    multiple=True,
    required=True,
    callback=lambda ctx, parameter, dates: [as_date(ctx, parameter, ds) for ds in dates],
    help="A date; may be given several times.",
)
@option("--out", metavar="DIR", required=True, help="Where ds=DATE/scores.parquet is written; a path or s3://….")
def export(lake: str, dates: list[str], out: str) -> None:
    """Write the published rows of dates as Parquet, a file each: what readers see, and no row of any other run.

    \b
    Example
      aurastream export --lake lake --ds 2026-11-22 --out handed-over
    """
    from jobs.lake.export import export_dates
    from jobs.stores.open import open_lake

    opened, stores = open_lake(lake, create=False)
    for uri, rows in export_dates(opened, stores.ledger(), dates, out):
        click.echo(f"{uri}: {rows:,} rows")


@click.command(epilog=COMMAND_EPILOG, short_help="Write a page for each run, and an index with trends.")
@config_option
@lake_option
@option("--out", metavar="DIR", required=True, help="Where index.html and RUN.html are written; a path or s3://….")
def report(lake: str, out: str) -> None:
    """Write the report: an index over all runs with trends, and a page a run, which need neither network nor script.

    Each opens with what moved, what failed and what it cost, and says by which query each figure was asked. Over a lake
    in S3 Amazon Athena answers, and bills what it scans. Pages hold redacted texts: show them to whom the lake is for.

    \b
    Example
      aurastream report --lake lake --out site
    """
    from jobs.report.site import write_site
    from jobs.stores.open import open_lake

    opened, stores = open_lake(lake, create=False)
    click.echo(write_site(opened, stores, out))


@click.command(epilog=COMMAND_EPILOG, short_help="Open the notebooks in JupyterLab.")
@config_option
@lake_option
def notebook(lake: str) -> None:
    """Open the notebooks in JupyterLab, on 127.0.0.1 alone: six stories about what the lake has published.

    They are written into the folder notebooks, where they are yours: what is there already stays as it is. Needs
    AuraStream's extra notebooks.

    \b
    Example
      aurastream notebook --lake lake
    """
    from jobs.notebooks import open_notebooks

    open_notebooks(lake)
