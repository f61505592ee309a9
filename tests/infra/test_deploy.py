"""What a deployment does by itself; tests/stack deploys."""

from __future__ import annotations

import pytest

from infra.deploy import _have_config
from jobs.lake.config import LakeConfig, default_config, read_config, write_config
from tests.s3 import S3, s3
from transforms.errors import ServiceError

__all__ = ["s3"]  # the fixture

ROLE, OTHER_ROLE = (f"arn:aws:iam::111122223333:role/{name}" for name in ("aurastream-dev-comprehend", "another"))


def wanted(root: str, **told: str) -> LakeConfig:
    return default_config(root).model_copy(update={"comprehend_role": ROLE} | told)


@pytest.mark.parametrize("before", [None, OTHER_ROLE])
def test_a_lake_deployed_before_there_was_this_role_gets_it(s3: S3, before: str | None) -> None:
    root = s3.folder()
    with s3.used():
        write_config(root, default_config(root).model_copy(update={"comprehend_role": before}))
        for _ in range(2):
            _have_config(root, wanted(root))
            assert read_config(root) == wanted(root)


def test_a_lake_that_holds_its_data_elsewhere_is_left_and_told(s3: S3) -> None:
    root = s3.folder()
    with s3.used():
        write_config(root, default_config(root))
        with pytest.raises(ServiceError, match=r"ledger_table = aurastream-.*, and not others; if nothing uses them"):
            _have_config(root, wanted(root, ledger_table="others"))
        assert read_config(root) == default_config(root)


def test_a_lake_is_new(s3: S3) -> None:
    root = s3.folder()
    with s3.used():
        _have_config(root, wanted(root))
        assert read_config(root) == wanted(root)
