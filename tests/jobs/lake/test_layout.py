"""Where a lake's tables lie."""

from jobs.lake.layout import Lake


def test_a_path_below_the_root_stays_where_the_lake_is_moved() -> None:
    here, there = Lake("/a/lake"), Lake("s3://bucket/lake")
    uri = f"{here.scores('2026-11-22', 'R')}/part-0.parquet"

    assert here.path_of(uri) == "scores/ds=2026-11-22/run=R/part-0.parquet"
    assert there.at(here.path_of(uri)) == f"{there.scores('2026-11-22', 'R')}/part-0.parquet"
