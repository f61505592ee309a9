"""What the sentiment scorer learns from, and how it is trained; not part of the wheel."""
