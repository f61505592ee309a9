"""A lake as data frames: what `aurastream sql` answers, typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from jobs.lake.asking import whole
from jobs.lake.export import require_published
from jobs.lake.types import Parameter
from jobs.lake.views import described, views
from jobs.settings import ScoringSettings, given_policy
from jobs.stores.open import open_lake
from transforms.errors import UsageError
from transforms.schemas import Sentiment, Status

if TYPE_CHECKING:
    import pandas as pd

    from aurastream.trust import Agreement

# Columns whose texts are few. Labels and statuses have all their values, in their order, whether they occur or not.
_ORDERED: dict[str, list[str]] = {
    "sentiment": list(map(str, Sentiment)),
    "label": list(map(str, Sentiment)),
    "status": list(map(str, Status)),
}
_CATEGORICAL = {
    *("source", "role", "language", "language_source", "error_code", "type", "measure", "verdict", "outcome"),
    *("scorer", "scorer_version"),
}
_MOST_IDS = 1_000  # of one question: Athena takes a statement of 262,144 bytes


class Lake:
    """What a lake has published, as data frames. See `aurastream.connect`."""

    def __init__(self, location: str) -> None:
        self._lake, self._stores = open_lake(location, create=False)
        self._ledger = self._stores.ledger()

    def __repr__(self) -> str:
        return f"aurastream.connect({self._lake.root!r})"

    def sql(self, query: str, parameters: Sequence[Parameter] = ()) -> pd.DataFrame:
        """Answer one reading SQL statement over `scores`, `runs` and the views.

        `parameters` are bound to its `?`, in order. Dates are `datetime64`, times are of UTC, labels, statuses, sources
        and languages categorical, sums of counts integers. Give dates as `datetime.date`: Athena, which answers for a
        lake in S3, compares a date with no text.
        Raises UsageError where the statement is not one read, or fails, and LakeError where the lake cannot be read.

        >>> lake.sql("select * from daily_sentiment where ds >= ?", [date(2026, 11, 16)])
        """
        if isinstance(parameters, str):
            raise UsageError("give parameters as a list: [value]")
        return _frame(whole(self._lake, self._ledger, query, list(parameters)))

    def views(self) -> dict[str, str]:
        """Every view's name, with what a row of it is, its columns and their units."""
        return {name: described(sql) for name, sql in views().items()}

    def runs(self) -> pd.DataFrame:
        """Every run that is over, a row each, the newest last."""
        return self.sql("SELECT * FROM runs ORDER BY started_at, run_id")

    def documents(self, ids: Iterable[str] | None = None, ds: date | str | None = None) -> pd.DataFrame:
        """Rows of `scores`: of these document_ids, of this date, or of both.

        Raises UsageError where neither is given, or where nothing is published of the date.
        """
        if ids is None and ds is None:
            raise UsageError("say which documents: give ids, ds or both")
        conditions: list[str] = []
        parameters: list[Parameter] = []
        if ds is not None:
            day = _day(ds)
            require_published(self._ledger.publications(), day.isoformat())
            conditions, parameters = ["ds = ?"], [day]
        if ids is not None:
            wanted = [ids] if isinstance(ids, str) else list(dict.fromkeys(ids))
            if len(wanted) > _MOST_IDS:
                raise UsageError(f"{len(wanted):,} ids at once are too many: give {_MOST_IDS:,} at most")
            conditions.append(f"document_id IN ({', '.join('?' * len(wanted))})" if wanted else "false")
            parameters += wanted
        return self.sql(
            f"SELECT * FROM scores WHERE {' AND '.join(conditions)} ORDER BY ds, document_id",  # noqa: S608 - marks alone
            parameters,
        )

    def redact(self, text: str, language: str = "en") -> str:
        """A text without its personal data, by the default policy; see `aurastream redact` for others."""
        from jobs.redact_lines import REDACTED, of_text, redact_documents

        document = of_text(text)
        redact_documents([document], given_policy(None), b"", None, language, explained=False)
        if document.reason is not None:
            raise UsageError(f"the text cannot be redacted: {document.reason}")
        return str(document.row[REDACTED])

    def analyze(self, texts: Sequence[str], scorer: str = "local", language: str | None = None) -> pd.DataFrame:
        """Rows of `scores` of these texts, in their order, through the stages of a night; nothing is published.

        Scores come from the lake's cache and go to it, under its key. With `scorer="comprehend"` they are bought.
        """
        from jobs.analyze import analyze_texts

        if isinstance(texts, str):
            raise UsageError("give texts as a list: [text]")
        return _frame(analyze_texts(texts, ScoringSettings(scorer=scorer, language=language), self._lake.root))

    def label_sample(self, n: int = 200, ds: date | str | None = None, seed: int = 7) -> pd.DataFrame:
        """Draw `n` scored documents of a date for people to label: what `aurastream label-sample` writes.

        Of the last date that has any, if none is given. A row a text; what the scorer said is sealed in `drawn`.
        """
        import pandas as pd

        from jobs.label_sample import label_sample

        return pd.DataFrame(label_sample(self._lake.root, n, None if ds is None else _day(ds).isoformat(), seed).rows)

    def agreement(self, other: str, ds: date | str | None = None) -> Agreement:
        """How far this lake's scorer agrees with that of another lake of the same drop, on all documents of a date.

        Of the last date that both have published, if none is given; the other's labels are taken for right.
        """
        from aurastream.trust import framed
        from jobs.agreement import of_lakes

        return framed(of_lakes(self._lake.root, other, None if ds is None else _day(ds).isoformat()))


def _day(ds: date | str) -> date:
    if isinstance(ds, date):
        return ds
    try:
        return date.fromisoformat(ds)
    except ValueError:
        raise UsageError(f"{ds!r} is not a date: write it as 2026-11-22") from None


def _frame(table: pa.Table) -> pd.DataFrame:
    """A table as pandas has it, typed."""
    import pandas as pd

    columns = [_integers(column) for column in table.columns]
    found: pd.DataFrame = pa.Table.from_arrays(columns, table.column_names).to_pandas(date_as_object=False)
    for place, name in enumerate(found.columns):
        if table.schema.field(place).type != pa.string() or found.columns.duplicated(keep=False)[place]:
            continue
        values = _ORDERED.get(name)
        if values is not None and found[name].dropna().isin(values).all():
            found[name] = pd.Categorical(found[name], values)
        elif values is not None or name in _CATEGORICAL:
            found[name] = found[name].astype("category")
    return found


def _integers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A sum of counts, which DuckDB gives 38 digits, as an integer where it is one of 64 bits."""
    if not pa.types.is_decimal(column.type) or column.type.scale:
        return column
    try:
        return pc.cast(column, pa.int64())
    except pa.ArrowInvalid:
        return column
