"""How what lies in an archive is called: `archive.zip!folder/member.txt`, wherever a file of a drop is named.

The archive is the file that is taken; its members are known by the rows that they became.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pyarrow as pa
import pyarrow.compute as pc

MARK = "!"


def member_name(archive: str, member: str) -> str:
    """What a member is called."""
    return f"{archive}{MARK}{member}"


def file_of(name: str, files: Collection[str]) -> str:
    """The one of some files that a row's `source_file` came from: itself, or the archive; itself where it is none."""
    place = -1 if name in files else name.find(MARK)
    while place >= 0:
        if name[:place] in files:
            return name[:place]
        place = name.find(MARK, place + 1)
    return name


def renamed(name: str, names: Mapping[str, str]) -> str:
    """A row's `source_file` where some files are called otherwise: before -> now."""
    file = file_of(name, names)
    return names[file] + name.removeprefix(file) if file in names else name


def files_of(names: pa.StringArray, files: Collection[str]) -> pa.StringArray:
    """`file_of` of each name of a column."""
    within = pc.fill_null(pc.match_substring(names, MARK), False)
    if not pc.any(within).as_py():
        return names
    encoded = names.dictionary_encode()
    found = pa.array([name and file_of(name, files) for name in encoded.dictionary.to_pylist()], pa.string())
    return found.take(encoded.indices)
