"""The report: a page for each run, an index over all, and the queries that their figures come from."""
