"""The commands of `aurastream`, and their options."""
