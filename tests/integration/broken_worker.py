"""The command line with a worker that fails at a document and has its text in the exception."""

from collections.abc import Sequence

from jobs.cli import main
from jobs.drops import Split
from jobs.readers import read_split
from jobs.run import scoring
from jobs.run.recipe import Recipe, TaskReport


def fail(recipe: Recipe, task: int, splits: Sequence[Split]) -> TaskReport:
    for split in splits:
        for batch in read_split(split, recipe.mapping):
            raise ValueError(batch["text"].to_pylist(), task, recipe)
    raise AssertionError("the drop is empty")


if __name__ == "__main__":
    scoring.write_splits = fail  # in place of it, for this process
    main()
