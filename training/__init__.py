"""What the tagger of names and places learns from, and how it is trained; not part of the wheel."""
