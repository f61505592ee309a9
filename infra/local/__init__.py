"""AWS on this machine, for tests and for trying out: `aurastream-local`."""
