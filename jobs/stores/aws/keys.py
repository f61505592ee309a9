"""The lake's key in AWS Secrets Manager."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from contextlib import closing
from functools import cache

from jobs.stores.aws.client import Client, NotYet, Refusal
from jobs.stores.steps import KEY_BYTES
from transforms.errors import LakeBusy, LakeError

_NOT_THERE = "ResourceNotFoundException"
_THERE_ALREADY = "ResourceExistsException"
_ADVICE = {
    "AccessDeniedException": "access is denied; the role needs secretsmanager:GetSecretValue, CreateSecret and "
    "PutSecretValue on it, and kms:Decrypt and kms:GenerateDataKey on the key that encrypts it",
    "InvalidRequestException": "it may be marked for deletion; restore it by `aws secretsmanager restore-secret`",
    "DecryptionFailure": "the key that encrypts it cannot be used; look whether it is enabled",
    "EncryptionFailure": "the key that is to encrypt it cannot be used; look whether it is there and enabled",
}
# The version that a first use makes. Secrets Manager takes one value for a version and refuses any other, so of two
# first uses at once one key stays.
_FIRST = str(uuid.uuid5(uuid.NAMESPACE_DNS, "aurastream.first-key"))


class SecretKey(bytes):
    """A key that is pickled as the name of its secret and the version: who unpickles it asks Secrets Manager for it.

    So it never travels to Spark's workers, nor lies in what they are sent.
    """

    def __new__(cls, value: bytes, secret: str, version: str) -> SecretKey:
        """Of `value`, which is the secret's under that version."""
        key = super().__new__(cls, value)
        key._place = secret, version
        return key

    _place: tuple[str, str]

    def __reduce__(self) -> tuple[Callable[[str, str], SecretKey], tuple[str, str]]:
        """Where it is, and not what it is."""
        return _asked_for, self._place


class SecretKeys:
    """`Keys` in one secret, which need not be there, or may be empty. `lost` says whether there must be a key already.

    A new secret is encrypted by `kms_key`, or by the account's own key for Secrets Manager.
    """

    def __init__(self, secret: str, kms_key: str | None = None, lost: Callable[[], bool] = lambda: False) -> None:
        self._secret, self._kms_key, self._lost = secret, kms_key, lost

    def content_key(self, *, unused: bool = False) -> bytes:
        """See `Keys.content_key`. Raises LakeBusy where Secrets Manager does not answer in time."""
        with _client(self._secret) as client:

            def attempt(_: bool) -> bytes:
                found = client.call("get_secret_value", {_NOT_THERE}, SecretId=self._secret)
                if not isinstance(found, Refusal):
                    value: bytes = found.get("SecretBinary", b"")
                    if len(value) != KEY_BYTES:
                        raise client.unusable(
                            f"it does not hold {KEY_BYTES} bytes (SecretBinary): restore it, or delete it to start anew"
                        )
                    return SecretKey(value, self._secret, found["VersionId"])
                if not unused and self._lost():
                    raise client.unusable(
                        "it is gone or empty, and runs were published: restore it, give the key that they had by "
                        f"--key-file, or put {KEY_BYTES} random bytes there; under another key all texts are scored, "
                        "and paid for, anew"
                    )
                self._make(client)
                raise NotYet("it was made, and is not there yet")

            return client.persist(attempt)

    def _make(self, client: Client) -> None:
        """Make the secret, or the first value of one that the template has made."""
        value = {"SecretBinary": secrets.token_bytes(KEY_BYTES), "ClientRequestToken": _FIRST}
        encrypted = {"KmsKeyId": self._kms_key} if self._kms_key else {}
        made = client.call("create_secret", {_THERE_ALREADY}, Name=self._secret, **encrypted, **value)
        if isinstance(made, Refusal):
            client.call("put_secret_value", {_THERE_ALREADY}, SecretId=self._secret, **value)


@cache
def _asked_for(secret: str, version: str) -> SecretKey:
    """The key as it was when a run began, though another may have been put there since; asked for once in a process."""
    with _client(secret) as client:

        def attempt(_: bool) -> SecretKey:
            found = client.call("get_secret_value", {_NOT_THERE}, SecretId=secret, VersionId=version)
            if isinstance(found, Refusal):
                raise client.unusable("the version that the run began with is gone: start it again")
            return SecretKey(found["SecretBinary"], secret, version)

        return client.persist(attempt)


def _client(secret: str) -> closing[Client]:
    return closing(Client("secretsmanager", f"the lake's key, secret {secret},", LakeError, LakeBusy, _ADVICE))
