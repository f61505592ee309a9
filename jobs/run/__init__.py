"""One run's life: from what it takes of a drop to what it leaves."""
