"""The world: command line, settings, Spark, the lake, and one file per job."""
