"""What a night needs of a lake in S3: bucket, tables, key, catalog, workgroup, and the role of jobs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from jobs.doctor.account import Account, looked
from jobs.doctor.comprehend import look_at_role
from jobs.doctor.finding import Finding, Verdict, judged
from jobs.lake.config import LakeConfig, read_config
from jobs.lake.layout import Lake
from jobs.storage import absolute
from jobs.stores.aws.tables import CACHE, LEDGER
from transforms.errors import AuraStreamError

# Clocks of machines may differ by so many seconds (docs/ledger.md); AWS refuses requests beyond 300.
MOST_SKEW = 30
_CREATE = "`aurastream lake create --lake {}` makes it, or `make deploy`"


def look_at_lake(account: Account, location: str) -> Iterator[Finding]:
    """Look at a lake in S3, and all that its lake.toml names."""
    root = absolute(location)
    make = _CREATE.format(root)
    yield from looked("credentials", "give a role, or set AWS_PROFILE", lambda: _identity(account))
    bucket = root.removeprefix("s3://").partition("/")[0]
    yield from looked("bucket", make, lambda: _bucket(account, bucket))
    try:
        config = read_config(root)
    except AuraStreamError as error:
        yield Finding("lake.toml", Verdict.FAILED, str(error), "mend it as docs/s3.md has it")
        return
    yield judged("lake.toml", config is not None, f"{root}/lake.toml", make)
    if config is None:
        return
    for table, schema, kept in ((config.ledger_table, LEDGER, True), (config.cache_table, CACHE, False)):
        yield from looked(f"table {table}", make, partial(_table, account, table, schema, kept))
    yield from looked("secret", make, lambda: _secret(account, config))
    if config.kms_key:
        yield from looked("key", "name a key that is there in lake.toml", lambda: _key(account, str(config.kms_key)))
    yield from looked("database", make, lambda: _database(account, config))
    yield from looked("lake formation", "ask its administrators", lambda: _lake_formation(account))
    yield from looked("workgroup", make, lambda: _workgroup(account, config))
    yield from look_at_role(account, Lake(root), config, make)


def _identity(account: Account) -> Iterator[Finding]:
    answer = account.client("sts").get_caller_identity()
    yield Finding("credentials", Verdict.OK, f"{answer['Arn']} in {account.session.region_name}")
    theirs = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    skew = abs((datetime.now(UTC) - theirs).total_seconds())
    yield judged("clock, beside AWS's", skew <= MOST_SKEW, f"{skew:.0f} s apart", "set it, by NTP for one")


def _bucket(account: Account, bucket: str) -> Iterator[Finding]:
    s3 = account.client("s3")
    region = s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region")
    here = account.session.region_name
    yield judged(
        f"bucket {bucket}", region in (None, here), f"in {region or here}", f"set AWS_REGION to {region}, its region"
    )
    closed = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    yield judged("bucket, closed", all(closed.values()), str(sorted(closed.values())), "block all public access of it")


def _table(account: Account, table: str, schema: dict[str, Any], kept: bool) -> Iterator[Finding]:
    dynamodb = account.client("dynamodb")
    found = dynamodb.describe_table(TableName=table)["Table"]
    what = f"table {table}"
    yield judged(what, found["TableStatus"] == "ACTIVE", found["TableStatus"], "wait until it is ACTIVE")
    keys = found["KeySchema"] == schema["KeySchema"]
    yield judged(f"{what}, keys", keys, "as ours" if keys else "others", "it is another program's: name one of ours")
    expires = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    yield judged(
        f"{what}, expiry",
        expires.get("AttributeName") == "expires_at",
        expires["TimeToLiveStatus"],
        "switch time to live on, for expires_at",
    )
    if kept:
        backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
        status = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
        yield judged(f"{what}, backups", status == "ENABLED", status, "switch point-in-time recovery on")


def _secret(account: Account, config: LakeConfig) -> Iterator[Finding]:
    found = account.client("secretsmanager").describe_secret(SecretId=config.secret)
    held = bool(found.get("VersionIdsToStages"))
    yield judged("secret", held, config.secret, "the first night makes its value, if its role may; or `make deploy`")
    yield judged("secret, kept", "DeletedDate" not in found, "not being deleted", "restore it: RestoreSecret")


def _key(account: Account, key: str) -> Iterator[Finding]:
    state = account.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    yield judged(
        f"key {key}", state == "Enabled", state, "enable it, or cancel its deletion: without it nothing is read"
    )


def _database(account: Account, config: LakeConfig) -> Iterator[Finding]:
    account.client("glue").get_database(Name=config.database)
    yield Finding(f"database {config.database}", Verdict.OK, "is there")


def _lake_formation(account: Account) -> Iterator[Finding]:
    settings = account.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    principals = [
        each["Principal"]["DataLakePrincipalIdentifier"] for each in settings.get("CreateTableDefaultPermissions", [])
    ]
    yield judged(
        "lake formation",
        "IAM_ALLOWED_PRINCIPALS" in principals,
        "IAM alone decides about new tables" if principals else "new tables need its grants",
        "grant the night's role ALL and analysts SELECT on the database's tables, or let IAM decide about new ones",
    )


def _workgroup(account: Account, config: LakeConfig) -> Iterator[Finding]:
    found = account.client("athena").get_work_group(WorkGroup=config.workgroup)["WorkGroup"]
    enforced = found["Configuration"].get("EnforceWorkGroupConfiguration", False)
    said = f"{found.get('State', 'ENABLED')}, {'enforced' if enforced else 'not enforced'}"
    holds = enforced and found.get("State", "ENABLED") == "ENABLED"
    yield judged(f"workgroup {config.workgroup}", holds, said, "enable it, and enforce its configuration")
