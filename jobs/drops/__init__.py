"""What lies in a drop: its files, the date and format of each, and how the reading is divided.

A file's identity is its absolute path or URI in raw characters: nothing in a name is ever percent-decoded.
"""

from jobs.drops.compression import Compression
from jobs.drops.files import DropFile, Listing, list_drop
from jobs.drops.splits import Split, pack, plan_splits
from jobs.formats import Format

__all__ = [
    "Compression",
    "DropFile",
    "Format",
    "Listing",
    "Split",
    "list_drop",
    "pack",
    "plan_splits",
]
