"""The AWS SDK's session, of the region that AWS_REGION names."""

from __future__ import annotations

import os
from typing import Any


def new_session(**settings: Any) -> Any:
    """A session of boto3's with its usual chain of settings, and of AWS_REGION, which that does not know.

    A new one reads the credentials' source again. Raises botocore's BotoCoreError for settings that cannot be read.
    """
    import boto3  # half a second of CPU, which a local run need not spend

    return boto3.session.Session(region_name=os.environ.get("AWS_REGION"), **settings)
