"""`lake.toml`, at the root of a lake in S3: what else belongs to the lake.

version = 1
ledger_table = "aurastream-mail-ledger"     # DynamoDB: runs, pointers, locks, rate limit, spending, text claims
cache_table = "aurastream-cache"            # DynamoDB: scores by fingerprint; several lakes may share one
database = "aurastream_mail"                # of the Glue catalog
workgroup = "aurastream"                    # of Athena
secret = "aurastream/mail/content-key"      # in Secrets Manager: the key of fingerprints
kms_key = "alias/aurastream"                # what objects, tables and the secret are encrypted with; AWS's own without
comprehend_role = "arn:aws:iam::…:role/…"   # in which Amazon Comprehend's jobs read and write comprehend/; none without
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from jobs.storage import storage_of
from transforms.errors import LakeError

FILE = "lake.toml"
_Table = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{3,255}$")]

_Role = Annotated[str, StringConstraints(pattern=r"^arn:aws(-[^:]+)?:iam::\d{12}:role/\S{1,512}$")]


class LakeConfig(BaseModel):
    """What `lake.toml` says. Its names are AWS's: a table has three characters at least, a database no hyphen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    version: Literal[1] = 1
    ledger_table: _Table
    cache_table: _Table
    database: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,255}$")]
    workgroup: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,128}$")]
    secret: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/_+=.@-]{1,512}$")]
    kms_key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:/_-]{1,2048}$")] | None = None
    comprehend_role: _Role | None = None


def default_config(root: str, kms_key: str | None = None) -> LakeConfig:
    """What a new lake at an `s3://` URI is called: by its bucket and prefix, and a digest of both.

    Names allow fewer signs and letters than URIs, so that without the digest `s3://a/b-c` and `s3://a-b/c` would share
    a ledger and a key.
    """
    place = root.removeprefix("s3://").rstrip("/")
    spelled = re.sub(r"[^a-z0-9]+", "-", place.lower())[:80].strip("-")
    name = f"{spelled}-{hashlib.sha256(place.encode()).hexdigest()[:8]}"
    return LakeConfig(
        ledger_table=f"aurastream-{name}-ledger",
        cache_table=f"aurastream-{name}-cache",
        database=f"aurastream_{name.replace('-', '_')}",
        workgroup=f"aurastream-{name}",
        secret=f"aurastream/{name}/content-key",
        kms_key=kms_key,
    )


def read_config(root: str) -> LakeConfig | None:
    """What the `lake.toml` of a lake in S3 says; None where there is none. Raises LakeError."""
    uri = f"{root}/{FILE}"
    try:
        with storage_of(uri).open(uri) as file:
            content = file.read().decode()
    except FileNotFoundError:  # also where there is no bucket
        return None
    except OSError as error:
        raise LakeError(f"the lake {root} cannot be used: {error}") from None
    except UnicodeDecodeError:
        raise LakeError(f"{uri}: it is not UTF-8") from None
    try:
        return LakeConfig.model_validate(tomllib.loads(content))
    except tomllib.TOMLDecodeError as error:
        raise LakeError(f"{uri}: {error}") from None
    except ValidationError as invalid:
        said = "; ".join(_said(error["type"], ".".join(map(str, error["loc"]))) for error in invalid.errors())
        raise LakeError(f"{uri}: {said}") from None


def _said(kind: str, name: str) -> str:
    if kind == "missing":
        return f"{name} is missing"
    if kind == "extra_forbidden":
        return f"nothing is called {name}"
    return f"{name} cannot be so"


def write_config(root: str, config: LakeConfig) -> bool:
    """Put `lake.toml`, where there is none; whether it was put. Raises OSError."""
    uri = f"{root}/{FILE}"
    return storage_of(uri).put_if_absent(uri, _written(config))


def name_role(root: str, config: LakeConfig) -> bool:
    """Have the `lake.toml` that is there name this comprehend_role, if all else is as here; whether it is now.

    Everything else names what holds data, and stays as it was found. Raises LakeError, OSError.
    """
    found = read_config(root)
    if found is None or found.model_copy(update={"comprehend_role": config.comprehend_role}) != config:
        return False
    if found != config:
        uri = f"{root}/{FILE}"
        with storage_of(uri).create(uri) as file:
            file.write(_written(config))
    return True


def _written(config: LakeConfig) -> bytes:
    # A TOML basic string of these characters is a JSON string.
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in config if value is not None).encode()
