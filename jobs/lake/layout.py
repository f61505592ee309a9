"""The lake's layout: where every table and report lies."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.lake.config import LakeConfig

# What is said to who opens the folder of the scores.
SCORES_README = b"""Do not read these files by hand.

Each run writes new ones, and those of runs that were replaced, taken back or never published lie here still: read
together they count documents twice. Which of them are published the lake's ledger says. What reads it:

  aurastream sql --lake LAKE "select ... from scores"    answers of what is published
  aurastream export --lake LAKE --ds DATE --out DIR      published rows as Parquet, and nothing else
  aurastream.connect("LAKE")                             the same from Python
  Athena, the view scores                                where the lake is in S3
"""


@dataclass(frozen=True)
class Lake:
    """A lake below a root, an absolute path or URI.

    scores/ds=…/run=<run_id>/   files of one date and run; readers see those that the ledger lists
    scores/README.txt           that these files are not to be read by hand, and what is instead
    runs/ds=…/<run_id>.parquet  one row per run
    audits/<run_id>/            what the audit found: validation.json and Data Docs
    reports/<run_id>.html       one page per run
    comprehend/<run_id>/        its jobs at Amazon Comprehend that are open: jobs/scorers/open_jobs.py

    What it keeps beside them is in `jobs/stores/open.py`; of a lake in S3, `config` says where.
    """

    root: str
    config: LakeConfig | None = None

    def scores(self, ds: str, run_id: str) -> str:
        """Where a run writes one date."""
        return self.at(f"scores/ds={ds}/run={run_id}")

    @property
    def scores_readme(self) -> str:
        """What is said to who opens the folder of the scores."""
        return self.at("scores/README.txt")

    def run_row(self, ds: str, run_id: str) -> str:
        """The run's row of the table `runs`."""
        return self.at(f"runs/ds={ds}/{run_id}.parquet")

    def audit(self, run_id: str) -> str:
        """What the audit of a run found."""
        return self.at(f"audits/{run_id}")

    def report(self, run_id: str) -> str:
        """The run's page."""
        return self.at(f"reports/{run_id}.html")

    @property
    def comprehend_jobs(self) -> str:
        """Where a service's jobs over many texts read and write."""
        return self.at("comprehend")

    def at(self, path: str) -> str:
        """The URI of a path below the root."""
        return f"{self.root}/{path}"

    def path_of(self, uri: str) -> str:
        """The path below the root of a URI in it, which stays what it is where the lake is moved."""
        return uri.removeprefix(f"{self.root}/")
