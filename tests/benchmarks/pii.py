"""How much personal data the redactor finds, how often it is right, and how fast it is; beside other tools.

    python -m tests.benchmarks.pii --against presidio scrubadub datafog --python /path/to/their/bin/python

A labelled span is found when a find overlaps it, of any type: the text is gone, whatever it is called. That is a set's
recall; the typed one, beside it, wants a find of a type that the label means. A find is right when it overlaps a span
that is labelled personal; typed, when that label means its type. What each label means, and which finds a set cannot
judge, is in `tests.benchmarks.pii_sets`.

Sets that are trained on are counted on the rows that are held out of training. `--misses` and `--wrong` print texts,
and so of the other rows alone. Seconds are CPU time.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import orjson
import pyarrow as pa

from tests.benchmarks import pii_speed, pii_tools
from tests.benchmarks.pii_sets import OTHERS, SETS, STRUCTURED, UNLABELLED, LabelledSet
from training.corpora import is_held_out
from transforms.pii.policy import DEFAULT_POLICY
from transforms.pii.redactor import redact

OURS = "aurastream"
_NAMES_OR_PLACES = frozenset(["NAME", "ADDRESS"])
_BATCH = 2_000
_AROUND = 30  # characters shown before and after a span

PLACEHOLDER = re.compile(r"\[[A-Z][A-Z_]*_[0-9]+\]")


class Span(NamedTuple):
    """Where something is in a text, in characters, and what it is: a set's label or a type."""

    start: int
    end: int
    type: str


class Document(NamedTuple):
    """A labelled text; `target` is the one label that was looked for in it, null where all of the set's were."""

    doc_id: str
    text: str
    spans: list[Span]
    target: str | None


Finder = Callable[[Sequence[str]], list[list[Span]]]


@dataclass
class Score:
    """What one tool found of one set, counted."""

    labelled: Counter[str] = field(default_factory=Counter)  # by label
    found: Counter[str] = field(default_factory=Counter)
    found_typed: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)  # by type of the find
    right_typed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    unjudged: Counter[str] = field(default_factory=Counter)
    unlabelled: int = 0  # documents without a labelled span
    changed: int = 0  # of these
    changed_wrongly: int = 0  # of these, by a find of a type that the set can judge

    def recall(self, labels: Iterable[str], typed: bool = False) -> float | None:
        """Of the spans of some labels, the share that is found."""
        labels = list(labels)
        found = self.found_typed if typed else self.found
        return _share(sum(found[label] for label in labels), sum(self.labelled[label] for label in labels))

    def precision(self, types: Iterable[str], typed: bool = False) -> float | None:
        """Of the judged finds of some types, the share that is right."""
        types = list(types)
        right = self.right_typed if typed else self.right
        return _share(sum(right[each] for each in types), sum(self.judged(each) for each in types))

    def judged(self, pii_type: str) -> int:
        """Finds of a type that the set's labels can tell right from wrong."""
        return self.right[pii_type] + self.wrong[pii_type]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def judge(labels: LabelledSet, document: Document, find: Span) -> tuple[bool | None, bool]:
    """Whether a find is right (null: the set cannot tell), and whether its type is what the label means.

    Of a type that only labels apart mean, a find is right at any personal span; else it is at those of the total.
    """
    types, scope = labels.types, _scope(labels, document)
    in_total = any(find.type in types[label] for label in scope & labels.personal.keys())
    if not in_total and not any(find.type in types[label] for label in scope):
        return None, False
    at = {span.type for span in document.spans if span.start < find.end and find.start < span.end}
    counts = scope & labels.personal.keys() if in_total else scope
    if at & counts:
        return True, any(find.type in types[label] for label in at & counts)
    if at & labels.neutral or (at - types.keys() and find.type not in _NAMES_OR_PLACES):
        return None, False
    return False, False


def _scope(labels: LabelledSet, document: Document) -> frozenset[str]:
    """The labels that were looked for in a document."""
    return frozenset(labels.types if document.target is None else labels.types.keys() & {document.target})


def found(labels: LabelledSet, span: Span, finds: Sequence[Span]) -> tuple[bool, bool]:
    """Whether any find overlaps a labelled span, and whether one of a type that the label means does."""
    at = {find.type for find in finds if find.start < span.end and span.start < find.end}
    return bool(at), bool(at & labels.types[span.type])


def score(labels: LabelledSet, documents: Sequence[Document], finds: Sequence[Sequence[Span]]) -> Score:
    """Count what was found in the documents of one set."""
    result = Score()
    for document, its in zip(documents, finds, strict=True):
        for span in document.spans:
            if span.type in labels.types:
                result.labelled[span.type] += 1
                any_type, typed = found(labels, span, its)
                result.found[span.type] += any_type
                result.found_typed[span.type] += typed
        for find in its:
            right, typed = judge(labels, document, find)
            if right is None:
                result.unjudged[find.type] += 1
            elif right:
                result.right[find.type] += 1
                result.right_typed[find.type] += typed
            else:
                result.wrong[find.type] += 1
        if not document.spans:
            result.unlabelled += 1
            result.changed += bool(its)
            result.changed_wrongly += any(judge(labels, document, find)[0] is False for find in its)
    return result


def read(path: Path) -> list[Document]:
    """The documents of a JSON Lines file."""
    documents = []
    for line in path.read_bytes().splitlines():
        row = orjson.loads(line)
        spans = [
            Span(span["start"], span["end"], span["type"])
            for span in row.get("spans", ())
            # Some texts had their values taken out before they were labelled: there is nothing to find.
            if not PLACEHOLDER.fullmatch(row["text"][span["start"] : span["end"]])
        ]
        documents.append(Document(row["doc_id"], row["text"], spans, row.get("target")))
    return documents


def ours(texts: Sequence[str]) -> list[list[Span]]:
    """What the redactor takes out of each text under the default policy."""
    spans = []
    for first in range(0, len(texts), _BATCH):
        pii = redact(pa.array(texts[first : first + _BATCH], pa.string()), DEFAULT_POLICY).pii
        spans += [[Span(find["start"], find["end"], find["type"]) for find in finds] for finds in pii.to_pylist()]
    return spans


def run_tool(tool: str, python: str, texts: Sequence[str]) -> tuple[str | None, list[list[Span]], float]:
    """What another tool is (null: not installed there), finds in each text, under our types; and its CPU seconds."""
    command = [python, str(Path(pii_tools.__file__)), tool]
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, encoding="utf-8")
    first, *answers = map(orjson.loads, done.stdout.splitlines())
    names = OTHERS[tool]
    spans = [
        [Span(start, end, name) for start, end, its in answer["finds"] if (name := names[its])] for answer in answers
    ]
    return first["tool"], spans, sum(answer["seconds"] for answer in answers)


def theirs(tool: str, python: str, texts: Sequence[str]) -> list[list[Span]]:
    """What another tool finds in each text."""
    return run_tool(tool, python, texts)[1]


def cost(tool: str, python: str, texts: Sequence[str]) -> float:
    """The CPU seconds that another tool takes for the texts."""
    return run_tool(tool, python, texts)[2]


def print_set(labels: LabelledSet, title: str, scores: dict[str, Score]) -> None:
    """One set's two tables: recall by label, precision by type of the find; a column pair a tool."""
    some = next(iter(scores.values()))
    print(f"\n{title}")
    print(f"{'label':<34}{'is found as':<24.23}{'labelled':>9}" + "".join(f"{tool:>13} typed" for tool in scores))

    def recall_row(name: str, meaning: str, which: Sequence[str]) -> None:
        shares = "".join(
            f"{_percent(s.recall(which)):>13}{_percent(s.recall(which, True)):>6}" for s in scores.values()
        )
        print(f"{name:<34.33}{meaning:<24.23}{sum(some.labelled[label] for label in which):>9,}{shares}")

    for section in (labels.personal, labels.apart):
        for label in sorted(section, key=lambda label: -some.labelled[label]):
            if some.labelled[label]:
                recall_row(label, section[label] + (" (apart)" if section is labels.apart else ""), [label])
    recall_row("RECALL", "", list(labels.personal))

    print(f"{'find':<42}" + "".join(f"{tool:>13} typed judged   left" for tool in scores))

    def precision_row(name: str, which: Sequence[str]) -> None:
        shares = "".join(
            f"{_percent(s.precision(which)):>13}{_percent(s.precision(which, True)):>6}"
            f"{sum(map(s.judged, which)):>7,}{sum(s.unjudged[each] for each in which):>7,}"
            for s in scores.values()
        )
        print(f"{name:<42.41}{shares}")

    types = Counter[str]()
    for each in scores.values():
        types += each.right + each.wrong + each.unjudged
    for pii_type, _ in types.most_common():
        precision_row(pii_type, [pii_type])
    precision_row("PRECISION", sorted(_types(labels)))
    if some.unlabelled:
        for name, changed in {
            f"changed, of {some.unlabelled:,} without a label": "changed",
            "  by a type that is judged": "changed_wrongly",
        }.items():
            shares = [_percent(_share(getattr(s, changed), s.unlabelled)) for s in scores.values()]
            print(f"{name:<42}" + "".join(f"{share:>13}{'':20}" for share in shares).rstrip())


def _types(labels: LabelledSet) -> frozenset[str]:
    """The types that the labels of a set's total mean."""
    return frozenset().union(*(labels.types[label] for label in labels.personal))


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def print_structured(results: Sequence[tuple[LabelledSet, dict[str, Score]]]) -> None:
    """What has a form of its own, in every set that labels it."""
    tools = list(results[0][1])
    head = "".join(f"{tool:>13} recall typed precision typed" for tool in tools)
    print(f"\n{'structured':<12}{'set':<28}{'labelled':>9}{head}")
    for name, types in STRUCTURED.items():
        for labels, scores in results:
            which = [label for label, its in labels.types.items() if its <= types and scores[tools[0]].labelled[label]]
            if which:
                shares = "".join(
                    f"{_percent(s.recall(which)):>20}{_percent(s.recall(which, True)):>6}"
                    f"{_percent(s.precision(types)):>10}{_percent(s.precision(types, True)):>6}"
                    for s in scores.values()
                )
                print(f"{name:<12}{labels.name:<28}{sum(scores[tools[0]].labelled[w] for w in which):>9,}{shares}")


def print_summary(results: Sequence[tuple[LabelledSet, dict[str, Score]]]) -> None:
    """One line a set: recall and precision of its total."""
    print(f"\n{'set':<40}{'labelled':>9}" + "".join(f"{tool:>13} recall precision" for tool in results[0][1]))
    for labels, scores in results:
        count = sum(next(iter(scores.values())).labelled[label] for label in labels.personal)
        shares = "".join(
            f"{_percent(s.recall(labels.personal)):>20}{_percent(s.precision(_types(labels))):>10}"
            for s in scores.values()
        )
        print(f"{labels.name:<40}{count:>9,}{shares}")


def print_unlabelled(folder: Path, finders: dict[str, Finder], part: Callable[[str], bool]) -> None:
    """How many texts without labels each tool changes, and by what."""
    print("\ntexts without labels: the share that is changed (they do hold some personal data), and by which types")
    for name in UNLABELLED:
        texts = [row.text for row in read(folder / f"{name}.jsonl") if part(row.doc_id)]
        for tool, finder in finders.items():
            finds = finder(texts)
            by_type = Counter(each for its in finds for each in {find.type for find in its})
            said = ", ".join(f"{each} {count / len(texts):.1%}" for each, count in by_type.most_common(5))
            print(f"{name:<16}{len(texts):>7,}  {tool:<11}{sum(map(bool, finds)) / len(texts):>7.1%}   {said}")


def show(labels: LabelledSet, documents: Sequence[Document], missed: str | None, wrong: str | None) -> None:
    """Print each missed span of a type (or of a label) and each wrong find of a type, with what stands around it."""
    for document, finds in zip(documents, ours([document.text for document in documents]), strict=True):
        spans = [
            span
            for span in document.spans
            if span.type in labels.types
            and missed in {span.type, *labels.types[span.type]}
            and not found(labels, span, finds)[0]
        ]
        spans += [find for find in finds if find.type == wrong and judge(labels, document, find)[0] is False]
        for start, end, what in spans:
            before, after = document.text[max(0, start - _AROUND) : start], document.text[end : end + _AROUND]
            print(f"{labels.name} {what}: {before!r} >> {document.text[start:end]!r} << {after!r}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--set", nargs="+", choices=[labels.name for labels in SETS], help="these sets alone, no speed")
    parser.add_argument("--against", nargs="+", choices=pii_tools.TOOLS, default=[], help="other tools to run")
    parser.add_argument("--python", default=sys.executable, help="the interpreter that has the other tools")
    parser.add_argument("--all-rows", action="store_true", help="count the rows that are trained on, too")
    parser.add_argument("--misses", metavar="TYPE", help="show what is missed of a type or label, of rows trained on")
    parser.add_argument("--wrong", metavar="TYPE", help="show the wrong finds of a type, of rows trained on")
    parser.add_argument("--no-speed", action="store_true", help="leave out the speed")
    arguments = parser.parse_args()
    data: Path = arguments.data
    if not (data / "pii").is_dir():
        print(f"no labelled data: {data / 'pii'} is not there (--data)", file=sys.stderr)
        return 2
    chosen = [labels for labels in SETS if arguments.set is None or labels.name in arguments.set]
    if arguments.misses or arguments.wrong:
        for labels in chosen:
            if labels.measuring:
                print(f"{labels.name}: for measuring alone, its texts are not shown", file=sys.stderr)
            else:
                rows = [row for row in read(data / "pii" / f"{labels.name}.jsonl") if not is_held_out(row.doc_id)]
                show(labels, rows, arguments.misses, arguments.wrong)
        return 0

    finders: dict[str, Finder] = {OURS: ours}
    for tool in arguments.against:
        said, _, _ = run_tool(tool, arguments.python, [])
        print(f"{tool}: {said or 'not installed'}")
        if said:
            finders[tool] = partial(theirs, tool, arguments.python)

    def part(doc_id: str) -> bool:
        return arguments.all_rows or is_held_out(doc_id)

    results = []
    for labels in chosen:
        every = read(data / "pii" / f"{labels.name}.jsonl")
        documents = every if labels.measuring else [row for row in every if part(row.doc_id)]
        kind = "all" if len(documents) == len(every) else "held out"
        title = f"{labels.name}: {len(documents):,} of {len(every):,} documents ({kind})"
        texts = [document.text for document in documents]
        scores = {tool: score(labels, documents, finder(texts)) for tool, finder in finders.items()}
        print_set(labels, title, scores)
        results.append((labels, scores))
    print_structured(results)
    print_summary(results)
    if arguments.set is None:
        print_unlabelled(data / "sentiment", finders, part)
    if arguments.set is None and not arguments.no_speed:
        others = {tool: partial(cost, tool, arguments.python) for tool in finders if tool != OURS}
        pii_speed.report(data, others)
    return 0


if __name__ == "__main__":
    sys.exit(main())
