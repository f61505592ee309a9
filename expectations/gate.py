"""The gate before publishing: judges what was written and tells the verdict, whether or not it holds."""

from __future__ import annotations

import html
import sys
import threading
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import LazyLoader, find_spec, module_from_spec
from typing import TYPE_CHECKING, Any

import orjson

from expectations.profile import Profile
from expectations.verdict import Verdict
from transforms.schemas import Status

if TYPE_CHECKING:
    import pandas as pd

# Column names may hold anything, and Data Docs show values as they are.
_NO_MARKUP = str.maketrans("<>&", "???")
_LOADING = threading.Lock()
# Of different values that must not be, a line shows so many.
_SHOWN = 3
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>AuraStream: expectations</title><style>{style}</style></head>
<body>
{body}
</body>
</html>
"""
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; margin: .3rem 0 1rem; }
th, td { border: 1px solid #ccc; padding: .25rem .5rem; text-align: left; vertical-align: top; }
th:first-child, td:first-child { width: 4rem; }
td { overflow-wrap: anywhere; }
h2 { margin: 2rem 0 0; }
h5 { font-size: 1rem; margin: .5rem 0 0; }
.failure, .text-danger { color: #b00020; }
.text-success { color: #18794e; }
.fa-check-circle::before { content: "holds"; }
.holds td:nth-child(3), .holds th:nth-child(3) { display: none; }
.fa-times::before { content: "fails"; }
"""


@dataclass(frozen=True)
class Judgement:
    """A verdict, and the documents that say how it came about."""

    verdict: Verdict
    pages: Mapping[str, bytes]  # path below the run's audit -> content


def load() -> None:
    """Import Great Expectations, which takes seconds: only who judges needs it, and a thread may do it beforehand."""
    # One at a time: what is caught is caught for all threads, and the last to leave decides what is from then on.
    with _LOADING, warnings.catch_warnings():  # its dependencies warn of their own ones
        warnings.simplefilter("ignore")
        _import_when_used("scipy.stats")
        import expectations.documents
        import expectations.scores  # noqa: F401 - they import it


def _import_when_used(name: str) -> None:
    """Have a module that others import loaded when something of it is used: of what judges here, nothing uses it."""
    if name in sys.modules:
        return
    found = find_spec(name)
    if found is None or found.loader is None:
        return
    found.loader = LazyLoader(found.loader)
    module = module_from_spec(found)
    sys.modules[name] = module
    found.loader.exec_module(module)
    parent, _, child = name.rpartition(".")
    setattr(sys.modules[parent], child, module)


def judge(profile: Profile, documents_in: int, repeated_ids: int) -> Judgement:
    """Judge what was written by what was read back of it.

    `documents_in` is how many documents the readers counted, and with them the rows carried forward from an earlier
    run; `repeated_ids` how many ids more than one document has. Whether or not everything holds, the pages are
    `validation.json`, and Data Docs from `docs/index.html` on, which need no network to be read.
    """
    load()
    import great_expectations as gx
    import pandas as pd

    from expectations import documents, scores

    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = {"globally": False}
    # One asset for all: adding one costs as much as judging an expectation.
    asset = context.data_sources.add_pandas("written").add_dataframe_asset("read back")
    rows = asset.add_batch_definition_whole_dataframe("all")

    by_status = profile.count("status")
    totals: dict[str, Any] = {status.value: by_status.get(status, 0) for status in Status}
    totals["repeated_ids"] = repeated_ids
    totals["schema_differences"] = "; ".join(profile.schema_differences).translate(_NO_MARKUP) or None
    combinations = profile.combinations.to_pandas()
    status = combinations["status"]

    results, failures = [], []
    for suite, frame in (
        (documents.accounting(documents_in), pd.DataFrame([totals])),
        (documents.documents(), combinations),
        (documents.rejected(), combinations[status == Status.REJECTED]),
        (scores.scored(), combinations[status == Status.SCORED]),
        (scores.unscored(), combinations[status != Status.SCORED]),
        (scores.ranges(), profile.extremes.to_pandas()),
        (scores.finds(), profile.finds.to_pandas()),
    ):
        batch = rows.get_batch(batch_parameters={"dataframe": frame})
        result = batch.validate(suite, result_format="BOOLEAN_ONLY")
        if not result.success:  # what was observed, in which rows: asked only then, for it takes twice as long
            result = batch.validate(suite, result_format="COMPLETE")
        results.append(result)
        failures += [f"{suite.name}: {_line(each, frame)}" for each in result.results if not each.success]

    verdict = Verdict(not failures, failures, sum(len(result.results) for result in results))
    kept = asdict(verdict) | {"suites": [result.to_json_dict() for result in results]}
    return Judgement(
        verdict,
        {
            "validation.json": orjson.dumps(kept, option=orjson.OPT_INDENT_2),
            "docs/index.html": _page(verdict, results).encode(),
        },
    )


def _line(result: Any, frame: pd.DataFrame) -> str:
    """One failed expectation in one line. `frame` is what was judged; a row of it stands for `rows` documents."""
    config = result.expectation_config
    kwargs = config.kwargs
    columns = kwargs.get("column_list") or [kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs]
    subject = f"{config.type} ({', '.join(columns)})"
    if result.exception_info.get("raised_exception", True):
        return f"{subject}: could not be judged"
    unexpected = frame.loc[result.result["unexpected_index_list"]]
    observed = "; ".join(
        ", ".join(f"{column}={value}" for column, value in values.items())
        for values in unexpected[columns].drop_duplicates().head(_SHOWN).to_dict("records")
    )
    if "rows" in frame:
        count = unexpected["rows"].sum()
        return f"{subject}: {count} {'document' if count == 1 else 'documents'} with {observed}"
    wanted = f" where {kwargs['sum_total']:.0f} is the sum" if "sum_total" in kwargs else ""
    return f"{subject}: found {observed}{wanted}"


def _page(verdict: Verdict, results: Sequence[Any]) -> str:
    """Data Docs on one page of our own: that of Great Expectations loads its styles and scripts from the network."""
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaSectionView

    renderer, view = ValidationResultsPageRenderer(), DefaultJinjaSectionView()
    parts = [f"<h1>{'All' if verdict.holds else 'Not all'} of {verdict.evaluated} expectations hold</h1>"]
    parts += [f'<p class="failure">{html.escape(failure)}</p>' for failure in verdict.failures]
    for result in results:
        # What was observed is not asked of a suite that holds: its column would say "unknown".
        parts.append(f'<section class="{"holds" if result.success else "fails"}"><h2>{result.suite_name}</h2>')
        # The first section is an overview with links to pages that are not here.
        for number, section in enumerate(renderer.render(result).to_json_dict()["sections"][1:]):
            parts.append(view.render({"section": section, "section_loop": {"index": f"{result.suite_name}-{number}"}}))
        parts.append("</section>")
    return _PAGE.format(style=_STYLE, body="\n".join(parts))
