"""The AWS services that a night needs, each a server on this machine: `aurastream-local aws`."""
