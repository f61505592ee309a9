"""Cases: texts with the find between « and », and texts that are left alone."""

FOUND = {
    "ssn": ["«123-45-6789»"],
    "ssn_context": ["SSN «123456789»", "social security number: «123 45 6789»", "ssn is «123.45.6789»"],
}

CLEAN = [
    "000-12-3456, 666-12-3456, 987-65-4321, 123-00-4567, 123-45-0000",
]
