"""Amazon Athena on this machine: its protocol, in front of Trino or, where there is none, of DuckDB."""
