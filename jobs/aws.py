"""The AWS SDK's session, of the region that AWS_REGION names."""

from __future__ import annotations

import os
from functools import cache
from typing import Any


def new_session() -> Any:
    """A session of boto3's with its usual chain of settings, and of AWS_REGION, which that does not know.

    A new one reads the credentials' source again. Raises botocore's BotoCoreError for settings that cannot be read.
    """
    import boto3  # half a second of CPU, which a local run need not spend
    import botocore.session

    own = botocore.session.get_session()
    own.register_component("data_loader", _models())
    return boto3.session.Session(region_name=os.environ.get("AWS_REGION"), botocore_session=own)


@cache
def _models() -> Any:
    """What the SDK knows of services, read once in a process: four fifths of the CPU of making a client."""
    from botocore.loaders import create_loader

    return create_loader()
