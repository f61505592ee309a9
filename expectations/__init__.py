"""What must hold of a run, as Great Expectations suites, and the gate that runs them."""
