"""What a night of a size takes on AWS: hours, workers, calls and dollars, from what was measured and list prices.

Measured on the sample's documents (315 characters on average, 59 texts of 100 documents different) through
`tests.benchmarks.aws`; docs/benchmarks.md has the figures, docs/scale.md what follows from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from transforms.cost import GLUE_DPU_HOUR, GLUE_LEAST_SECONDS, ITEMS_A_CALL, Requests, dollars

# A worker of Glue of type G.1X: one DPU, of which it has so many vCPUs. One of the workers is the driver's.
CORES_A_WORKER = 4
LEAST_WORKERS = 2
# Minutes after which Glue ends a run, unless the job says otherwise.
GLUE_TIMEOUT_MINUTES = 480

# CPU of a night in S3, in seconds: for each document, and for any number of them. From nights of 20,000 and 250,000
# documents with the local scorer; with Comprehend, calls and claims stand for it and cost 5% more.
CPU_SECONDS = 0.0007
START_CPU_SECONDS = 33.0
# As of 20,000 documents; of more, S3 is asked less often for each.
A_DOCUMENT = Requests(s3_puts=0.00095, s3_gets=0.00155)
# A text is looked up in the cache.
A_TEXT = Requests(read_units=0.5)
# A text that is bought is put into the cache.
A_BOUGHT_TEXT = Requests(write_units=1)
# A call takes its turn, reserves its units and claims its texts; more than once where another worker was faster. The
# most that was measured, at a pace that held nobody back.
A_CALL = Requests(write_units=4.6, read_units=0.4)
# Runs, files and locks in the ledger, the key; the catalog in a lake's first night, of which later ones ask it 6 times.
A_NIGHT = Requests(write_units=25, read_units=29, catalog=22)
# A run says that it lives.
A_SECOND = Requests(write_units=0.2)
# An entry of the cache with what DynamoDB adds for its index, and a document's row, in bytes.
ENTRY_BYTES = 245
ROW_BYTES = 125


@dataclass(frozen=True)
class Drop:
    """What comes in for a night."""

    documents: int
    distinct: float = 0.593  # different texts, of each document
    hits: float = 0.0  # of these, the share that the cache has
    units: float = 3.92  # billing units of a text

    @property
    def texts(self) -> float:
        """Texts that are looked up."""
        return self.documents * self.distinct

    @property
    def bought(self) -> int:
        """Texts that are bought."""
        return round(self.texts * (1 - self.hits))

    @property
    def calls(self) -> int:
        """Calls that this takes, each full."""
        return ceil(self.bought / ITEMS_A_CALL)


@dataclass(frozen=True)
class Night:
    """What a night takes; hours are of the clock, dollars of list prices."""

    work_hours: float  # of CPU, spread over all cores
    quota_hours: float  # of calls, at the quota
    comprehend: Decimal
    glue: Decimal
    dynamodb: Decimal
    s3: Decimal  # and the Glue catalog

    @property
    def hours(self) -> float:
        """The larger of both: calls are made while documents are worked on, but for the first and the last minutes."""
        return max(self.work_hours, self.quota_hours)

    @property
    def dollars(self) -> Decimal:
        """All of it."""
        return self.comprehend + self.glue + self.dynamodb + self.s3

    @property
    def share_of_others(self) -> float:
        """What S3, DynamoDB and the catalog cost, as a share of Comprehend's price."""
        return float((self.dynamodb + self.s3) / self.comprehend)


def night(drop: Drop, workers: int, quota_tps: float, dpu_hour: Decimal = GLUE_DPU_HOUR, already: int = 0) -> Night:
    """What a drop takes with so many workers of type G.1X, the driver's included, and calls a second.

    `already` are the units that the month's nights had bought before.
    """
    work = _cpu_seconds(drop) / ((workers - 1) * CORES_A_WORKER)
    quota = drop.calls / quota_tps
    seconds = max(work, quota)
    asked = (
        A_DOCUMENT.times(drop.documents)
        .plus(A_TEXT.times(drop.texts))
        .plus(A_BOUGHT_TEXT.times(drop.bought))
        .plus(A_CALL.times(drop.calls))
        .plus(A_NIGHT)
        .plus(A_SECOND.times(seconds))
    )
    return Night(
        work_hours=work / 3600,
        quota_hours=quota / 3600,
        comprehend=dollars(round(drop.bought * drop.units), already),
        glue=Decimal(max(seconds, GLUE_LEAST_SECONDS) / 3600 * workers) * dpu_hour,
        dynamodb=asked.dynamodb_dollars,
        s3=asked.s3_dollars,
    )


def workers_for(drop: Drop, hours: float) -> int:
    """The fewest workers, the driver's included, that a drop's CPU takes to be done within some hours."""
    return max(LEAST_WORKERS, 1 + ceil(_cpu_seconds(drop) / (hours * 3600 * CORES_A_WORKER)))


def quota_for(drop: Drop, hours: float) -> int:
    """The fewest calls a second by which a drop is bought within some hours."""
    return max(1, ceil(drop.calls / (hours * 3600)))


def _cpu_seconds(drop: Drop) -> float:
    return START_CPU_SECONDS + drop.documents * CPU_SECONDS
