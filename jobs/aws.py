"""The AWS SDK's session, of the region that AWS_REGION names."""

from __future__ import annotations

import os
from copy import copy
from functools import cache
from typing import Any


def new_session() -> Any:
    """A session of boto3's with its usual chain of settings, and of AWS_REGION, which that does not know.

    A new one reads the credentials' source again. Raises botocore's BotoCoreError for settings that cannot be read.
    """
    import boto3  # half a second of CPU, which a local run need not spend
    import botocore.session

    own = botocore.session.Session(event_hooks=copy(_handlers()), include_builtin_handlers=False)
    own.register_component("data_loader", _models())
    return boto3.session.Session(region_name=os.environ.get("AWS_REGION"), botocore_session=own)


@cache
def _handlers() -> Any:
    """The SDK's own handlers of events, registered once in a process: half of the CPU of making a session."""
    from botocore.hooks import HierarchicalEmitter
    from botocore.session import Session

    emitter = HierarchicalEmitter()
    Session(event_hooks=emitter)
    return emitter


@cache
def _models() -> Any:
    """What the SDK knows of services, read once in a process: four fifths of the CPU of making a client."""
    from botocore.loaders import create_loader

    return create_loader()
