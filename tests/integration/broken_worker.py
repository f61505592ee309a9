"""The command line with a worker that fails at a document and has its text in the exception."""

from collections.abc import Sequence

import jobs.nightly
from jobs.cli import main
from jobs.drops import Split
from jobs.lake import Lake
from jobs.pipeline import Recipe, TaskReport
from jobs.readers import read_split


def fail(recipe: Recipe, lake: Lake, number: int, splits: Sequence[Split]) -> TaskReport:
    for split in splits:
        for batch in read_split(split, recipe.mapping):
            raise ValueError(batch["text"].to_pylist(), number, lake)
    raise AssertionError("the drop is empty")


if __name__ == "__main__":
    jobs.nightly._score = fail
    main()
