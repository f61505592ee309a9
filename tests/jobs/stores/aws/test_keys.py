"""The lake's key in Secrets Manager, moto's."""

import logging
import pickle
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import boto3
import pytest

from jobs.stores.aws import client as patience
from jobs.stores.aws import keys
from jobs.stores.aws.client import Client
from jobs.stores.aws.keys import SecretKeys
from tests.jobs.stores.aws.faults import before_send, lose_answers, refusal, the_first
from tests.jobs.stores.twins import AwsTwin
from transforms.errors import LakeBusy, LakeError


@pytest.fixture
def manager(aws_twin: AwsTwin) -> Iterator[Any]:
    with closing(boto3.client("secretsmanager")) as manager:
        yield manager


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is done to each client that the key makes."""
    done: list[Any] = []

    class Harmed(Client):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            for harm in done:
                harm(self)

    monkeypatch.setattr(keys, "Client", Harmed)
    return done


def lost() -> bool:
    return True


def test_it_is_random_and_kept_as_bytes(aws_twin: AwsTwin, manager: Any) -> None:
    key = aws_twin.keys().content_key()

    assert manager.get_secret_value(SecretId=aws_twin.secret)["SecretBinary"] == key
    assert SecretKeys(f"{aws_twin.secret}-other").content_key() != key


def test_it_is_pickled_as_the_name_of_its_secret(aws_twin: AwsTwin) -> None:
    key = aws_twin.keys().content_key()

    told = pickle.dumps(key)

    assert bytes(key) not in told
    assert pickle.loads(told) == key


def test_workers_go_on_with_the_key_that_the_run_began_with(aws_twin: AwsTwin, manager: Any) -> None:
    key = aws_twin.keys().content_key()
    manager.put_secret_value(SecretId=aws_twin.secret, SecretBinary=bytes(32))

    keys._asked_for.cache_clear()

    assert pickle.loads(pickle.dumps(key)) == key != aws_twin.keys().content_key()


def test_a_worker_is_told_where_the_key_has_gone_meanwhile(aws_twin: AwsTwin, manager: Any) -> None:
    told = pickle.dumps(aws_twin.keys().content_key())
    manager.delete_secret(SecretId=aws_twin.secret, ForceDeleteWithoutRecovery=True)
    keys._asked_for.cache_clear()

    with pytest.raises(LakeError, match=r"secret .*: the version that the run began with is gone: start it again"):
        pickle.loads(told)


def test_a_new_one_is_encrypted_by_the_key_that_is_named(aws_twin: AwsTwin, manager: Any) -> None:
    SecretKeys(aws_twin.secret, "alias/aurastream").content_key()

    assert manager.describe_secret(SecretId=aws_twin.secret)["KmsKeyId"] == "alias/aurastream"


def test_a_secret_that_the_template_made_gets_a_key_once(aws_twin: AwsTwin, manager: Any) -> None:
    manager.create_secret(Name=aws_twin.secret)

    key = aws_twin.keys().content_key()
    assert len(key) == 32
    assert aws_twin.keys().content_key() == key


def test_of_two_first_uses_one_key_stays_though_both_found_none(
    aws_twin: AwsTwin, clients: list[Any], manager: Any
) -> None:
    first = list[bytes]()

    def another_comes_first(**_: Any) -> None:
        if not first:
            first.append(b"")
            first.append(SecretKeys(aws_twin.secret).content_key())

    clients.append(lambda client: before_send(client, "CreateSecret", another_comes_first))

    assert aws_twin.keys().content_key() == first[1]


@pytest.mark.parametrize("operation", ["CreateSecret", "GetSecretValue"])
def test_an_answer_that_was_lost(aws_twin: AwsTwin, clients: list[Any], operation: str) -> None:
    clients.append(lambda client: lose_answers(client, operation, the_first(1)))

    assert aws_twin.keys().content_key() == aws_twin.keys().content_key()


def test_a_key_that_is_lost_is_not_made_anew(aws_twin: AwsTwin) -> None:
    with pytest.raises(LakeError, match=rf"secret {aws_twin.secret}, .*runs were published: restore it.*--key-file"):
        SecretKeys(aws_twin.secret, lost=lost).content_key()

    key = SecretKeys(aws_twin.secret, lost=lost).content_key(unused=True)
    assert SecretKeys(aws_twin.secret, lost=lost).content_key() == key


@pytest.mark.parametrize("value", [{"SecretBinary": b"too short"}, {"SecretString": "x" * 32}], ids=["short", "text"])
def test_what_is_no_key_is_named_and_kept(aws_twin: AwsTwin, manager: Any, value: dict[str, Any]) -> None:
    manager.create_secret(Name=aws_twin.secret, **value)

    with pytest.raises(LakeError, match=r"does not hold 32 bytes \(SecretBinary\): restore it"):
        aws_twin.keys().content_key()
    assert value.items() <= manager.get_secret_value(SecretId=aws_twin.secret).items()


def test_one_that_is_marked_for_deletion(aws_twin: AwsTwin, manager: Any) -> None:
    aws_twin.keys().content_key()
    manager.delete_secret(SecretId=aws_twin.secret)

    with pytest.raises(LakeError, match="marked for deletion; restore it"):
        aws_twin.keys().content_key()


def test_access_denied(aws_twin: AwsTwin, clients: list[Any]) -> None:
    denied = refusal(400, "AccessDeniedException", "secret")
    clients.append(lambda client: before_send(client, "*", lambda **_: denied))

    with pytest.raises(LakeError, match=r"secretsmanager:GetSecretValue, CreateSecret .* kms:Decrypt") as told:
        aws_twin.keys().content_key()
    assert not isinstance(told.value, LakeBusy)


@pytest.mark.timeout(30)
def test_out_of_reach(aws_twin: AwsTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.2)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:9")

    with pytest.raises(LakeBusy, match=rf"the lake's key, secret {aws_twin.secret}, .* for 0\.2 seconds"):
        aws_twin.keys().content_key()


def test_no_log_of_ours_holds_it(aws_twin: AwsTwin, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        key = aws_twin.keys().content_key()

    assert key.hex() not in caplog.text
    assert repr(key) not in caplog.text
