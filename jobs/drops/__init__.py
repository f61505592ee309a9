"""What lies in a drop: its files, the date and format of each, and how the reading is divided.

A file's identity is its absolute path or URI in raw characters: nothing in a name is ever percent-decoded.
"""

from jobs.drops.compression import Compression
from jobs.drops.files import KEPT_BYTES, DropFile, Listing, find_drop, list_drop, recognised
from jobs.drops.splits import OPEN_COST, Split, pack, plan_splits, read_ahead
from jobs.formats import Format

__all__ = [
    "KEPT_BYTES",
    "OPEN_COST",
    "Compression",
    "DropFile",
    "Format",
    "Listing",
    "Split",
    "find_drop",
    "list_drop",
    "pack",
    "plan_splits",
    "read_ahead",
    "recognised",
]
