"""What a run takes from a drop: files that are new, and of files taken before what ended DEFERRED."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from jobs.console import say
from jobs.drops import OPEN_COST, DropFile, Listing, Split, find_drop, pack, plan_splits, recognised
from jobs.drops.members import file_of, renamed
from jobs.lake.layout import Lake
from jobs.lake.published import deferred_rows
from jobs.readers.describe import described, is_plain, one_text
from jobs.settings import NightlySettings
from jobs.stores.protocols import Keys, Ledger, Publication
from transforms.errors import PublishConflict
from transforms.pii.columns import shown, treat
from transforms.pii.policy import Policy

# Input bytes a task takes on, uncompressed JSON Lines being split there: some 150,000 documents of 300 characters, and
# one written file.
TASK_BYTES = 64 * 1024 * 1024
# Below this a task is not worth starting for.
LEAST_TASK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Intake:
    """What a run takes."""

    new: list[DropFile]  # whole
    again: list[DropFile]  # taken before: of these, the rows of `taken_up` alone
    taken_up: Mapping[str, list[int]]  # source file, and those of an archive's members -> rows
    replaces: Mapping[str, Publication | None]  # date -> what readers see of it
    # Of files whose rows were published under another name than they have today: today's -> that one.
    called_before: Mapping[str, str] = field(default_factory=dict)
    left: list[DropFile] = field(default_factory=list)  # wholly rejected before, read the same way

    @property
    def files(self) -> list[DropFile]:
        """All of them."""
        return [*self.new, *self.again]

    @property
    def size(self) -> int:
        """Their bytes."""
        return sum(file.size for file in self.files)


def listed(settings: NightlySettings, policy: Policy) -> Listing:
    """The drop's files; what is passed over is said. Raises UsageError, DropError."""
    listing = find_drop(
        settings.drops,
        settings.ds,
        file_format=settings.file_format,
        date_pattern=settings.date_pattern,
        follow_links=settings.follow_links,
        lake=settings.lake,
    )
    for name, reason in listing.skipped:
        say(f"skipped {shown(name, policy)}: {reason}")
    return listing


def called(files: Sequence[DropFile], policy: Policy, key: bytes) -> list[DropFile]:
    """Files with what they are called in `scores` by the policy, pseudonyms under the key."""
    uris = pa.array([file.uri for file in files], pa.string())
    names = treat(uris, policy.columns.source_file, policy, key).to_pylist()
    return [replace(file, called=None if name == file.uri else name) for file, name in zip(files, names, strict=True)]


def keyed(files: Sequence[DropFile], ledger: Ledger, keys: Keys) -> list[DropFile]:
    """Files with keyed hashes of their URIs, where any may be known by one.

    Under the lake's own key, whatever key a run is given: a file is known under another one, and another policy. Raises
    LakeError.
    """
    by_uri = not ledger.knows_hashes()
    if by_uri and not any(file.called for file in files):
        return [*files]  # all go by their URIs: a lake that is given keys from elsewhere has none of its own
    key = keys.content_key(unused=by_uri)
    return [replace(file, keyed=_keyed(file.uri, key)) for file in files]


def _keyed(uri: str, key: bytes) -> str:
    return hmac.digest(key, b"aurastream source file 1 " + uri.encode(), "sha256").hex()


def take_in(listing: Listing, lake: Lake, ledger: Ledger, *, reprocess: bool, read_as: str | None = None) -> Intake:
    """What of a drop no published run has taken as it is now, or all of it with `reprocess`.

    A file that was wholly rejected counts as taken only under what it was read with, `read_as`.

    A file that was taken before keeps the date it was taken for, and a hash that it is known by. Raises LakeError,
    PublishConflict.
    """
    dates = {file.ds for file in listing.files}
    names = {name for file in listing.files for name in (file.uri, file.identity)}
    while True:
        # Before the manifest: a run that publishes in between is then a conflict, not a loss.
        seen = ledger.publications(dates)
        taken = ledger.taken(names)
        others = {file.ds for file in taken.values()} - dates
        if not others:
            break
        dates |= others  # a file whose path names no date keeps the one it was taken for
    new: list[DropFile] = []
    again: list[DropFile] = []
    left: list[DropFile] = []
    called_before: dict[str, str] = {}
    for file in listing.files:
        # A file that was entered by its hash goes on so, whatever it is called today: a URI, if any, was before that.
        before = taken.get(file.keyed) if file.keyed else None
        if before is None:
            before = taken.get(file.uri)
            if file.called is None:
                file = replace(file, keyed=None)
        if before is None:
            new.append(file)
            continue
        if before.source_file != file.source_file:
            called_before[file.source_file] = before.source_file
        dated = replace(file, ds=before.ds)
        if reprocess or (file.size, file.stamp) != (before.size, before.stamp):
            new.append(dated)
        elif before.deferred:
            again.append(dated)
        elif before.rejected_as is not None:
            (left if before.rejected_as == read_as else new).append(dated)
    for file in again:
        if file.ds not in seen:
            raise PublishConflict(f"{file.ds} was published by another run at this moment: run again")
    waiting = {ds: deferred_rows(lake, seen[ds]) for ds in {file.ds for file in again}}
    taken_up: dict[str, list[int]] = {file.source_file: [] for file in again}
    for ds, rows in waiting.items():
        then = {
            called_before.get(file.source_file, file.source_file): file.source_file for file in again if file.ds == ds
        }
        taken_up |= {renamed(name, then): rows[name] for name in rows if file_of(name, then) in then}
    written = sorted({file.ds for file in (*new, *again)})
    return Intake(new, again, taken_up, {ds: seen.get(ds) for ds in written}, called_before, left)


def looked_at(intake: Intake, look: Callable[[Sequence[DropFile]], list[DropFile]] = recognised) -> Intake:
    """The same, each file with its format and compression: of files that were taken before nobody asks again."""
    return replace(intake, new=look(intake.new), again=look(intake.again))


def say_found(files: Sequence[DropFile], policy: Policy, *, each_line: bool) -> None:
    """What new files were found to be, where their names do not say it, and which take the run's own date."""
    for what, some in _grouped((what, file) for file in files if (what := one_text(file, each_line=each_line))):
        say(f"{_named(some, policy)}: {what}")
    for what, some in _grouped((described(file), file) for file in files if not file.error_code and not is_plain(file)):
        say(f"{_named(some, policy)}: {what}")
    undated = [file for file in files if not file.dated]
    for ds, some in _grouped((file.ds, file) for file in undated):
        say(f"{_named(some, policy)}: no date in the path, taken for {ds}")


def _grouped(files: Iterable[tuple[str, DropFile]]) -> list[tuple[str, list[DropFile]]]:
    groups: dict[str, list[DropFile]] = {}
    for name, file in files:
        groups.setdefault(name, []).append(file)
    return list(groups.items())


def _named(files: Sequence[DropFile], policy: Policy) -> str:
    first = shown(files[0].source_file, policy)
    return first if len(files) == 1 else f"{first} and {len(files) - 1:,} files more"


def task_splits(files: Sequence[DropFile], cores: int) -> list[list[Split]]:
    """How the reading of files is divided among tasks, where so many run at once."""
    total = sum(file.size + OPEN_COST for file in files)
    target = max(LEAST_TASK_BYTES, min(TASK_BYTES, total // cores + 1))
    return pack(plan_splits(files, target), target)


def count_partitions(files: Sequence[DropFile], cores: int) -> int:
    """By how many workers the texts of files are bought, where so many run at once."""
    total = sum(file.size for file in files)
    return max(cores, -(-total // TASK_BYTES))
