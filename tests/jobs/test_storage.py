"""Files and objects: one contract for both storages, and what each has beside it."""

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any

import botocore.endpoint
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.exceptions import ConnectionClosedError, ResponseStreamingError
from botocore.httpsession import URLLib3Session

from jobs import storage as storages
from jobs.storage import S3Storage, Storage, Stored, absolute, storage_of
from tests.jobs.stores.processes import SPAWN, at_once, meet
from tests.s3 import KEYS, OTHER_KEYS, READER, S3, s3
from transforms.errors import UsageError

__all__ = ["s3"]  # the fixture

LARGE = 9_000_000  # bytes: S3 takes it in two parts
ODD_NAMES = (
    "a b", "50%", "a%2Fb", "a&b=c", "a+b", "a?b#c", "küche", "カ", "👍🏽", "it's", '"said"', "*", "[x]", "{x}", "~",
    "<x>", "a\nb", "a;b", "=", "part-1", "part-10", ".hidden", "_marker", "x" * 200,
)  # fmt: skip


@pytest.fixture(scope="module")
def used(s3: S3) -> Iterator[S3]:
    """The server, with one client for all tests of the contract."""
    with s3.used():
        yield s3


@pytest.fixture(params=["local", "s3"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A folder that is not there yet."""
    if request.param == "local":
        return str(tmp_path / "lake")
    server: S3 = request.getfixturevalue("used")
    return server.folder()


@pytest.fixture
def storage(root: str) -> Storage:
    return storage_of(root)


@pytest.fixture
def bucket(s3: S3) -> Iterator[str]:
    """A folder that is not there yet, in S3, and a client that this test alone uses."""
    with s3.used():
        yield s3.folder()


def write(uri: str, content: bytes = b"content") -> str:
    with storage_of(uri).create(uri) as file:
        file.write(content)
    return uri


def read(uri: str) -> bytes:
    with storage_of(uri).open(uri) as file:
        content: bytes = file.read()
    return content


def below(uri: str) -> set[str]:
    """The paths of all files below a folder."""
    return {found.uri.removeprefix(f"{uri}/") for found in storage_of(uri).list(uri)}


# Reading, writing and listing.


@pytest.mark.parametrize("content", [b"", b"content", os.urandom(LARGE)], ids=["empty", "small", "large"])
def test_what_was_created_is_there(storage: Storage, root: str, content: bytes) -> None:
    uri = write(f"{root}/a/b/file", content)

    assert read(uri) == content
    (found,) = storage.list(root)
    assert found == storage.stat(uri) == Stored(uri, len(content), found.stamp)


def test_a_listing_goes_as_deep_as_there_are_files(storage: Storage, root: str) -> None:
    sizes = {"1": 1, "a/2": 2, "a/3": 3, "a/b/c/d/4": 4}
    for name, size in sizes.items():
        write(f"{root}/{name}", b"x" * size)

    assert {found.uri: found.size for found in storage.list(root)} == {f"{root}/{n}": s for n, s in sizes.items()}
    assert below(f"{root}/a") == {"2", "3", "b/c/d/4"}


def test_what_begins_alike_is_something_else(storage: Storage, root: str) -> None:
    for name in ("a/part-1", "a/part-10", "ab/part-1"):
        write(f"{root}/{name}")

    assert below(f"{root}/a") == {"part-1", "part-10"}
    assert below(f"{root}/a/part-1") == set()
    storage.delete(f"{root}/a/part-1")
    assert below(root) == {"a/part-10", "ab/part-1"}
    storage.delete(f"{root}/a")
    assert below(root) == {"ab/part-1"}
    assert storage.stat(f"{root}/a/part") is None


def test_names_are_kept_as_they_are(storage: Storage, root: str) -> None:
    for name in ODD_NAMES:
        write(f"{root}/from/{name}", name.encode())
        storage.copy(f"{root}/from/{name}", f"{root}/to {name}/{name}")

    assert below(root) == {f"from/{name}" for name in ODD_NAMES} | {f"to {name}/{name}" for name in ODD_NAMES}
    assert all(storage.stat(found.uri) == found for found in storage.list(root))
    assert [read(f"{root}/to {name}/{name}") for name in ODD_NAMES] == [name.encode() for name in ODD_NAMES]
    storage.delete(f"{root}/from/*")
    storage.delete(f"{root}/to [x]")
    assert below(root) == {f"from/{name}" for name in ODD_NAMES if name != "*"} | {
        f"to {name}/{name}" for name in ODD_NAMES if name != "[x]"
    }
    storage.delete(f"{root}/from")
    assert not any(name.startswith("from/") for name in below(root))


def test_a_stamp_changes_with_the_content_alone(storage: Storage, root: str, tmp_path: Path) -> None:
    uri = write(f"{root}/file", b"before")
    before = storage.stat(uri)
    assert storage.stat(uri) == before
    _tick(tmp_path)
    write(uri, b"behind")  # as long

    after = storage.stat(uri)
    assert before
    assert after
    assert after.size == before.size
    assert after.stamp != before.stamp


def _tick(folder: Path) -> None:
    """Wait until the system's clock for files, which moves every few milliseconds, has moved."""
    watch = folder / "watch"
    watch.touch()
    start = watch.stat().st_mtime_ns
    while watch.stat().st_mtime_ns == start:
        watch.touch()


def test_more_files_than_one_call_lists_or_deletes(storage: Storage, root: str, s3: S3) -> None:
    def put(number: int) -> None:
        if root.startswith("s3://"):
            bucket, _, key = root.removeprefix("s3://").partition("/")
            s3.client.put_object(Bucket=bucket, Key=f"{key}/a/{number}")
        else:
            Path(root, "a").mkdir(parents=True, exist_ok=True)
            Path(root, "a", str(number)).touch()

    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(put, range(1001)))) == 1001
    write(f"{root}/ab")

    assert len(list(storage.list(f"{root}/a"))) == 1001
    storage.delete(f"{root}/a")
    assert below(root) == {"ab"}


def test_what_is_not_there(storage: Storage, root: str) -> None:
    write(f"{root}/folder/file")

    for nothing in (f"{root}/nothing", f"{root}/folder", f"{root}/folder/nothing", f"{root}/folder/file/nothing"):
        assert storage.stat(nothing) is None
    for nothing in (f"{root}/nothing", f"{root}/folder/file"):
        assert list(storage.list(nothing)) == []
    with pytest.raises(FileNotFoundError, match="nothing"):
        storage.open(f"{root}/nothing")
    with pytest.raises(FileNotFoundError, match="nothing"):
        storage.copy(f"{root}/nothing", f"{root}/target")
    storage.delete(f"{root}/nothing")
    assert below(root) == {"folder/file"}


def test_a_folder_is_empty_again(storage: Storage, root: str) -> None:
    write(f"{root}/folder/file")
    storage.delete(f"{root}/folder/file")

    assert list(storage.list(f"{root}/folder")) == []
    assert storage.stat(f"{root}/folder") is None


@pytest.mark.parametrize("size", [3, LARGE])
def test_a_copy_stays_when_its_source_goes(storage: Storage, root: str, size: int) -> None:
    content = os.urandom(size)
    source = write(f"{root}/source", content)
    target = write(f"{root}/deep/target", b"before")
    storage.copy(source, target)
    storage.delete(source)

    assert below(root) == {"deep/target"}
    assert read(target) == content


def test_parquet_is_written_and_read_from_any_place(storage: Storage, root: str) -> None:
    table = pa.table({"number": range(10_000), "text": [f"text {number}" for number in range(10_000)]})
    with storage.create(f"{root}/file.parquet") as target:
        pq.write_table(table, target, row_group_size=3_000)

    with storage.open(f"{root}/file.parquet") as source, pq.ParquetFile(source) as file:
        assert file.read_row_group(2) == table.slice(6_000, 3_000)
        (batch,) = file.iter_batches(columns=["number"], row_groups=[3])
        assert batch[0].to_pylist() == [*range(9_000, 10_000)]
        assert file.read() == table


def test_a_part_is_read_as_a_stream(storage: Storage, root: str) -> None:
    content = bytes(range(256)) * 100
    with storage.open(write(f"{root}/file", content)) as source:
        stream = source.get_stream(1_000, 5_000)
        parts = []
        while part := stream.read(999):
            parts.append(part)
        assert b"".join(parts) == content[1_000:6_000]
        source.seek(-3, os.SEEK_END)
        assert (source.read(), source.read(), source.tell(), source.size()) == (content[-3:], b"", 25_600, 25_600)


# Whole or not at all.


def test_what_is_replaced_while_it_is_read_is_no_mixture(
    storage: Storage, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storages, "SMALL_BYTES", 0)
    uri = write(f"{root}/file", b"a" * 100)
    with storage.open(uri) as source:
        content = source.read(50)
        write(uri, b"b" * 100)
        if uri.startswith("s3://"):
            with pytest.raises(OSError, match=f"{uri}: PreconditionFailed"):
                source.read()
        else:
            assert content + source.read() == b"a" * 100
    assert read(uri) == b"b" * 100


def test_what_goes_while_it_is_read_is_no_mixture(storage: Storage, root: str) -> None:
    uri = write(f"{root}/file", b"a" * 100)
    with storage.open(uri) as source, suppress(FileNotFoundError):
        content = source.read(50)
        storage.delete(uri)
        assert content + source.read() == b"a" * 100


@pytest.mark.parametrize("before", [None, b"before"], ids=["new", "replaced"])
def test_a_writer_that_fails_leaves_what_was_there(storage: Storage, root: str, before: bytes | None) -> None:
    uri = f"{root}/folder/file"
    if before:
        write(uri, before)

    with pytest.raises(KeyError), storage.create(uri) as file:
        _write_half_and_fail(file, root)

    assert below(root) == ({"folder/file"} if before else set())
    assert (read(uri) if before else storage.stat(uri)) == before
    if not root.startswith("s3://"):
        assert [path.name for path in Path(root, "folder").iterdir()] == (["file"] if before else [])


def _write_half_and_fail(file: pa.NativeFile, root: str) -> None:
    before = below(root)
    file.write(b"x" * 100_000)
    file.flush()
    assert below(root) == before
    raise KeyError


@pytest.mark.parametrize("before", [None, b"before"], ids=["new", "replaced"])
def test_a_writer_that_is_killed_leaves_what_was_there(
    storage: Storage, root: str, before: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"{root}/folder/file"
    if before:
        write(uri, before)

    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    writer = SPAWN.Process(target=_write_and_die, args=(uri,))
    writer.start()
    writer.join()

    assert writer.exitcode == -signal.SIGKILL
    assert list(scratch.iterdir()) == []
    assert below(root) == ({"folder/file"} if before else set())
    assert (read(uri) if before else storage.stat(uri)) == before
    storage.delete(f"{root}/folder")
    assert not Path(root, "folder").exists()


def _write_and_die(uri: str) -> None:
    """Locally while it writes, in S3 once both parts are there and it is still not whole."""
    storage = storage_of(uri)
    if isinstance(storage, S3Storage):
        on(storage, "before-send", "CompleteMultipartUpload", lambda **_: os.kill(os.getpid(), signal.SIGKILL))
        write(uri, b"x" * LARGE)
    else:
        with storage.create(uri) as file:
            file.write(b"x" * LARGE)
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)


def test_of_threads_that_put_at_once_one_does(storage: Storage, root: str) -> None:
    turns, all_here = 2 if root.startswith("s3://") else 50, Barrier(6)

    def put(uri: str, number: int) -> bool:
        all_here.wait()
        return storage.put_if_absent(uri, b"%d" % number)

    with ThreadPoolExecutor(6) as pool:
        for turn in range(turns):
            uri = f"{root}/keys/{turn}"
            done = list(pool.map(partial(put, uri), range(6)))
            assert done.count(True) == 1
            assert read(uri) == b"%d" % done.index(True)
    assert below(root) == {f"keys/{turn}" for turn in range(turns)}


def test_of_processes_that_put_at_once_one_does(root: str) -> None:
    with at_once(3) as pool:
        put = pool.starmap(_put_all, [(root, number) for number in range(3)])

    for turn, won in enumerate(zip(*put, strict=True)):
        assert won.count(True) == 1
        assert read(f"{root}/{turn}") == b"%d" % won.index(True)


def _put_all(root: str, number: int) -> list[bool]:
    storage = storage_of(root)
    meet()
    return [storage.put_if_absent(f"{root}/{turn}", b"%d" % number) for turn in range(10)]


def test_what_is_there_is_not_put_again(storage: Storage, root: str) -> None:
    uri = write(f"{root}/key", b"first")

    assert not storage.put_if_absent(uri, b"second")
    assert read(uri) == b"first"
    storage.delete(uri)
    assert storage.put_if_absent(uri, b"third")
    assert read(uri) == b"third"


# Files of this machine.


@pytest.mark.parametrize("how", ["create", "copy", "put_if_absent"])
def test_the_disk_keeps_a_file_and_the_folders_it_lies_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    done: list[str] = []

    def record(call: str) -> None:
        real = getattr(os, call)

        def recorded(target: Any, *rest: Any) -> None:
            path = Path(f"/proc/self/fd/{target}").readlink() if call == "fsync" else Path(target)
            done.append(f"{call} {re.sub(r'[.]unfinished-.*', 'unfinished', str(path.relative_to(tmp_path)))}")
            real(target, *rest)

        monkeypatch.setattr(os, call, recorded)

    for call in ("fsync", "replace", "link"):
        record(call)
    uri = str(tmp_path / "a" / "b" / "file")
    source = tmp_path / "source"
    source.write_bytes(b"content")
    storage = storage_of(uri)
    if how == "create":
        write(uri)
    elif how == "copy":
        storage.copy(str(source), uri)
    else:
        storage.put_if_absent(uri, b"content")

    appears = "link" if how == "put_if_absent" else "replace"
    assert done == ["fsync .", "fsync a", "fsync a/b/unfinished", f"{appears} a/b/unfinished", "fsync a/b"]


@pytest.mark.parametrize("how", ["create", "copy", "put_if_absent"])
def test_its_owner_alone_may_read_what_is_written(how: str, tmp_path: Path) -> None:
    """Whatever the umask, and whatever stood there."""
    storage, place = storage_of(str(tmp_path)), tmp_path / "a" / "b" / "file"
    (tmp_path / "source").write_bytes(b"secret")
    before = os.umask(0)
    try:
        if how == "create":
            with storage.create(str(place)) as file:
                file.write(b"secret")
        elif how == "copy":
            storage.copy(str(tmp_path / "source"), str(place))
        else:
            storage.put_if_absent(str(place), b"secret")
    finally:
        os.umask(before)

    assert [path.stat().st_mode & 0o777 for path in (place, place.parent, place.parent.parent)] == [0o600, 0o700, 0o700]


def test_a_folder_that_cannot_be_listed_is_not_taken_for_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(str(tmp_path / "closed" / "file"))
    scandir = os.scandir

    def closed(path: str) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(PermissionError):
        list(storage_of(str(tmp_path)).list(str(tmp_path)))


def test_others_may_delete_at_the_same_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage, root, unlink = storage_of(str(tmp_path)), str(tmp_path / "folder"), os.unlink
    for name in ("a", "b", "c/d"):
        write(f"{root}/{name}")
    listing = storage.list(root)
    next(listing)

    def unlink_second(path: str, *, dir_fd: int | None = None) -> None:
        unlink(path, dir_fd=dir_fd)
        unlink(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", unlink_second)
    storage.delete(root)
    assert not Path(root).exists()
    assert list(listing) == []


def test_a_link_goes_and_what_it_points_to_stays(tmp_path: Path) -> None:
    write(str(tmp_path / "kept" / "file"))
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    storage_of(str(tmp_path)).delete(str(tmp_path / "link"))

    assert below(str(tmp_path)) == {"kept/file"}


# Objects in S3.


def on(storage: Storage, event: str, operation: str, handler: Callable[..., Any]) -> None:
    """Have a handler see, or answer, the calls of an operation."""
    assert isinstance(storage, S3Storage)
    storage._client.meta.events.register_first(f"{event}.s3.{operation}", handler)


def test_a_put_whose_answer_was_lost_was_made_all_the_same(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    never_waiting(monkeypatch)
    puts: list[str] = []
    send = URLLib3Session.send

    def lose_the_first_answer(session: URLLib3Session, request: AWSPreparedRequest) -> Any:
        answer = send(session, request)
        if request.method == "PUT":
            puts.append(request.url)
            if len(puts) == 1:  # the SDK puts again
                raise ConnectionClosedError(endpoint_url=request.url)
        return answer

    monkeypatch.setattr(URLLib3Session, "send", lose_the_first_answer)
    storage = storage_of(bucket)

    assert storage.put_if_absent(f"{bucket}/key", b"secret")
    assert len(puts) == 2
    assert read(f"{bucket}/key") == b"secret"
    assert not storage.put_if_absent(f"{bucket}/key", b"secret")


def test_a_put_that_something_else_came_between_is_made_again(bucket: str) -> None:
    storage, answers = storage_of(bucket), [refusal(409, "ConditionalRequestConflict")] * 2
    on(storage, "before-send", "PutObject", lambda **_: answers.pop() if answers else None)
    assert storage.put_if_absent(f"{bucket}/key", b"secret")
    assert read(f"{bucket}/key") == b"secret"

    on(storage, "before-send", "PutObject", lambda **_: refusal(409, "ConditionalRequestConflict"))
    with pytest.raises(OSError, match=r"other: ConditionalRequestConflict\Z"):
        storage.put_if_absent(f"{bucket}/other", b"secret")


def test_what_breaks_off_while_it_comes_is_asked_for_again(bucket: str) -> None:
    class Broken:
        def read(self) -> bytes:
            raise ResponseStreamingError(error="a part of the content")

    broken = [Broken()] * 2
    write(f"{bucket}/file", b"content")
    storage = S3Storage()  # whose first object the SDK is asked for
    on(storage, "after-call", "GetObject", lambda parsed, **_: parsed.update(Body=broken.pop()) if broken else None)
    assert storage.open(f"{bucket}/file").read() == b"content"

    storage = S3Storage()
    on(storage, "after-call", "GetObject", lambda parsed, **_: parsed.update(Body=Broken()))
    with pytest.raises(OSError, match=rf"\A{bucket}/file: ResponseStreamingError\Z"):
        storage.open(f"{bucket}/file").read()


def test_threads_that_begin_at_once_have_one_client(bucket: str) -> None:
    all_here = Barrier(6)

    def opened(_: int) -> Storage:
        all_here.wait()
        return storage_of(bucket)

    with ThreadPoolExecutor(6) as pool:
        assert len({id(storage) for storage in list(pool.map(opened, range(6)))}) == 1


def test_a_small_object_is_read_whole_by_one_request(bucket: str) -> None:
    storage = S3Storage()
    write(f"{bucket}/a", b"0123456789")
    listed = storage.stat(f"{bucket}/a")
    asked: list[str] = []
    for event in ("GetObject", "HeadObject"):
        on(storage, "before-send", event, lambda request, **_: asked.append(request.method))

    with storage.open(f"{bucket}/a", listed) as file:
        file.seek(4)
        assert (file.read(2), file.read(), file.read_at(3, 1)) == (b"45", b"6789", b"123")
    assert asked == ["GET"]


def test_an_object_that_changed_since_it_was_listed_is_not_read(bucket: str) -> None:
    storage = S3Storage()
    write(f"{bucket}/a", b"0123456789")
    listed = storage.stat(f"{bucket}/a")
    write(f"{bucket}/a", b"abcdefghij")
    with storage.open(f"{bucket}/a", listed) as file, pytest.raises(OSError, match="PreconditionFailed"):
        file.read()


def test_reading_in_sequence_asks_for_much_at_once(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = S3Storage()
    content = bytes(range(256)) * 5000
    with storage.create(f"{bucket}/a") as file:
        file.write(content)
    asked: list[str] = []
    send = URLLib3Session.send

    def noted(session: URLLib3Session, request: AWSPreparedRequest) -> Any:
        if "Range" in (headers := HeadersDict(request.headers)):
            asked.append(headers["Range"].decode() if isinstance(headers["Range"], bytes) else headers["Range"])
        return send(session, request)

    monkeypatch.setattr(URLLib3Session, "send", noted)

    with storage.open(f"{bucket}/a") as file:
        head = file.read(4096)  # as one does to tell what it is: no more is asked for
        assert asked == ["bytes=0-4095"]
        rest = b"".join(iter(lambda: file.read(100_000), b""))
        assert len(asked) == 2
        file.seek(500_000)
        assert file.read(10) == content[500_000:500_010]

    assert head + rest == content


def test_a_large_source_that_changes_while_it_is_copied_is_no_mixture(bucket: str, s3: S3) -> None:
    storage = storage_of(bucket)
    name, _, key = write(f"{bucket}/source", b"a" * LARGE).removeprefix("s3://").partition("/")

    def change(**_: Any) -> None:
        s3.client.put_object(Bucket=name, Key=key, Body=b"b" * LARGE)

    on(storage, "before-call", "UploadPartCopy", change)
    with pytest.raises(OSError, match=f"{bucket}/source -> {bucket}/target: "):
        storage.copy(f"{bucket}/source", f"{bucket}/target")
    assert below(bucket) == {"source"}


def test_what_tools_put_in_place_of_a_folder_is_no_file_and_goes_with_it(bucket: str, s3: S3) -> None:
    write(f"{bucket}/folder/file")
    name, _, key = bucket.removeprefix("s3://").partition("/")
    s3.client.put_object(Bucket=name, Key=f"{key}/folder/", Body=b"")

    assert below(bucket) == {"folder/file"}
    storage_of(bucket).delete(f"{bucket}/folder")
    assert "Contents" not in s3.client.list_objects_v2(Bucket=name, Prefix=f"{key}/folder")


def test_what_cannot_be_deleted_is_told(bucket: str) -> None:
    uri = write(f"{bucket}/folder/file")
    said = f"<Error><Key>{uri.removeprefix('s3://inbox/')}</Key><Code>AccessDenied</Code><Message>no</Message></Error>"
    answer = f"<DeleteResult>{said}</DeleteResult>".encode()
    on(storage_of(bucket), "before-send", "DeleteObjects", lambda **_: respond(200, answer))

    with pytest.raises(OSError, match=rf"\A{uri}: AccessDenied; the role needs s3:DeleteObject on it\Z"):
        storage_of(bucket).delete(f"{bucket}/folder")


def test_a_role_that_may_only_read_is_told_what_it_lacks(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(f"{bucket}/folder/file")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", READER[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", READER[1])
    reader = S3Storage()

    assert reader.open(source).read() == b"content"
    assert [each.uri for each in reader.list(bucket)] == [source]
    target = f"{bucket}/target"
    refused: list[tuple[Callable[[], object], str]] = [
        (lambda: reader.put_if_absent(target, b"x"), f"{target}: AccessDenied; the role needs s3:PutObject on it"),
        (
            lambda: reader.copy(source, target),
            f"{source} -> {target}: AccessDenied; the role needs s3:GetObject on the one",
        ),
        (lambda: reader.delete(bucket), f"{bucket}: AccessDenied; the role needs s3:DeleteObject on it"),
    ]
    for attempt, said in refused:
        with pytest.raises(OSError, match=re.escape(said)):
            attempt()
    assert below(bucket) == {"folder/file"}


OPERATIONS: dict[str, Callable[[str], object]] = {
    "open": lambda uri: storage_of(uri).open(uri),
    "create": write,
    "put_if_absent": lambda uri: storage_of(uri).put_if_absent(uri, b"content"),
    "stat": lambda uri: storage_of(uri).stat(uri),
    "list": lambda uri: list(storage_of(uri).list(uri)),
    "copy": lambda uri: storage_of(uri).copy(uri, uri),
    "delete": lambda uri: storage_of(uri).delete(uri),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_who_may_not_is_told_of_which_object_and_no_more(
    bucket: str, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")

    with pytest.raises(PermissionError, match=rf"\A{bucket}/file: \w+(; the role needs s3:\w+ on[\w :]+)?\Z") as told:
        OPERATIONS[operation](f"{bucket}/file")
    assert told.value.__suppress_context__


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name != "stat"])
def test_a_bucket_that_is_not_there(bucket: str, operation: str) -> None:
    with pytest.raises(FileNotFoundError, match=r"\As3://nowhere/file: (404|NoSuchBucket)\Z"):
        OPERATIONS[operation]("s3://nowhere/file")
    assert storage_of(bucket).stat("s3://nowhere/file") is None


@pytest.mark.parametrize("operation", OPERATIONS)
def test_out_of_reach(bucket: str, monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    never_waiting(monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")

    with pytest.raises(OSError, match=rf"\A{bucket}/file: EndpointConnectionError\Z"):
        OPERATIONS[operation](f"{bucket}/file")


def test_nobody_to_be(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(OSError, match=rf"\A{bucket}: NoCredentialsError\Z"):
        storage_of(bucket).stat(bucket)


def test_a_profile_that_is_not_there(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(OSError, match=r"\AS3: ProfileNotFound\Z"):
        storage_of(bucket)


def test_a_region_is_always_set(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(OSError, match="set AWS_REGION"):
        storage_of(bucket)

    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    storage = storage_of(bucket)
    assert isinstance(storage, S3Storage)
    assert storage._client.meta.region_name == "eu-central-1"


def test_credentials_are_renewed_while_a_run_lasts(
    bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(storages, "SMALL_BYTES", 0)  # asked for bit by bit
    asked = tmp_path / "asked"
    process = tmp_path / "process"
    process.write_text(f"#!/bin/sh\necho >> {asked}\ncat {tmp_path}/credentials\n")
    process.chmod(0o700)
    config = tmp_path / "config"
    config.write_text(f"[default]\ncredential_process = {process}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)

    def grant(keys: Sequence[str], minutes: int) -> None:
        expires = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
        said = {"Version": 1, "AccessKeyId": keys[0], "SecretAccessKey": keys[1], "Expiration": expires}
        (tmp_path / "credentials").write_text(json.dumps(said))

    grant(KEYS, minutes=1)
    storage, uri = storage_of(bucket), write(f"{bucket}/file")
    with storage.open(uri) as source:
        assert source.read(3) == b"con"
        grant((KEYS[0], "of yesterday"), minutes=1)
        with pytest.raises(PermissionError):
            source.read(1)
        grant(OTHER_KEYS, minutes=60)
        assert source.read() == b"tent"
    assert storage_of(bucket) is storage
    enough = asked.read_text()
    assert read(write(f"{bucket}/other")) == b"content"
    assert asked.read_text() == enough


def never_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the SDK try again at once."""

    class Time:
        time = time.time

        @staticmethod
        def sleep(seconds: float) -> None:
            pass

    monkeypatch.setattr(botocore.endpoint, "time", Time)


def refusal(status: int, code: str) -> AWSResponse:
    return respond(status, f"<Error><Code>{code}</Code><Message>of a secret</Message></Error>".encode())


def respond(status: int, body: bytes) -> AWSResponse:
    class Raw:
        def stream(self, **_: Any) -> Iterator[bytes]:
            yield body

    return AWSResponse("", status, HeadersDict({"content-type": "application/xml"}), Raw())


# Locations as people write them.


@pytest.mark.parametrize(("location", "uri"), [
    ("/data/a b%20.jsonl", "/data/a b%20.jsonl"), ("/data//a/./b/", "/data/a/b"), ("a/b", "{here}/a/b"),
    (".", "{here}"),
    ("file:///data/a%20b", "/data/a b"), ("file:/data/a", "/data/a"), ("/data/s3://x", "/data/s3:/x"),
    ("s3://bucket/a b%20/", "s3://bucket/a b%20"), ("s3a://bucket/a//b", "s3://bucket/a//b"),
    ("s3://bucket", "s3://bucket"),
])  # fmt: skip
def test_a_location_as_a_uri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, location: str, uri: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute(location) == uri.format(here=tmp_path)


def test_the_folder_above_is_the_one_that_the_system_finds(tmp_path: Path) -> None:
    (tmp_path / "far" / "folder").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "folder")

    assert absolute(f"{tmp_path}/link") == f"{tmp_path}/link"
    assert absolute(f"{tmp_path}/link/..") == f"{tmp_path}/far"


@pytest.mark.parametrize(("location", "told"), [
    ("gs://bucket/a", r"gs://bucket/a: nothing is known of gs://"), ("S3://bucket", "nothing is known of S3://"),
    ("s3:///a", "the bucket is missing"), ("s3a://", "the bucket is missing"),
])  # fmt: skip
def test_a_location_that_is_none(location: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        absolute(location)


def test_a_browser_shows_a_page_that_lies_in_s3(bucket: str, s3: S3) -> None:
    for name, shown in (("page.html", True), ("page.txt", False)):
        place, _, key = write(f"{bucket}/{name}", b"words").removeprefix("s3://").partition("/")
        kind = s3.client.head_object(Bucket=place, Key=key)["ContentType"]
        assert (kind == "text/html; charset=utf-8") == shown
