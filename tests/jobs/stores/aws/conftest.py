"""What several tests of one store in DynamoDB are given."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from jobs.stores.aws.dynamodb import Table
from tests.jobs.stores.twins import AwsTwin


@pytest.fixture
def table(aws_twin: AwsTwin) -> Iterator[Table]:
    with closing(Table(aws_twin.table)) as table:
        yield table
