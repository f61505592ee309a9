"""Makes a lake in S3 with all that belongs to it, or says which permission that lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from jobs.aws import new_session
from jobs.lake.config import FILE, LakeConfig, default_config, read_config, write_config
from jobs.lake.layout import SCORES_README, Lake
from jobs.storage import absolute, storage_of
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
_UNKNOWN = {"NotImplemented", "UnknownOperationException", "501"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}
_MISSING = {
    *("404", "NoSuchBucket", "ResourceNotFoundException", "EntityNotFoundException", "InvalidRequestException"),
    *("NoSuchPublicAccessBlockConfiguration", "ServerSideEncryptionConfigurationNotFoundError"),
}


class Made(NamedTuple):
    """A thing of a lake, and whether it was made now; None where the service, which is not AWS's, has no such thing."""

    what: str
    new: bool | None


def create_lake(location: str, kms_key: str | None = None) -> Iterator[Made]:
    """Make a lake at an `s3://` URI, and what is missing of it: each thing as it is made or found.

    What its `lake.toml` names is made under those names; without one it is written, last, so that a lake which has one
    is whole. Nothing that is there is changed, but of a new lake's bucket the encryption, and the public access block
    where there is none. Raises UsageError for another location, LakeError.
    """
    root = absolute(location)
    if not root.startswith("s3://"):
        raise UsageError(f"--lake {location}: a lake on a local path is made by its first night; name one in S3")
    found = read_config(root)
    config = found or default_config(root, kms_key)
    bucket = root.removeprefix("s3://").partition("/")[0]
    yield from _bucket(bucket, config, new=found is None)
    yield from _tables(config)
    yield from _catalog(config)
    yield from _workgroup(root, config)
    readme, file = Lake(root).scores_readme, f"{root}/{FILE}"
    try:
        yield Made(readme, storage_of(root).put_if_absent(readme, SCORES_README))
        yield Made(file, found is None and write_config(root, config))
    except OSError as error:  # which names the file
        raise LakeError(f"the lake cannot be written: {error}") from None


def _bucket(bucket: str, config: LakeConfig, *, new: bool) -> Iterator[Made]:
    """A bucket of which every object is encrypted, by its own default, and that nobody else can be let into."""
    s3 = _client("s3")
    what = f"bucket {bucket}"
    with _told(what, "s3:ListBucket", _MISSING) as gone:
        s3.head_bucket(Bucket=bucket)
    if gone:
        place = {} if _region(s3) == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": _region(s3)}}
        with _told(what, "s3:CreateBucket", _THERE) as there:
            s3.create_bucket(Bucket=bucket, **place)
    yield Made(what, bool(gone) and not there)
    if not new:
        return
    if config.kms_key:
        rule = {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": config.kms_key},
            "BucketKeyEnabled": True,
        }
        yield _made(
            f"encryption of {what}",
            "s3:PutEncryptionConfiguration",
            lambda: s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]}),
            unless=lambda: _is_encrypted(s3.get_bucket_encryption(Bucket=bucket), config.kms_key),
        )
    closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    yield _made(
        f"public access block of {what}",
        "s3:PutBucketPublicAccessBlock",
        lambda: s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(closed, True)),
        unless=lambda: s3.get_public_access_block(Bucket=bucket),
    )


def _is_encrypted(answer: dict[str, Any], kms_key: str | None) -> bool:
    """Whether a bucket's default is this key of KMS."""
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
    return kms_key in {rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID") for rule in rules}


def _tables(config: LakeConfig) -> Iterator[Made]:
    yield from _table(config.ledger_table, LEDGER, config, kept=True)
    yield from _table(config.cache_table, CACHE, config, kept=False)


def _table(table: str, schema: dict[str, Any], config: LakeConfig, *, kept: bool) -> Iterator[Made]:
    """A table, and what it says about itself; one that is `kept` is backed up, and protected from being deleted."""
    dynamodb = _client("dynamodb")
    what = f"DynamoDB table {table}"
    encrypted = {"Enabled": True, "SSEType": "KMS"} | ({"KMSMasterKeyId": config.kms_key} if config.kms_key else {})
    yield _made(
        what,
        "dynamodb:CreateTable",
        lambda: dynamodb.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            SSESpecification=encrypted,
            DeletionProtectionEnabled=kept,
            **schema,
        ),
    )
    with _told(what, "dynamodb:DescribeTable"):
        dynamodb.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1})
    yield _made(
        f"expiry of items of {what}",
        "dynamodb:UpdateTimeToLive",
        lambda: dynamodb.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True}
        ),
        unless=lambda: _is_on(dynamodb.describe_time_to_live(TableName=table), "TimeToLive"),
    )
    if kept:
        yield _made(
            f"backups of {what}",
            "dynamodb:UpdateContinuousBackups",
            lambda: dynamodb.update_continuous_backups(
                TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
            ),
            unless=lambda: _is_on(dynamodb.describe_continuous_backups(TableName=table), "PointInTimeRecovery"),
        )


def _is_on(answer: dict[str, Any], name: str) -> bool:
    """Whether anything in an answer is `name`Status: ENABLED, or is about to be."""
    held = [each for each in answer.values() if isinstance(each, dict)]
    return str(answer.get(f"{name}Status", "")).startswith("ENABL") or any(_is_on(each, name) for each in held)


def _catalog(config: LakeConfig) -> Iterator[Made]:
    glue = _client("glue")
    database = {"Name": config.database, "Description": "AuraStream: sentiment of every document of each night"}
    yield _made(
        f"database {config.database} of the Glue catalog",
        "glue:CreateDatabase",
        lambda: glue.create_database(DatabaseInput=database),
    )


def _workgroup(root: str, config: LakeConfig) -> Iterator[Made]:
    """A workgroup whose results lie in the lake, encrypted, whatever a query asks for, and that reads only so much."""
    athena = _client("athena")
    kms = {"EncryptionOption": "SSE_KMS", "KmsKey": config.kms_key}
    settings = {
        "ResultConfiguration": {
            "OutputLocation": f"{root}/athena/",
            "EncryptionConfiguration": kms if config.kms_key else {"EncryptionOption": "SSE_S3"},
        },
        "EnforceWorkGroupConfiguration": True,
        "BytesScannedCutoffPerQuery": MOST_SCANNED,
        "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
    }
    yield _made(
        f"Athena workgroup {config.workgroup}",
        "athena:CreateWorkGroup",
        lambda: athena.create_work_group(Name=config.workgroup, Configuration=settings),
        unless=lambda: athena.get_work_group(WorkGroup=config.workgroup).get("WorkGroup"),
    )


def _client(service: str) -> Any:
    from botocore.exceptions import BotoCoreError

    try:
        return new_session().client(service)
    except BotoCoreError as error:
        raise LakeError(f"AWS cannot be used: {error}; give a role, or set AWS_PROFILE, and AWS_REGION") from None


def _region(client: Any) -> str:
    return str(client.meta.region_name)


def _made(what: str, permission: str, make: Callable[[], object], unless: Callable[[], object] = lambda: False) -> Made:
    """Make a thing, unless it is there. Raises LakeError."""
    with _told(what, permission, _MISSING | _UNKNOWN):
        if unless():
            return Made(what, new=False)
    with _told(what, permission, _THERE | _UNKNOWN) as refused:
        make()
    return Made(what, None if _UNKNOWN & {*refused} else not refused)


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
