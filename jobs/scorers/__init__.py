"""Who scores: the scorers by name, and how those that are paid for are called."""
