"""Cases: texts with the find between « and », and texts that are left alone."""

FOUND: dict[str, list[str]] = {}

CLEAN: list[str] = []
