"""One file per capability that differs between a laptop and AWS."""
