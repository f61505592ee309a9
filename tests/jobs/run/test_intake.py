"""What a run takes: what no published run has taken as it is now, and what waits."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.drops import Compression, DropFile, Format, Listing
from jobs.lake.layout import Lake
from jobs.lake.published import deferred_rows
from jobs.run import intake as module
from jobs.run.intake import called, count_partitions, keyed, say_found, take_in, task_splits
from jobs.stores.open import Stores
from jobs.stores.protocols import Publication, TakenFile
from tests.jobs.run.lakes import DEFERRED, DS, new_lake, published_as, write
from transforms.errors import PublishConflict
from transforms.pii.policy import DEFAULT_POLICY, Columns, Policy, Treatment

OTHER = "2026-11-21"


def drop_file(uri: str, size: int = 10, stamp: str = "1", ds: str = DS) -> DropFile:
    return DropFile(uri, size, stamp, ds, Format.JSONL, Compression.NONE)


@pytest.fixture
def lake(tmp_path: Path) -> tuple[Lake, Stores]:
    """A lake in which a run has taken /known and /waits, of which rows 2 and 3 wait."""
    lake, stores = new_lake(tmp_path)
    ledger = stores.ledger()
    ledger.begin("R1", DS, [DS], alone=False)
    rows = [{"document_id": f"w{row}", "source_file": "/waits", "source_row": row} for row in (1, 2, 3)]
    seen = published_as(lake, write(lake, "one", rows[0], rows[1] | DEFERRED, rows[2] | DEFERRED))
    taken = [TakenFile(DS, "/known", 10, "1"), TakenFile(DS, "/waits", 10, "1", 2)]
    ledger.publish("R1", {DS: None}, {DS: seen.files}, taken, {})
    return lake, stores


def test_new_and_changed_files_are_taken_whole_and_waiting_rows_alone(lake: tuple[Lake, Stores]) -> None:
    layout, stores = lake
    files = [drop_file("/known"), drop_file("/late"), drop_file("/other", ds=OTHER), drop_file("/waits")]

    found = take_in(Listing(files, []), layout, stores.ledger(), reprocess=False)

    assert [file.uri for file in found.new] == ["/late", "/other"]
    assert [file.uri for file in found.again] == ["/waits"]
    assert found.taken_up == {"/waits": [2, 3]}
    assert list(found.replaces) == [OTHER, DS]
    assert found.replaces[OTHER] is None
    assert isinstance(found.replaces[DS], Publication)
    assert (len(found.files), found.size) == (3, 30)


def test_a_file_that_was_wholly_rejected_is_taken_when_it_is_read_otherwise(lake: tuple[Lake, Stores]) -> None:
    layout, stores = lake
    ledger = stores.ledger()
    entered(lake, "R2", "R1", TakenFile(DS, "/rejected", 10, "1", rejected_as="one way"))
    listing = Listing([drop_file("/known"), drop_file("/rejected")], [])

    same = take_in(listing, layout, ledger, reprocess=False, read_as="one way")
    assert ([file.uri for file in same.new], [file.uri for file in same.left]) == ([], ["/rejected"])
    other = take_in(listing, layout, ledger, reprocess=False, read_as="another")
    assert ([file.uri for file in other.new], other.left) == (["/rejected"], [])
    again = take_in(listing, layout, ledger, reprocess=True, read_as="one way")
    assert ([file.uri for file in again.new], again.left) == (["/known", "/rejected"], [])


@pytest.mark.parametrize("changed", [{"size": 11}, {"stamp": "2"}])
def test_a_changed_file_is_taken_for_the_date_it_was_taken_for(
    lake: tuple[Lake, Stores], changed: dict[str, object]
) -> None:
    layout, stores = lake
    file = drop_file("/known", **({"ds": OTHER} | changed))  # type: ignore[arg-type] # fields of a file

    found = take_in(Listing([file], []), layout, stores.ledger(), reprocess=False)

    assert [each.ds for each in found.new] == [DS]


def test_reprocessing_takes_all_whole(lake: tuple[Lake, Stores]) -> None:
    layout, stores = lake
    found = take_in(Listing([drop_file("/known"), drop_file("/waits")], []), layout, stores.ledger(), reprocess=True)

    assert [file.uri for file in found.new] == ["/known", "/waits"]
    assert found.taken_up == {}


def test_a_date_is_read_once_however_many_files_wait(
    lake: tuple[Lake, Stores], monkeypatch: pytest.MonkeyPatch
) -> None:
    layout, stores = lake
    ledger = stores.ledger()
    ledger.begin("R2", DS, [DS], alone=False)
    taken = [TakenFile(DS, f"/w{number}", 10, "1", 1) for number in range(20)]
    ledger.publish("R2", {DS: "R1"}, {DS: ledger.publications()[DS].files}, taken, {})
    read: list[str] = []

    def counted(lake: Lake, publication: Publication) -> dict[str, list[int]]:
        read.append(publication.run_id)
        return deferred_rows(lake, publication)

    monkeypatch.setattr(module, "deferred_rows", counted)

    found = take_in(Listing([drop_file(file.uri) for file in taken], []), layout, ledger, reprocess=False)

    assert len(found.again) == 20
    assert read == ["R2"]


def test_a_date_that_is_published_while_it_is_looked_at_is_a_conflict(
    lake: tuple[Lake, Stores], monkeypatch: pytest.MonkeyPatch
) -> None:
    layout, stores = lake
    ledger = stores.ledger()
    monkeypatch.setattr(ledger, "publications", lambda _: {})  # as it was before the other run

    with pytest.raises(PublishConflict, match="run again"):
        take_in(Listing([drop_file("/waits")], []), layout, ledger, reprocess=False)


def test_work_is_divided_by_bytes(tmp_path: Path) -> None:
    files = [drop_file(f"/{number}", size=module.TASK_BYTES) for number in range(3)]

    assert count_partitions(files, 2) == 3
    assert count_partitions(files[:1], 2) == 2
    assert [len(splits) for splits in task_splits(files, 2)] == [1, 1, 1]
    assert len(task_splits([drop_file(f"/{number}") for number in range(3)], 2)) == 1


PERSON = "/drops/kim@example.com.jsonl"
KEEPING = replace(DEFAULT_POLICY, columns=Columns(source_file=Treatment.KEEP))


def named(
    lake: tuple[Lake, Stores], policy: Policy = DEFAULT_POLICY, key: bytes = b"k" * 16, size: int = 10
) -> list[DropFile]:
    """The one file, as a night with a policy and a key takes it in."""
    _, stores = lake
    return keyed(called([drop_file(PERSON, size)], policy, key), stores.ledger(), stores.keys())


def entered(lake: tuple[Lake, Stores], run_id: str, replaces: str, *taken: TakenFile) -> None:
    ledger = lake[1].ledger()
    ledger.begin(run_id, DS, [DS], alone=False)
    ledger.publish(run_id, {DS: replaces}, {DS: ledger.publications()[DS].files}, taken, {})


def taken_by(lake: tuple[Lake, Stores], files: Sequence[DropFile]) -> module.Intake:
    return take_in(Listing([*files], []), lake[0], lake[1].ledger(), reprocess=False)


def test_a_file_whose_name_holds_a_find_is_entered_without_it(lake: tuple[Lake, Stores]) -> None:
    (file,) = taken_by(lake, named(lake)).new

    assert file.uri == PERSON
    assert file.source_file.startswith("/drops/[EMAIL:")
    assert "kim" not in file.identity


def test_a_file_goes_by_its_uri_where_that_may_stand(lake: tuple[Lake, Stores]) -> None:
    layout, stores = lake
    for policy, uri in ((DEFAULT_POLICY, "/drops/a.jsonl"), (KEEPING, PERSON)):
        (file,) = keyed(called([drop_file(uri)], policy, b"k" * 16), stores.ledger(), stores.keys())
        assert (file.source_file, file.identity) == (uri, uri)
    assert not Path(layout.at("keys")).exists()  # no key was needed, so none was made


@pytest.mark.parametrize(
    ("policy", "key"), [(DEFAULT_POLICY, b"k" * 16), (DEFAULT_POLICY, b"another key of 16"), (KEEPING, b"k" * 16)]
)
def test_a_file_is_known_under_another_policy_and_key(lake: tuple[Lake, Stores], policy: Policy, key: bytes) -> None:
    (before,) = taken_by(lake, named(lake)).new
    entered(lake, "R2", "R1", TakenFile(DS, before.identity, 10, "1", 0, before.called))

    assert taken_by(lake, named(lake, policy, key)).files == []

    changed = taken_by(lake, named(lake, policy, key, size=11))
    (file,) = changed.new
    assert file.identity == before.identity
    assert changed.called_before.get(file.source_file, file.source_file) == before.source_file


def test_a_file_of_a_ledger_that_knows_uris_is_known(lake: tuple[Lake, Stores]) -> None:
    entered(lake, "R2", "R1", TakenFile(DS, PERSON, 10, "1"))
    assert taken_by(lake, named(lake)).files == []

    changed = taken_by(lake, named(lake, size=11))
    (file,) = changed.new
    assert changed.called_before == {file.source_file: PERSON}

    # From now on by its hash, however it is called: the URI of before no longer counts.
    entered(lake, "R3", "R2", TakenFile(DS, file.identity, 11, "1", 0, file.called))
    assert taken_by(lake, named(lake, size=11)).files == []
    assert taken_by(lake, named(lake, KEEPING, size=11)).files == []
    assert [each.identity for each in taken_by(lake, named(lake, KEEPING)).new] == [file.identity]


def test_what_waits_under_another_name_is_taken_up(lake: tuple[Lake, Stores]) -> None:
    layout, stores = lake
    row = {"document_id": "p", "source_file": PERSON, "source_row": 7} | DEFERRED
    ledger = stores.ledger()
    ledger.begin("R2", DS, [DS], alone=False)
    files = published_as(layout, write(layout, "two", row)).files
    ledger.publish("R2", {DS: "R1"}, {DS: files}, [TakenFile(DS, PERSON, 10, "1", 1)], {})

    found = taken_by(lake, named(lake))

    (file,) = found.again
    assert found.taken_up == {file.source_file: [7]}
    assert found.called_before == {file.source_file: PERSON}


def test_texts_that_may_be_many_documents_are_told_of_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    files = [replace(drop_file(name), format=Format.TEXT, dated=True) for name in ("/a.log", "/b.log", "/c.txt")]
    say_found(files, DEFAULT_POLICY, each_line=False)
    said = "".join(capsys.readouterr())
    assert said.count("\n") == 1
    assert "/a.log and 1 files more: a text, and so one document: --each-line" in said
    say_found(files, DEFAULT_POLICY, each_line=True)
    assert not "".join(capsys.readouterr())
