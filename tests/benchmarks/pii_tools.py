"""Other tools, run as they come: texts in as JSON lines, their finds and what they cost out.

    python tests/benchmarks/pii_tools.py presidio < texts > finds

Imports nothing of the project, so that a tool may live in an interpreter of its own. The first line out says what runs,
`{"tool": ...}` (null: it is not installed); then, for each line in, a JSON string, a line
`{"finds": [[start, end, type], ...], "seconds": CPU}`.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

Find = tuple[int, int, str]
Tool = tuple[str, Callable[[str], list[Find]]]


def presidio() -> Tool | None:
    """Presidio's analyzer for English, as it comes but for the model: spaCy's small one, or none if it is missing."""
    if importlib.util.find_spec("presidio_analyzer") is None:
        return None
    analyzer, engine = (
        importlib.import_module("presidio_analyzer"),
        importlib.import_module("presidio_analyzer.nlp_engine"),
    )
    spacy, tldextract = importlib.import_module("spacy"), importlib.import_module("tldextract.tldextract")
    vars(tldextract)["TLD_EXTRACTOR"] = tldextract.TLDExtract(suffix_list_urls=())  # its own list, none fetched
    try:
        model, said = spacy.load("en_core_web_sm"), "spaCy small"
    except OSError:
        # No names and places, then. Context words are compared by lemma, of which a blank model has none.
        spacy.language.Language.component("lower_lemmas", func=_lower_lemmas)
        model, said = spacy.blank("en"), "patterns alone, no spaCy model"
        model.add_pipe("lower_lemmas")
    nlp = engine.SpacyNlpEngine(models=[{"lang_code": "en", "model_name": "en_core_web_sm"}])
    nlp.nlp = {"en": model}
    presidio = analyzer.AnalyzerEngine(nlp_engine=nlp, supported_languages=["en"])

    def finds(text: str) -> list[Find]:
        return [(find.start, find.end, find.entity_type) for find in presidio.analyze(text, language="en")]

    return f"presidio-analyzer {version('presidio-analyzer')}, {said}", finds


def _lower_lemmas(doc: Any) -> Any:
    for token in doc:
        token.lemma_ = token.lower_
    return doc


def scrubadub() -> Tool | None:
    """Scrubadub with the detectors that it has on."""
    if importlib.util.find_spec("scrubadub") is None:
        return None
    scrubber = importlib.import_module("scrubadub").Scrubber()

    def finds(text: str) -> list[Find]:
        # Overlapping finds come as one with several in it: it is what the first one is.
        return [
            (filth.beg, filth.end, getattr(filth, "filths", [filth])[0].type) for filth in scrubber.iter_filth(text)
        ]

    return f"scrubadub {version('scrubadub')}", finds


def datafog() -> Tool | None:
    """DataFog with its regular expressions, which is its default."""
    if importlib.util.find_spec("datafog") is None:
        return None
    scan = importlib.import_module("datafog").scan

    def finds(text: str) -> list[Find]:
        return [(find.start, find.end, find.type) for find in scan(text).entities]

    return f"datafog {version('datafog')}", finds


TOOLS = {"presidio": presidio, "scrubadub": scrubadub, "datafog": datafog}


def main() -> None:
    logging.disable()
    warnings.simplefilter("ignore")
    said, out = None, sys.stdout
    sys.stdout = sys.stderr  # whatever a tool prints
    tool = TOOLS[sys.argv[1]]()
    if tool:
        said, finds = tool
        finds("warm up")
    print(json.dumps({"tool": said}), file=out, flush=True)
    if tool:
        for line in sys.stdin:
            text = json.loads(line)
            started = time.process_time()
            found = finds(text)
            print(json.dumps({"finds": found, "seconds": time.process_time() - started}), file=out)


if __name__ == "__main__":
    main()
