"""How much of a run may be rejected or failed: beyond that it is not what was meant, and not published."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from expectations.read_back import ReadBack
from transforms.schemas import Status

_SHOWN = 3  # files named in a line


class Limits(NamedTuple):
    """The largest shares that are published, from 0 to 1; of the documents, and of the files that are wholly so."""

    rejected: float = 1.0
    failed: float = 1.0


NONE = Limits()


def exceeded(found: ReadBack, limits: Limits) -> list[str]:
    """A line for each limit that a run's own documents pass; where there are limits, one more if nothing was scored."""
    lines: list[str] = []
    documents = found.own.total()
    for status, limit, option in (
        (Status.REJECTED, limits.rejected, "--max-rejected"),
        (Status.FAILED, limits.failed, "--max-failed"),
    ):
        ended = Counter({name: rows for (name, how), rows in found.ended.items() if how == status})
        whole = Counter({name: rows for name, rows in ended.items() if rows == found.own[name]})
        allowed = f"{option} allows {100 * limit:g}%"
        for number, all_of_them, what, which in (
            (ended.total(), documents, "documents are", ended),
            (len(whole), len(found.own), "files are wholly", whole),
        ):
            if number > limit * all_of_them:
                share = 100 * number / all_of_them
                lines.append(
                    f"{number:,} of {all_of_them:,} {what} {status} ({share:.1f}%), where {allowed}: {_named(which)}"
                )
    if documents and limits != NONE and not any(how in (Status.SCORED, Status.DEFERRED) for _, how in found.ended):
        lines.append(f"none of {documents:,} documents was scored")
    return lines


def _named(files: Counter[str]) -> str:
    named = ", ".join(f"{name} {rows:,}" for name, rows in files.most_common(_SHOWN))
    more = len(files) - _SHOWN
    return f"{named} and {more:,} files more" if more > 0 else named
