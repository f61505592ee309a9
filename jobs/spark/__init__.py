"""Spark as we use it: a session, tasks spread over its workers, and how far they are."""
