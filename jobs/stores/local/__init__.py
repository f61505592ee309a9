"""The twins of one machine: SQLite files and file locks in the lake."""
