"""The lake: where its tables lie, how they are written, what of them readers see, and SQL over it."""
