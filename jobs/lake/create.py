"""Makes a lake in S3 with all that belongs to it, or says which permission that lacks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from jobs.lake.config import FILE, LakeConfig, default_config, read_config, write_config
from jobs.storage import absolute
from jobs.stores.aws.tables import CACHE, LEDGER
from transforms.errors import LakeError, UsageError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

# Bytes that one query may read, so that a slip costs five dollars at most (Athena's price of a terabyte).
MOST_SCANNED = 10**12
# What says that something is there already, by whichever hand.
_THERE = {
    "BucketAlreadyOwnedByYou",
    "ResourceInUseException",
    "ResourceExistsException",
    "AlreadyExistsException",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}
_MISSING = {"404", "NoSuchBucket", "ResourceNotFoundException", "EntityNotFoundException", "InvalidRequestException"}


class Made(NamedTuple):
    """A thing of a lake, and whether it was made now."""

    what: str
    new: bool


def create_lake(location: str, kms_key: str | None = None) -> Iterator[Made]:
    """Make a lake at an `s3://` URI, and what is missing of it: each thing as it is made or found.

    What its `lake.toml` names is made under those names; without one it is written, last, so that a lake which has one
    is whole. Nothing that is there is changed. Raises UsageError for another location, LakeError.
    """
    root = absolute(location)
    if not root.startswith("s3://"):
        raise UsageError(f"--lake {location}: a lake on a local path is made by its first night; name one in S3")
    try:
        found = read_config(root)  # also where there is no bucket, there is none
    except OSError as error:
        raise LakeError(f"the lake {root} cannot be used: {error}") from None
    config = found or default_config(root, kms_key)
    bucket = root.removeprefix("s3://").partition("/")[0]
    yield from _bucket(bucket, config)
    yield from _tables(config)
    yield from _catalog(config)
    yield from _workgroup(root, config)
    try:
        yield Made(f"{root}/{FILE}", found is None and write_config(root, config))
    except OSError as error:
        raise LakeError(f"{root}/{FILE} cannot be written: {error}") from None


def _bucket(bucket: str, config: LakeConfig) -> Iterator[Made]:
    """A bucket of which every object is encrypted, by its own default, and that nobody else can be let into."""
    s3 = _client("s3")
    what = f"bucket {bucket}"
    if not _exists(lambda: s3.head_bucket(Bucket=bucket), what, "s3:ListBucket"):
        place = {} if _region(s3) == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": _region(s3)}}
        yield Made(what, _made(lambda: s3.create_bucket(Bucket=bucket, **place), what, "s3:CreateBucket"))
        rule: dict[str, Any] = {"SSEAlgorithm": "aws:kms"} | (
            {"KMSMasterKeyID": config.kms_key} if config.kms_key else {}
        )
        encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": rule, "BucketKeyEnabled": True}]}
        with _told(f"the encryption of {what}", "s3:PutEncryptionConfiguration"):
            s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=encryption)
        closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        with _told(f"the public access block of {what}", "s3:PutBucketPublicAccessBlock"):
            s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(closed, True))
    else:
        yield Made(what, new=False)


def _tables(config: LakeConfig) -> Iterator[Made]:
    dynamodb = _client("dynamodb")
    encrypted: dict[str, Any] = {"Enabled": True, "SSEType": "KMS"}
    if config.kms_key:
        encrypted["KMSMasterKeyId"] = config.kms_key
    for table, schema, kept in ((config.ledger_table, LEDGER, True), (config.cache_table, CACHE, False)):
        what = f"DynamoDB table {table}"

        def make(table: str = table, schema: dict[str, Any] = schema, kept: bool = kept) -> object:
            return dynamodb.create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                SSESpecification=encrypted,
                DeletionProtectionEnabled=kept,
                **schema,
            )

        new = _made(make, what, "dynamodb:CreateTable")
        with _told(what, "dynamodb:DescribeTable"):
            dynamodb.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1})
        if new:
            with _told(f"the lifetime of items of {what}", "dynamodb:UpdateTimeToLive"):
                dynamodb.update_time_to_live(
                    TableName=table, TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True}
                )
            if kept:
                with _told(f"the backups of {what}", "dynamodb:UpdateContinuousBackups"):
                    dynamodb.update_continuous_backups(
                        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
                    )
        yield Made(what, new)


def _catalog(config: LakeConfig) -> Iterator[Made]:
    glue = _client("glue")
    what = f"database {config.database} of the Glue catalog"
    database = {"Name": config.database, "Description": "AuraStream: sentiment of every document of each night"}
    yield Made(what, _made(lambda: glue.create_database(DatabaseInput=database), what, "glue:CreateDatabase"))


def _workgroup(root: str, config: LakeConfig) -> Iterator[Made]:
    athena = _client("athena")
    what = f"Athena workgroup {config.workgroup}"
    if _exists(lambda: athena.get_work_group(WorkGroup=config.workgroup), what, "athena:GetWorkGroup"):
        yield Made(what, new=False)
        return
    encrypted = (
        {"EncryptionOption": "SSE_KMS", "KmsKey": config.kms_key} if config.kms_key else {"EncryptionOption": "SSE_S3"}
    )
    settings = {
        "ResultConfiguration": {"OutputLocation": f"{root}/athena/", "EncryptionConfiguration": encrypted},
        "EnforceWorkGroupConfiguration": True,
        "BytesScannedCutoffPerQuery": MOST_SCANNED,
        "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
    }

    def make() -> object:
        return athena.create_work_group(Name=config.workgroup, Configuration=settings)

    yield Made(what, _made(make, what, "athena:CreateWorkGroup"))


def _client(service: str) -> Any:
    import boto3  # half a second of CPU
    from botocore.exceptions import BotoCoreError

    try:
        session = boto3.session.Session(region_name=os.environ.get("AWS_REGION"))  # which this SDK does not know
        return session.client(service)
    except BotoCoreError as error:
        raise LakeError(f"AWS cannot be used: {error}; give a role, or set AWS_PROFILE, and AWS_REGION") from None


def _region(client: Any) -> str:
    return str(client.meta.region_name)


def _exists(look: Callable[[], object], what: str, permission: str) -> bool:
    with _told(what, permission, _MISSING) as gone:
        look()
    return not gone


def _made(make: Callable[[], object], what: str, permission: str) -> bool:
    with _told(what, permission, _THERE) as there:
        make()
    return not there


@contextmanager
def _told(what: str, permission: str, known: Set[str] = frozenset()) -> Iterator[list[str]]:
    """An answer of `known` codes goes into the list; any other refusal is a LakeError."""
    from botocore.exceptions import BotoCoreError, ClientError

    found: list[str] = []
    try:
        yield found
    except ClientError as error:
        code = _code(error)
        if code in known:
            found.append(code)
        elif code in _DENIED:
            raise LakeError(f"{what}: access is denied; whoever makes a lake needs {permission} on it") from None
        else:
            raise LakeError(f"{what} cannot be made: {code}") from None
    except BotoCoreError as error:
        raise LakeError(f"{what} cannot be made: {error}") from None


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
